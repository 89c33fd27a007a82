"""The progress log of a callback: every report of its remote job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from orchestrator_gql.storage.callback_logs import CallbackLog
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import callback_progress, callbacks
from orchestrator_gql.types import Json
from orchestrator_gql.utils.tokens import new_id_behind

KEPT = 1_000
"""The reports of one callback that are kept: the newest."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One progress report of a remote job; ``percent`` is from 0 to 100."""

    id: UUID
    callback_id: UUID
    at: datetime
    percent: float | None
    message: str | None
    data: Json


def _progress(row: Row[Any]) -> Progress:
    return Progress(row.id, row.callback_id, row.at, row.percent, row.message, row.data)


_c = callback_progress.c
_log = CallbackLog(callback_progress, callbacks.c.progress_dropped, list(_c), "data", _progress)
_newest_first = select(_c.id).where(_c.callback_id == bindparam("callback_id")).order_by(_c.id.desc())
_last = Prepared(_newest_first.limit(1))


def append(
    conn: Connection, callback_id: UUID, *, percent: float | None, message: str | None, data: Json, now: datetime
) -> None:
    """Append a report; only the newest 1,000 reports are kept. The process must be locked."""
    of_callback = {"callback_id": callback_id}
    last = _last.first(conn, of_callback)
    id = new_id_behind(last["id"] if last else None)
    entry = {"id": id, "callback_id": callback_id, "at": now, "percent": percent, "message": message, "data": data}
    conn.execute(insert(callback_progress), entry)
    oldest_kept = conn.execute(_newest_first.offset(KEPT - 1).limit(1), of_callback).scalar()
    if oldest_kept is not None:
        too_old = (_c.callback_id == callback_id, _c.id < oldest_kept)
        if count := conn.execute(delete(callback_progress).where(*too_old)).rowcount:
            _log.count_dropped(conn, callback_id, count)


of_callbacks = _log.pages
"""For each callback a page of its progress log, and the number of all reports that ever arrived."""
