"""What PostgreSQL looks at, to find which events can be read, does not grow with the log."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, insert, select
from support.database import PostgresServer
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of
from support.rows import BEGIN

from orchestrator_gql.storage import event_numbers, event_order, events, next_events
from orchestrator_gql.storage.database.connection_arguments import connection_arguments
from orchestrator_gql.storage.events import BEGINNING, EventFilter
from orchestrator_gql.storage.tables import events as rows
from orchestrator_gql.types import EventKind

READS: dict[str, Callable[[Connection], Any]] = {
    "the first page": lambda conn: events.after(conn, BEGINNING, EventFilter(), 50),
    "the end": events.end,
    "whether events are held back": next_events.is_held_back,
    "a cursor that is too old": lambda conn: events.is_forgotten(conn, BEGINNING),
    "whether the log is of another cluster": event_numbers.is_from_other_cluster,
    "an event": lambda conn: conn.execute(select(rows.c.id).where(*event_order.readable(conn)).limit(1)).all(),
}


@pytest.fixture
def engine(postgres: PostgresServer) -> Iterator[Engine]:
    """A database of the test."""
    with postgres.database() as url:
        database = plain_engine(url)
        yield database
        database.dispose()


def grow(engine: Engine, count: int) -> None:
    with engine.begin() as conn:
        event = {"kind": EventKind.ENGINE_STATE_CHANGED, "actor": None, "payload": {"note": "x"}, "at": BEGIN}
        conn.execute(insert(rows), [event] * count)


def works(engine: Engine) -> dict[str, int]:
    """How many rows PostgreSQL looks at for each read, with fresh statistics."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE events")
    with engine.begin() as conn:
        statements = {name: statements_of(conn, partial(read, conn)) for name, read in READS.items()}
        assert all(statements.values())
        return {name: work_of(conn, each) for name, each in statements.items()}


@pytest.mark.parametrize("before, held", [(4, 0), (4, 1), (2, 3), (1, 4)], ids=str)
def test_no_read_looks_at_more_of_a_longer_log(engine: Engine, before: int, held: int) -> None:
    found = list[dict[str, int]]()
    for size in (500, 3500):
        grow(engine, before * size)
        with psycopg.connect(**connection_arguments(str(engine.url.render_as_string(hide_password=False)))) as other:
            other.execute("SELECT pg_current_xact_id()")  # what is committed from now on is held back
            if held:
                grow(engine, held * size)
            found.append(works(engine))

    short, long = found
    assert {name: (short[name], work) for name, work in long.items() if work > 1.5 * short[name] + 100} == {}
