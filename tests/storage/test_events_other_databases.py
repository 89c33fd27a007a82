"""Only transactions that can write the event log hold its readers back: those of other databases do not."""

from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, make_url
from support.database import PostgresServer
from support.engine import BEGINNING, Engine, engine_of

from orchestrator_gql import begin, step
from orchestrator_gql.storage import events
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import workflow


@step("Work")
async def work() -> None: ...


@workflow("Works")
def works() -> Any:
    return begin >> work


def session(stack: ExitStack, url: str) -> "psycopg.Connection[Any]":
    """A session with an open transaction that has a number."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    conn = stack.enter_context(psycopg.connect(plain))
    conn.execute("SELECT pg_current_xact_id()")
    return conn


def count(conn: Connection) -> int:
    return len(events.after(conn, BEGINNING, EventFilter(), 1000).events)


async def seen(engine: Engine) -> tuple[int, float]:
    """The number of events that a reader sees now, and the lag of the log."""
    return await engine.read(lambda conn: (count(conn), events.lag(conn, engine.clock.now())))


async def all_read(engine: Engine) -> int | None:
    """The number of events if all of them can be read: no transaction of the engine itself is on its way; else None."""
    number, lag = await seen(engine)
    return None if lag else number


@pytest.mark.parametrize("where", ["another database", "this database"])
async def test_a_long_transaction_stops_the_stream_of_its_own_database_only(
    postgres: PostgresServer, where: str
) -> None:
    with postgres.database() as url, postgres.database() as other, ExitStack() as stack:
        async with engine_of(url, works) as engine:
            forgotten = session(stack, other if where == "another database" else url)
            await engine.reaches(await engine.start(works), ProcessStatus.COMPLETED)
            engine.turn(70)
            if where == "another database":
                await engine.until(lambda: all_read(engine), awaited="the end of the engine's own transactions")
            during = await seen(engine)
            forgotten.rollback()
            afterwards = await seen(engine)

    assert afterwards[0] > 0
    assert during == (afterwards if where == "another database" else (0, 70.0))


async def test_a_role_without_privileges_sees_whose_transactions_run(postgres: PostgresServer) -> None:
    with postgres.database() as url, postgres.database() as other, ExitStack() as stack:
        async with engine_of(url, works) as engine:
            session(stack, other)
            await engine.reaches(await engine.start(works), ProcessStatus.COMPLETED)
            expected = await engine.until(lambda: all_read(engine), awaited="the end of the engine's own transactions")
        sql = create_engine(url)
        with sql.connect() as conn:
            conn.exec_driver_sql("CREATE ROLE plain_reader")
            conn.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain_reader")
            conn.exec_driver_sql("SET ROLE plain_reader")

            assert count(conn) == expected > 0

            conn.rollback()
        sql.dispose()


async def test_a_transaction_that_ended_since_the_snapshot_still_counts(postgres: PostgresServer) -> None:
    """The snapshot does not show its events: readers would go past them."""
    with postgres.database() as url, ExitStack() as stack:
        async with engine_of(url, works) as engine:
            writer = session(stack, url)
            await engine.reaches(await engine.start(works), ProcessStatus.COMPLETED)
        sql = create_engine(url)
        with sql.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
            conn.exec_driver_sql("SELECT 1")  # the snapshot is taken here
            writer.commit()

            assert count(conn) == 0

        with sql.connect() as conn:
            assert count(conn) > 0
        sql.dispose()
