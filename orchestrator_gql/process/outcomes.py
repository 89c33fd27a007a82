"""What a step can come to, and what one move writes because of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.process.records import Entry, Process, StepRecord
from orchestrator_gql.types import Event, Failure, Json


@dataclass(frozen=True, slots=True)
class Success:
    """It did its work: what it adds to the state, the models it changed, and who answered it, if a person did.

    ``refs`` are the remote service's own names for the jobs it began, by the name of the callback (None: the one).
    """

    delta: Mapping[str, Json] = field(default_factory=dict)
    models: tuple[SubscriptionModel, ...] = ()
    actor: str | None = None
    refs: Mapping[str | None, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A condition said no."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """A person must answer a form: within ``due``, and after ``remind`` is told again."""

    title: str
    assignee: str
    due: timedelta | None = None
    remind: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Await:
    """A remote service must answer."""


@dataclass(frozen=True, slots=True)
class Again:
    """The answers of those names did not come: the action is run again and hands out fresh URLs for them."""

    failure: Failure
    entry: Entry


@dataclass(frozen=True, slots=True)
class Wait:
    """It failed and is tried again at a known time."""

    failure: Failure
    until: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """It failed, and the process with it."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Abort:
    """Somebody ended the process."""

    actor: str
    reason: str | None = None


Outcome: TypeAlias = Success | Skipped | Suspend | Await | Again | Wait | Failed


@dataclass(frozen=True, slots=True)
class Transition:
    """What one move writes: the process as it stands afterwards, the log lines, the events and what follows from them.

    ``asks`` opens an input request, ``retry_at`` sets a timer, ``judged`` tells the mailbox what its validation came
    to, ``closes_waits`` withdraws every open callback and input request of the process, ``closes_request`` the input
    request alone. ``refs`` are the names of the remote jobs that the action began.
    """

    process: Process
    records: tuple[StepRecord, ...] = ()
    events: tuple[Event, ...] = ()
    models: tuple[SubscriptionModel, ...] = ()
    asks: Suspend | None = None
    retry_at: datetime | None = None
    judged: Success | Failed | None = None
    closes_waits: bool = False
    closes_request: bool = False
    refs: Mapping[str | None, str] = field(default_factory=dict)
