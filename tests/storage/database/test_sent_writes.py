"""PostgreSQL executes writes while their unit goes on; if anything of the unit fails, none of them is stored."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD, CHANGE, LOCK, TEXTS
from support.until import PATIENCE

from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.link import IDLE, Link
from orchestrator_gql.storage.database.pipeline import demand_pipeline, savepoint
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.prepared import rows_together, send_writes
from orchestrator_gql.utils.errors import OutcomeUnknown
from orchestrator_gql.utils.tokens import new_id


class Changed(Exception):
    """The unit fails."""


class Refused(Exception):
    """A write changed no row."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        async with opened_postgres(url) as opened:
            yield opened


def texts(conn: Connection) -> list[str]:
    return [row["text"] for row in TEXTS.all(conn, {})]


def send(conn: Connection, value: str, id: UUID | None = None) -> UUID:
    """Write a row and let PostgreSQL begin with it."""
    id = id or new_id()
    ADD.write(conn, {"id": id, "text": value})
    send_writes(conn)
    return id


async def stored(database: PostgresDatabase) -> list[str]:
    """What is stored; each connection that was used is in no transaction."""
    assert database._writers is not None
    kept = [demand_pipeline(conn)._link._pgconn.transaction_status for conn in database._writers._kept]
    assert set(kept) <= {IDLE}
    return await database.transaction(texts)


@pytest.mark.parametrize("is_repeatable", [True, False], ids=["with the COMMIT", "before the COMMIT"])
async def test_they_are_stored_with_the_rest_in_order(database: PostgresDatabase, is_repeatable: bool) -> None:
    def unit(conn: Connection) -> None:
        commit_effects(conn).is_repeatable = is_repeatable
        LOCK.first(conn, {})
        id = send(conn, "first")
        CHANGE.write(conn, {"b_id": id, "text": "changed"})  # behind it, though nobody has read its result
        send(conn, "second")
        ADD.write(conn, {"id": new_id(), "text": "third"})

    await database.transaction(unit)
    assert await stored(database) == ["changed", "second", "third"]


async def test_postgresql_executes_them_while_the_unit_goes_on(database: PostgresDatabase) -> None:
    """Another session sees the lock that the write takes, before the unit makes another round trip."""
    plain = make_url(database._url).set(drivername="postgresql").render_as_string(hide_password=False)

    def unit(conn: Connection) -> int:
        LOCK.first(conn, {})
        send(conn, "first")
        with psycopg.connect(plain, autocommit=True) as other:
            while True:
                row = other.execute("SELECT count(*) FROM pg_locks WHERE relation = 'payloads'::regclass").fetchone()
                if row and row[0]:
                    return int(row[0])

    async with asyncio.timeout(PATIENCE):
        assert await database.transaction(unit)


@pytest.mark.parametrize("is_repeatable", [True, False], ids=["with the COMMIT", "before the COMMIT"])
async def test_a_server_that_freezes_behind_them_keeps_no_lock(database: PostgresDatabase, is_repeatable: bool) -> None:
    """PostgreSQL ends a session that is idle in its transaction, and the server finds out when it goes on."""
    plain = make_url(database._url).set(drivername="postgresql").render_as_string(hide_password=False)
    tries = list[int]()

    def unit(conn: Connection) -> None:
        commit_effects(conn).is_repeatable = is_repeatable
        conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
        LOCK.first(conn, {})
        send(conn, "sent")
        tries.append(len(tries))
        if tries == [0]:  # nothing else runs in this process meanwhile
            with psycopg.connect(plain, autocommit=True) as other:
                other.execute("SET lock_timeout = '10s'")
                other.execute("SELECT pg_advisory_lock(1)")

    with suppress(OutcomeUnknown):
        await database.transaction(unit)
    assert len(await stored(database)) == len(tries) - 1


