"""The facts of processes in their segments, on both databases: lists by facts are those of a plain query."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from support.database import PostgresServer
from support.many_subscriptions import plain_engine
from support.rows import BEGIN, process_row, store, store_subscription

from orchestrator_gql.storage import pagination, process_changes, process_lists, process_segments, process_ways
from orchestrator_gql.storage.pages_of_values import MOST_VALUES
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.process_changes import Changed
from orchestrator_gql.storage.process_facts import LONGEST, terms_to_find
from orchestrator_gql.storage.process_filters import ProcessFilter, conditions_of
from orchestrator_gql.storage.process_lists import count, page
from orchestrator_gql.storage.process_segments import has_unindexed, index, segments_of
from orchestrator_gql.storage.tables import (
    process_subscriptions,
    process_terms,
    processes,
    product_subscriptions,
    products,
    unindexed_processes,
)
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ENDED, ProcessStatus

pytestmark = pytest.mark.one_dispatcher

LATER = BEGIN + timedelta(days=1)
PRODUCTS = ["Lamp", "Lens", "Rare"]
ORDERS = [{"by_update": by_update, "is_descending": down} for by_update in (False, True) for down in (False, True)]
FAILED, COMPLETED, RUNNING, SUSPENDED = (
    ProcessStatus.FAILED,
    ProcessStatus.COMPLETED,
    ProcessStatus.RUNNING,
    ProcessStatus.SUSPENDED,
)


@pytest.fixture
def engine(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the test, with segments of ten."""
    monkeypatch.setattr(process_segments, "SIZE", 10)
    database = plain_engine(storage)
    yield database
    database.dispose()


def index_all(conn: Connection) -> None:
    """Index until nothing waits but the processes of the open segment."""
    while has_unindexed(conn, LATER):
        index(conn, LATER)


def number_noted(conn: Connection) -> int:
    """How many processes are noted."""
    return conn.execute(select(func.count()).select_from(unindexed_processes)).scalar_one()


def standing(rng: random.Random) -> dict[str, Any]:
    """What a transition changes."""
    status = rng.choice(list(ProcessStatus))
    at = BEGIN + timedelta(seconds=rng.randrange(9_000))
    team = rng.choice([None, "NOC", "SYSTEM", "a\nteam"])
    return {"status": status, "assignee": team, "updated_at": at, "ended_at": at if status in ENDED else None}


def change(conn: Connection, rng: random.Random) -> None:
    """Change something that a list is filtered by."""
    id = conn.execute(select(processes.c.id).order_by(func.random()).limit(1)).scalar_one()
    what = rng.randrange(12)
    if what < 6:
        conn.execute(update(processes).where(processes.c.id == id).values(standing(rng)))
    elif what < 9:
        link = {"process_id": id, "target": Target.MODIFY}
        one = select(product_subscriptions.c.id).order_by(func.random()).limit(1)
        link["subscription_id"] = conn.execute(one).scalar_one()
        conn.execute(delete(process_subscriptions).where(process_subscriptions.c.process_id == id))
        conn.execute(insert(process_subscriptions), link)
    elif what == 9:
        subscription = select(process_subscriptions.c.subscription_id).limit(1).scalar_subquery()
        product = select(products.c.id).order_by(func.random()).limit(1).scalar_subquery()
        of_one = update(product_subscriptions).where(product_subscriptions.c.id == subscription)
        conn.execute(of_one.values(product_id=product))
    elif what == 10:
        conn.execute(delete(unindexed_processes).where(unindexed_processes.c.process_id == id))
        conn.execute(delete(processes).where(processes.c.id == id))
    else:
        conn.execute(update(processes).where(processes.c.id == id).values(note=rng.choice([None, "a ticket"])))


