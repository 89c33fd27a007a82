"""Mutations that help a callback on."""

from typing import Annotated

import strawberry

from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
    reissue_callback,
)
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.mutations.processes import ProcessActionResult, acted
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON

SEEN = "The version of the process that the caller saw."


@strawberry.input(description="Which callback to issue again, and why.")
class ReissueCallbackInput:
    callback_id: strawberry.ID = strawberry.field(description="The callback.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Which callback to wait longer for.")
class ReawaitCallbackInput:
    callback_id: strawberry.ID = strawberry.field(description="The callback.")
    timeout_seconds: float = strawberry.field(description="How long to wait, from now.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="The result of a callback, as an operator knows it.")
class CompleteCallbackInput:
    callback_id: strawberry.ID = strawberry.field(description="The callback.")
    result: JSON = strawberry.field(description="Any JSON value that the step's contract accepts.")
    reason: str = strawberry.field(description="Why it is typed in.")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Which delivery to make the result, and why.")
class AdoptCallbackAttemptInput:
    attempt_id: strawberry.ID = strawberry.field(description="The delivery.")
    reason: str = strawberry.field(description="Why it counts after all.")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.type
class OperatorActionMutations:
    """Joined into Mutation."""

    @mutation(description="Run the action again with a fresh URL; the old one is dead.")
    async def reissue_callback(
        self, info: Info, input: Annotated[ReissueCallbackInput, strawberry.argument(description="What to issue.")]
    ) -> ProcessActionResult:
        verb = reissue_callback(
            info.context.runtime,
            info.context.principal,
            callback_id=uuid_or_nowhere(input.callback_id),
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await acted(verb)

    @mutation(description="Wait longer for the same job: new deadline, no remote call.")
    async def reawait_callback(
        self, info: Info, input: Annotated[ReawaitCallbackInput, strawberry.argument(description="What to wait for.")]
    ) -> ProcessActionResult:
        verb = reawait_callback(
            info.context.runtime,
            info.context.principal,
            callback_id=uuid_or_nowhere(input.callback_id),
            timeout=input.timeout_seconds,
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await acted(verb)

    @mutation(description="Type in the result by hand.")
    async def complete_callback(
        self, info: Info, input: Annotated[CompleteCallbackInput, strawberry.argument(description="The result.")]
    ) -> ProcessActionResult:
        verb = complete_callback(
            info.context.runtime,
            info.context.principal,
            callback_id=uuid_or_nowhere(input.callback_id),
            result=input.result,
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await acted(verb)

    @mutation(description="Make a late or refused delivery the result.")
    async def adopt_callback_attempt(
        self, info: Info, input: Annotated[AdoptCallbackAttemptInput, strawberry.argument(description="What to adopt.")]
    ) -> ProcessActionResult:
        verb = adopt_callback_attempt(
            info.context.runtime,
            info.context.principal,
            attempt_id=uuid_or_nowhere(input.attempt_id),
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await acted(verb)
