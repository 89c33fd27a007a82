"""A process and its visits of steps, as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from orchestrator_gql.process.conditions import ConditionKey
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Failure, Json, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.secrets import NOTHING, Secrets


@dataclass(frozen=True, slots=True)
class StepExecution:
    """One visit of a step, a line of the process's log; its ``delta`` has masks in the places of secrets."""

    seq: int
    step_index: int
    name: str
    kind: StepKind
    group: str | None
    status: StepStatus
    started_at: datetime
    attempt: int = 1
    tries: int = 1
    entered_by: str = "advance"
    completed_at: datetime | None = None
    retry_at: datetime | None = None
    delta: Mapping[str, Json] | None = None
    failure: Failure | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class StepEntry:
    """How the next visit is entered, where somebody or a policy sends the process to a step.

    ``by`` is the verb, such as ``reissue``; ``attempt`` the number of the visit's attempt, where it is known. Where an
    action is to hand out URLs again, they are for the callbacks of those ``names`` of the wait ``wait_seq`` (None: all
    that the step expects).
    """

    by: str
    attempt: int | None = None
    wait_seq: int | None = None
    names: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """One run of a workflow; ``position`` is the index of the step it stands at, ``record`` the visit it is on.

    ``aborted_by`` says who aborted it: it is on its clean-up steps then, or through with them. ``entry`` says how the
    next visit is entered, where it is not just the next one. ``engine_failures`` counts what the engine itself failed
    to do since it last moved the process on. ``secrets`` are of its state, which is stored in clear; its
    ``start_pages`` are stored with masks.
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

    @property
    def record_at_position(self) -> StepExecution | None:
        """The record of the step that the process stands at; None if that step has not begun."""
        execution = self.execution
        return execution if execution is not None and execution.step_index == self.position else None

    @property
    def is_step_running(self) -> bool:
        """True while the step that the process stands at runs, and after a crash of the machine that ran it."""
        execution = self.record_at_position
        return execution is not None and execution.status is StepStatus.RUNNING
