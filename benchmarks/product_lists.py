"""Measures lists, filters and the page of one product subscription, with 1,000 and with 100,000 of ten blocks each."""

import json
import statistics
import time
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Connection, bindparam, insert, select, update

from benchmarks.lifecycle import graphql
from benchmarks.subscriptions import CIRCUIT, FEW, MANY, BenchmarkCircuit, filled
from benchmarks.table import Line, costs
from orchestrator_gql import StepList, begin, step
from orchestrator_gql.app import create_app
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.domain.search_words import words_of
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.product_subscription_segments import SIZE
from orchestrator_gql.storage.tables import product_subscription_words, product_subscriptions
from orchestrator_gql.workflows.utils import terminate_workflow

LOOKS = 25
ROWS = """query ($filter: ProductSubscriptionFilter, $order: ProductSubscriptionOrder) {
  productSubscriptions(first: 50, filter: $filter, orderBy: $order) { nodes {
    id description status inSync customerId updatedAt product { name } } pageInfo { hasNextPage endCursor } } }"""
DETAIL = """query ($id: ID!) { productSubscription(id: $id) { id model note lockedBy { id } history(first: 5) {
  nodes { version changes } } processes(first: 5) { nodes { id } } inUseBy { id } dependsOn { id }
  workflowStarts { workflow { name } blockedReason } } }"""
FORM = """{ startForm(workflowName: "end_circuit") { ... on FormPage { schema } } }"""
CHANGED_FIRST = {"order": {"field": "UPDATED_AT", "direction": "ASC"}}

LAST_CUSTOMER = "the last customer"
"""Stands for the customer with the highest number: no other customer's word begins with his."""

LISTS: dict[str, dict[str, Any]] = {
    "list of 50": {},
    "list by the oldest change": CHANGED_FIRST,
    "by a frequent status": {"filter": {"statuses": ["ACTIVE"]}},
    "by two statuses": {"filter": {"statuses": ["ACTIVE", "TERMINATED"]}},
    "by a rare status": {"filter": {"statuses": ["TERMINATED"]}},
    "by product and status": {"filter": {"products": [CIRCUIT.name], "statuses": ["ACTIVE"]}},
    "by customer": {"filter": {"customerId": "customer-7"}},
    "out of sync": {"filter": {"inSync": False}},
    "by a frequent word": {"filter": {"search": "circuit"}},
    "by a frequent word, oldest change first": {"filter": {"search": "circuit"}, **CHANGED_FIRST},
    "by a prefix of few customers, then of thousands": {"filter": {"search": "customer-1"}},
    "by a prefix that only old ones have": {"filter": {"search": "old-7"}},
    "by this prefix, oldest change first": {"filter": {"search": "old-7"}, **CHANGED_FIRST},
    "by this prefix and other filters": {"filter": {"search": "old-7", "statuses": ["ACTIVE"], "inSync": True}},
    "by this prefix and a frequent word": {"filter": {"search": "circuit old-7"}},
    "by a word of some customers": {"filter": {"search": "customer-1 circuit"}},
    "by a word of one customer": {"filter": {"search": f"{LAST_CUSTOMER} circuit"}},
    "by a word that none has": {"filter": {"search": "circuit nowhere"}},
    "by a value of one": {"filter": {"fields": [{"path": "circuit.saps.label", "value": "label-7-0"}]}},
    "by a value of half": {"filter": {"fields": [{"path": "circuit.saps.port_mode", "value": "tagged"}]}},
    "where a workflow may start": {"filter": {"startableWith": "end_circuit"}},
}


def lists_of(size: int) -> dict[str, dict[str, Any]]:
    """The lists of a site with so many subscriptions.

    Each list has as many rows on a page at every site, or the ratio would measure how long rows take to write.
    """
    last = f"customer-{size // 20 - 1}"
    return {name: json.loads(json.dumps(variables).replace(LAST_CUSTOMER, last)) for name, variables in LISTS.items()}


@step("Look")
def look(subscription: BenchmarkCircuit) -> None:
    """Change nothing."""


@terminate_workflow("End a circuit")
def end_circuit() -> StepList:
    """The workflow whose start form chooses a circuit."""
    return begin >> look


