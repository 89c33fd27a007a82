"""The list of processes, on both databases: every way gives the same pages, and its work does not grow."""

import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine
from support.database import PostgresServer, sqlite_url
from support.many_subscriptions import plain_engine
from support.query_work import pages_read, plan_of, statements_of, work_of
from support.rows import BEGIN, failed_row, process_row, store, store_subscription
from support.sizes import IS_EXHAUSTIVE, directions

from orchestrator_gql.storage import process_lists
from orchestrator_gql.storage.pagination import Key, PageArgs
from orchestrator_gql.storage.process_filters import ProcessFilter, Span
from orchestrator_gql.storage.process_lists import count, page
from orchestrator_gql.storage.process_ways import INDEXED, ids_with_text, ways_of
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

pytestmark = pytest.mark.one_dispatcher

Row = dict[str, Any]
ABORTED, COMPLETED, FAILED, RUNNING = (ProcessStatus(name) for name in ("ABORTED", "COMPLETED", "FAILED", "RUNNING"))
OLD, RARE = 1_200, 40
"""Only the first processes have what is old, and only the very first ones what is rare."""

Fits = Callable[[Row], bool]
CASES: dict[str, tuple[ProcessFilter, Fits]] = {
    "all": (ProcessFilter(), lambda row: True),
    "a status": (ProcessFilter(statuses=[FAILED]), lambda row: row["status"] is FAILED),
    "statuses": (ProcessFilter(statuses=[FAILED, ABORTED]), lambda row: row["status"] in (FAILED, ABORTED)),
    "no status": (ProcessFilter(statuses=[]), lambda row: False),
    "every status": (ProcessFilter(statuses=list(ProcessStatus)), lambda row: True),
    "a frequent workflow": (ProcessFilter(workflow_names=["deploy"]), lambda row: row["workflow_name"] == "deploy"),
    "an old workflow": (ProcessFilter(workflow_names=["retired"]), lambda row: row["workflow_name"] == "retired"),
    "workflows": (ProcessFilter(workflow_names=["retired", "deploy"]), lambda row: True),
    "many workflows": (
        ProcessFilter(workflow_names=["retired", *(f"w{number}" for number in range(30))]),
        lambda row: row["workflow_name"] == "retired",
    ),
    "an old target": (ProcessFilter(targets=[Target.RECONCILE]), lambda row: row["target"] is Target.RECONCILE),
    "targets": (ProcessFilter(targets=[Target.RECONCILE, Target.SYSTEM]), lambda row: True),
    "a team": (ProcessFilter(assignee_keys=["NOC"]), lambda row: row["assignee"] == "NOC"),
    "a starter": (ProcessFilter(created_by="rare"), lambda row: row["created_by"] == "rare"),
    "a status of those that run": (
        ProcessFilter(statuses=[RUNNING, ABORTED]),
        lambda row: row["status"] in (RUNNING, ABORTED),
    ),
    "a failure code": (
        ProcessFilter(failure_codes=["step-raised"]),
        lambda row: row["status"] is FAILED and row["failure_code"] == "step-raised",
    ),
    "an old failure code": (
        ProcessFilter(failure_codes=["expired"]),
        lambda row: row["status"] is FAILED and row["failure_code"] == "expired",
    ),
    "a frequent product": (ProcessFilter(products=["Lamp", "New lamp"]), lambda row: row["id"].int % 2 == 0),
    "a rare product": (ProcessFilter(products=["Rare"]), lambda row: row["created_by"] == "rare"),
    "products": (
        ProcessFilter(products=["Rare", "Lamp", "New lamp"]),
        lambda row: row["id"].int % 2 == 0 or _is_rare(row),
    ),
    "a text": (ProcessFilter(search="router 1"), lambda row: "router 1" in row["subject"].lower()),
    "a text and a status": (
        ProcessFilter(search="router 1", statuses=[FAILED]),
        lambda row: "router 1" in row["subject"].lower() and row["status"] is FAILED,
    ),
    "a text that none has": (ProcessFilter(search="no such text"), lambda row: False),
    "started": (
        ProcessFilter(started_at=Span(BEGIN, BEGIN.replace(minute=1))),
        lambda row: row["started_at"] < BEGIN.replace(minute=1),
    ),
    "changed": (
        ProcessFilter(updated_at=Span(BEGIN, BEGIN.replace(minute=2))),
        lambda row: BEGIN <= row["updated_at"] < BEGIN.replace(minute=2),
    ),
    "started and changed": (
        ProcessFilter(started_at=Span(BEGIN), updated_at=Span(None, BEGIN.replace(minute=2))),
        lambda row: row["updated_at"] < BEGIN.replace(minute=2),
    ),
    "an old workflow and a status": (
        ProcessFilter(workflow_names=["retired"], statuses=[COMPLETED]),
        lambda row: row["workflow_name"] == "retired" and row["status"] is COMPLETED,
    ),
    "a starter and a status": (
        ProcessFilter(created_by="rare", statuses=[COMPLETED]),
        lambda row: _is_rare(row) and row["status"] is COMPLETED,
    ),
    "a rare product and a status": (
        ProcessFilter(products=["Rare"], statuses=[FAILED, COMPLETED]),
        lambda row: _is_rare(row) and row["status"] in (FAILED, COMPLETED),
    ),
    "a rare product, a text and a team": (
        ProcessFilter(products=["Rare"], search="router", assignee_keys=["NOC"]),
        lambda row: _is_rare(row) and row["assignee"] == "NOC",
    ),
    "some ids and a status": (
        ProcessFilter(ids=[UUID(int=number) for number in range(1, 9)], statuses=[COMPLETED]),
        lambda row: row["id"].int < 9 and row["status"] is COMPLETED,
    ),
    "a status and a code that never meet": (
        ProcessFilter(statuses=[COMPLETED], failure_codes=["step-raised"]),
        lambda row: False,
    ),
}
ORDERS = [{"by_update": by_update, "is_descending": down} for by_update in (False, True) for down in (False, True)]
FREQUENT: dict[str, Any] = {
    "statuses": [COMPLETED],
    "targets": [Target.SYSTEM],
    "workflow_names": ["deploy"],
    "failure_codes": ["step-raised"],
    "created_by": "bob",
    "assignee_keys": ["NOC"],
}
"""A frequent value of each filter that has indexes: PostgreSQL would rather walk along the order of all processes."""