def wanted(rng: random.Random) -> ProcessFilter:
    """A filter by some facts."""
    filters: dict[str, Any] = {
        "statuses": rng.sample(list(ProcessStatus), rng.choice([1, 1, 2])),
        "workflow_names": rng.sample(["deploy", "retire", "a\nname"], rng.choice([1, 2])),
        "targets": [rng.choice([Target.SYSTEM, Target.CREATE])],
        "created_by": rng.choice(["ann", "=bob"]),
        "assignee_keys": rng.sample(["NOC", "SYSTEM", "a\nteam"], rng.choice([1, 2])),
        "products": rng.sample([*PRODUCTS, "None"], rng.choice([1, 2])),
        "search": rng.choice(["ticket", "router 1", "router"]),
    }
    return ProcessFilter(**{name: filters[name] for name in rng.sample(list(filters), rng.choice([1, 2, 2, 3]))})


@pytest.mark.parametrize("seed", range(2))
def test_lists_by_facts_are_those_of_a_plain_query(engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (process_segments, "SIZE", 3), (process_segments, "BATCH", 5), (process_segments, "MOST_SPANS", 4),
        (process_lists, "SIZE", 1), (process_lists, "FIRST", 2), (process_ways, "MOST_VALUES", 1),
        (process_lists, "MOST_SPANS", 4), (process_lists, "MOST_COUNTED", 4), (pagination, "MOST_COUNTED", 4),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    rng = random.Random(seed)
    with engine.begin() as conn:
        for name in PRODUCTS:
            store_subscription(conn, name, [])
        for number in sorted(range(60), key=lambda number: number + rng.choice([0, 0, 0, 30])):
            facts = {
                "workflow_name": rng.choice(["deploy", "retire", "a\nname"]),
                "created_by": rng.choice(["ann", "=bob", None]),
            }
            facts["target"] = rng.choice([Target.SYSTEM, Target.CREATE])
            row = process_row(number, **facts, **standing(rng))
            store(conn, [row], is_analyzed=False)
            for _ in range(rng.randrange(4)):
                change(conn, rng)
            for _ in range(rng.randrange(3)):
                index(conn, LATER)
        c, narrow = processes.c, 0
        for _ in range(20):
            filters = wanted(rng)
            plain = select(c.id).where(*conditions_of(filters, c))
            for order in ORDERS:
                keys = [c.updated_at if order["by_update"] else c.started_at, c.id]
                sorted_by = [key.desc() if order["is_descending"] else key for key in keys]
                expected = conn.execute(plain.order_by(*sorted_by)).scalars().all()
                first = page(conn, filters, PageArgs(3), **order)
                found = [row.id for _, row in first.items]
                if first.has_next:
                    found += [row.id for _, row in page(conn, filters, PageArgs(3, first.items[-1][0]), **order).items]
                assert found == expected[:6], (filters, order)
            assert count(conn, filters) == min(len(expected), 5), filters
            spans = segments_of(conn, filters, is_newest_first=True)
            narrow += spans is not None and len(spans.segments) < 10
        assert narrow > 3, "else no segment was left out"


@pytest.mark.parametrize("seed", range(2))
def test_pages_by_the_last_change_are_exact_while_processes_change(
    engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_lists, "FIRST", 2)
    monkeypatch.setattr(process_lists, "SIZE", 10)
    monkeypatch.setattr(process_segments, "LEAST_SLACK", timedelta(seconds=3))
    monkeypatch.setattr(process_segments, "SLACK", 100)
    used: list[bool] = []

    def first_changed(*args: Any) -> Changed:
        found = process_changes.first_changed(*args)
        used.append(found.is_all)
        return found

    monkeypatch.setattr(process_lists, "first_changed", first_changed)
    rng, c = random.Random(seed), processes.c
    filters = ProcessFilter(products=["Lamp"])
    with engine.begin() as conn:
        rows = [process_row(number, updated_at=BEGIN + timedelta(seconds=number)) for number in range(95)]
        store(conn, rows, is_analyzed=False)
        store_subscription(conn, "Lamp", [row["id"] for row in rows[:60] if row["id"].int % 3])
        index_all(conn)
        for _ in range(15):
            one = update(processes).where(c.id == UUID(int=rng.randrange(1, 60)))
            conn.execute(one.values(standing(rng) | {"updated_at": BEGIN + timedelta(seconds=rng.randrange(200))}))
            if not rng.randrange(3):
                index(conn, LATER)
            down = rng.random() < 0.5
            keys = [c.updated_at.desc(), c.id.desc()] if down else [c.updated_at, c.id]
            expected = conn.execute(select(c.id).where(*conditions_of(filters, c)).order_by(*keys)).scalars().all()
            found: list[UUID] = []
            cursor = None
            while cursor or not found:
                part = page(conn, filters, PageArgs(9, cursor), by_update=True, is_descending=down)
                found += [row.id for _, row in part.items]
                cursor = part.items[-1][0] if part.has_next else None
            assert found == expected
    assert used.count(False) > 5


def test_a_list_by_facts_reads_the_segments_that_have_them(engine: Engine) -> None:
    def segments_with(**facts: Any) -> int | None:
        spans = segments_of(conn, ProcessFilter(**facts), is_newest_first=True)
        return None if spans is None else len(spans.segments)

    with engine.begin() as conn:
        old = {"workflow_name": "retired", "assignee": "OLD", "created_by": "ann", "target": Target.RECONCILE}
        new = {"assignee": "NOC", "workflow_name": "deploy"}
        store(conn, [process_row(number, **(old if number < 10 else new)) for number in range(95)])
        store_subscription(conn, "Old", [UUID(int=3)])
        index_all(conn)

        assert segments_with(products=["Old"]) == 2, "and the open one"
        assert segments_with(products=["Old", "None"], statuses=[COMPLETED]) == 2
        assert segments_with(products=["None"]) == 1
        assert segments_with(workflow_names=["retired"]) == segments_with(created_by="ann") == 2
        assert segments_with(assignee_keys=["OLD"], statuses=[COMPLETED]) == 2
        assert segments_with(assignee_keys=["NOC"], statuses=[COMPLETED]) == 9
        assert segments_with(assignee_keys=["NOC"], statuses=[FAILED, SUSPENDED]) == 1
        assert segments_with(targets=[Target.SYSTEM], workflow_names=["retired"]) == 1
        assert segments_with(search="router", statuses=[FAILED]) == 1
        assert segments_with(assignee_keys=["OLD"]) is None, "the team of a process that runs changes"
        assert segments_with(statuses=[RUNNING]) is None


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_an_old_process_that_was_changed_late_is_on_the_page(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, order: dict[str, bool]
) -> None:
    monkeypatch.setattr(process_lists, "FIRST", 5)
    names = ["retired", *(f"unused {number}" for number in range(MOST_VALUES))]  # so many values have no index
    late = {"workflow_name": "retired", "updated_at": BEGIN + timedelta(seconds=75)}
    with engine.begin() as conn:
        store(conn, [process_row(number, **(late if number in (22, 27) else {})) for number in range(95)])
        index_all(conn)

        found = page(conn, ProcessFilter(workflow_names=tuple(names)), PageArgs(3), **order)

    assert sorted(row.id.int for _, row in found.items) == [23, 28]


def test_a_process_that_comes_to_rest_is_noted_only_with_something_new(engine: Engine) -> None:
    def rests(number: int, **values: Any) -> int:
        before = number_noted(conn)
        conn.execute(update(processes).where(processes.c.id == UUID(int=number)).values(**values))
        return number_noted(conn) - before

    failed: dict[str, Any] = {"status": FAILED, "ended_at": None}
    at = BEGIN + timedelta(minutes=2)
    with engine.begin() as conn:
        store(conn, [process_row(number, assignee="NOC") for number in range(25)])
        store_subscription(conn, "Lamp", [UUID(int=5), UUID(int=6)])
        index_all(conn)

        assert rests(1, status=RUNNING, ended_at=None) == 0
        assert rests(1, **failed, updated_at=at) == 1
        index_all(conn)
        assert number_noted(conn) == 5
        assert rests(11, **failed) == 1, "of another workflow"
        index_all(conn)
        assert rests(11, status=SUSPENDED) == 1
        index_all(conn)
        assert rests(1, status=COMPLETED, ended_at=at) == 0, "as it was once"
        assert rests(1, **failed) == 0
        assert rests(1, assignee="SYSTEM") == 1
        later = at + timedelta(days=1)
        assert rests(1, note=processes.c.note, updated_at=later) == 1, "later than all others, by the same note"
        assert rests(2, status=COMPLETED, updated_at=at) == 0
        assert rests(5, **failed) == rests(15, **failed) == 1
        index_all(conn)
        assert rests(5, status=COMPLETED, ended_at=at) == rests(5, **failed) == 0
        assert rests(25, **failed) == 0, "it is noted since its start"


def test_a_link_and_another_product_are_noted(engine: Engine) -> None:
    with engine.begin() as conn:
        store(conn, [process_row(number) for number in range(15)])
        index_all(conn)
        before = number_noted(conn)
        store_subscription(conn, "Lamp", [UUID(int=3), UUID(int=15)])
        assert number_noted(conn) == before + 1, "the other is noted since its start"
        assert count(conn, ProcessFilter(products=["Lamp"], statuses=[COMPLETED])) == 2
        index_all(conn)
        conn.execute(
            insert(products),
            {"id": UUID(int=9), "name": "Lens", "description": "", "product_type": "p", "tag": "", "status": "active"},
        )
        conn.execute(update(product_subscriptions).values(product_id=UUID(int=9)))
        assert count(conn, ProcessFilter(products=["Lens"], statuses=[COMPLETED])) == 2
        index_all(conn)
        assert segments_of(conn, ProcessFilter(products=["Lens"]), is_newest_first=True) is not None
        assert count(conn, ProcessFilter(products=["Lens"], statuses=[COMPLETED])) == 2


def test_names_too_long_for_a_term_are_found_without_one(engine: Engine) -> None:
    name = "n" * (LONGEST + 1)
    with engine.begin() as conn:
        store(conn, [process_row(number, workflow_name=name, created_by="c" * 400) for number in range(15)])
        index_all(conn)
        filters = ProcessFilter(workflow_names=[name], statuses=[COMPLETED])
        assert terms_to_find(filters, None) == []
        assert count(conn, filters) == 15
        assert max(map(len, conn.execute(select(process_terms.c.term)).scalars())) == LONGEST + 1, "the name alone"


async def test_what_an_open_transaction_changes_is_indexed_after_it(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its triggers ran while the segment was open, so it has noted nothing."""
    monkeypatch.setattr(process_segments, "SIZE", 10)
    failed = ProcessFilter(statuses=[FAILED], workflow_names=["workflow 2"])
    of_lamp = ProcessFilter(statuses=[COMPLETED], products=["Lamp"])
    with postgres.database() as url:
        engine = plain_engine(url)
        with engine.begin() as conn:
            store(conn, [process_row(number) for number in range(10)])
        with engine.begin() as writer:
            to_failed = update(processes).where(processes.c.id == UUID(int=3))
            writer.execute(to_failed.values(status=FAILED, ended_at=None, version=2))
            writer.execute(update(processes).where(processes.c.id == UUID(int=5)).values(version=2))
            store_subscription(writer, "Lamp", [UUID(int=5)])
            for _ in range(3):
                with engine.begin() as conn:
                    has_more = index(conn, LATER)
        assert not has_more, "else the terms of what is held are made again and again"
        with engine.begin() as conn:
            assert number_noted(conn) == 2
            assert (count(conn, failed), count(conn, of_lamp)) == (1, 1)
            index_all(conn)
            assert number_noted(conn) == 0
            assert (count(conn, failed), count(conn, of_lamp)) == (1, 1)
        engine.dispose()


async def test_the_index_waits_for_no_transaction(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention deletes notes, and then their processes: each would wait for the other."""
    monkeypatch.setattr(process_segments, "SIZE", 10)
    with postgres.database() as url:
        engine = plain_engine(url)
        with engine.begin() as conn:
            store(conn, [process_row(number) for number in range(10)])
            index(conn, LATER)
        with engine.begin() as retention, engine.begin() as conn:
            retention.execute(delete(unindexed_processes).where(unindexed_processes.c.process_id == UUID(int=3)))
            conn.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            index(conn, LATER)
            assert number_noted(conn) == 1
        engine.dispose()
