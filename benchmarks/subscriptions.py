"""Measures what authors read about product subscriptions, with 1,000 and with 100,000 of them of ten blocks each."""

import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from benchmarks.table import Line, costs
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, find_subscriptions, register_product
from orchestrator_gql.domain.reading import READER, Question, StoredSubscriptions
from orchestrator_gql.domain.values import indexed
from orchestrator_gql.storage import product_subscription_reads
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.product_subscriptions import write_products
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.tokens import new_id

FEW, MANY = 1_000, 100_000
NODES = 100
"""Subscriptions of nodes, which the others use."""

SAPS = 8
LOOKS = 25
BATCH = 1_000


class NodeBlock(ProductBlockModel, product_block_name="Benchmark node"):
    """The block of a node."""

    node_name: str


class SapBlock(ProductBlockModel, product_block_name="Benchmark access point"):
    """A place where a circuit begins or ends; the node belongs to another subscription."""

    vlan: int
    port_mode: str
    label: str
    node: NodeBlock | None = None


class CircuitBlock(ProductBlockModel, product_block_name="Benchmark circuit"):
    """The block of a circuit."""

    speed: int
    saps: list[SapBlock]


class BenchmarkNode(SubscriptionModel, is_base=True):
    """A node."""

    node: NodeBlock


class BenchmarkCircuit(SubscriptionModel, is_base=True):
    """A circuit with ten blocks: its own, one for each access point, and a node."""

    circuit: CircuitBlock


NODE = register_product(name="Benchmark node", model=BenchmarkNode)
CIRCUIT = register_product(name="Benchmark circuit", model=BenchmarkCircuit)

QUESTIONS: dict[str, dict[str, Any]] = {
    "find by a value of one": {"where": {"circuit.saps.label": "label-7-0"}},
    "find by a value of one and all else": {
        "product": CIRCUIT.name,
        "status": "active",
        "customer_id": "customer-0",
        "where": {"circuit.saps.label": "label-7-0"},
    },
    "find by a node that ten use": {"where": {"circuit.saps.node.node_name": "node-0"}, "limit": 10},
    "find 10 by a value of half of them": {"where": {"circuit.saps.port_mode": "tagged"}, "limit": 10},
    "find 10 by a value of all and a status": {"status": "active", "where": {"circuit.speed": 1000}, "limit": 10},
    "find 10 by product and status": {"product": CIRCUIT.name, "status": "active", "limit": 10},
    "find 10 of one customer": {"customer_id": "customer-7", "limit": 10},
    "find 5 in a rare status": {"product": CIRCUIT.name, "status": "terminated", "limit": 5},
}


async def subscriptions(folder: Path, *, count: int = MANY, database_url: str = "") -> list[Line]:
    """Ask each question in two databases that take turns; with a URL also on PostgreSQL, whose tables are replaced."""
    lines: list[Line] = []
    for kind in ("SQLite", "PostgreSQL") if database_url else ("SQLite",):
        durations: dict[tuple[int, str], list[float]] = {}
        async with AsyncExitStack() as stack:
            for size in (FEW, count):
                url = url_of(folder / f"subscriptions-{size}.db") if kind == "SQLite" else database_url
                read = await filled(url, size, stack)
                for _ in range(LOOKS):
                    for name, question in QUESTIONS.items():
                        durations.setdefault((size, name), []).append(_seconds(read, question))
        for name in QUESTIONS:
            median = {size: statistics.median(durations[size, name][1:]) for size in (FEW, count)}
            lines.append(costs(f"{kind}: {name}", median[count], median[FEW], 1.3, 1.1))
    return lines


def _seconds(read: Callable[[Question], StoredSubscriptions], question: dict[str, Any]) -> float:
    token = READER.set(read)
    began = time.perf_counter()
    try:
        assert find_subscriptions(**question)
        return time.perf_counter() - began
    finally:
        READER.reset(token)


async def filled(url: str, size: int, stack: AsyncExitStack) -> Callable[[Question], StoredSubscriptions]:
    """Store the subscriptions in a database; the function that reads them."""
    database = connect(url)
    await database.open()
    stack.push_async_callback(database.close)
    await database.alter(_emptied if database.dialect == "postgresql" else lambda _: None)
    await migrate(database)
    await database.transaction(lambda conn: write_products(conn, [NODE, CIRCUIT]))
    began, rows = time.monotonic(), 0
    found = documents(size)
    while batch := list(islice(found, BATCH)):
        rows += write(url, batch)
    await database.alter(lambda conn: conn.exec_driver_sql("ANALYZE") if conn.dialect.name == "postgresql" else None)
    print(f"  {database.dialect}: {size:,} subscriptions, {rows:,} rows: {time.monotonic() - began:.0f} s", flush=True)

    def read(question: Question) -> StoredSubscriptions:
        return database.read_here(partial(product_subscription_reads.answer, question=question))

    return read


