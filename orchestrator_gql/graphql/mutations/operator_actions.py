"""Mutations with which operators continue a callback by hand."""

from typing import Annotated

import strawberry

from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
    reissue_callback,
)
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import result_or_error
from orchestrator_gql.graphql.mutations.processes import EXPECTED_VERSION, ProcessActionResult, ProcessActionSuccess
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON, demand_given, required_json
from orchestrator_gql.process import Process


@strawberry.input(description="The input of `reissueCallback`.")
class ReissueCallbackInput:
    callback_id: strawberry.ID = strawberry.field(description="The id of the callback.")
    reason: str | None = strawberry.field(
        default=None, description="The reason, which the audit log stores; at most 10,000 characters; null for none."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `reawaitCallback`.")
class ReawaitCallbackInput:
    callback_id: strawberry.ID = strawberry.field(description="The id of the callback.")
    timeout_seconds: float = strawberry.field(
        description="The time to wait in seconds, counted from now: more than 0 and at most 3,650 days."
    )
    reason: str | None = strawberry.field(
        default=None, description="The reason, which the audit log stores; at most 10,000 characters; null for none."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `completeCallback`.")
class CompleteCallbackInput:
    callback_id: strawberry.ID = strawberry.field(description="The id of the callback.")
    result: JSON | None = required_json("The result: any JSON value that fits the contract of the step.")
    reason: str = strawberry.field(description="The reason, which the audit log stores: 1 to 10,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `adoptCallbackAttempt`.")
class AdoptCallbackAttemptInput:
    attempt_id: strawberry.ID = strawberry.field(description="The id of the delivery, a CallbackAttempt.")
    reason: str = strawberry.field(description="The reason, which the audit log stores: 1 to 10,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.type
class OperatorActionMutations:
    """The mutations of operator actions on callbacks, a part of `Mutation`."""

    @mutation(
        description="Run the action of a callback again, which makes a new remote call with a new URL. The old URL "
        "accepts no more results. It refuses an unknown callback (NotFoundError), a missing permission "
        "(ForbiddenError), a process that does not wait for this callback or has another version (ConflictError) and "
        "a paused engine (EnginePausedError)."
    )
    async def reissue_callback(
        self,
        info: Info,
        input: Annotated[
            ReissueCallbackInput, strawberry.argument(description="The callback to issue again, and the reason.")
        ],
    ) -> ProcessActionResult:
        command = reissue_callback(
            info.context.runtime,
            info.context.principal,
            callback_id=uuid_or_nowhere(input.callback_id),
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProcessActionSuccess.of, input.callback_id)

    @mutation(
        description="Set a new deadline for a callback without a new remote call. The URL of a callback that ended "
        "without a result opens again. It refuses an unknown callback (NotFoundError), a missing permission "
        "(ForbiddenError), a time that is out of range (PayloadInvalidError), and a process that does not wait for "
        "this callback or has another version (ConflictError)."
    )
    async def reawait_callback(
        self,
        info: Info,
        input: Annotated[ReawaitCallbackInput, strawberry.argument(description="The callback and the time to wait.")],
    ) -> ProcessActionResult:
        command = reawait_callback(
            info.context.runtime,
            info.context.principal,
            callback_id=uuid_or_nowhere(input.callback_id),
            timeout=input.timeout_seconds,
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProcessActionSuccess.of, input.callback_id)

    @mutation(
        description="Enter the result of a callback by hand. Its URL accepts no more results, and the validation step "
        "decides about the result as usual. It refuses an unknown callback (NotFoundError), a missing permission "
        "(ForbiddenError), an empty reason or a result that breaks the contract (PayloadInvalidError), and a process "
        "that does not wait for this callback or has another version (ConflictError)."
    )
    async def complete_callback(
        self,
        info: Info,
        input: Annotated[
            CompleteCallbackInput, strawberry.argument(description="The callback, its result and the reason.")
        ],
    ) -> ProcessActionResult:
        async def complete() -> Process:
            return await complete_callback(
                info.context.runtime,
                info.context.principal,
                callback_id=uuid_or_nowhere(input.callback_id),
                result=demand_given("result", input.result),
                reason=input.reason,
                expected_version=input.expected_version,
            )

        return await result_or_error(complete(), ProcessActionSuccess.of, input.callback_id)

    @mutation(
        description="Make a late or refused delivery the result of its callback. The contract of the step is not "
        "checked, but the validation step decides as usual. It refuses an unknown delivery (NotFoundError), a missing "
        "permission (ForbiddenError), an empty reason (PayloadInvalidError), and a delivery without a stored body, a "
        "process that does not wait for the callback or another version (ConflictError)."
    )
    async def adopt_callback_attempt(
        self,
        info: Info,
        input: Annotated[
            AdoptCallbackAttemptInput, strawberry.argument(description="The delivery to adopt, and the reason.")
        ],
    ) -> ProcessActionResult:
        command = adopt_callback_attempt(
            info.context.runtime,
            info.context.principal,
            attempt_id=uuid_or_nowhere(input.attempt_id),
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProcessActionSuccess.of, input.attempt_id)
