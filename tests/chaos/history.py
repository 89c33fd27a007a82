"""The history of the driver: what it observed and which answers it got, one line of a file each."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class Observation(StrEnum):
    """Kinds of entries in the history."""

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
    EVENT = "EVENT"
    """The subscription sent an event: its fields."""
    RECONNECTED = "RECONNECTED"
    """The subscriber connected and went on after its cursor."""
    REFUSED = "REFUSED"
    """A server gave an answer that is always wrong here: what."""
    HURT = "HURT"
    """The storm caused a fault: kind, and which server or boundary."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history."""

    observation: Observation
    process_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0
    """Seconds since 1970, to find the lines of the servers' logs at the time of a fault."""


class History:
    """Writes the history; each line is in the file before the driver goes on."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def note(self, observation: Observation, process_id: str | None = None, **details: Any) -> None:
        """Append a line."""
        self._file.write(json.dumps(asdict(Entry(observation, process_id, details, time.time()))) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def entries(path: Path) -> Iterator[Entry]:
    """The entries of a history file."""
    with path.open() as lines:
        for line in lines:
            row = json.loads(line)
            yield Entry(Observation(row["observation"]), row["process_id"], row["details"], row["at"])
