"""A large JSON value that is kept out of line: a state of megabytes would be written anew with every step."""

from dataclasses import dataclass
from uuid import UUID

INLINE = 64 * 1024
"""Bytes of JSON up to which a value stands in the state itself."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the value is, and how many bytes of JSON text it has; written as JSON it is a note for people."""

    payload_id: UUID
    size: int

    def __str__(self) -> str:
        return f"[{self.size} bytes: see the callback's result]"