GROWS = {"many workflows", "a status and a code that never meet"}
"""More values than are read one by one, and values that many processes have, but never together: such a page is found
after all younger processes, or after all with one of the values (see docs/decisions/0078)."""


def _is_rare(row: Row) -> bool:
    return bool(row["created_by"] == "rare")


def made(number: int, *, old: int = OLD, rare: int = RARE) -> Row:
    """The process with that number."""
    facts: Row = {"workflow_name": "deploy", "created_by": "bob"}
    if number < old:
        facts |= {"workflow_name": "retired", "target": Target.RECONCILE, "created_by": "old"}
    if number < rare:
        facts["created_by"] = "rare"
    if number % 10 == 1:
        return failed_row(number, "expired" if number < old else "step-raised", **facts)
    if number % 10 == 2:
        return process_row(number, status=ABORTED, **facts)
    if number % 10 == 3:
        # In an order of changes all that run are read: they are few at any site.
        status = RUNNING if number < 2 * rare else ProcessStatus.SUSPENDED
        return process_row(number, status=status, ended_at=None, assignee="NOC", **facts)
    return process_row(number, **facts)


def write(conn: Connection, rows: list[Row], *, lamp: str = "Lamp") -> None:
    """Store the processes, and the products that they work on."""
    store(conn, rows, is_analyzed=False)
    if any(map(_is_rare, rows)):
        store_subscription(conn, "Rare", [row["id"] for row in rows if _is_rare(row)])
    store_subscription(conn, lamp, [row["id"] for row in rows if row["id"].int % 2 == 0])


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def walked(conn: Connection, wanted: ProcessFilter, size: int, *, is_forward: bool, **order: bool) -> list[UUID]:
    """The ids of all pages, read forwards or backwards."""
    ids: list[UUID] = []
    cursor = None
    while True:
        args = PageArgs(size, cursor) if is_forward else PageArgs(last=size, before=cursor)
        found = page(conn, wanted, args, **order)
        new = [row.id for _, row in found.items]
        ids = ids + new if is_forward else new + ids
        if not found.is_full(args):
            return ids
        cursor = found.items[-1 if is_forward else 0][0]


