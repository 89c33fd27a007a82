"""Lists of the audit log by actor and action, on both databases: all ways give the same entries, none grows."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import product
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
from orchestrator_gql.storage.tables import audit as audit_table

pytestmark = pytest.mark.one_dispatcher

RARE = 40
"""The first entries have rare actions."""


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def made(number: int) -> dict[str, Any]:
    """The entry with that number: nearly all are starts by one service."""
    action = ("pauseEngine", "resumeEngine")[number % 2] if number < RARE else "startWorkflow"
    return {
        "id": UUID(int=number + 1),
        "chain": UUID(int=1),
        "seq": number + 1,
        "at": BEGIN + timedelta(seconds=number // 2),
        "actor": "ann" if number % 10 == 3 else "service",
        "action": action,
        "details": {},
        "previous": "p",
        "digest": "d",
    }


def write(conn: Connection, numbers: range) -> list[dict[str, Any]]:
    """Store the entries."""
    rows = [made(number) for number in numbers]
    conn.execute(insert(audit_table), rows)
    return rows


@pytest.mark.parametrize("most", [5, 200])
def test_entries_are_selected_by_actor_action_and_time(
    engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_ENTRIES", most)
    actions: tuple[list[str] | None, ...] = (None, [], ["pauseEngine"], ["pauseEngine", "startWorkflow"], ["none"])
    middle = BEGIN + timedelta(seconds=8)
    with engine.begin() as conn:
        rows = write(conn, range(100))[::-1]
        for actor, names, start, end in product((None, "ann", "none"), actions, (None, middle), (None, middle)):
            expected = [
                row["id"]
                for row in rows
                if (actor is None or row["actor"] == actor)
                and (names is None or row["action"] in names)
                and (start is None or row["at"] >= start)
                and (end is None or row["at"] < end)
            ]
            filters = AuditFilter(actor=actor, actions=names, start=start, end=end)
            found = audit.page(conn, filters, PageArgs(200))
            assert [entry.id for _, entry in found.items] == expected, filters
            assert audit.count(conn, filters) == len(expected), filters


def test_a_rare_action_of_a_busy_actor_is_found_without_its_other_entries(engine: Engine) -> None:
    work: dict[str, list[int]] = {}
    middle = BEGIN + timedelta(seconds=8)
    for numbers in (range(1_000), range(1_000, 4_000)):
        with engine.begin() as conn:
            write(conn, numbers)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")
        with engine.begin() as conn:
            for actions, start in product((["pauseEngine"], ["pauseEngine", "resumeEngine"], ["none"]), (None, middle)):
                filters = AuditFilter(actor="service", actions=actions, start=start)
                for read in (partial(audit.page, conn, filters, PageArgs(25)), partial(audit.count, conn, filters)):
                    work.setdefault(str((read.func, filters)), []).append(work_of(conn, statements_of(conn, read)))

    assert {name: sizes for name, sizes in work.items() if sizes[1] > 1.3 * sizes[0] + 500} == {}