async def product_lists(folder: Path, *, count: int = MANY, database_url: str = "") -> list[Line]:
    """Ask two servers that take turns; with a URL also PostgreSQL, whose tables are replaced, one after the other."""
    lines: list[Line] = []
    for kind in ("SQLite", "PostgreSQL") if database_url else ("SQLite",):
        durations: dict[tuple[int, str], list[float]] = {}
        if kind == "SQLite":
            files = {size: url_of(folder / f"lists-{size}.db") for size in (FEW, count)}
            await _ask(files, durations)
        else:
            for size in (FEW, count):
                await _ask({size: database_url}, durations)
        median = {key: statistics.median(each[1:]) for key, each in durations.items()}
        names = dict.fromkeys(name for _, name in durations)
        lines += [costs(f"{kind}: {name}", median[count, name], median[FEW, name], 1.3, 1.1) for name in names]
    return lines


async def _ask(urls: dict[int, str], durations: dict[tuple[int, str], list[float]]) -> None:
    """Fill the databases, serve them, and ask each question of each server in turn."""
    rows: dict[str, set[int]] = {}
    async with AsyncExitStack() as stack:
        sites = [(size, *await _site(url, size, stack)) for size, url in urls.items()]
        for _ in range(LOOKS + 1):
            for size, client, id in sites:
                requests = {name: (ROWS, variables) for name, variables in lists_of(size).items()}
                requests["by an id"] = (ROWS, {"filter": {"search": str(id)}})
                requests["one subscription"] = (DETAIL, {"id": str(id)})
                requests["first page of a start form"] = (FORM, {})
                for name, (query, variables) in requests.items():
                    began = time.perf_counter()
                    data = await graphql(client, query, variables)
                    durations.setdefault((size, name), []).append(time.perf_counter() - began)
                    if query is ROWS:
                        rows.setdefault(name, set()).add(len(data["productSubscriptions"]["nodes"]))
    unfair = {name: found for name, found in rows.items() if len(found) > 1}
    assert not unfair, f"the pages of these lists have different numbers of rows: {unfair}"


async def _site(url: str, size: int, stack: AsyncExitStack) -> tuple[httpx.AsyncClient, UUID]:
    """A client of a server with so many subscriptions, and the id of one of them."""
    async with AsyncExitStack() as filling:
        await filled(url, size, filling)
    id = await _described_in(url)
    app = create_app(read_settings(database_url=url), [end_circuit])
    await stack.enter_async_context(app.router.lifespan_context(app))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60)
    return await stack.enter_async_context(client), id


async def _described_in(url: str) -> UUID:
    database = connect(url)
    await database.open()
    try:
        return await database.alter(_described)
    finally:
        await database.close()


def _described(conn: Connection) -> UUID:
    """Give each subscription a description with its words, and put a few out of sync; the id of one in the middle."""
    s = product_subscriptions.c
    conn.execute(update(product_subscriptions).values(description="Circuit of " + s.customer_id))
    rows = conn.execute(select(s.id, s.description, s.customer_id).order_by(s.created_at, s.id)).all()
    place_of = {row.id: number // SIZE for number, row in enumerate(rows)}
    places = [{"b_id": id, "b_number": number} for id, number in place_of.items()]
    placed = update(product_subscriptions).where(s.id == bindparam("b_id"))
    conn.execute(placed.values(created_segment=bindparam("b_number"), updated_segment=bindparam("b_number")), places)
    words = (
        {
            "subscription_id": row.id,
            "word": word,
            "created_segment": place_of[row.id],
            "updated_segment": place_of[row.id],
        }
        for number, row in enumerate(rows)
        for word in words_of(row.description, row.customer_id, f"old-7{number}" if number < len(rows) // 20 else "")
    )
    while batch := list(islice(words, 5_000)):
        conn.execute(insert(product_subscription_words), batch)
    some = [row.id for row in rows[:: len(rows) // 10]]
    conn.execute(update(product_subscriptions).where(s.id.in_(some)).values(insync=False))
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("ANALYZE")
    id: UUID = rows[len(rows) // 2].id
    return id
