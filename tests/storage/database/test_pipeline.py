"""On PostgreSQL the writes of a unit wait for each other; nothing of a refused or undone unit is ever stored."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Integer, Text, bindparam, cast, func, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD, CHANGE, TEXTS
from support.tree import ROOT

from orchestrator_gql.storage.database.link import Link
from orchestrator_gql.storage.database.pipeline import pipeline_of, savepoint
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.prepared import Prepared, rows_together
from orchestrator_gql.storage.database.writes import ROWS
from orchestrator_gql.storage.tables import events, idempotency_keys, payloads
from orchestrator_gql.types import EventKind
from orchestrator_gql.utils.tokens import new_id

_forget = Prepared(update(idempotency_keys).where(idempotency_keys.c.subject_id == bindparam("b_id"))
                   .values(digest=bindparam("digest")))  # fmt: skip
_append = Prepared(insert(events).inline(), ["kind", "process_id", "actor", "payload", "at"])


class Refused(Exception):
    """A write changed no row."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        async with opened_postgres(url) as opened:
            yield opened


def texts(conn: Connection) -> list[str]:
    return [row["text"] for row in TEXTS.all(conn, {})]


def add(conn: Connection, value: str) -> Any:
    id = new_id()
    ADD.write(conn, {"id": id, "text": value})
    return id


def waits(conn: Connection) -> bool:
    pipeline = pipeline_of(conn)
    assert pipeline is not None
    return bool(pipeline._waiting)


async def test_a_write_waits_until_its_table_is_read(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> list[bool | list[str]]:
        id = add(conn, "first")
        Prepared(select(func.pg_advisory_xact_lock(1))).first(conn, {})
        seen: list[bool | list[str]] = [waits(conn)]
        CHANGE.write(conn, {"b_id": id, "text": "changed"})
        return [*seen, texts(conn), waits(conn)]

    assert await database.transaction(unit) == [True, ["changed"], False]
    assert await database.read(texts) == ["changed"]


async def test_a_write_that_reads_another_table_reads_what_waits_for_it(database: PostgresDatabase) -> None:
    """The parts of one statement do not see each other's rows."""
    copied = select(literal("PROCESS_CREATED"), payloads.c.text, literal("{}"), func.now())
    copy = Prepared(insert(events).from_select(["kind", "actor", "payload", "at"], copied).inline())

    def unit(conn: Connection) -> None:
        add(conn, "first")
        copy.write(conn, {})

    await database.transaction(unit)
    actors = select(events.c.actor)
    assert await database.read(lambda conn: list(conn.execute(actors).scalars())) == ["first"]


async def test_a_write_whose_count_is_needed_does_not_overtake_the_writes_that_wait(database: PostgresDatabase) -> None:
    """Its row may refer to their rows."""

    def unit(conn: Connection) -> bool:
        add(conn, "first")
        nothing = {"b_id": new_id(), "digest": "nothing has this id"}
        _forget.run(conn, nothing)
        return waits(conn)

    assert not await database.transaction(unit)


async def test_any_other_statement_sends_the_writes_first(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> int:
        add(conn, "first")
        return conn.execute(select(func.count()).select_from(payloads)).scalar_one()

    assert await database.transaction(unit) == 1


async def test_a_write_that_must_change_a_row_refuses_the_whole_unit(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> None:
        CHANGE.write(conn, {"b_id": new_id(), "text": "nothing has this id"}, Refused)
        _append.write(conn, {"kind": EventKind.PROCESS_CREATED, "process_id": None, "actor": None, "payload": {},
                             "at": datetime.now(UTC)})  # fmt: skip

    with pytest.raises(Refused):
        await database.transaction(unit)
    assert await database.read(lambda conn: conn.execute(select(func.count()).select_from(events)).scalar_one()) == 0


async def test_the_writes_of_a_failed_unit_are_not_sent_with_the_next(database: PostgresDatabase) -> None:
    def fails(conn: Connection) -> None:
        add(conn, "undone")
        raise Refused

    for _ in range(30):  # each connection of the pool
        with pytest.raises(Refused):
            await database.transaction(fails)
    await database.transaction(lambda conn: add(conn, "kept"))
    assert await database.read(texts) == ["kept"]


def fails_on_the_server(conn: Connection) -> None:
    conn.execute(text("SELECT 1 / 0"))


def fails_past_sqlalchemy(conn: Connection) -> None:
    Prepared(select(cast(literal("no number", Text), Integer))).first(conn, {})


def fails_before_it_is_sent(conn: Connection) -> None:
    Prepared(select(bindparam("value", type_=Text))).first(conn, {"value": "\0"})


@pytest.mark.parametrize("fails", [fails_on_the_server, fails_past_sqlalchemy])
async def test_a_unit_that_goes_on_after_an_error_is_not_committed_silently(
    database: PostgresDatabase, fails: Callable[[Connection], None]
) -> None:
    """PostgreSQL answers its COMMIT with a rollback, and without an error."""

    def unit(conn: Connection) -> None:
        add(conn, "undone")
        with suppress(Exception):
            fails(conn)

    with pytest.raises(DBAPIError, match="aborted"):
        await database.transaction(unit)
    assert await database.read(texts) == []


async def test_a_unit_whose_first_statement_is_never_sent_still_has_its_transaction(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> None:
        with suppress(Exception):
            fails_before_it_is_sent(conn)
        add(conn, "undone")
        texts(conn)
        raise Refused

    with pytest.raises(Refused):
        await database.transaction(unit)
    assert await database.read(texts) == []


async def test_a_savepoint_has_its_own_writes(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> None:
        id = add(conn, "before")
        try:
            with savepoint(conn):
                add(conn, "undone")
                raise Refused
        except Refused:
            pass
        try:
            with savepoint(conn):
                ADD.write(conn, {"id": id, "text": "twice"})
        except IntegrityError:  # here, and not at the COMMIT, where it would undo everything
            add(conn, "behind")

    await database.transaction(unit)
    assert await database.read(texts) == ["before", "behind"]


async def test_rows_of_many_writes_keep_their_order(database: PostgresDatabase) -> None:
    many = 2 * ROWS + 7

    def unit(conn: Connection) -> None:
        for number in range(many):
            row = {
                "kind": EventKind.PROCESS_CREATED,
                "process_id": None,
                "actor": str(number),
                "payload": {"100%": "%"},
            }
            _append.write_each(conn, [{**row, "at": datetime.now(UTC)}])

    await database.transaction(unit)
    actors = select(events.c.actor).order_by(events.c.id)
    assert await database.read(lambda conn: list(conn.execute(actors).scalars())) == list(map(str, range(many)))


async def test_a_statement_of_text_is_sent_behind_the_writes(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> list[str]:
        add(conn, "first")
        return list(conn.execute(text("SELECT text FROM payloads")).scalars())

    assert await database.transaction(unit) == ["first"]


async def test_work_of_the_unit_is_done_during_a_round_trip(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, between the statements and their results; its error is the caller's."""
    order, results = list[str](), Link._results

    def work() -> None:
        order.append("work")
        raise Refused

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


def test_every_savepoint_sends_its_writes() -> None:
    """At the release, an error of a write would not roll back to the savepoint."""
    sources = {path.name: path.read_text() for path in (ROOT / "orchestrator_gql").rglob("*.py")}
    assert [name for name, source in sources.items() if "begin_nested" in source] == ["pipeline.py"]
