"""The places of processes in the order in which they go, and their cursors, by which the next request goes on."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from orchestrator_gql.storage.pagination import cursor_of, only
from orchestrator_gql.utils.clock import read_instant
from orchestrator_gql.utils.errors import CursorInvalid


class Mark(NamedTuple):
    """The place of a process in the order in which they go: ended processes, then failed ones, each by their time."""

    is_failed: bool
    at: datetime
    id: UUID

    @property
    def cursor(self) -> str:
        """The mark as text; `mark_of` reads it."""
        return cursor_of(f"{'failed' if self.is_failed else 'ended'} {self.at.isoformat()} {self.id}")


def mark_of(cursor: str) -> Mark:
    """The mark of a cursor; raises `CursorInvalid`."""
    try:
        kind, at, id = only(cursor).split(" ")
        return Mark({"failed": True, "ended": False}[kind], read_instant(at), UUID(id))
    except (KeyError, ValueError):
        raise CursorInvalid from None
