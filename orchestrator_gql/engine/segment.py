"""How long a worker goes on with one process before it hands it over, so that others get their turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

STEPS = 50
SECONDS = 30.0


def _never() -> bool:
    return False


@dataclass(slots=True)
class Segment:
    """The steps of one process in one worker's hands; ``is_stopping`` says whether the worker takes no more work."""

    is_stopping: Callable[[], bool] = _never
    _left: int = STEPS
    _until: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    def count(self) -> None:
        """One more step has ended."""
        self._left -= 1

    @property
    def is_over(self) -> bool:
        """Whether the process is to be handed over before its next step."""
        return self._left <= 0 or self.is_stopping() or time.monotonic() >= self._until
