"""What the administrator set for the role, the database or the environment changes neither data nor isolation."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Float, LargeBinary, bindparam, cast, insert, make_url, select
from support.database import PostgresServer, opened_postgres
from support.payload_rows import LOCK, TEXTS

from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import events
from orchestrator_gql.types import EventKind
from orchestrator_gql.utils.tokens import new_id

DEFAULTS = {
    "client_encoding": "LATIN1",
    "datestyle": "'German, DMY'",
    "timezone": "'Asia/Kathmandu'",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "extra_float_digits": "-15",
    "default_transaction_isolation": "'repeatable read'",
    "lc_messages": "'C'",
}

TEXT = "Zürich €'\\n\\ 日本 🚀"
AT = datetime(2026, 7, 1, 23, 59, 59, 999999, tzinfo=UTC)

_append = Prepared(insert(events).inline(), ["kind", "process_id", "actor", "payload", "at"])
_events = Prepared(select(events.c.kind, events.c.process_id, events.c.actor, events.c.payload, events.c.at))
_echo = Prepared(
    select(*(cast(bindparam(name), type_).label(name) for name, type_ in [("binary", LargeBinary), ("number", Float)]))
)


@pytest.fixture(params=list(DEFAULTS))
async def database(postgres: PostgresServer, request: pytest.FixtureRequest) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        parsed = make_url(url)
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            change = f"ALTER DATABASE {parsed.database} SET {request.param} = {DEFAULTS[request.param]}"
            conn.execute(change.encode())
        async with opened_postgres(url) as opened:
            yield opened


def read(conn: Connection) -> list[Any]:
    return [list(row.values()) for row in _events.all(conn, {})]


def read_by_sqlalchemy(conn: Connection) -> list[Any]:
    columns = select(events.c.kind, events.c.process_id, events.c.actor, events.c.payload, events.c.at)
    return [list(row) for row in conn.execute(columns)]


async def test_values_come_back_as_they_were(database: PostgresDatabase) -> None:
    id = new_id()
    row = {"kind": EventKind.PROCESS_CREATED, "process_id": id, "actor": TEXT, "payload": {TEXT: 0.1 + 0.2}, "at": AT}
    await database.transaction(lambda conn: _append.write(conn, row))
    expected = [[*row.values()]]
    for unit in (read, read_by_sqlalchemy):
        for way in (database.read, database.read_current, database.transaction):
            assert await way(unit) == expected
        assert await asyncio.to_thread(database.read_here, unit) == expected
    given = {"binary": b"\0\\x\xff'", "number": 0.1 + 0.2}
    assert await database.read(lambda conn: _echo.first(conn, given)) == given


async def test_a_read_behind_a_lock_sees_what_was_committed_during_the_wait(database: PostgresDatabase) -> None:
    locked = asyncio.Event()

    def holder() -> None:
        url = database._url
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as conn:
            conn.execute("SELECT pg_advisory_xact_lock(1)")
            loop.call_soon_threadsafe(locked.set)
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while conn.execute(waiting).fetchone() is None:
                pass
            conn.execute("INSERT INTO payloads (id, text) VALUES (gen_random_uuid(), 'committed')")

    loop = asyncio.get_running_loop()
    holding = asyncio.create_task(asyncio.to_thread(holder))
    await locked.wait()
    found = await database.transaction(lambda conn: list(TEXTS.each_behind(conn, {}, (LOCK, {}))))
    await holding
    assert found == [{"text": "committed"}]
