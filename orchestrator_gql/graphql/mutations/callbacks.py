"""What remote services that speak GraphQL say. The token is the credential."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated

import strawberry

from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_deliveries import fail_callback, receive_callback, report_callback_progress
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import (
    CallbackGoneError,
    CallbackUnknownError,
    ConflictError,
    PayloadInvalidError,
    PayloadTooLargeError,
    UnauthenticatedError,
    typed,
)
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.utils.errors import OrchestratorError


@strawberry.input(description="The one result of a remote job.")
class ReceiveCallbackInput:
    token: str = strawberry.field(description="The last part of the callback URL.")
    result: JSON = strawberry.field(description="Any JSON value that the step's contract accepts.")


@strawberry.input(description="How far a remote job is.")
class ReportCallbackProgressInput:
    token: str = strawberry.field(description="The last part of the callback URL.")
    percent: float | None = strawberry.field(default=None, description="From 0 to 100.")
    message: str | None = strawberry.field(default=None, description="For people.")
    data: JSON | None = strawberry.field(default=None, description="Anything else.")


@strawberry.input(description="That a remote job failed.")
class FailCallbackInput:
    token: str = strawberry.field(description="The last part of the callback URL.")
    code: str = strawberry.field(description="The remote service's own code.")
    message: str = strawberry.field(description="For people.")
    retryable: bool | None = strawberry.field(default=False, description="Trying again may help.")
    details: JSON | None = strawberry.field(default=None, description="Anything else.")


@strawberry.type(description="Stored durably. It deliberately tells the remote service nothing about the process.")
class ReceiveCallbackSuccess:
    receipt: str = strawberry.field(description="The same for the same letter, for ever.")
    received_at: datetime = strawberry.field(description="When it was stored.")
    duplicate: bool = strawberry.field(description="It was stored before.")


ReceiveCallbackResult = Annotated[
    ReceiveCallbackSuccess
    | CallbackUnknownError
    | CallbackGoneError
    | ConflictError
    | PayloadInvalidError
    | PayloadTooLargeError
    | UnauthenticatedError,
    strawberry.union("ReceiveCallbackResult", description="What came of a delivery."),
]


@strawberry.type
class CallbackMutations:
    """Joined into Mutation."""

    @mutation(description="For remote services: deliver the one result. The token is the credential.")
    async def receive_callback(
        self, info: Info, input: Annotated[ReceiveCallbackInput, strawberry.argument(description="The result.")]
    ) -> ReceiveCallbackResult:
        peer = info.context.peer
        return await _answered(
            receive_callback(info.context.runtime, token=input.token, payload=input.result, peer=peer)
        )

    @mutation(description="For remote services: how far the job is. Does not use up the token.")
    async def report_callback_progress(
        self, info: Info, input: Annotated[ReportCallbackProgressInput, strawberry.argument(description="The report.")]
    ) -> ReceiveCallbackResult:
        return await _answered(
            report_callback_progress(
                info.context.runtime,
                token=input.token,
                percent=input.percent,
                message=input.message,
                data=input.data,
                peer=info.context.peer,
            )
        )

    @mutation(description="For remote services: the job failed.")
    async def fail_callback(
        self, info: Info, input: Annotated[FailCallbackInput, strawberry.argument(description="The failure.")]
    ) -> ReceiveCallbackResult:
        return await _answered(
            fail_callback(
                info.context.runtime,
                token=input.token,
                code=input.code,
                message=input.message,
                is_retryable=bool(input.retryable),
                details=input.details,
                peer=info.context.peer,
            )
        )


async def _answered(delivery: Awaitable[Receipt]) -> ReceiveCallbackResult:
    try:
        receipt = await delivery
    except OrchestratorError as error:
        return typed(error)  # type: ignore[return-value]
    return ReceiveCallbackSuccess(
        receipt=receipt.receipt, received_at=receipt.received_at, duplicate=receipt.is_duplicate
    )
