"""If PostgreSQL is lost anywhere in a unit, its caller gets the error of an unavailable database, and never another."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from select import select as select_readable
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD, LOCK, TEXTS

from orchestrator_gql.engine.workers import timers
from orchestrator_gql.storage.database.pipeline import savepoint
from orchestrator_gql.storage.database.postgres import READERS, PostgresDatabase
from orchestrator_gql.storage.timers import DueTimer, TimerKind
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

_never: Any = None
Lose = Callable[[Connection], None]


@pytest.fixture
def url(postgres: PostgresServer) -> Any:
    with postgres.database() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    async with opened_postgres(url) as opened:
        yield opened


@pytest.fixture
def lose(url: str) -> Any:
    """Ends the session of a connection, from another session."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as other:

        def end(conn: Connection) -> None:
            pid = conn.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])

        yield end


def add(conn: Connection) -> None:
    ADD.write(conn, {"id": new_id(), "text": "lost"})


def at_the_first_read(conn: Connection, lose: Lose) -> None:
    lose(conn)
    TEXTS.all(conn, {})


def behind_a_lock(conn: Connection, lose: Lose) -> None:
    lose(conn)
    next(TEXTS.each_behind(conn, {}, (LOCK, {})), None)


def at_the_flush(conn: Connection, lose: Lose) -> None:
    add(conn)
    lose(conn)


def at_a_statement_of_sqlalchemy(conn: Connection, lose: Lose) -> None:
    add(conn)
    lose(conn)
    conn.execute(text("SELECT 1"))


def at_the_begin_of_a_savepoint(conn: Connection, lose: Lose) -> None:
    add(conn)
    lose(conn)
    with savepoint(conn):
        add(conn)


def at_the_end_of_a_savepoint(conn: Connection, lose: Lose) -> None:
    with savepoint(conn):
        add(conn)
        lose(conn)


def before_more_writes(conn: Connection, lose: Lose) -> None:
    """As code that goes on after any error in a savepoint."""
    with suppress(Exception), savepoint(conn):
        lose(conn)
        TEXTS.all(conn, {})
    add(conn)


def before_more_reads(conn: Connection, lose: Lose) -> None:
    with suppress(Exception), savepoint(conn):
        lose(conn)
        TEXTS.all(conn, {})
    TEXTS.all(conn, {})


def before_a_second_savepoint(conn: Connection, lose: Lose) -> None:
    for _ in range(2):
        with suppress(Exception), savepoint(conn):
            lose(conn)
            TEXTS.all(conn, {})


UNITS = [
    at_the_first_read,
    behind_a_lock,
    at_the_flush,
    at_a_statement_of_sqlalchemy,
    at_the_begin_of_a_savepoint,
    at_the_end_of_a_savepoint,
    before_more_writes,
    before_more_reads,
    before_a_second_savepoint,
]


@pytest.mark.parametrize("unit", UNITS)
async def test_a_unit_that_loses_its_connection_each_time_is_refused(
    database: PostgresDatabase, lose: Lose, unit: Callable[[Connection, Lose], None]
) -> None:
    with pytest.raises(StorageUnavailable):
        await database.transaction(lambda conn: unit(conn, lose))
    assert await database.read(lambda conn: TEXTS.all(conn, {})) == []


@pytest.mark.parametrize("unit", UNITS)
async def test_a_unit_that_loses_its_connection_once_is_repeated(
    database: PostgresDatabase, lose: Lose, unit: Callable[[Connection, Lose], None]
) -> None:
    losses: list[bool] = []

    def loses_once(conn: Connection) -> None:
        if not losses:
            losses.append(True)
            lose(conn)
        unit(conn, lambda _: None)

    await database.transaction(loses_once)
    await database.read(lambda conn: TEXTS.all(conn, {}))


async def test_a_form_that_expires_while_the_database_is_lost_is_not_to_blame(
    database: PostgresDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """The session was idle for too long, because the server froze: this is no `OperationalError`."""

    def unit(conn: Connection) -> None:
        conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = '1ms'"))
        socket = conn.connection.driver_connection.fileno()  # type: ignore[union-attr]
        select_readable([socket], [], [], 10)  # the last words of PostgreSQL
        timers.close_expired(conn, _never, [DueTimer(TimerKind.EXPIRY, new_id(), new_id())], datetime.now(UTC))

    with pytest.raises(StorageUnavailable):
        await database.transaction(unit)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    ("kind", "unit"),
    [("read", at_the_first_read), ("read", before_more_reads), ("read_current", at_the_first_read)],
)
async def test_a_read_that_loses_its_connection_each_time_is_refused(
    database: PostgresDatabase, lose: Lose, kind: str, unit: Callable[[Connection, Lose], None]
) -> None:
    with pytest.raises(StorageUnavailable):
        await getattr(database, kind)(lambda conn: unit(conn, lose))


async def test_a_read_that_loses_its_connection_behind_its_last_row_keeps_its_result(
    database: PostgresDatabase, lose: Lose
) -> None:
    losses: list[bool] = []

    def unit(conn: Connection) -> list[Any]:
        rows = TEXTS.all(conn, {})
        if not losses:
            losses.append(True)
            lose(conn)
        return rows

    assert await database.read(unit) == []


@pytest.mark.parametrize("is_read_again", [False, True])
async def test_a_snapshot_that_loses_its_connection_is_refused_or_ends_quietly(
    database: PostgresDatabase, lose: Lose, is_read_again: bool
) -> None:
    """Its last read is complete; nothing is wrong if its ROLLBACK cannot be sent."""

    async def reads() -> None:
        async with database.snapshot() as snapshot:
            await snapshot.read(lambda conn: TEXTS.all(conn, {}))
            await snapshot.read(lose)
            if is_read_again:
                await snapshot.read(lambda conn: TEXTS.all(conn, {}))

    for _ in range(READERS + 1):  # each connection of the pool returns
        if is_read_again:
            with pytest.raises(StorageUnavailable):
                await reads()
        else:
            await reads()
