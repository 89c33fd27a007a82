"""A clock that stands still until a test turns it."""

from datetime import UTC, datetime, timedelta


class TurnableClock:
    """Tells a fixed instant; a day's wait takes no time."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The instant it stands at."""
        return self._now

    def turn(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._now += timedelta(seconds=seconds)
