"""The possible outcomes of a step, and the transition that one commit writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from orchestrator_gql.callbacks.waits import WaitChanges
from orchestrator_gql.domain import SubscriptionDocument
from orchestrator_gql.process.model import Process, StepEntry, StepExecution
from orchestrator_gql.types import Event, Failure, Json
from orchestrator_gql.utils.copies import copier, maker
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.workflow.step_options import Escalation


@dataclass(frozen=True, slots=True)
class PolicyConfirmation:
    """A form that a policy confirmed: the policy, the form's title and assignee, its pages and the shown digest."""

    policy: str
    title: str
    assignee: str
    pages: tuple[Json, ...]
    shown_digest: str
    secrets: Secrets = field(default=NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class Success:
    """The step succeeded: its changes of the state, the models it changed, and the person who submitted its form.

    ``refs`` are the remote service's own names for the jobs that the step began, by callback name (None: a single
    callback). ``confirmation`` is the form, if a policy confirmed it. ``secrets`` are the secrets in the delta.
    """

    delta: Mapping[str, Json] = field(default_factory=dict)
    models: tuple[SubscriptionDocument, ...] = ()
    actor: str | None = None
    refs: Mapping[str | None, str] = field(default_factory=dict)
    confirmation: PolicyConfirmation | None = None
    secrets: Secrets = field(default=NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A condition was false, so the step did not run."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """People must submit a form: ``approvals`` people, in the time ``due``; after ``remind`` they get a reminder.

    After each of ``escalations`` the form has another assignee, and after ``expire`` nobody can submit it.
    ``allows_self``: the person who started the process may approve, too.
    """

    title: str
    assignee: str
    due: timedelta | None = None
    remind: timedelta | None = None
    escalations: tuple[Escalation, ...] = ()
    expire: timedelta | None = None
    approvals: int = 1
    allows_self: bool = True


@dataclass(frozen=True, slots=True)
class Await:
    """The process waits for a delivery of a remote service."""


@dataclass(frozen=True, slots=True)
class Reissue:
    """Results are missing: the action runs again and hands out new URLs for the callbacks in ``entry``."""

    failure: Failure
    entry: StepEntry


@dataclass(frozen=True, slots=True)
class RetryLater:
    """The step failed and is tried again at the time ``until``."""

    failure: Failure
    until: datetime


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """The step waits for the time ``until``, and is then run again to find out if it may go on."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """The step failed, and so did the process; ``actor`` is the person who caused the failure, if there is one."""

    failure: Failure
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Abort:
    """A person ended the process; the actor is None if a step of its own workflow ended it."""

    actor: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AuditNote:
    """The audit entry of a transition that a person caused: who, the mutation, and ids, digests and reasons."""

    actor: str | None
    action: str
    details: Mapping[str, Json] = field(default_factory=dict)


Outcome: TypeAlias = Success | Skipped | Suspend | Await | Reissue | RetryLater | WaitUntil | Failed


@dataclass(frozen=True, slots=True)
class Transition:
    """Everything that one commit writes: the process after it, step executions, events and effects.

    ``suspend`` opens an input request. ``retry_at`` sets a timer. ``validation`` stores the outcome of the validation
    step at the callback. ``closes_waits`` withdraws every open callback and input request of the process,
    ``closes_request`` only the input request. ``refs`` are the names of the remote jobs that the action began.
    ``confirmation`` is the form that a policy confirmed. ``wait`` are the changes at the callbacks, and ``audit`` is
    the audit entry.
    """

    process: Process
    executions: tuple[StepExecution, ...] = ()
    events: tuple[Event, ...] = ()
    models: tuple[SubscriptionDocument, ...] = ()
    suspend: Suspend | None = None
    retry_at: datetime | None = None
    validation: Success | Failed | None = None
    closes_waits: bool = False
    closes_request: bool = False
    confirmation: PolicyConfirmation | None = None
    refs: Mapping[str | None, str] = field(default_factory=dict)
    wait: WaitChanges | None = None
    audit: AuditNote | None = None


new_success = maker(Success)
new_transition = maker(Transition)
"""Make an object as a call of its class does, but faster."""

copy_transition = copier(Transition)
"""A copy of a transition with other values of some fields."""
