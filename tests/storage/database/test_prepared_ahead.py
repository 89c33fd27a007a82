"""Reads that are executed ahead, and conditions that travel with the next statement: no unit sees anything else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update
from sqlalchemy.exc import DBAPIError
from support.payload_rows import ADD, CHANGE, TEXTS

from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.database.link import Link
from orchestrator_gql.storage.database.pipeline import demand_pipeline, savepoint
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead, read_ahead, read_current
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.database.writes import Template
from orchestrator_gql.storage.tables import callback_keys, idempotency_keys, payloads, processes
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher

_remove = Prepared(delete(payloads).where(payloads.c.id == bindparam("b_id")))
_other = Prepared(select(idempotency_keys.c.digest))
_count = Prepared(select(func.count().label("number")).select_from(payloads))
_by_bytes = Prepared(select(callback_keys.c.callback_id).where(callback_keys.c.digest == bindparam("digest")))
_end = Prepared(delete(processes).where(processes.c.id == bindparam("b_id")))

ALL: list[PreparedRead] = [(TEXTS, {}), (_other, {}), (_count, {}), (_by_bytes, {"digest": b"\0digest"})]


class Refused(Exception):
    """The condition does not hold."""


@pytest.fixture
async def database(storage: str) -> AsyncIterator[Database]:
    opened = connect(storage)
    await opened.open()
    if opened.dialect == "sqlite":
        await migrate(opened)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of statements of each round trip to PostgreSQL."""
    counts, run = list[int](), Link.run

    async def counting(link: Link, statements: Any) -> Any:
        counts.append(len(statements))
        return await run(link, statements)

    monkeypatch.setattr(Link, "run", counting)
    return counts


def texts(conn: Connection) -> list[str]:
    return [row["text"] for row in TEXTS.all(conn, {})]


def add(conn: Connection, value: str) -> UUID:
    id = new_id()
    ADD.write(conn, {"id": id, "text": value})
    return id


async def test_what_is_read_ahead_costs_one_round_trip(database: Database, trips: list[int]) -> None:
    def unit(conn: Connection) -> list[Any]:
        read_ahead(conn, ALL)
        return [read.all(conn, values) for read, values in ALL]

    await database.transaction(lambda conn: add(conn, "stored"))
    trips.clear()
    found = await database.transaction(unit)

    assert found == [[{"text": "stored"}], [], [{"number": 1}], []]
    assert trips == ([1 + len(ALL), 1] if database.dialect == "postgresql" else [])  # with BEGIN, and the COMMIT


async def test_a_read_with_other_values_is_another_read(database: Database) -> None:
    by_id = Prepared(select(payloads.c.text).where(payloads.c.id == bindparam("id")))

    def unit(conn: Connection) -> list[Any]:
        first, second = add(conn, "first"), add(conn, "second")
        read_ahead(conn, [(by_id, {"id": first})])
        return by_id.all(conn, {"id": second}) + by_id.all(conn, {"id": first})

    assert await database.transaction(unit) == [{"text": "second"}, {"text": "first"}]


def written(conn: Connection, id: UUID) -> None:
    add(conn, "written")


def changed(conn: Connection, id: UUID) -> None:
    CHANGE.write(conn, {"b_id": id, "text": "changed"})


def counted(conn: Connection, id: UUID) -> None:
    assert CHANGE.run(conn, {"b_id": id, "text": "counted"}) == 1


def removed(conn: Connection, id: UUID) -> None:
    assert _remove.run(conn, {"b_id": id}) == 1


def written_by_sqlalchemy(conn: Connection, id: UUID) -> None:
    conn.execute(update(payloads).where(payloads.c.id == id).values(text="by SQLAlchemy"))


def written_in_a_savepoint(conn: Connection, id: UUID) -> None:
    with savepoint(conn):
        changed(conn, id)


WRITES = (written, changed, counted, removed, written_by_sqlalchemy, written_in_a_savepoint)