def _emptied(conn: Any) -> None:
    conn.exec_driver_sql("DROP SCHEMA public CASCADE")
    conn.exec_driver_sql("CREATE SCHEMA public")


def documents(size: int) -> Iterator[tuple[int, dict[str, Any]]]:
    nodes: list[dict[str, Any]] = []
    for number in range(NODES):
        block = NodeBlock.new(node_name=f"node-{number}")
        node = BenchmarkNode.from_product_id(NODE.product_id, "us", SubscriptionLifecycle.ACTIVE, node=block)
        nodes.append(node.dump())
        yield number, nodes[-1]
    saps = [SapBlock.new(vlan=1, port_mode="", label="") for _ in range(SAPS)]
    circuit = CircuitBlock.new(speed=1000, saps=saps)
    made = BenchmarkCircuit.from_product_id(CIRCUIT.product_id, "c", SubscriptionLifecycle.ACTIVE, circuit=circuit)
    template = json.dumps(made.dump())
    for number in range(size):
        yield number, _changed(json.loads(template), number, size, nodes)


def _changed(document: dict[str, Any], number: int, size: int, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """A copy with ids and values of its own."""
    id = str(new_id())
    is_ended = number % (size // 5) == 0
    document |= {"subscription_id": id, "customer_id": f"customer-{number // 20}"}
    document["status"] = "terminated" if is_ended else "active"
    circuit = document["circuit"]
    circuit |= {"subscription_instance_id": str(new_id()), "owner_subscription_id": id}
    used = nodes[0] if number % (size // 10) == 1 else nodes[1 + number % (NODES - 1)]
    for index, sap in enumerate(circuit["saps"]):
        sap |= {"subscription_instance_id": str(new_id()), "owner_subscription_id": id}
        sap |= {"vlan": (number + index) % 4094, "port_mode": ("tagged", "untagged")[number % 2]}
        sap["label"] = f"label-{number}-{index}"
    circuit["saps"][0]["node"] = {
        key: used["node"][key] for key in ("name", "subscription_instance_id", "owner_subscription_id")
    }
    return document


def write(url: str, batch: list[tuple[int, dict[str, Any]]]) -> int:
    """Store the documents and their index; the number of rows."""
    rows: dict[str, list[tuple[Any, ...]]] = {
        "product_subscriptions": [],
        "product_subscription_uses": [],
        "product_subscription_values": [],
        "product_subscription_blocks": [],
    }
    began = datetime.now(UTC)
    for number, (_, document) in enumerate(batch):
        now = began + timedelta(microseconds=number)  # a batch takes longer
        id, found = UUID(document["subscription_id"]), indexed(document)
        product_id = UUID(document["product"]["product_id"])
        texts = (document["customer_id"], "", document["status"], True, json.dumps(document), 1, now, now)
        rows["product_subscriptions"].append((id, product_id, *texts))
        rows["product_subscription_values"] += [(id, row.block_id, row.path, row.value) for row in found.values]
        for place in found.places:
            rows["product_subscription_blocks"].append(
                (id, place.parent_id, place.field, place.owner_id, place.block_id)
            )
            if place.owner_id != id:
                rows["product_subscription_uses"].append((id, place.owner_id, place.block_id))
    (_write_sqlite if url.startswith("sqlite") else _write_postgres)(url, rows)
    return sum(map(len, rows.values()))


COLUMNS = {
    "product_subscriptions": "id, product_id, customer_id, description, status, insync, model, version, created_at, "
    "updated_at",
    "product_subscription_uses": "subscription_id, owner_id, block_id",
    "product_subscription_values": "subscription_id, block_id, path, value",
    "product_subscription_blocks": "subscription_id, parent_id, field, owner_id, block_id",
}


def _write_sqlite(url: str, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))) as database:
        database.execute("PRAGMA synchronous = OFF")
        for table, values in rows.items():
            places = ", ".join("?" * (COLUMNS[table].count(",") + 1))
            plain = (tuple(map(_sqlite_value, row)) for row in values)
            database.executemany(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({places})", plain)
        database.commit()


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _write_postgres(url: str, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as conn, conn.cursor() as cursor:
        for table, values in rows.items():
            with cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN".encode()) as copy:
                for row in values:
                    copy.write_row(row)
