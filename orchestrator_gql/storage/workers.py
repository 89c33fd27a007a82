"""Who works on this database: one row a worker, which it renews as long as it lives."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Executable, delete, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from orchestrator_gql.storage.tables import workers


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker, and how many steps it ran when it was last heard of."""

    name: str
    version: str
    running_steps: int
    started_at: datetime
    last_seen_at: datetime


def seen(conn: Connection, worker: Worker) -> None:
    """The worker lives."""
    conn.execute(_upsert(conn.dialect.name), asdict(worker))


def gone(conn: Connection, name: str) -> None:
    """The worker left in good order."""
    conn.execute(delete(workers).where(workers.c.name == name))


def forget(conn: Connection, before: datetime) -> None:
    """Strike out those that were not heard of since."""
    conn.execute(delete(workers).where(workers.c.last_seen_at < before))


def all_workers(conn: Connection) -> Sequence[Worker]:
    """Every worker, by name."""
    return [Worker(*row) for row in conn.execute(select(workers).order_by(workers.c.name))]


@cache
def _upsert(dialect: str) -> Executable:
    statement = (sqlite_insert if dialect == "sqlite" else postgres_insert)(workers)
    latest = {name: statement.excluded[name] for name in ("running_steps", "last_seen_at")}
    return statement.on_conflict_do_update(index_elements=["name"], set_=latest)