@pytest.mark.parametrize("write", WRITES)
async def test_a_read_behind_a_write_sees_it(database: Database, write: Callable[[Connection, UUID], None]) -> None:
    def rows(conn: Connection) -> list[str]:
        return list(conn.execute(select(payloads.c.text).order_by(payloads.c.id)).scalars())

    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        id = add(conn, "stored")
        read_ahead(conn, ALL)
        write(conn, id)
        return texts(conn), rows(conn)

    read, stored = await database.transaction(unit)

    assert read == stored != ["stored"]


async def test_a_write_that_waits_is_read_ahead(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        add(conn, "waits")
        read_ahead(conn, ALL)
        return texts(conn)

    assert await database.transaction(unit) == ["waits"]


async def test_a_delete_also_forgets_the_rows_that_go_with_it(database: Database) -> None:
    """ON DELETE CASCADE: the keys go with their callback, and the callback with its process."""
    tables = {"callbacks", "callback_keys", "process_steps", "input_requests", "decisions", "timers"}

    found = await database.read(lambda conn: _end._of(conn).template.cascades)

    assert tables <= found
    assert not found & {"payloads", "processes"}


async def test_a_delete_forgets_what_may_go_with_it(database: Database, trips: list[int]) -> None:
    if database.dialect == "sqlite":  # nothing is read ahead
        return
    deletion = Template("DELETE FROM idempotency_keys", "idempotency_keys", cascades=frozenset({"payloads"}))

    def unit(conn: Connection) -> list[str]:
        read_ahead(conn, [(TEXTS, {})])
        demand_pipeline(conn).run(conn, [(deletion, ())])
        return texts(conn)

    await database.transaction(unit)
    assert trips == [2, 1, 1, 1]


async def test_reads_of_what_is_committed_need_no_transaction(database: Database, trips: list[int]) -> None:
    def unit(conn: Connection) -> list[Any]:
        read_current(conn, ALL)
        return [read.all(conn, values) for read, values in ALL] + texts(conn)  # the last one is not among them

    assert await database.read(unit) == [[], [], [{"number": 0}], []]
    assert trips == ([len(ALL), 2] if database.dialect == "postgresql" else [])  # with the BEGIN of the last


async def test_a_unit_that_goes_on_after_a_refused_read_still_has_one_snapshot(database: Database) -> None:
    """An author's form may catch what a read raises: what it reads next must not be another moment for each read."""
    broken: PreparedRead = (Prepared(select(literal(1).op("/")(literal(0)).label("one"))), {})

    def unit(conn: Connection) -> str:
        with suppress(DBAPIError):
            read_current(conn, [broken])
        TEXTS.all(conn, {})
        return str(conn.exec_driver_sql("SHOW transaction_isolation").scalar())

    if database.dialect == "postgresql":
        assert await database.read(unit) == "repeatable read"


async def test_what_was_read_in_a_savepoint_goes_with_it(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        with suppress(Refused), savepoint(conn):
            add(conn, "undone")
            read_ahead(conn, ALL)
            raise Refused
        return texts(conn)

    assert await database.transaction(unit) == []


async def test_what_was_read_ahead_is_the_result_of_one_read(database: Database, trips: list[int]) -> None:
    def unit(conn: Connection) -> list[str]:
        read_ahead(conn, [(TEXTS, {})])
        return texts(conn) + texts(conn)

    assert await database.read(unit) == []
    assert trips == ([2, 1] if database.dialect == "postgresql" else [])


@pytest.mark.parametrize("fails", [False, True])
async def test_the_next_unit_reads_anew(database: Database, *, fails: bool) -> None:
    def unit(conn: Connection) -> None:
        read_ahead(conn, ALL)
        if fails:
            raise Refused

    for run in (database.transaction, database.read, database.read_current):
        await asyncio.gather(*(run(unit) for _ in range(5)), return_exceptions=True)  # on five connections
    await database.transaction(lambda conn: add(conn, "new"))
    for run in (database.transaction, database.read, database.read_current):
        assert await asyncio.gather(*(run(texts) for _ in range(5))) == [["new"]] * 5


async def test_a_read_behind_a_lock_sees_what_its_holder_wrote(database: Database) -> None:
    """Each statement has its own snapshot, so the lock is taken first, in a statement of its own."""
    if database.dialect == "sqlite":  # it has one writer
        return
    lock = (Prepared(select(func.pg_advisory_xact_lock(literal(7)))), dict[str, Any]())
    held, loop = asyncio.Event(), asyncio.get_running_loop()

    def holder(conn: Connection) -> None:
        lock[0].first(conn, {})
        add(conn, "by the holder")
        texts(conn)
        loop.call_soon(held.set)
        blocked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        for _ in range(500):  # until the other unit waits for the lock
            if conn.exec_driver_sql(blocked).scalar_one():
                return
        raise AssertionError("nobody waits for the lock")

    def follower(conn: Connection) -> list[str]:
        list(_other.each_behind(conn, {}, lock, [(TEXTS, {})]))
        return texts(conn)

    holding = asyncio.create_task(database.transaction(holder))
    await held.wait()
    found = await database.transaction(follower)
    await holding

    assert found == ["by the holder"]


def refuses(row: dict[str, Any]) -> None:
    raise Refused


def demand(conn: Connection, check: Callable[[dict[str, Any]], None] = refuses) -> None:
    _count.demand(conn, {}, None, check)


def with_nothing_else(conn: Connection) -> None:
    demand(conn)


def before_a_write(conn: Connection) -> None:
    demand(conn)
    add(conn, "must not be stored")


def behind_a_write(conn: Connection) -> None:
    add(conn, "must not be stored")
    demand(conn)


def before_a_read(conn: Connection) -> None:
    add(conn, "must not be stored")
    demand(conn)
    texts(conn)
    raise AssertionError("the read has its result")


def before_sqlalchemy(conn: Connection) -> None:
    demand(conn)
    conn.execute(insert(payloads).values(id=new_id(), text="must not be stored"))


def before_a_savepoint(conn: Connection) -> None:
    demand(conn)
    with savepoint(conn):
        add(conn, "must not be stored")


UNITS = (with_nothing_else, before_a_write, behind_a_write, before_a_read, before_sqlalchemy, before_a_savepoint)


@pytest.mark.parametrize("unit", UNITS)
async def test_a_condition_that_does_not_hold_refuses_the_unit(
    database: Database, unit: Callable[[Connection], None]
) -> None:
    with pytest.raises(Refused):
        await database.transaction(unit)
    assert await database.read(texts) == []


async def test_a_condition_costs_no_round_trip_of_its_own(database: Database, trips: list[int]) -> None:
    seen = list[int]()

    def unit(conn: Connection) -> None:
        demand(conn, lambda row: seen.append(row["number"]))
        add(conn, "stored")

    await database.transaction(unit)

    assert seen == [0]  # before the write
    assert trips == ([3, 1] if database.dialect == "postgresql" else [])


async def test_the_condition_of_a_failed_unit_does_not_refuse_the_next(database: Database) -> None:
    def fails(conn: Connection) -> None:
        with suppress(Refused):  # SQLite asks at once
            demand(conn)
        raise ValueError("fails")

    for _ in range(30):
        with pytest.raises(ValueError, match="fails"):
            await database.transaction(fails)
    for _ in range(30):
        await database.transaction(lambda conn: add(conn, "stored"))
    assert len(await database.read(texts)) == 30


async def test_an_error_behind_a_condition_is_the_error_of_the_statement(database: Database) -> None:
    def unit(conn: Connection) -> None:
        id = add(conn, "first")
        demand(conn, lambda row: None)
        ADD.write(conn, {"id": id, "text": "twice"})

    with pytest.raises((DBAPIError, sqlite3.IntegrityError)):
        await database.transaction(unit)
    assert await database.read(texts) == []
