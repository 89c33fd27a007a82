"""The workers on this database: each worker has a row and renews it as long as it lives."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Executable, delete, select

from orchestrator_gql.storage.tables import workers
from orchestrator_gql.storage.upserts import insert_into


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker; ``running_steps`` is the number of its running steps at ``last_seen_at``."""

    name: str
    version: str
    running_steps: int
    started_at: datetime
    last_seen_at: datetime


def seen(conn: Connection, worker: Worker) -> None:
    """Store or renew the row of a living worker."""
    conn.execute(_upsert(conn.dialect.name), asdict(worker))


def gone(conn: Connection, name: str) -> None:
    """Delete the row of a worker that shut down."""
    conn.execute(delete(workers).where(workers.c.name == name))


def forget(conn: Connection, before: datetime) -> None:
    """Delete the rows of workers that were last seen before ``before``."""
    conn.execute(delete(workers).where(workers.c.last_seen_at < before))


def forget_all(conn: Connection) -> None:
    """Delete all rows: no worker lives."""
    conn.execute(delete(workers))


def living(conn: Connection, since: datetime) -> Sequence[Worker]:
    """The workers that were seen since ``since``, ordered by name."""
    query = select(workers).where(workers.c.last_seen_at >= since).order_by(workers.c.name)
    return [Worker(*row) for row in conn.execute(query)]


def last_seen(conn: Connection) -> dict[str, datetime]:
    """When each worker was last seen, by its own clock."""
    return {row.name: row.last_seen_at for row in conn.execute(select(workers.c.name, workers.c.last_seen_at))}


@cache
def _upsert(dialect: str) -> Executable:
    statement = insert_into(workers, dialect)
    latest = {name: statement.excluded[name] for name in ("running_steps", "last_seen_at")}
    return statement.on_conflict_do_update(index_elements=["name"], set_=latest)
