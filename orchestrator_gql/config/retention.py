"""How long ended processes are kept: the value of ``ORCHESTRATOR_RETENTION_DAYS``."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator_gql.config.sources import nearest
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

DEFAULT, DEAD = "default", "DEAD"

ENDED = (ProcessStatus.COMPLETED, ProcessStatus.ABORTED)
"""The statuses of which processes go by the name of their target, or by the default."""

REMOVABLE = (*ENDED, ProcessStatus.FAILED)
"""The statuses of which processes can go at all."""

KEYS = (*Target, *REMOVABLE, DEAD, DEFAULT)

LONGEST = 36_500
"""Days: a hundred years. A longer time is most likely a mistake, such as seconds."""

_FORM = 'a number of days, such as 365, or JSON by target and status, such as {"VALIDATE": 7, "default": 365}'


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by target, by status, for dead notifications, and by default; what is not named is never deleted."""

    days: Mapping[str, float] = field(default_factory=dict)

    def of_process(self, target: Target, status: ProcessStatus) -> float | None:
        """The days for which a process is kept after its end; None: for ever.

        If its target and its status are named, the longer time counts. A failed process goes only if ``FAILED`` is
        named: somebody may still want to retry it.
        """
        if status not in REMOVABLE or (status is ProcessStatus.FAILED and status not in self.days):
            return None
        named = [self.days[name] for name in (target, status) if name in self.days]
        return max(named) if named else self.days.get(DEFAULT)

    @property
    def of_dead_notifications(self) -> float | None:
        """The days for which a notification that was given up is kept; None: for ever."""
        return self.days.get(DEAD)

    @property
    def of_sent_notifications(self) -> float | None:
        """The days for which a sent notification is kept, also if its process has not ended; None: for ever."""
        return self.days.get(DEFAULT)


def read(value: Any) -> Any:
    """The retention of a number, of a mapping, or of either as text; raises `ValueError`, which names what is wrong."""
    if isinstance(value, str):
        value = _of_text(value)
    if value is None or isinstance(value, Retention):
        return value
    if isinstance(value, Mapping):
        if not value:
            raise ValueError("names nothing: leave the variable out to keep everything")
        return Retention({_key(key): _days(days, f"{key}: ") for key, days in value.items()})
    return Retention({DEFAULT: _days(value, "")})


def _of_text(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_repetition, parse_constant=lambda _: math.nan)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError(f"must be {_FORM}") from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if repeated := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"{repeated} is there twice")
    return dict(pairs)


def _key(key: Any) -> str:
    if key in KEYS:
        return str(key)
    if key in ProcessStatus.__members__:
        raise ValueError(f"{key}: such a process has not ended, and never goes; the statuses are {_listed(REMOVABLE)}")
    near = nearest(str(key), map(str, KEYS))
    hint = f"the nearest is {near!r}" if near else f"the keys are {_listed(KEYS)}"
    raise ValueError(f"unknown key {str(key)!r}; {hint}")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(str, names))


def _days(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{place}must be {_FORM}" if not place else f"{place}must be a number of days")
    if not 0 < value <= LONGEST:
        more = ": leave it out to keep everything" if value <= 0 else ""
        raise ValueError(f"{place}must be more than 0 and at most {LONGEST:,} days{more}")
    return float(value)
