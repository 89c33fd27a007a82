"""On PostgreSQL many rows are written by one statement with arrays, exactly as one by one."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, bindparam, func, insert, select, text, update
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD

from orchestrator_gql import storage
from orchestrator_gql.storage import steps
from orchestrator_gql.storage.database.pipeline import demand_pipeline
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.database.row_arrays import MOST_CHARACTERS, array_of
from orchestrator_gql.storage.database.writes import ROWS, Template
from orchestrator_gql.storage.tables import events, payloads, unclaimed_deliveries
from orchestrator_gql.types import EventKind
from orchestrator_gql.utils.tokens import new_id

MANY = 3 * ROWS
_change = Prepared(
    update(payloads).where(payloads.c.id == bindparam("b_id")).values(text=bindparam("text")), key=["b_id"]
)
_append = Prepared(insert(events).inline(), ["kind", "process_id", "actor", "payload", "at"])
_keep = Prepared(insert(unclaimed_deliveries).inline(), unclaimed_deliveries.c.keys())
_texts = select(payloads.c.text).order_by(payloads.c.id)


class Refused(Exception):
    """A write changed no row."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        async with opened_postgres(url) as opened:
            yield opened


def add(conn: Connection, values: Sequence[str]) -> list[UUID]:
    ids = [new_id() for _ in values]
    for id, value in zip(ids, values, strict=True):
        ADD.write(conn, {"id": id, "text": value})
    return ids


def statements(conn: Connection) -> int:
    return len(demand_pipeline(conn)._waiting)


async def texts(database: PostgresDatabase) -> list[str]:
    return await database.read(lambda conn: list(conn.execute(_texts).scalars()))


ODD = [
    '"',
    "\\",
    '\\"',
    "{}",
    "{a,b}",
    "NULL",
    "null",
    "",
    " ",
    ",",
    "'",
    "%",
    "%%",
    "%(text)s",
    "$1",
    "\n",
    "ü🙂",
    "\\N",
]


async def test_every_text_is_stored_as_it_is_and_in_order(database: PostgresDatabase) -> None:
    values = ODD + [value * 2 for value in ODD]

    def unit(conn: Connection) -> None:
        for number, value in enumerate(values):
            row = {"kind": EventKind.PROCESS_CREATED, "process_id": None, "payload": {"n": number}, "at": now}
            _append.write(conn, {**row, "actor": value or None})

    now = datetime.now(UTC)
    await database.transaction(unit)
    rows = await database.read(lambda conn: conn.execute(select(events).order_by(events.c.id)).all())
    assert [(row.actor, row.payload, row.at) for row in rows] == [
        (value or None, {"n": number}, now) for number, value in enumerate(values)
    ]


def test_postgres_reads_an_array_as_it_was_written(postgres: PostgresServer) -> None:
    with postgres.database() as url, psycopg.connect(url.replace("+psycopg", "")) as conn:

        @given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
        def is_read(values: list[str | None]) -> None:
            row = conn.execute("SELECT %s::text[]", [array_of(values)]).fetchone()
            assert row == (values,)

        is_read()


async def test_changes_of_different_rows_become_one_statement(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> int:
        ids = add(conn, ["old"] * MANY)
        demand_pipeline(conn).flush(conn)
        for number, id in enumerate(ids):
            _change.write(conn, {"b_id": id, "text": f"new {number}"}, Refused)
        return statements(conn)

    assert await database.transaction(unit) == 1
    assert await texts(database) == [f"new {number}" for number in range(MANY)]


async def test_a_second_change_of_a_row_follows_the_first(database: PostgresDatabase) -> None:
    """One statement would make only one of the changes."""

    def unit(conn: Connection) -> None:
        first, second = add(conn, ["old", "old"])
        for number in range(3):
            _change.write(conn, {"b_id": first, "text": f"first {number}"}, Refused)
            _change.write(conn, {"b_id": second, "text": f"second {number}"}, Refused)

    await database.transaction(unit)
    assert await texts(database) == ["first 2", "second 2"]


@pytest.mark.parametrize("missing", [0, MANY // 2, MANY - 1])
async def test_a_change_that_one_row_refuses_is_refused_for_all(database: PostgresDatabase, missing: int) -> None:
    def unit(conn: Connection) -> None:
        ids = add(conn, ["old"] * MANY)
        ids[missing] = new_id()
        for id in ids:
            _change.write(conn, {"b_id": id, "text": "new"}, Refused)

    with pytest.raises(Refused):
        await database.transaction(unit)
    assert await texts(database) == []


async def test_a_change_without_a_key_is_never_joined_with_another(database: PostgresDatabase) -> None:
    """Who knows which rows it changes?"""
    all_texts = Prepared(update(payloads).values(text=payloads.c.text + bindparam("more")))

    def unit(conn: Connection) -> None:
        add(conn, ["a", "b"])
        for more in "12":
            all_texts.write(conn, {"more": more})

    await database.transaction(unit)
    assert await texts(database) == ["a12", "b12"]


async def test_long_texts_are_not_joined_to_a_statement_without_bound(database: PostgresDatabase) -> None:
    long = "x" * (MOST_CHARACTERS // 2 + 1)

    def unit(conn: Connection) -> int:
        ids = add(conn, ["old"] * 3)
        demand_pipeline(conn).flush(conn)
        for id in ids:
            _change.write(conn, {"b_id": id, "text": long}, Refused)
        return len(demand_pipeline(conn)._waiting[0].rows)

    assert await database.transaction(unit) == 1
    assert await texts(database) == [long] * 3


async def test_bytes_are_stored_however_many_rows_there_are(database: PostgresDatabase) -> None:
    now, bodies = datetime.now(UTC), [bytes([number, 0, 255, 92, 34]) for number in range(MANY)]

    def unit(conn: Connection) -> None:
        for number, body in enumerate(bodies):
            row = dict.fromkeys(unclaimed_deliveries.c.keys())
            row |= {"id": new_id(), "service": "awx", "ref": str(number), "body": body, "at": now}
            row |= {"is_failure": number % 2 == 0, "digest": body.hex()}
            _keep.write(conn, row)

    await database.transaction(unit)
    c = unclaimed_deliveries.c
    rows = await database.read(lambda conn: conn.execute(select(c.body, c.is_failure).order_by(c.id)).all())
    assert [tuple(row) for row in rows] == [(body, number % 2 == 0) for number, body in enumerate(bodies)]


def written_statements(conn: Connection) -> dict[str, Template]:
    """The prepared writes of all modules of storage that may become one statement with others."""
    found: dict[str, Template] = {}
    for module in pkgutil.iter_modules(storage.__path__):
        loaded = importlib.import_module(f"{storage.__name__}.{module.name}")
        for name, value in vars(loaded).items():
            prepared = value("postgresql") if value is steps._save else value
            if isinstance(prepared, Prepared):
                template = prepared._of(conn).template
                if template.only_adds or template.key:
                    found[f"{module.name}.{name}"] = template
    return found


async def test_postgres_understands_every_write_from_arrays(database: PostgresDatabase) -> None:
    """An array has texts: each of them needs its type."""

    def unit(conn: Connection) -> list[str]:
        understood = []
        for place, (name, template) in enumerate(written_statements(conn).items()):
            conn.execute(text(f"PREPARE w{place} AS {template.of_arrays(1)}".replace(":", "\\:")))
            understood.append(name)
        return understood

    understood = await database.transaction(unit)
    assert {"processes._move", "processes._move_with_state", "steps._save", "events._append"} <= set(understood)
    assert len(understood) > 10
    assert await database.read(lambda conn: conn.execute(select(func.count()).select_from(events)).scalar_one()) == 0
