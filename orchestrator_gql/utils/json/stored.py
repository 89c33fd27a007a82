"""A large JSON value that is stored outside the state: otherwise every step would write its megabytes again."""

from dataclasses import dataclass
from uuid import UUID

INLINE = 64 * 1024
"""The largest value, in bytes of JSON, that is stored in the state itself."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The id of the stored value, and its size in bytes of JSON. Its text is a note for people."""

    payload_id: UUID
    size: int

    def __str__(self) -> str:
        return f"[{self.size} bytes: see the callback's result]"
