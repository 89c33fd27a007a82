"""The reads for authors find their rows by an index on both databases, so they stay flat as the tables grow."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice, product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from benchmarks.subscriptions import CIRCUIT, NODE, documents, write
from orchestrator_gql.domain import depends_on, find_subscriptions, in_use_by
from orchestrator_gql.domain.reading import READER, ById, OfBlock, Question, StoredSubscriptions
from orchestrator_gql.storage import product_subscription_reads
from orchestrator_gql.storage import product_subscription_values as subscription_values
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.storage.product_subscriptions import write_products
from orchestrator_gql.utils.errors import StepError, StorageUnreadable

pytestmark = pytest.mark.one_dispatcher

QUESTIONS: dict[str, Callable[[dict[str, str]], Any]] = {
    "by id": lambda ids: READ(ById(UUID(ids["circuit"]))),
    "by block": lambda ids: READ(OfBlock(UUID(ids["block"]))),
    "users": lambda ids: in_use_by(ids["node"]),
    "owners": lambda ids: depends_on(ids["circuit"]),
    "product": lambda ids: find_subscriptions(product=CIRCUIT.name, limit=10),
    "several products": lambda ids: find_subscriptions(product=[CIRCUIT.name, NODE.name], limit=10),
    "product type": lambda ids: find_subscriptions(product_type=CIRCUIT.product_type, limit=10),
    "status": lambda ids: find_subscriptions(status="terminated", limit=4),
    "status of most": lambda ids: find_subscriptions(status="active", limit=10),
    "product and statuses": lambda ids: find_subscriptions(product=NODE.name, status=["active", "disabled"], limit=9),
    "customer": lambda ids: find_subscriptions(customer_id="customer-3"),
    "customers": lambda ids: find_subscriptions(customer_id=["customer-3", "customer-4"], limit=10),
    "customer and status": lambda ids: find_subscriptions(customer_id="customer-3", status="active", product=CIRCUIT),
    "value": lambda ids: find_subscriptions(where={"circuit.saps.label": "label-7-0"}),
    "value behind a reference": lambda ids: find_subscriptions(where={"circuit.saps.node.node_name": "node-0"}),
    "block": lambda ids: find_subscriptions(where={"circuit.saps.node": ids["node block"]}),
    "owner of a block": lambda ids: find_subscriptions(where={"circuit.saps.node.owner_subscription_id": ids["node"]}),
    "value of many": lambda ids: find_subscriptions(where={"circuit.saps.port_mode": "tagged"}, limit=10),
    "value, product, status and customer": lambda ids: find_subscriptions(
        product=CIRCUIT.name, status="active", customer_id="customer-0", where={"circuit.saps.label": "label-7-0"}
    ),
    "two values": lambda ids: find_subscriptions(
        where={"circuit.saps.port_mode": "untagged", "circuit.saps.label": "label-7-0"}
    ),
}


def READ(question: Question) -> StoredSubscriptions:
    """Ask the reader of the test."""
    reader = READER.get()
    assert reader is not None
    return reader(question)


@contextmanager
def reading(database: SqliteDatabase | PostgresDatabase, around: Callable[[Connection], Any]) -> Iterator[None]:
    """Authors' code reads this database; ``around`` is called with the connection of each read, before it."""

    def answer(question: Question, conn: Connection) -> StoredSubscriptions:
        around(conn)
        return product_subscription_reads.answer(conn, question)

    token = READER.set(lambda question: database.read_here(partial(answer, question)))
    try:
        yield
    finally:
        READER.reset(token)


async def filled(url: str, size: int) -> tuple[SqliteDatabase | PostgresDatabase, dict[str, str]]:
    """An open database with so many subscriptions of ten blocks, and some ids in it."""
    database = connect(url)
    await database.open()
    await database.transaction(lambda conn: write_products(conn, [NODE, CIRCUIT]))
    every = list(documents(size))
    rest = iter(every)
    while batch := list(islice(rest, 500)):
        write(url, batch)
    if isinstance(database, PostgresDatabase):
        await database.alter(lambda conn: conn.exec_driver_sql("ANALYZE"))
    node, circuit = every[0][1], every[-1][1]
    return database, {
        "node": node["subscription_id"],
        "node block": node["node"]["subscription_instance_id"],
        "circuit": circuit["subscription_id"],
        "block": circuit["circuit"]["saps"][2]["subscription_instance_id"],
    }


