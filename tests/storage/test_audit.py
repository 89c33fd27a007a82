"""The list of the audit log, on both databases: right for each filter, and its work does not grow with the log."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, insert
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of
from support.rows import BEGIN

from orchestrator_gql.storage import audit
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.tables import audit as table

pytestmark = pytest.mark.one_dispatcher

Row = dict[str, Any]
CASES: dict[str, tuple[AuditFilter, Callable[[Row], bool]]] = {
    "all": (AuditFilter(), lambda row: True),
    "a frequent actor": (AuditFilter(actor="bob"), lambda row: row["actor"] == "bob"),
    "an old actor": (AuditFilter(actor="old"), lambda row: row["actor"] == "old"),
    "an actor without entries": (AuditFilter(actor="nobody"), lambda row: False),
    "an old action": (AuditFilter(actions=["setEngineState"]), lambda row: row["action"] == "setEngineState"),
    "an action without entries": (AuditFilter(actions=["none"]), lambda row: False),
    "no action": (AuditFilter(actions=[]), lambda row: False),
    "actions": (AuditFilter(actions=["setEngineState", "none", "setEngineState"]), lambda row: row["actor"] == "old"),
    "frequent actions": (AuditFilter(actions=["submitForm", "setEngineState"]), lambda row: row["number"] % 2 == 0),
    "many actions": (AuditFilter(actions=[f"a{n}" for n in range(30)]), lambda row: False),
    "an actor and an old action": (
        AuditFilter(actor="old", actions=["setEngineState", "submitForm"]),
        lambda row: row["actor"] == "old",
    ),
    "a period": (
        AuditFilter(start=BEGIN, end=BEGIN + timedelta(seconds=7)),
        lambda row: row["at"] < BEGIN + timedelta(seconds=7),
    ),
    "an actor in a period": (
        AuditFilter(actor="nobody", start=BEGIN, end=BEGIN + timedelta(days=9)),
        lambda row: False,
    ),
    "a process": (AuditFilter(process_id=UUID(int=5)), lambda row: row["chain"] == UUID(int=5)),
}


def entry(number: int) -> Row:
    """The entry with that number; the first ones are old."""
    is_old = number < 6
    return {
        "number": number,
        "id": UUID(int=number + 1),
        "chain": UUID(int=number // 2),
        "seq": number % 2 + 1,
        "at": BEGIN + timedelta(seconds=number // 3),
        "actor": "old" if is_old else ("bob" if number % 3 else None),
        "action": "setEngineState" if is_old else ("startWorkflow" if number % 2 else "submitForm"),
        "details": {},
        "previous": "",
        "digest": "",
    }


def write(conn: Connection, rows: list[Row]) -> None:
    """Store the entries."""
    conn.execute(insert(table), [{name: value for name, value in row.items() if name != "number"} for row in rows])


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def test_each_filter_selects_the_right_entries_in_pages(engine: Engine) -> None:
    rows = [entry(number) for number in range(6, 60)]
    for row in rows:
        row["actor"] = "old" if row["number"] % 5 == 0 else row["actor"]
        row["action"] = "setEngineState" if row["actor"] == "old" else row["action"]
    cases = CASES | {
        "frequent actions": (
            AuditFilter(actions=["submitForm", "setEngineState"]),
            lambda row: row["action"] != "startWorkflow",
        )
    }
    with engine.begin() as conn:
        write(conn, rows)
        for title, (wanted, fits) in cases.items():
            newest = sorted((row for row in rows if fits(row)), key=lambda row: (row["at"], row["id"]), reverse=True)
            found: list[UUID] = []
            cursor = None
            while True:
                page = audit.page(conn, wanted, PageArgs(7, cursor))
                found += [item.id for _, item in page.items]
                if not page.has_next:
                    break
                cursor = page.items[-1][0]
            assert found == [row["id"] for row in newest], title
            assert audit.count(conn, wanted) == len(newest), title


def test_the_work_for_a_page_does_not_grow_with_the_log(engine: Engine) -> None:
    work: dict[str, list[int]] = {}
    for numbers in (range(2_000), range(2_000, 16_000)):
        with engine.begin() as conn:
            write(conn, [entry(number) for number in numbers])
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.exec_driver_sql("VACUUM ANALYZE")  # as the server itself does after many writes
        with engine.begin() as conn:
            for title, (wanted, _) in CASES.items():
                statements = statements_of(conn, lambda: audit.page(conn, wanted, PageArgs(20)))  # noqa: B023
                work.setdefault(title, []).append(work_of(conn, statements))

    assert {title: each for title, each in work.items() if each[1] > 2 * each[0] + 400} == {}