async def test_a_read_a_statement_of_sqlalchemy_and_a_savepoint_see_them(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> list[Any]:
        LOCK.first(conn, {})
        send(conn, "first")
        seen: list[Any] = [texts(conn)]
        send(conn, "second")
        seen.append(conn.execute(text("SELECT count(*) FROM payloads")).scalar_one())
        send(conn, "third")
        with savepoint(conn):
            seen.append(texts(conn))
        return seen

    assert await database.transaction(unit) == [["first"], 2, ["first", "second", "third"]]


def fails_itself(conn: Connection, known: UUID) -> None:
    send(conn, "sent")
    raise Changed


def fails_in_the_database(conn: Connection, known: UUID) -> None:
    send(conn, "sent")
    send(conn, "again", known)
    ADD.write(conn, {"id": new_id(), "text": "behind"})


def fails_in_both(conn: Connection, known: UUID) -> None:
    """The result of the failed write, which nobody has read, must not be taken for that of the ROLLBACK."""
    send(conn, "again", known)
    raise Changed


def fails_before_it_is_sent(conn: Connection, known: UUID) -> None:
    send(conn, "sent")
    send(conn, "\0")


def is_refused(conn: Connection, known: UUID) -> None:
    """Who refused must be known, so this write waits."""
    send(conn, "sent")
    CHANGE.write(conn, {"b_id": new_id(), "text": "changed"}, Refused)
    send_writes(conn)
    ADD.write(conn, {"id": new_id(), "text": "behind"})


FAILURES: dict[Callable[[Connection, UUID], None], type[Exception]] = {
    fails_itself: Changed,
    fails_in_the_database: IntegrityError,
    fails_in_both: Changed,
    fails_before_it_is_sent: DBAPIError,
    is_refused: Refused,
}


@pytest.mark.parametrize("is_repeatable", [True, False], ids=["with the COMMIT", "before the COMMIT"])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
async def test_nothing_of_a_unit_that_fails_is_stored(
    database: PostgresDatabase, failure: Callable[[Connection, UUID], None], is_repeatable: bool
) -> None:
    known = await database.transaction(lambda conn: send(conn, "known"))

    def unit(conn: Connection) -> None:
        commit_effects(conn).is_repeatable = is_repeatable
        LOCK.first(conn, {})
        failure(conn, known)

    with pytest.raises(FAILURES[failure]):
        await database.transaction(unit)
    assert await stored(database) == ["known"]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
async def test_a_savepoint_that_fails_is_undone_alone(
    database: PostgresDatabase, failure: Callable[[Connection, UUID], None]
) -> None:
    known = await database.transaction(lambda conn: send(conn, "known"))

    def unit(conn: Connection) -> None:
        send(conn, "before")
        with suppress(*FAILURES.values()), savepoint(conn):
            failure(conn, known)
        send(conn, "after")

    await database.transaction(unit)
    assert await stored(database) == ["known", "before", "after"]


async def test_nothing_is_sent_before_the_transaction_begins(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The BEGIN of a unit that stores without a read is sent with its writes and its COMMIT."""
    sent, run = list[int](), Link.run

    async def noting(link: Link, statements: Any) -> Any:
        sent.append(len(statements))
        return await run(link, statements)

    def unit(conn: Connection) -> None:
        commit_effects(conn).is_repeatable = True
        send(conn, "first")
        send(conn, "second")

    monkeypatch.setattr(Link, "run", noting)
    await database.transaction(unit)
    assert sent == [3]


async def test_work_of_the_unit_is_done_during_a_round_trip(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, between the statements and their results; its error is the caller's."""
    order, results = list[str](), Link._results

    def work() -> None:
        order.append("work")
        raise Changed

    async def noting(link: Link, number: int) -> Any:
        order.append("results")
        return await results(link, number)

    def unit(conn: Connection) -> list[str]:
        (rows,) = rows_together(conn, [(TEXTS, {})], meanwhile=work)
        ADD.write(conn, {"id": new_id(), "text": "first"})
        return texts(conn) + [row["text"] for row in rows]

    monkeypatch.setattr(Link, "_results", noting)
    assert await database.transaction(unit) == ["first"]
    assert order == ["work", "results", "results", "results"]
