"""The mutation that pauses or resumes the engine."""

from typing import Annotated

import strawberry

from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import ForbiddenError, PayloadInvalidError, result_or_error
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.stats import Engine
from orchestrator_gql.storage.engine_state import EngineStatus


@strawberry.input(description="The input of `setEngineState`.")
class SetEngineStateInput:
    paused: bool = strawberry.field(description="True pauses the engine, false resumes it.")
    reason: str | None = strawberry.field(
        default=None, description="The reason, which all users can read; at most 1,000 characters; null for none."
    )


@strawberry.type(description="The engine has the requested state.")
class SetEngineStateSuccess:
    engine: Engine = strawberry.field(description="The engine in its current state.")

    @classmethod
    def of(cls, status: EngineStatus) -> "SetEngineStateSuccess":
        return cls(engine=Engine.of(status))


SetEngineStateResult = Annotated[
    SetEngineStateSuccess | ForbiddenError | PayloadInvalidError,
    strawberry.union("SetEngineStateResult", description="The result of `setEngineState`."),
]


@strawberry.type
class EngineMutations:
    """The mutation of the engine, a part of `Mutation`."""

    @mutation(
        description="Pause or resume the engine. While it is paused, no new step starts; running steps finish, and "
        "callbacks and forms are accepted and stored. If the engine has the requested state already, nothing changes. "
        "It refuses a missing permission (ForbiddenError) and a reason of more than 1,000 characters "
        "(PayloadInvalidError)."
    )
    async def set_engine_state(
        self,
        info: Info,
        input: Annotated[SetEngineStateInput, strawberry.argument(description="The state to set, and the reason.")],
    ) -> SetEngineStateResult:
        context = info.context
        command = set_engine_state(context.runtime, context.principal, paused=input.paused, reason=input.reason)
        return await result_or_error(command, SetEngineStateSuccess.of)
