"""A step that waits for a time, such as the beginning of a maintenance window."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from orchestrator_gql.security import Authorizer
from orchestrator_gql.types import StepKind
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError
from orchestrator_gql.utils.names import demand_name
from orchestrator_gql.workflow.limits import LONGEST, demand_function, demand_rule
from orchestrator_gql.workflow.model import ActionStep

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


SHOWN = 80
"""The most characters of a wrong text that a failure shows. A longer one is not cut: a part of a secret has no mask."""


@dataclass(frozen=True)
class Window:
    """A maintenance window: from ``start`` to ``end`` by the clock of ``timezone``, on some days or on each.

    >>> night = Window("22:00", "04:00", days=("fri", "sat"), timezone="Europe/Amsterdam")
    >>> night.opens(datetime(2026, 3, 6, 12, tzinfo=UTC)).isoformat()  # a Friday
    '2026-03-06T21:00:00+00:00'

    A window with an end before its start lasts until the next day, and has the day of its start. If start and end are
    equal, it lasts a day. Raises `WorkflowDefinitionError` for a time, a day or a timezone that does not exist.
    """

    start: str
    end: str
    days: tuple[str, ...] = DAYS
    timezone: str = "UTC"
    _zone: tzinfo = field(init=False, repr=False, compare=False)
    _times: tuple[time, time] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given: object = self.days  # a text is a sequence of texts, too
        days = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else ()
        if not days or not all(day in DAYS for day in days):
            raise WorkflowDefinitionError(
                f"The days of a window are {self.days!r}: write some of {', '.join(DAYS)}, such as ('tue', 'wed')."
            )
        object.__setattr__(self, "days", days)
        object.__setattr__(self, "_times", (_time_of_day(self.start), _time_of_day(self.end)))
        object.__setattr__(self, "_zone", _zone(self.timezone))

    def opens(self, now: datetime) -> datetime:
        """The time when the window opens next, in UTC; ``now`` if it is open."""
        today = now.astimezone(self._zone).date()
        beginnings = list[datetime]()
        # The window of yesterday may still be open. A week has each day, and the clock may skip the window of one.
        for day in range(-1, 16):
            begin, end = self._on(today + timedelta(days=day))
            is_skipped = end <= begin  # its start does not exist, and its end comes sooner
            if DAYS[(today + timedelta(days=day)).weekday()] not in self.days or end <= now or is_skipped:
                continue
            if begin <= now:
                return now
            beginnings.append(begin)
        return min(beginnings)

    def _on(self, day: date) -> tuple[datetime, datetime]:
        """The begin and the end of the window of that day. They are in UTC: Python compares times of one timezone by
        what their clock shows, which is wrong while the clock is changed."""
        start, end = self._times
        last = day if end > start else day + timedelta(days=1)
        begin, close = (datetime.combine(at, clock, self._zone) for at, clock in ((day, start), (last, end)))
        return begin.astimezone(UTC), close.astimezone(UTC)


Until: TypeAlias = Window | Callable[..., Any]


def wait_until(name: str, until: Until, *, retry_auth_callback: Authorizer | None = None) -> ActionStep:
    """Make a step that waits for a `Window` to be open, or for a time.

    ``until`` is the window, or a function whose arguments are bound by name and which returns the window, the time
    (a datetime with a timezone, or its text in ISO 8601), or None to go on at once. It is called again when its time
    has come: the process goes on in an open window only, also if no server ran in between. An operator may let the
    process go on before (`continueProcess`); ``retry_auth_callback`` decides who, as about a retry of the step.
    """
    demand_name(name, "name of a step")
    if isinstance(until, Window):
        return _waiting(name, lambda: until, retry_auth_callback)
    if not callable(until) or isinstance(until, type):
        raise WorkflowDefinitionError(
            f"Step {name!r} waits until {until!r}: give a window, such as Window('22:00', '04:00'), or a function that "
            "returns a window or a time."
        )
    return _waiting(name, demand_function(until, f"function of step {name!r}"), retry_auth_callback)


def _waiting(name: str, function: Callable[..., Any], rule: Authorizer | None) -> ActionStep:
    return ActionStep(
        name=name,
        function=function,
        purpose=StepKind.SYSTEM,
        is_wait=True,
        retry_auth_callback=demand_rule(rule, f"retry_auth_callback of step {name!r}"),
        is_bookkeeping=True,  # it changes nothing outside
    )


def time_of(result: Any, now: datetime) -> datetime:
    """The time that the function of `wait_until` returned, in UTC; ``now`` or before if the process goes on at once.

    Raises `StepError` if the function returned no time.
    """
    if result is None:
        return now
    if isinstance(result, Window):
        return result.opens(now)
    try:
        at = datetime.fromisoformat(result) if isinstance(result, str) else result
        if not isinstance(at, datetime) or at.tzinfo is None:
            raise ValueError
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise StepError(
            f"The wait got {_described(result)}: return a Window, a time with a timezone, such as "
            "datetime.now(UTC) + timedelta(hours=1), or None.",
            "bad-time",
        ) from None
    if at - now > LONGEST:
        raise StepError(f"The wait got {at.isoformat()}: the longest wait is a century.", "bad-time")
    return at


def _described(result: Any) -> str:
    if isinstance(result, datetime):
        return f"{result.isoformat()}, which has no timezone" if result.tzinfo is None else result.isoformat()
    is_short = isinstance(result, str) and len(result) <= SHOWN
    return repr(result) if is_short else f"a {type(result).__name__}"


def _time_of_day(text: str) -> time:
    try:
        if re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
            return time.fromisoformat(text)
    except (TypeError, ValueError):
        pass
    raise WorkflowDefinitionError(f"A window has the time {text!r}: write a time of the day, such as '22:00'.")


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # also where the machine has no list of timezones
        return UTC
    try:
        return ZoneInfo(name)
    except (TypeError, ValueError, OSError, KeyError):
        raise WorkflowDefinitionError(
            f"A window has the timezone {name!r}, which this machine does not know: write a name such as "
            "'Europe/Amsterdam'."
        ) from None