def explaining(plans: list[str]) -> Callable[[Connection], None]:
    """Notes the plan of each statement of a connection."""
    seen: set[int] = set()

    def watch(conn: Connection) -> None:
        if id(conn.engine) in seen:
            return
        seen.add(id(conn.engine))
        explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "

        @event.listens_for(conn.engine, "before_cursor_execute")
        def note(conn: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if statement.lstrip().startswith("SELECT"):
                cursor.execute(explain + statement, parameters)
                plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

    return watch


BIG = r"(product_subscriptions|product_subscription_(values|blocks|uses)\w*)"
SCANS = (
    re.compile(rf"^SCAN {BIG}", re.M),
    re.compile(rf"Seq Scan on {BIG}"),
)


async def test_no_table_is_read_whole(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database, ids = await filled(storage, 2_000)
    plans: list[str] = []
    ways = {"values first": subscription_values.FEW, "subscriptions first": 0}
    scanned = {}
    try:
        with reading(database, explaining(plans)):
            for (way, few), (name, ask) in product(ways.items(), QUESTIONS.items()):
                is_of_few = name.startswith(("value behind", "block", "owner of"))
                monkeypatch.setattr(subscription_values, "FEW", max(few, 500 if is_of_few else 0))
                plans.clear()
                assert ask(ids), name
                if name == "value of many" and database.dialect == "postgresql":
                    assert any("SubPlan" in plan for plan in plans), plans  # for each row, not a join of whole tables
                scanned[way, name] = [plan for plan in plans if any(scan.search(plan) for scan in SCANS)]
    finally:
        await database.close()

    # In the order of the ids, until enough rows are found.
    ordered = {("subscriptions first", name) for name in ("value", "two values")} | {
        (way, "value of many") for way in ways
    }
    assert {asked: found for asked, found in scanned.items() if found and asked not in ordered} == {}


INSTRUCTIONS = 100


def counting(counts: list[int]) -> Callable[[Connection], None]:
    """Counts the instructions of SQLite's virtual machine, in hundreds."""

    def watch(conn: Connection) -> None:
        driver: Any = conn.connection.driver_connection
        driver.set_progress_handler(lambda: counts.append(INSTRUCTIONS), INSTRUCTIONS)

    return watch


async def test_the_work_does_not_grow_with_the_number_of_subscriptions(tmp_path: Any) -> None:
    from support.database import sqlite_url

    counts: dict[int, dict[str, int]] = {}
    for size in (500, 2_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        database, ids = await filled(sqlite_url(folder), size)
        steps: list[int] = []
        try:
            with reading(database, counting(steps)):
                for name, ask in QUESTIONS.items():
                    steps.clear()
                    found = ask(ids)
                    entries = len(found.ids if isinstance(found, StoredSubscriptions) else found)
                    counts.setdefault(size, {})[name] = sum(steps) // max(entries, 1)
        finally:
            await database.close()

    grown = {name: (counts[500][name], many) for name, many in counts[2_000].items()}
    assert {name: pair for name, pair in grown.items() if pair[1] > 1.5 * pair[0] + 2_000} == {}


async def test_a_read_that_takes_long_ends(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator_gql.storage.database.thread_reads.SECONDS", 0.2)
    endless = {
        "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "postgresql": "SELECT count(*) FROM generate_series(1, 100000000000)",
    }
    database = connect(storage)
    await database.open()
    try:
        with pytest.raises(StepError, match=r"longer than 0\.2 seconds: narrow it") as late:
            database.read_here(lambda conn: conn.exec_driver_sql(endless[database.dialect]).all())
        fits = database.read_here(lambda conn: conn.exec_driver_sql("SELECT 1").scalar())
        with pytest.raises((StorageUnreadable, DBAPIError)):  # these connections only read
            database.read_here(lambda conn: conn.exec_driver_sql("DELETE FROM products"))
    finally:
        await database.close()

    assert late.value.failure_code == "read-timeout"
    assert fits == 1


async def test_a_read_survives_lost_connections_and_names_a_database_that_is_away(storage: str) -> None:
    database = connect(storage)
    await database.open()
    with reading(database, lambda conn: None):
        try:
            assert find_subscriptions() == []
            if isinstance(database, PostgresDatabase):
                await database.alter(lambda conn: conn.exec_driver_sql(OTHERS_END).all())
            assert find_subscriptions() == []
        finally:
            await database.close()
        with pytest.raises(StepError, match="cannot be read now") as away:
            find_subscriptions()

    assert away.value.failure_code == "storage-unreadable"


OTHERS_END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
