"""What a step can come to, and what one move writes because of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.process.model import Process, StepEntry, StepExecution
from orchestrator_gql.types import Event, Failure, Json
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.workflow.model import Escalation


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a policy said yes to: which policy, whose form of which title, its answers and what was shown last."""

    policy: str
    title: str
    assignee: str
    pages: tuple[Json, ...]
    shown_digest: str
    secrets: Secrets = field(default=NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class Success:
    """It did its work: what it adds to the state, the models it changed, and who answered it, if a person did.

    ``refs`` are the remote service's own names for the jobs it began, by the name of the callback (None: the one).
    ``confirmed`` is the form that a policy confirmed, where nobody was asked. ``secrets`` are of the delta.
    """

    delta: Mapping[str, Json] = field(default_factory=dict)
    models: tuple[SubscriptionModel, ...] = ()
    actor: str | None = None
    refs: Mapping[str | None, str] = field(default_factory=dict)
    confirmed: Confirmed | None = None
    secrets: Secrets = field(default=NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A condition said no."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """People must answer a form: ``approvals`` of them, within ``due``, and after ``remind`` they are told again.

    After each of ``escalations`` it is another's to answer, and after ``expire`` nobody's.
    """

    title: str
    assignee: str
    due: timedelta | None = None
    remind: timedelta | None = None
    escalations: tuple[Escalation, ...] = ()
    expire: timedelta | None = None
    approvals: int = 1


@dataclass(frozen=True, slots=True)
class Await:
    """A remote service must answer."""


@dataclass(frozen=True, slots=True)
class Reissue:
    """The answers of those names did not come: the action is run again and hands out fresh URLs for them."""

    failure: Failure
    entry: StepEntry


@dataclass(frozen=True, slots=True)
class RetryLater:
    """It failed and is tried again at a known time."""

    failure: Failure
    until: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """It failed, and the process with it; ``actor`` is whoever had it fail, where somebody did."""

    failure: Failure
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Abort:
    """Somebody ended the process."""

    actor: str
    reason: str | None = None


Outcome: TypeAlias = Success | Skipped | Suspend | Await | Reissue | RetryLater | Failed


@dataclass(frozen=True, slots=True)
class Transition:
    """What one move writes: the process as it stands afterwards, the log lines, the events and what follows from them.

    ``asks`` opens an input request, ``retry_at`` sets a timer, ``judged`` tells the mailbox what its validation came
    to, ``closes_waits`` withdraws every open callback and input request of the process, ``closes_request`` the input
    request alone. ``refs`` are the names of the remote jobs that the action began, and ``confirmed`` is the form that
    a policy confirmed.
    """

    process: Process
    executions: tuple[StepExecution, ...] = ()
    events: tuple[Event, ...] = ()
    models: tuple[SubscriptionModel, ...] = ()
    asks: Suspend | None = None
    retry_at: datetime | None = None
    judged: Success | Failed | None = None
    closes_waits: bool = False
    closes_request: bool = False
    confirmed: Confirmed | None = None
    refs: Mapping[str | None, str] = field(default_factory=dict)
