"""A transaction that is cancelled anywhere, or whose session is ended there, is whole or not there (PostgreSQL)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD, LOCK, TEXTS
from support.until import PATIENCE

from orchestrator_gql.storage.database.link import Link, Result, Statement
from orchestrator_gql.storage.database.postgres import POOL, PostgresDatabase
from orchestrator_gql.storage.database.transactions import COMMIT
from orchestrator_gql.utils.errors import OutcomeUnknown, StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

ROUND_TRIPS = 5
"""Of `unit`: its lock with the BEGIN, a read behind a write, a statement of SQLAlchemy behind another, the COMMIT; and
none of a second unit."""

LEFT = """
SELECT count(*)::int FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state <> 'idle' OR backend_xid IS NOT NULL)
"""
"""Sessions that still do something."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        async with opened_postgres(url) as opened:
            yield opened


def unit(conn: Connection) -> None:
    LOCK.first(conn, {})
    ADD.write(conn, {"id": new_id(), "text": "first"})
    TEXTS.all(conn, {})
    ADD.write(conn, {"id": new_id(), "text": "second"})
    conn.execute(text("SELECT 1"))


async def demand_whole(database: PostgresDatabase) -> int:
    """Every connection of the pool can be used, and nothing is left behind; how often the unit is stored."""
    plain = make_url(database._url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as other, asyncio.timeout(PATIENCE):
        while (await (await other.execute(LEFT)).fetchone()) != (0,):  # noqa: ASYNC110 - another session looks
            await asyncio.sleep(0.01)
    async with asyncio.timeout(PATIENCE):
        found = await asyncio.gather(*(database.transaction(lambda conn: TEXTS.all(conn, {})) for _ in range(POOL)))
    texts = sorted(row["text"] for row in found[0])
    assert texts == sorted(["first", "second"] * (len(texts) // 2))
    return len(texts) // 2


@pytest.mark.parametrize("place", range(1, ROUND_TRIPS + 1))
async def test_a_transaction_is_cancelled_at_each_of_its_round_trips(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    run, calls = Link.run, 0

    async def cancelling(link: Link, statements: Sequence[Statement]) -> list[Result]:
        nonlocal calls
        calls += 1
        if calls == place:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()  # it arrives when the statements are sent, and their results are awaited
        return await run(link, statements)

    with monkeypatch.context() as patch:
        patch.setattr(Link, "run", cancelling)
        done = await asyncio.gather(asyncio.ensure_future(database.transaction(unit)), return_exceptions=True)
    stored = await demand_whole(database)
    if place == ROUND_TRIPS:
        assert (calls, done[0], stored) == (ROUND_TRIPS - 1, None, 1)
    else:
        assert isinstance(done[0], asyncio.CancelledError)
        assert stored <= (place == ROUND_TRIPS - 1)


@pytest.mark.parametrize("place", range(1, ROUND_TRIPS))
async def test_a_session_is_ended_at_each_round_trip_of_a_transaction(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """The unit is repeated, except if it is not known whether its COMMIT happened."""
    run, calls = Link.run, 0

    async def ending(link: Link, statements: Sequence[Statement]) -> list[Result]:
        nonlocal calls
        calls += 1
        if calls != place:
            return await run(link, statements)
        end = ("SELECT pg_terminate_backend(pg_backend_pid())", ())
        return (await run(link, [end, *statements]))[1:]

    with monkeypatch.context() as patch:
        patch.setattr(Link, "run", ending)
        done = await asyncio.gather(asyncio.ensure_future(database.transaction(unit)), return_exceptions=True)
    is_commit = place == ROUND_TRIPS - 1
    assert isinstance(done[0], OutcomeUnknown) if is_commit else done[0] is None
    assert await demand_whole(database) == (not is_commit)


ERRORS = {"40001": 5, "40P01": 5, "55P03": 1, "57014": 1}
"""Serialization failure, deadlock, lock_timeout and statement_timeout, each with the number of tries."""


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("place", ["a statement", COMMIT])
async def test_a_conflict_is_tried_again_and_a_time_limit_is_an_outage(
    database: PostgresDatabase, code: str, place: str
) -> None:
    raising = f"BEGIN RAISE EXCEPTION USING errcode = '{code}'; END"
    tries: list[bool] = []

    def refused(conn: Connection) -> Any:
        tries.append(True)
        if place == COMMIT:
            conn.execute(text("CREATE TEMPORARY TABLE deferred (id int) ON COMMIT DROP"))
            conn.execute(text(f"CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $${raising}$$"))
            conn.execute(
                text(
                    "CREATE CONSTRAINT TRIGGER refusing AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED "
                    "FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()"
                )
            )
            conn.execute(text("INSERT INTO deferred VALUES (1)"))
        else:
            conn.execute(text(f"DO $${raising}$$"))

    with pytest.raises(StorageUnavailable):
        await database.transaction(refused)
    assert len(tries) == ERRORS[code]
    assert await demand_whole(database) == 0
