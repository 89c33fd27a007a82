"""Points in time as the operator's verbs print them."""

from datetime import UTC, datetime


def age(since: str, now: datetime) -> str:
    """The time since or until that moment, in its largest unit.

    >>> from datetime import UTC
    >>> age("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 11, 30, tzinfo=UTC))
    '2 h'
    """
    seconds = abs((now - datetime.fromisoformat(since)).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(at: str) -> str:
    """That moment in UTC, with seconds.

    >>> moment("2026-03-02T10:00:00+01:00")
    '2026-03-02 09:00:00 UTC'
    """
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def is_past(at: str, now: datetime) -> bool:
    """Whether that moment has come."""
    return datetime.fromisoformat(at) <= now
