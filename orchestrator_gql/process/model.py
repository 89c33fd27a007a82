"""A process and its step executions, as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from orchestrator_gql.process.conditions import ConditionKey
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Failure, Json, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.copies import copier, maker
from orchestrator_gql.utils.secrets import NOTHING, Secrets

ITSELF = "its own workflow"
"""The value of ``aborted_by`` if no person but a step of the workflow aborted the process."""


@dataclass(frozen=True, slots=True)
class StepExecution:
    """One execution of a step, an entry in the log of the process; masks replace the secrets in its ``delta``."""

    seq: int
    step_index: int
    name: str
    kind: StepKind
    group: str | None
    status: StepStatus
    started_at: datetime
    attempt: int = 1
    try_count: int = 1
    entered_by: str = "advance"
    completed_at: datetime | None = None
    retry_at: datetime | None = None
    delta: Mapping[str, Json] | None = None
    failure: Failure | None = None
    actor: str | None = None
    is_failure_cut: bool = field(default=False, compare=False)


new_step_execution = maker(StepExecution)
"""Make a step execution as a call of the class does, but faster."""

copy_execution = copier(StepExecution)
"""A copy of a step execution with other values of some fields."""


@dataclass(frozen=True, slots=True)
class StepEntry:
    """How the next step execution begins, if a person or a policy sends the process to a step.

    ``by`` is the verb, such as ``reissue``. ``attempt`` is the number of the attempt, if it is known. If an action must
    hand out URLs again, they are for the callbacks with these ``names`` of the wait ``wait_seq`` (None: all expected).
    """

    by: str
    attempt: int | None = None
    wait_seq: int | None = None
    names: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """One run of a workflow; ``position`` is the index of the current step, ``execution`` the current step execution.

    ``aborted_by`` is the person who aborted the process, or `ITSELF`: it then runs its clean-up steps, or has ended.
    ``entry`` says how the next step execution begins, if it is not simply the next step. ``engine_failures`` counts the
    failures of the engine itself since the last transition. ``secrets`` are the secrets in the state, which is stored
    in clear; ``start_pages`` are stored with masks. ``trace`` is the trace of the request that started it; see
    `utils.traces`. ``subject`` is one line about the process; see `process.subject`. ``lock_keys`` are the keys that it
    holds until it ends, or waits for; see `is_queued`. ``lease_until`` is the end of the worker's lease when the
    process was read: a worker that lives renews it, and a commit writes another. If ``is_failure_cut`` is true,
    ``failure`` has only the code and the beginning of the message, for a list.
    """

    id: UUID
    workflow_name: str
    target: Target
    fingerprint: str
    status: ProcessStatus
    started_at: datetime
    updated_at: datetime
    position: int = 0
    seq: int = 0
    epoch: int = 0
    version: int = 1
    state: Mapping[str, Json] = field(default_factory=dict)
    condition_results: Mapping[ConditionKey, bool] = field(default_factory=dict)
    execution: StepExecution | None = None
    worker: str | None = None
    assignee: str | None = None
    created_by: str | None = None
    ended_at: datetime | None = None
    failure: Failure | None = None
    note: str | None = None
    start_pages: tuple[Json, ...] = ()
    aborted_by: str | None = None
    entry: StepEntry | None = None
    engine_failures: int = 0
    secrets: Secrets = field(default=NOTHING, repr=False)
    trace: str | None = None
    subject: str = ""
    lock_keys: tuple[str, ...] = ()
    lease_until: datetime | None = field(default=None, compare=False)
    is_failure_cut: bool = field(default=False, compare=False)

    @property
    def is_queued(self) -> bool:
        """True while the process waits for its lock: it has not begun, and begins by itself when the keys are free."""
        return self.status is ProcessStatus.WAITING and self.execution is None

    def is_held(self, now: datetime) -> bool:
        """True if a worker has the process, and its lease had not ended when the process was read."""
        return self.worker is not None and (self.lease_until is None or self.lease_until >= now)

    @property
    def execution_at_position(self) -> StepExecution | None:
        """The execution of the current step; None if that step has not begun."""
        execution = self.execution
        return execution if execution is not None and execution.step_index == self.position else None

    @property
    def is_step_running(self) -> bool:
        """True while the current step runs, and also after a crash of the machine that ran it."""
        execution = self.execution_at_position
        return execution is not None and execution.status is StepStatus.RUNNING


copy_process = copier(Process)
"""A copy of a process with other values of some fields."""
