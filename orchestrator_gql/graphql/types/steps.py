"""The type of a step: its latest execution, or the definition of a step that is not reached yet."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from orchestrator_gql import process as ground
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.callbacks import Callback
from orchestrator_gql.graphql.types.common import (
    Failure,
    FailureReason,
    Length,
    Node,
    Offset,
    ResultSlice,
    User,
    size_of,
    slice_of,
)
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.process import StepExecution, steps_of
from orchestrator_gql.types import StepKind, StepStatus
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.workflow.model import Step, StepList

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process


MOST_EXECUTIONS = 50


@strawberry.type(
    name="StepExecution",
    description="One execution of a step: a step runs again after a retry by an "
    "operator, a reissue, or if the process was sent back.",
)
class StepExecutionEntry:
    row: strawberry.Private[StepExecution]
    number: int = strawberry.field(description="The number of the execution of this step, counted from 1.")
    status: StepStatus = strawberry.field(description="The status of the execution.")
    attempt: int = strawberry.field(
        description="The number of its last try; tries are counted over all executions of the step. The engine itself "
        "tries again after a crash, or as a `retrystep` says; `Process.events` has the failure of each try."
    )
    entered_by: str = strawberry.field(
        description="The reason why the step was entered: `advance`, or the action that led back to it, such as "
        "`retry` or `reissue`."
    )
    started_at: datetime = strawberry.field(description="The time when the execution started.")
    completed_at: datetime | None = strawberry.field(description="The time when it ended; null before that.")

    @classmethod
    def of(cls, number: int, row: StepExecution) -> "StepExecutionEntry":
        return cls(
            row=row,
            number=number,
            status=row.status,
            attempt=row.attempt,
            entered_by=row.entered_by,
            started_at=row.started_at,
            completed_at=row.completed_at,
        )

    @resolved(description="The duration in seconds: from the start to the end, or until now.")
    def duration_seconds(self, info: Info) -> float:
        return ((self.completed_at or info.context.runtime.clock.now()) - self.started_at).total_seconds()

    @resolved(description="The reason for the failure of the execution; null if it did not fail.")
    def failure(self, info: Info) -> Failure | None:
        return Failure.of(self.row.failure, info.context)

    @resolved(description="The user who answered the form of the execution; null if no person did.")
    def completed_by(self) -> User | None:
        return User.named(self.row.actor)


@strawberry.type(description="One step of a process.")
class ProcessStep(Node):
    process_id: strawberry.Private[UUID]
    execution: strawberry.Private[StepExecution | None]
    index: int = strawberry.field(description="The position of the step in the workflow, counted from 0.")
    name: str = strawberry.field(description="The name of the step.")
    kind: StepKind = strawberry.field(description="The kind of step.")
    group: str | None = strawberry.field(
        description="The label of the group that the step belongs to; null if it belongs to none."
    )
    status: StepStatus = strawberry.field(description="The status of the step.")
    attempt: int = strawberry.field(description="The number of tries, from 1; 0 if the step is not reached yet.")
    started_at: datetime | None = strawberry.field(
        description="The time when the step started; null if it is not reached yet."
    )
    completed_at: datetime | None = strawberry.field(description="The time when the step ended; null before that.")
    retry_at: datetime | None = strawberry.field(
        description="The time of the next automatic try; null if none is planned."
    )

    @classmethod
    def of_execution(cls, process_id: UUID, execution: StepExecution) -> "ProcessStep":
        return cls(
            process_id=process_id,
            execution=execution,
            id=_id(process_id, execution.step_index),
            index=execution.step_index,
            name=execution.name,
            kind=execution.kind,
            group=execution.group,
            status=execution.status,
            attempt=execution.attempt,
            started_at=execution.started_at,
            completed_at=execution.completed_at,
            retry_at=execution.retry_at,
        )

    @classmethod
    def pending(cls, process_id: UUID, index: int, step: Step) -> "ProcessStep":
        return cls(
            process_id=process_id,
            execution=None,
            id=_id(process_id, index),
            index=index,
            name=step.name,
            kind=step.kind,
            group=step.group,
            status=StepStatus.PENDING,
            attempt=0,
            started_at=None,
            completed_at=None,
            retry_at=None,
        )

    @classmethod
    def all_of(
        cls, process: ground.Process, executions: list[StepExecution], steps: StepList | None
    ) -> "list[ProcessStep]":
        """All steps in order. Steps after the position of a process that was sent back count as not reached."""
        process_id = process.id
        latest = {
            execution.step_index: execution for execution in executions if execution.step_index <= process.position
        }
        length = max([len(steps or ()), *(index + 1 for index in latest)], default=0)
        shown = []
        for index in range(length):
            if index in latest:
                shown.append(cls.of_execution(process_id, latest[index]))
            elif steps is not None and index < len(steps):
                shown.append(cls.pending(process_id, index, steps[index]))
        return shown

    @classmethod
    async def at(cls, info: Info, process_id: UUID, index: int) -> "ProcessStep":
        process = await info.context.loaders.process.load(process_id)
        if process is None:
            raise NotFound("step", f"{process_id}:{index}")
        workflow = info.context.runtime.registry.find(process.workflow_name)
        executions = await info.context.loaders.executions.load(process_id)
        for step in cls.all_of(process, executions, steps_of(process, workflow) if workflow else None):
            if step.index == index:
                return step
        raise NotFound("step", f"{process_id}:{index}")

    @resolved(description="The values that the step added to the state or changed in it; null if there are none yet.")
    async def state_delta(self, info: Info) -> JSON | None:
        if self.execution is None:
            return None
        delta = await info.context.loaders.delta.load((self.process_id, self.execution.seq))
        return dict(delta) if delta is not None else None

    @resolved(
        description="The values that the keys of `stateDelta` had before the step: those of the steps before or of the "
        "start form. A key that the step added is missing. Null if `stateDelta` is null."
    )
    async def state_before(self, info: Info) -> JSON | None:
        delta = await self.state_delta(info)
        if self.execution is None or delta is None:
            return None
        seq, loaders = self.execution.seq, info.context.loaders
        earlier = [row.seq for row in await loaders.executions.load(self.process_id) if row.seq < seq]
        deltas = await loaders.delta.load_many([(self.process_id, number) for number in sorted(earlier)])
        found = await loaders.state.load(self.process_id)
        values = [*(found[1] if found else ()), *deltas]
        return {key: value for part in values if part for key, value in part.items() if key in delta}

    @resolved(description="The size of `stateDelta` in bytes, as JSON text; null if there is none yet.")
    async def state_delta_bytes(self, info: Info) -> int | None:
        return size_of(await self.state_delta(info))

    @resolved(description="A part of `stateDelta` as JSON text; null if there is none yet.")
    async def state_delta_text(self, info: Info, offset: Offset = 0, length: Length = 65536) -> ResultSlice | None:
        return await slice_of(info, await self.state_delta(info), offset, length)

    @resolved(
        description="The duration in seconds: from the start to the end, or until now; null if the step is not "
        "reached yet."
    )
    def duration_seconds(self, info: Info) -> float | None:
        if self.started_at is None:
            return None
        return ((self.completed_at or info.context.runtime.clock.now()) - self.started_at).total_seconds()

    @resolved(description="The process that the step belongs to.")
    async def process(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")]:
        from orchestrator_gql.graphql.types.processes import Process

        return await Process.found(info, self.process_id)

    @resolved(description="The callbacks that the step waits for or waited for, the oldest first.")
    async def callbacks(self, info: Info) -> list[Callback]:
        now = info.context.runtime.clock.now()
        rows = await info.context.loaders.callbacks.load(self.process_id)
        return [Callback.of(row, now) for row in rows if row.step_index == self.index]

    @resolved(description="The newest input request of the step; null if there is none.")
    async def input_request(self, info: Info) -> InputRequest | None:
        asked = await self._asked(info)
        return asked[-1] if asked else None

    @resolved(
        description="All input requests of the step, the oldest first. There are several if the process was sent back."
    )
    async def input_requests(self, info: Info) -> list[InputRequest]:
        return await self._asked(info)

    async def _asked(self, info: Info) -> "list[InputRequest]":
        rows = await info.context.loaders.requests.load(self.process_id)
        return [InputRequest.of(row) for row in rows if row.step_index == self.index]

    @resolved(description="The reason for the last failure; null if the step did not fail.")
    async def failure(self, info: Info) -> Failure | None:
        execution = self.execution
        if execution is not None and execution.is_failure_cut:
            executions = await info.context.loaders.executions.load(self.process_id)
            execution = next((each for each in executions if each.seq == execution.seq), execution)
        return Failure.of(execution.failure if execution else None, info.context)

    @resolved(description="The reason for the last failure in one short line; null if the step did not fail.")
    async def failure_reason(self, info: Info) -> FailureReason | None:
        failure = await self.failure(info)
        return FailureReason.of(failure.source) if failure else None

    @resolved(
        description="The newest 50 executions of the step, the oldest first; the last one is the execution that the "
        "other fields show. `executionCount` counts all."
    )
    async def executions(self, info: Info) -> list[StepExecutionEntry]:
        numbered = list(enumerate(await self._executions(info), 1))
        return [StepExecutionEntry.of(number, row) for number, row in numbered[-MOST_EXECUTIONS:]]

    @resolved(description="The number of all executions of the step; 0 if it was never reached.")
    async def execution_count(self, info: Info) -> int:
        return len(await self._executions(info))

    async def _executions(self, info: Info) -> list[StepExecution]:
        rows = await info.context.loaders.executions.load(self.process_id)
        return [row for row in rows if row.step_index == self.index]

    @resolved(description="The user who answered the form of the step; null if no person did.")
    def completed_by(self) -> User | None:
        return User.named(self.execution.actor if self.execution else None)


def _id(process_id: UUID, index: int) -> strawberry.ID:
    return strawberry.ID(f"{process_id}:{index}")
