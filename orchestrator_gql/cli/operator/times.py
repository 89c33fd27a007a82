"""Points in time as the operator's verbs print them."""

import math
from datetime import UTC, datetime

UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def age(since: str, now: datetime) -> str:
    """The time since or until that moment, in its largest unit.

    >>> from datetime import UTC
    >>> age("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 11, 30, tzinfo=UTC))
    '2 h'
    """
    seconds = abs((now - datetime.fromisoformat(since)).total_seconds())
    for unit, size in UNITS[:-1]:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def left(until: str, now: datetime) -> str:
    """The time until that moment in two units, rounded up: 24 hours are not 23 after a second.

    >>> from datetime import UTC
    >>> left("2026-03-03T09:00:00Z", datetime(2026, 3, 2, 9, 0, 2, tzinfo=UTC))
    '1 d'
    >>> left("2026-03-02T11:30:00Z", datetime(2026, 3, 2, 9, 0, 2, tzinfo=UTC))
    '2 h 30 min'
    """
    seconds = math.ceil((datetime.fromisoformat(until) - now).total_seconds())
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    at = 2
    while at > 0 and math.ceil(seconds / UNITS[at + 1][1]) * UNITS[at + 1][1] >= UNITS[at - 1][1]:
        at -= 1  # rounded up, it fills the larger unit
    (unit, size), (smaller, part) = UNITS[at], UNITS[at + 1]
    whole, rest = divmod(math.ceil(seconds / part) * part, size)
    return f"{whole} {unit} {rest // part} {smaller}" if rest else f"{whole} {unit}"


def duration(seconds: float) -> str:
    """A duration in two units, rounded down; below a minute with a tenth of a second.

    >>> duration(0.02), duration(2.34), duration(1011.3), duration(7200)
    ('< 0.1 s', '2.3 s', '16 min 51 s', '2 h')
    """
    if 0 < seconds < 0.1:
        return "< 0.1 s"
    if seconds < 60:
        return f"{math.floor(seconds * 10) / 10:.1f} s"
    at = next(at for at, (_, size) in enumerate(UNITS) if seconds >= size)
    (unit, size), (smaller, part) = UNITS[at], UNITS[at + 1]
    whole, rest = divmod(int(seconds), size)
    return f"{whole} {unit} {rest // part} {smaller}" if rest // part else f"{whole} {unit}"


def moment(at: str) -> str:
    """That moment in UTC, with seconds.

    >>> moment("2026-03-02T10:00:00+01:00")
    '2026-03-02 09:00:00 UTC'
    """
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def is_past(at: str, now: datetime) -> bool:
    """Whether that moment has come."""
    return datetime.fromisoformat(at) <= now


def deadline(until: str, now: datetime) -> str:
    """How long it is until that moment, or since.

    >>> from datetime import UTC
    >>> deadline("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 9, 5, tzinfo=UTC))
    'overdue by 5 min'
    """
    return f"overdue by {age(until, now)}" if is_past(until, now) else f"{left(until, now)} left"
