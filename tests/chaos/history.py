"""What the driver saw and was promised, line by line in a file: the one side of the comparison."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class Saw(StrEnum):
    """What happened to the driver."""

    STARTED = "STARTED"
    """A start was acknowledged: key, number."""
    DELIVERED = "DELIVERED"
    """A callback was acknowledged: receipt, number, how."""
    CONFIRMED = "CONFIRMED"
    """A form was acknowledged: comment, input_request_id."""
    FAILED = "FAILED"
    """A report that the job failed was acknowledged: receipt."""
    NOTED = "NOTED"
    """A note was acknowledged: note."""
    RETRIED = "RETRIED"
    """A retry was acknowledged."""
    ABORTED = "ABORTED"
    """An abort was acknowledged."""
    TOLD = "TOLD"
    """An event came through the subscription: the event."""
    RECONNECTED = "RECONNECTED"
    """The subscriber went on at a cursor."""
    REFUSED = "REFUSED"
    """Something was answered that must never be answered here: what."""
    HURT = "HURT"
    """A fault was made: kind, and which server or boundary."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    saw: Saw
    process_id: str | None = None
    told: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0
    """Seconds since the epoch: beside the servers' own logs it says what a fault did."""


class History:
    """The lines so far; each is in the file before the driver does anything else."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def note(self, saw: Saw, process_id: str | None = None, **told: Any) -> None:
        """Append a line."""
        self._file.write(json.dumps(asdict(Entry(saw, process_id, told, time.time()))) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def entries(path: Path) -> Iterator[Entry]:
    """The lines of a file."""
    with path.open() as lines:
        for line in lines:
            read = json.loads(line)
            yield Entry(Saw(read["saw"]), read["process_id"], read["told"], read["at"])
