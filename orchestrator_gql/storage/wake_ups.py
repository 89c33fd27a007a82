"""The doorbells in Procrastinate's queue, seen from outside: which processes nobody has rung for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Text, bindparam, text

_unrung = text(
    """
    SELECT asked FROM unnest(:keys) AS asked
    WHERE NOT EXISTS (
        SELECT FROM procrastinate_jobs WHERE queueing_lock = asked AND status = 'todo'
    )
    """
).bindparams(bindparam("keys", type_=ARRAY(Text)))


def without_job(conn: Connection, process_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the processes whose bell hangs silent: no job for them waits in the queue."""
    return [UUID(key) for key in conn.execute(_unrung, {"keys": [str(id) for id in process_ids]}).scalars()]
