"""A clock that stands still until a test turns it forward."""

from datetime import UTC, datetime, timedelta


class TurnableClock:
    """A clock with a fixed instant: a test lets a day pass in no time."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The current instant of this clock."""
        return self._now

    def turn(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._now += timedelta(seconds=seconds)
