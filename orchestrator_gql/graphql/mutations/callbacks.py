"""Mutations for remote services that use GraphQL; the token of the callback is the credential."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated

import strawberry

from orchestrator_gql.audit import origin
from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_deliveries import (
    fail_callback,
    log_refusal,
    receive_callback,
    report_callback_progress,
)
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import (
    CallbackGoneError,
    CallbackUnknownError,
    ConflictError,
    PayloadInvalidError,
    PayloadTooLargeError,
    RateLimitedError,
    UnauthenticatedError,
    typed,
)
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON, demand_given, required_json
from orchestrator_gql.utils.errors import CallbackUnknown, OrchestratorError


@strawberry.input(description="The input of `receiveCallback`.")
class ReceiveCallbackInput:
    token: str = strawberry.field(description="The token: the last part of the callback URL.")
    result: JSON | None = required_json("The result: any JSON value that fits the contract of the step.")


@strawberry.input(description="The input of `reportCallbackProgress`.")
class ReportCallbackProgressInput:
    token: str = strawberry.field(description="The token: the last part of the callback URL.")
    percent: float | None = strawberry.field(
        default=None, description="The progress in percent, from 0 to 100; null if it is not known."
    )
    message: str | None = strawberry.field(default=None, description="A message for people; null for none.")
    data: JSON | None = strawberry.field(default=None, description="Other data; null for none.")


@strawberry.input(description="The input of `failCallback`.")
class FailCallbackInput:
    token: str = strawberry.field(description="The token: the last part of the callback URL.")
    code: str = strawberry.field(description="The error code of the remote service.")
    message: str = strawberry.field(description="A message for people.")
    retryable: bool | None = strawberry.field(
        default=False, description="True if another try may succeed. Default: false."
    )
    details: JSON | None = strawberry.field(default=None, description="Other data; null for none.")


@strawberry.type(description="The delivery is stored durably. The remote service learns nothing about the process.")
class ReceiveCallbackSuccess:
    receipt: str = strawberry.field(description="The receipt. The same delivery always gets the same receipt.")
    received_at: datetime = strawberry.field(description="The time when the delivery was stored.")
    duplicate: bool = strawberry.field(description="True if the same delivery was stored before.")


ReceiveCallbackResult = Annotated[
    ReceiveCallbackSuccess
    | CallbackUnknownError
    | CallbackGoneError
    | ConflictError
    | PayloadInvalidError
    | PayloadTooLargeError
    | UnauthenticatedError
    | RateLimitedError,
    strawberry.union("ReceiveCallbackResult", description="The result of a delivery to a callback."),
]


@strawberry.type
class CallbackMutations:
    """The mutations of callbacks, a part of `Mutation`."""

    @mutation(
        description="For remote services: deliver the result of a callback. The token is the credential. It refuses "
        "an unknown token (CallbackUnknownError, and RateLimitedError after too many), a callback "
        "that accepts no more results (CallbackGoneError), a "
        "second, different result (ConflictError), an invalid value (PayloadInvalidError), a value over the size "
        "limit (PayloadTooLargeError) and a callback whose service must authenticate itself (UnauthenticatedError)."
    )
    async def receive_callback(
        self,
        info: Info,
        input: Annotated[ReceiveCallbackInput, strawberry.argument(description="The token and the result.")],
    ) -> ReceiveCallbackResult:
        context = info.context

        async def receive() -> Receipt:
            return await receive_callback(
                context.runtime,
                token=input.token,
                payload=demand_given("result", input.result),
                peer=context.peer,
                traceparent=context.traceparent,
            )

        return await _receipt_or_error(info, input.token, receive())

    @mutation(
        description="For remote services: report the progress of the job. The callback stays open. It refuses an "
        "unknown token (CallbackUnknownError, and RateLimitedError after too many), a callback "
        "that accepts no more results (CallbackGoneError), one that "
        "already has its result (ConflictError), an invalid value (PayloadInvalidError), a value over the size limit "
        "(PayloadTooLargeError) and a callback whose service must authenticate itself (UnauthenticatedError)."
    )
    async def report_callback_progress(
        self,
        info: Info,
        input: Annotated[
            ReportCallbackProgressInput, strawberry.argument(description="The token and the progress report.")
        ],
    ) -> ReceiveCallbackResult:
        return await _receipt_or_error(
            info,
            input.token,
            report_callback_progress(
                info.context.runtime,
                token=input.token,
                percent=input.percent,
                message=input.message,
                data=input.data,
                peer=info.context.peer,
            ),
        )

    @mutation(
        description="For remote services: report that the job failed, which ends the wait. It refuses an unknown "
        "token (CallbackUnknownError, and RateLimitedError after too many), a callback "
        "that accepts no more results (CallbackGoneError), a second, "
        "different result (ConflictError), an invalid value (PayloadInvalidError), a value over the size limit "
        "(PayloadTooLargeError) and a callback whose service must authenticate itself (UnauthenticatedError)."
    )
    async def fail_callback(
        self,
        info: Info,
        input: Annotated[FailCallbackInput, strawberry.argument(description="The token and the failure.")],
    ) -> ReceiveCallbackResult:
        return await _receipt_or_error(
            info,
            input.token,
            fail_callback(
                info.context.runtime,
                token=input.token,
                code=input.code,
                message=input.message,
                is_retryable=bool(input.retryable),
                details=input.details,
                peer=info.context.peer,
                traceparent=info.context.traceparent,
            ),
        )


async def _receipt_or_error(info: Info, token: str, delivery: Awaitable[Receipt]) -> ReceiveCallbackResult:
    try:
        with origin.acting(info.context.peer, "graphql/callback-token"):
            receipt = await delivery
    except CallbackUnknown as error:
        return typed(info.context.shared.callback_guesses.refusal(info.context.peer, error))  # type: ignore[return-value]
    except OrchestratorError as error:
        await log_refusal(info.context.runtime, token, error, info.context.peer)
        return typed(error)  # type: ignore[return-value]
    return ReceiveCallbackSuccess(
        receipt=receipt.receipt, received_at=receipt.received_at, duplicate=receipt.is_duplicate
    )
