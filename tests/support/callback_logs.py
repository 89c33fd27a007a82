"""The whole logs of a callback, as tests look at them."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.storage import callback_attempts, callback_progress
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.storage.callback_logs import LogRange
from orchestrator_gql.storage.callback_progress import Progress

ALL = LogRange(10_000)


def attempts_of(conn: Connection, callback_id: UUID) -> tuple[list[Attempt], int]:
    """The attempts in order, with whole bodies, and the number of all attempts that ever arrived."""
    page, total = callback_attempts.of_callbacks(conn, [callback_id], ALL)[callback_id]
    attempts = callback_attempts.by_ids(conn, [attempt.id for attempt in page])
    return [attempts[attempt.id] for attempt in page], total


def progress_of(conn: Connection, callback_id: UUID) -> tuple[list[Progress], int]:
    """The progress reports in order, and the number of all reports that ever arrived."""
    return callback_progress.of_callbacks(conn, [callback_id], ALL)[callback_id]
