"""Finds the processes for which no wake-up waits in the queue of Procrastinate."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Text, bindparam, text

_keys_without_job = text(
    """
    SELECT key FROM unnest(:keys) AS key
    WHERE NOT EXISTS (
        SELECT FROM procrastinate_jobs WHERE queueing_lock = key AND status = 'todo'
    )
    """
).bindparams(bindparam("keys", type_=ARRAY(Text)))


def without_job(conn: Connection, process_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the processes for which no job waits in the queue."""
    return [UUID(key) for key in conn.execute(_keys_without_job, {"keys": [str(id) for id in process_ids]}).scalars()]