@pytest.mark.parametrize(("first", "last"), [(2, 6), (200, 200_000)], ids=["a few", "many"])
def test_every_filter_selects_the_same_rows_on_every_way(
    engine: Engine, first: int, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_lists, "FIRST", first)
    monkeypatch.setattr(process_lists, "GROWTH", 3)
    monkeypatch.setattr(process_lists, "LAST", last)
    rng = random.Random(first)
    rows = [made(number, old=40, rare=9) for number in range(90)]
    for row in rows:
        row["updated_at"] = BEGIN + (row["updated_at"] - BEGIN) * rng.choice([1, 1, 3])
        row["started_at"] = row["started_at"].replace(second=row["started_at"].second // 3)  # several at the same time
    with engine.begin() as conn:
        write(conn, rows)
        for place, (title, (wanted, fits)) in enumerate(CASES.items()):
            selected = [row for row in rows if fits(row)]
            for turn, order in enumerate(ORDERS if IS_EXHAUSTIVE else ORDERS[place % 2 :: 2]):
                at = "updated_at" if order["by_update"] else "started_at"
                selected.sort(key=itemgetter(at, "id"), reverse=order["is_descending"])
                expected = [row["id"] for row in selected]
                for is_forward in directions(turn + place // 2):
                    length = rng.choice([11, 40])
                    assert walked(conn, wanted, length, is_forward=is_forward, **order) == expected, (title, order)
            assert count(conn, wanted) == len(selected), title


def test_the_work_for_a_page_does_not_grow_with_the_number_of_processes(engine: Engine) -> None:
    work: dict[str, list[int]] = {}
    for numbers in (range(2 * OLD), range(2 * OLD, 8 * OLD)):
        with engine.begin() as conn:
            write(conn, [made(number) for number in numbers], lamp="New lamp" if numbers.start else "Lamp")
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.exec_driver_sql("VACUUM ANALYZE")  # as the server itself does after many writes
        with engine.begin() as conn:
            for title, (wanted, _) in CASES.items():
                for order in ORDERS:
                    if not wanted.search and title not in GROWS:
                        statements = statements_of(conn, partial(page, conn, wanted, PageArgs(15), **order))
                        work.setdefault(f"{title}, {order}", []).append(work_of(conn, statements))

    # of four times as many processes; linear work would grow by four
    allowed = 8_000 if engine.dialect.name == "sqlite" else 1_500  # a few looks at 200 rows
    grown = {title: sizes for title, sizes in work.items() if sizes[1] > 2 * sizes[0] + allowed}
    assert grown == {}


def test_each_filter_leads_along_its_own_index_in_every_order(engine: Engine) -> None:
    with engine.begin() as conn:
        write(conn, [made(number) for number in range(3 * OLD)])
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
    wrong: dict[str, str] = {}
    with engine.begin() as conn:
        for (name, value), order in product(FREQUENT.items(), ORDERS):
            filters = ProcessFilter(**{name: value})
            at = processes.c.updated_at if order["by_update"] else processes.c.started_at
            key, column = Key((at, processes.c.id), order["is_descending"]), INDEXED[name]
            (stretch, *_), cursor = (
                ways_of(filters, key)[0].stretches,
                page(conn, filters, PageArgs(5), **order).items[-1][0],
            )
            for args in (PageArgs(5), PageArgs(5, cursor), PageArgs(last=5), PageArgs(last=5, before=cursor)):
                [statement] = statements_of(conn, partial(conn.execute, stretch.rows(conn, key, args, 5)))
                plan = plan_of(conn, statement)
                is_led = re.search(rf"\bix_processes_{column.name}_{at.name}\b", plan)
                if not is_led or re.search("TEMP B-TREE|Sort|Filter", plan):
                    wrong[f"{name}, {order}, {args}"] = plan
    assert wrong == {}


async def test_behind_a_cursor_an_index_is_read_from_there(postgres: PostgresServer) -> None:
    """PostgreSQL walked from the end of the value to the cursor. Only the pages that it reads show that."""
    grown: dict[str, list[int]] = {}
    with postgres.database() as url:
        engine = plain_engine(url)
        with engine.begin() as conn:
            write(conn, [made(number) for number in range(3 * OLD)])
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
        with engine.begin() as conn:
            for (name, value), order in product(FREQUENT.items(), ORDERS):
                filters, at = ProcessFilter(**{name: value}), "updated_at" if order["by_update"] else "started_at"
                key = Key((processes.c[at], processes.c.id), order["is_descending"])
                stretch, column = ways_of(filters, key)[0].stretches[0], INDEXED[name].name
                far = next(row["id"] for row in map(made, range(OLD + 9, 3 * OLD)) if row[column] in value)
                cursor = page(conn, ProcessFilter(ids=[far]), PageArgs(1), **order).items[0][0]
                for args in (PageArgs(5, cursor), PageArgs(last=5, before=cursor)):
                    sizes = [
                        pages_read(conn, statements_of(conn, partial(conn.execute, stretch.rows(conn, key, each, 5))))
                        for each in (PageArgs(5), args)
                    ]
                    if sizes[1] > sizes[0] + 5:
                        grown[f"{name}, {order}, {args}"] = sizes
        engine.dispose()
    assert grown == {}


def test_a_search_on_sqlite_reads_an_index_and_not_the_states_of_all_processes(tmp_path: Path) -> None:
    wanted, unmatched = ProcessFilter(search="router"), ProcessFilter(search="no such text")
    database = plain_engine(sqlite_url(tmp_path))
    with database.begin() as conn:
        write(conn, [made(number) for number in range(OLD)])
        reads: list[Callable[[], Any]] = [
            partial(count, conn, wanted),
            partial(conn.execute, ids_with_text(wanted)),
        ]
        reads += [partial(page, conn, unmatched, PageArgs(5), **order) for order in ORDERS if not order["by_update"]]
        statements = [each for read in reads for each in statements_of(conn, read) if " LIKE " in each[0]]
        plans = [plan_of(conn, statement) for statement in statements]
    database.dispose()

    assert len(plans) == len(reads) + 2, "a page looks at the first rows, then at the segments"
    assert [plan for plan in plans if "USING COVERING INDEX ix_processes_searched" not in plan] == []


@pytest.mark.parametrize("text", ["ROUTER 1", "router 1", "Router_1", "%", "_", "!", "ﬁ", "été", "ÉTÉ", "\\", "'"])
def test_a_search_takes_the_case_of_ascii_as_equal_and_nothing_as_a_pattern(engine: Engine, text: str) -> None:
    subjects = ["Router 1", "router_1", "100% router!", "ﬁbre été", "a\\b'c"]
    with engine.begin() as conn:
        store(conn, [process_row(number, subject=subject) for number, subject in enumerate(subjects)])
        found = {row.subject for _, row in page(conn, ProcessFilter(search=text), PageArgs(), **ORDERS[0]).items}

    folded = [(subject, subject.lower(), text.lower()) for subject in subjects]
    assert found >= {subject for subject in subjects if text in subject}
    assert found <= {subject for subject, lower, small in folded if small in lower}
    if text.isascii():
        assert found == {subject for subject, lower, small in folded if small in lower}


def test_a_step_of_a_running_process_writes_one_index_of_the_last_change() -> None:
    of_changes = [index for index in processes.indexes if processes.c.updated_at in list(index.columns)]
    without_running = ("status <> 'RUNNING'", "status = 'FAILED'")

    assert len(of_changes) > len(ORDERS)
    written = {each.name for each in of_changes if not str(each.info.get("where")).endswith(without_running)}
    assert written == {"ix_processes_updated_at_id"}
