"""The type of a process and the connection of processes."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from orchestrator_gql import process as rules
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.callbacks import Callback
from orchestrator_gql.graphql.types.common import (
    After,
    Assignee,
    Connection,
    Failure,
    FailureReason,
    Length,
    Node,
    Offset,
    ResultSlice,
    User,
    connection_of,
    size_of,
    slice_of,
)
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.offered_actions import offered_actions
from orchestrator_gql.graphql.types.products import ProductSubscription
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.graphql.types.steps import ProcessStep
from orchestrator_gql.graphql.types.waiting import WhyWaiting, why_waiting
from orchestrator_gql.process import ProcessAction
from orchestrator_gql.reads.processes import process_list
from orchestrator_gql.storage import process_filters
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import InputRequestStatus, ProcessStatus
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.workflow.model import StepList

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.changes import ProcessChanges
    from orchestrator_gql.graphql.types.event_pages import EventConnection
    from orchestrator_gql.graphql.types.workflows import Workflow


@strawberry.type(description="A process: one run of a workflow.")
class Process(Node):
    row: strawberry.Private[rules.Process]
    version: int = strawberry.field(
        description="The version; it grows with every change. Of two responses keep the one with the higher version. "
        "Mutations take it as `expectedVersion`."
    )
    workflow_name: str = strawberry.field(description="The name of the workflow that the process runs.")
    status: ProcessStatus = strawberry.field(description="The status of the process.")
    started_at: datetime = strawberry.field(description="The time when the process was started.")
    updated_at: datetime = strawberry.field(description="The time of the last change.")
    ended_at: datetime | None = strawberry.field(
        description="The time when the process was completed or aborted; null before that."
    )
    note: str | None = strawberry.field(description="The note that people wrote; null if there is none.")

    @classmethod
    def of(cls, row: rules.Process) -> "Process":
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            version=row.version,
            workflow_name=row.workflow_name,
            status=row.status,
            started_at=row.started_at,
            updated_at=row.updated_at,
            ended_at=row.ended_at,
            note=row.note,
        )

    @classmethod
    async def by_id(cls, info: Info, id: UUID | None) -> "Process | None":
        row = await info.context.loaders.process.load(id) if id is not None else None
        return cls.of(row) if row is not None else None

    @classmethod
    async def found(cls, info: Info, id: UUID) -> "Process":
        process = await cls.by_id(info, id)
        if process is None:
            raise NotFound("process", id)
        return process

    @resolved(description="The workflow; null if it is no longer deployed.")
    def workflow(
        self, info: Info
    ) -> Annotated["Workflow", strawberry.lazy("orchestrator_gql.graphql.types.workflows")] | None:
        from orchestrator_gql.graphql.types.workflows import Workflow

        found = info.context.runtime.registry.find(self.workflow_name)
        return Workflow.of(found) if found else None

    @resolved(
        description="One line that says what the process is about, at most 200 characters without secrets: the "
        "`title=` of the workflow with its values, else the description of the product subscription, else the first "
        "answers of the start form, else what the workflow is. It is fixed at the start."
    )
    def subject(self, info: Info) -> str:
        return info.context.redacted(self.row.subject or self.workflow_name)

    @resolved(
        description="The actions that the caller may take now, by the role and by the rules of the workflow, for "
        "example to show buttons. While the engine is paused there is no RETRY, no CONTINUE and no REISSUE_CALLBACK."
    )
    async def available_actions(self, info: Info) -> list[ProcessAction]:
        return await offered_actions(info, self.row)

    @resolved(description="The user who started the process; null if the user is not known.")
    def created_by(self) -> User | None:
        return User.named(self.row.created_by)

    @resolved(description="The team that should answer the open input request; null if none is open.")
    def assignee(self) -> Assignee | None:
        return Assignee.of(self.row.assignee) if self.row.assignee else None

    @resolved(description="The duration in seconds: from the start to the end, or until now.")
    def duration_seconds(self, info: Info) -> float | None:
        return ((self.ended_at or info.context.runtime.clock.now()) - self.started_at).total_seconds()

    @resolved(description="The current step, or the last one of a process that has ended; null before the first step.")
    def current_step(self) -> ProcessStep | None:
        return ProcessStep.of_execution(self.row.id, self.row.execution) if self.row.execution else None

    @resolved(description="All steps in order, including the steps that are not reached yet.")
    async def steps(self, info: Info) -> list[ProcessStep]:
        return await self.all_steps(info)

    async def all_steps(self, info: Info) -> list[ProcessStep]:
        """The steps, for other types."""
        executions = await info.context.loaders.executions.load(self.row.id)
        return ProcessStep.all_of(self.row, executions, _steps(info, self.row))

    @resolved(description="The input request that is open now; null if none is open.")
    async def open_input_request(self, info: Info) -> InputRequest | None:
        rows = await info.context.loaders.requests.load(self.row.id)
        waiting = [row for row in rows if row.status is InputRequestStatus.OPEN]
        return InputRequest.of(waiting[-1]) if waiting else None

    @resolved(
        description="The keys of the `lock=` of its workflow: no other process with one of them begins before this one "
        "is COMPLETED or ABORTED. While the process is WAITING and has no step, another process holds one of them."
    )
    def lock_keys(self, info: Info) -> list[str]:
        return [info.context.redacted(key) for key in self.row.lock_keys]

    @resolved(description="What the process waits for; null if it does not wait.")
    async def why_waiting(self, info: Info) -> WhyWaiting | None:
        loaders, runtime = info.context.loaders, info.context.runtime
        waits, asks = await loaders.callbacks.load(self.row.id), await loaders.requests.load(self.row.id)
        holder = await loaders.lock_holder.load(self.row.id) if self.row.is_queued else None
        return why_waiting(self.row, waits, asks, runtime.settings.called, runtime.clock.now(), holder)

    @resolved(description="The open callbacks, the oldest first.")
    async def pending_callbacks(self, info: Info) -> list[Callback]:
        return [callback for callback in await self._callbacks(info) if callback.row.is_open]

    @resolved(description="All callbacks of the process, the oldest first.")
    async def callbacks(self, info: Info) -> list[Callback]:
        return await self._callbacks(info)

    async def _callbacks(self, info: Info) -> list[Callback]:
        now = info.context.runtime.clock.now()
        return [Callback.of(row, now) for row in await info.context.loaders.callbacks.load(self.row.id)]

    @resolved(
        description="The reason for the failure with its details; null if the process did not fail. A list selects "
        "`failureReason` instead."
    )
    async def failure(self, info: Info) -> Failure | None:
        failure = self.row.failure
        if self.row.is_failure_cut:
            failure = await info.context.loaders.failure.load(self.row.id)
        return Failure.of(failure, info.context)

    @resolved(description="The reason for the failure in one short line, for lists; null if the process did not fail.")
    def failure_reason(self) -> FailureReason | None:
        return FailureReason.of(self.row.failure)

    @resolved(description="The product subscriptions that the process works on.")
    async def product_subscriptions(self, info: Info) -> list[ProductSubscription]:
        ids = await info.context.loaders.subscription_ids.load(self.row.id)
        rows = await info.context.loaders.subscription.load_many(ids)
        return [ProductSubscription.of(row) for row in rows if row is not None]

    @resolved(description="The state that the steps read and change; null if there is none.")
    async def state(self, info: Info) -> JSON | None:
        found = await info.context.loaders.state.load(self.row.id)
        return found[0] if found else None

    @resolved(description="The size of `state` in bytes, as JSON text; null if there is none.")
    async def state_bytes(self, info: Info) -> int | None:
        return size_of(await self.state(info))

    @resolved(description="A part of `state` as JSON text; null if there is none.")
    async def state_text(self, info: Info, offset: Offset = 0, length: Length = 65536) -> ResultSlice | None:
        return await slice_of(info, await self.state(info), offset, length)

    @resolved(description="The accepted pages of the start form, in order.")
    async def start_pages(self, info: Info) -> list[JSON]:
        found = await info.context.loaders.state.load(self.row.id)
        return list(found[1]) if found else []

    @resolved(description="The events of the process, the oldest first.")
    async def events(
        self,
        info: Info,
        after: After = None,
        first: Annotated[
            int | None,
            strawberry.argument(description="The largest number of entries to return; at most 200. Default: 100."),
        ] = 100,
    ) -> Annotated["EventConnection", strawberry.lazy("orchestrator_gql.graphql.types.event_pages")]:
        from orchestrator_gql.graphql.types.event_pages import event_connection

        return await event_connection(info, after, EventFilter(process_ids=(self.row.id,)), first)

    @resolved(
        description="What changed in the process after a cursor of the event log. A client reads the whole process "
        "once, and after each event only this."
    )
    async def changes(
        self,
        info: Info,
        after: Annotated[
            str,
            strawberry.argument(
                description="The cursor of the changes that the client has: of a batch of `processEvents` before it "
                "read the process, or of the last `changes`."
            ),
        ],
        first: Annotated[
            int | None,
            strawberry.argument(description="The largest number of events to read; at most 200. Default: 200."),
        ] = 200,
    ) -> Annotated["ProcessChanges", strawberry.lazy("orchestrator_gql.graphql.types.changes")]:
        from orchestrator_gql.graphql.types.changes import process_changes

        return await process_changes(info, self, after, first)


def _steps(info: Info, row: rules.Process) -> StepList | None:
    workflow = info.context.runtime.registry.find(row.workflow_name)
    return rules.steps_of(row, workflow) if workflow else None


async def process_connection(
    info: Info,
    wanted: process_filters.ProcessFilter,
    page_args: PageArgs,
    *,
    by_update: bool = False,
    is_descending: bool = True,
) -> Connection[Process]:
    """A page of processes as a connection."""
    rows = process_list(by_update=by_update, is_descending=is_descending)
    return await connection_of(info, rows, wanted, page_args, Process.of)
