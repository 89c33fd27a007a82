"""Workflows and their steps as they are deployed."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from orchestrator_gql.callbacks import contract
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import Assignee, Connection, Node
from orchestrator_gql.graphql.types.filters import ProcessFilter
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.targets import Target
from orchestrator_gql.types import StepKind
from orchestrator_gql.utils.json.redaction import Shape
from orchestrator_gql.workflow import model

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process


@strawberry.type(description="One step of a workflow's definition.")
class StepDefinition:
    index: int = strawberry.field(description="Its place, from 0.")
    name: str = strawberry.field(description="What its author calls it.")
    kind: StepKind = strawberry.field(description="What it is for.")
    group: str | None = strawberry.field(description="The label it shares with others.")
    assignee: Assignee | None = strawberry.field(description="Who should answer its form.")
    timeout_seconds: float | None = strawberry.field(description="How long it may take or wait.")
    callback_contract: JSON | None = strawberry.field(description="JSON Schema of the result it accepts.")

    @classmethod
    def of(cls, index: int, step: model.Step) -> "StepDefinition":
        timeout = None if isinstance(step, model.InputStep) else step.timeout
        accepted = step.contract if isinstance(step, model.AwaitStep) else None
        return cls(
            index=index,
            name=step.name,
            kind=step.kind,
            group=step.group,
            assignee=Assignee.of(step.assignee.key) if isinstance(step, model.InputStep) else None,
            timeout_seconds=timeout.total_seconds() if timeout else None,
            callback_contract=Shape(contract.schema_or_nothing(accepted)) if accepted else None,
        )


@strawberry.type(description="A named, ordered list of steps.")
class Workflow(Node):
    definition: strawberry.Private[model.Workflow]
    name: str = strawberry.field(description="What starts it.")
    description: str | None = strawberry.field(description="What it is for.")
    target: Target = strawberry.field(description="What it does to a product subscription.")
    has_start_form: bool = strawberry.field(description="Starting it asks something first.")

    @classmethod
    def of(cls, definition: model.Workflow) -> "Workflow":
        return cls(
            definition=definition,
            id=strawberry.ID(f"workflow:{definition.name}"),
            name=definition.name,
            description=definition.description or None,
            target=definition.target,
            has_start_form=definition.initial_form is not None,
        )

    @resolved(description="Its steps, in order.")
    def steps(self) -> list[StepDefinition]:
        return [StepDefinition.of(index, step) for index, step in enumerate(self.definition.steps)]

    @resolved(description="The steps that clean up after a process that is aborted; they stand behind the others.")
    def clean_up_steps(self) -> list[StepDefinition]:
        first = len(self.definition.steps)
        return [StepDefinition.of(first + index, step) for index, step in enumerate(self.definition.on_abort)]

    @resolved(description="The caller can start it now.")
    async def is_startable(self, info: Info) -> bool:
        return await self._reason(info) is None

    @resolved(description="Why the caller cannot start it now.")
    async def blocked_reason(self, info: Info) -> str | None:
        return await self._reason(info)

    async def _reason(self, info: Info) -> str | None:
        return await process_reads.blocked_reason(info.context.runtime, info.context.principal, self.definition)

    @resolved(description="Its processes, the newest first.")
    async def processes(
        self,
        info: Info,
        filter: Annotated[ProcessFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: Annotated[int | None, strawberry.argument(description="At most 200.")] = 20,
        after: Annotated[str | None, strawberry.argument(description="Behind this cursor.")] = None,
    ) -> Connection[Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")]]:
        from orchestrator_gql.graphql.types.processes import process_connection

        wanted = filter or ProcessFilter()
        return await process_connection(info, wanted.within(workflow_names=[self.name]), PageArgs(first, after))
