"""Stores many rows at once: copies of rows that the product wrote, made inside SQLite."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from orchestrator_gql.storage.tables import metadata

NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
COPY_ID = "printf('%012x7%03x8%015x', 1700000000000 + n.i, n.i % 4096, n.i)"
"""A UUID of version 7, in the order of the copies, as if the ids were made one after the other."""


def copy_completed(path: Path, count: int) -> None:
    """Store ``count`` completed processes, each with a step execution and two events, copied from the only process."""
    ended = {"status": "'COMPLETED'", "worker": "NULL", "lease_until": "NULL", "ended_at": "t.updated_at"}
    with closing(_opened(path)) as database:
        template = database.execute("SELECT id FROM processes LIMIT 1").fetchone()[0]
        _copy(database, "processes", count, "t.id = :template", template, {"id": COPY_ID, **ended})
        executions = {"process_id": COPY_ID, "status": "'SUCCESS'"}
        _copy(database, "process_steps", count, "t.process_id = :template", template, executions)
        events = {"id": None, "process_id": COPY_ID}
        _copy(database, "events", count, "t.process_id = :template", template, events)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy_waiting(path: Path, count: int, *, digests: Sequence[bytes] | None = None) -> list[str]:
    """Store ``count`` processes that wait for a callback, with deadline and a token's digest, copied from the only one.

    The digests are random if none are given; returns the ids of the copies in hex digits.
    """
    with closing(_opened(path)) as database:
        query = "SELECT id FROM processes WHERE status = 'AWAITING_CALLBACK' LIMIT 1"
        template = database.execute(query).fetchone()[0]
        mine = "t.process_id = :template"
        _copy(database, "processes", count, "t.id = :template", template, {"id": COPY_ID})
        _copy(database, "process_steps", count, mine, template, {"process_id": COPY_ID})
        _copy(database, "callbacks", count, mine, template, {"id": COPY_ID, "process_id": COPY_ID})
        of_callback = "t.callback_id IN (SELECT id FROM callbacks WHERE process_id = :template)"
        keys = {"digest": "randomblob(32)", "callback_id": COPY_ID}
        if digests is None:
            _copy(database, "callback_keys", count, of_callback, template, keys)
        else:
            rows = ((digest, _copy_id(number)) for number, digest in enumerate(digests, 1))
            database.executemany("INSERT INTO callback_keys (digest, callback_id) VALUES (?, ?)", rows)
        timers = {"id": COPY_ID, "process_id": COPY_ID, "callback_id": COPY_ID}
        _copy(database, "timers", count, f"{mine} AND t.kind = 'CALLBACK_DEADLINE'", template, timers)
        _copy(database, "events", count, mine, template, {"id": None, "process_id": COPY_ID})
    return [_copy_id(number) for number in range(1, count + 1)]


def _copy_id(number: int) -> str:
    """What `COPY_ID` is for this copy."""
    return f"{1700000000000 + number:012x}7{number % 4096:03x}8{number:015x}"


def copy_asking(path: Path, count: int) -> None:
    """Store ``count`` processes with an open form, copied from the only one."""
    with closing(_opened(path)) as database:
        template = database.execute("SELECT process_id FROM input_requests LIMIT 1").fetchone()[0]
        mine = "t.process_id = :template"
        _copy(database, "processes", count, "t.id = :template", template, {"id": COPY_ID})
        _copy(database, "process_steps", count, mine, template, {"process_id": COPY_ID})
        _copy(database, "input_requests", count, mine, template, {"id": COPY_ID, "process_id": COPY_ID})
        _copy(database, "events", count, mine, template, {"id": None, "process_id": COPY_ID})


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -200000")
    return database


def _copy(
    database: sqlite3.Connection,
    table: str,
    count: int,
    like: str,
    template: str,
    changed: Mapping[str, str | None],
) -> None:
    """``changed`` has the SQL expressions of the columns that differ in a copy; None leaves a column to SQLite."""
    names = [column.name for column in metadata.tables[table].columns if changed.get(column.name, "") is not None]
    values = ", ".join(changed.get(name) or f't."{name}"' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    database.execute(
        f"INSERT INTO {table} ({columns}) {NUMBERS} SELECT {values} FROM n, {table} t WHERE {like}",
        {"count": count, "template": template},
    )
