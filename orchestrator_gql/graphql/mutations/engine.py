"""Mutations on the engine itself."""

from typing import Annotated

import strawberry

from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import ForbiddenError, PayloadInvalidError, typed
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.stats import Engine
from orchestrator_gql.utils.errors import OrchestratorError


@strawberry.input(description="Whether the engine shall start steps.")
class SetEngineStateInput:
    paused: bool = strawberry.field(description="True pauses it, false resumes it.")
    reason: str | None = strawberry.field(default=None, description="Why, for whoever meets it; 1,000 characters.")


@strawberry.type(description="The engine stands as was asked.")
class SetEngineStateSuccess:
    engine: Engine = strawberry.field(description="It.")


SetEngineStateResult = Annotated[
    SetEngineStateSuccess | ForbiddenError | PayloadInvalidError,
    strawberry.union("SetEngineStateResult", description="What came of pausing or resuming the engine."),
]


@strawberry.type
class EngineMutations:
    """Joined into Mutation."""

    @mutation(
        description="Pause: no new step starts, running ones finish, callbacks and forms are still accepted and kept. "
        "Or resume: everything goes on. Where it stands so already nothing changes."
    )
    async def set_engine_state(
        self, info: Info, input: Annotated[SetEngineStateInput, strawberry.argument(description="Which of the two.")]
    ) -> SetEngineStateResult:
        context = info.context
        try:
            status = await set_engine_state(
                context.runtime, context.principal, paused=input.paused, reason=input.reason
            )
        except OrchestratorError as error:
            return typed(error)  # type: ignore[return-value]
        return SetEngineStateSuccess(engine=Engine.of(status))
