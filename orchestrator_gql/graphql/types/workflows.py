"""The types of deployed workflows and their step definitions."""

from typing import Annotated

import strawberry

from orchestrator_gql.callbacks import contract
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import CONDITIONS, After, Assignee, Connection, Node
from orchestrator_gql.graphql.types.filters import ProcessFilter
from orchestrator_gql.graphql.types.processes import Process, process_connection
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.targets import Target
from orchestrator_gql.types import StepKind
from orchestrator_gql.utils.json.redaction import Shape
from orchestrator_gql.workflow import model


@strawberry.type(description="One step in the definition of a workflow.")
class StepDefinition:
    index: int = strawberry.field(description="The position of the step, counted from 0.")
    name: str = strawberry.field(description="The name of the step.")
    kind: StepKind = strawberry.field(description="The kind of step.")
    group: str | None = strawberry.field(
        description="The label of the group that the step belongs to; null if it belongs to none."
    )
    assignee: Assignee | None = strawberry.field(
        description="The team that should answer the form of the step; null if the step has no form."
    )
    timeout_seconds: float | None = strawberry.field(
        description="The longest time in seconds that the step may run or wait; null if there is no limit."
    )
    callback_contract: JSON | None = strawberry.field(
        description="The JSON Schema of a valid callback result; null if the step does not wait for one or accepts "
        "any JSON value."
    )

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


@strawberry.type(description="A workflow: a named, ordered list of steps.")
class Workflow(Node):
    definition: strawberry.Private[model.Workflow]
    name: str = strawberry.field(description="The name, which `startWorkflow` takes.")
    description: str | None = strawberry.field(description="The purpose of the workflow; null if its author gave none.")
    target: Target = strawberry.field(description="What the workflow does to a product subscription.")
    has_start_form: bool = strawberry.field(description="True if the workflow has a start form.")

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

    @resolved(description="The steps in order, without the clean-up steps.")
    def steps(self) -> list[StepDefinition]:
        return [StepDefinition.of(index, step) for index, step in enumerate(self.definition.steps)]

    @resolved(description="The steps that run after a process is aborted. Their positions follow those of `steps`.")
    def clean_up_steps(self) -> list[StepDefinition]:
        first = len(self.definition.steps)
        return [StepDefinition.of(first + index, step) for index, step in enumerate(self.definition.on_abort)]

    @resolved(description="True if the caller can start the workflow now; false while the engine is paused.")
    async def is_startable(self, info: Info) -> bool:
        return await self._reason(info) is None

    @resolved(description="The reason why the caller cannot start the workflow now; null if the caller can.")
    async def blocked_reason(self, info: Info) -> str | None:
        return await self._reason(info)

    async def _reason(self, info: Info) -> str | None:
        context = info.context
        status = await context.loaders.engine.load(None)
        return await process_reads.blocked_reason(context.runtime, context.principal, self.definition, status)

    @resolved(description="The processes that run this workflow, the newest first.")
    async def processes(
        self,
        info: Info,
        filter: Annotated[ProcessFilter | None, CONDITIONS] = None,
        first: Annotated[
            int | None,
            strawberry.argument(description="The largest number of entries to return; at most 200. Default: 20."),
        ] = 20,
        after: After = None,
    ) -> Connection[Process]:
        wanted = (filter or ProcessFilter()).within(info.context.runtime.registry, workflow_names=[self.name])
        return await process_connection(info, wanted, PageArgs(first, after))


@strawberry.type(description="A workflow for a product subscription.")
class WorkflowStart:
    workflow: Workflow = strawberry.field(description="The workflow.")
    blocked_reason: str | None = strawberry.field(
        description="The reason why the caller cannot start the workflow on the product subscription now; null if the "
        "caller can."
    )
