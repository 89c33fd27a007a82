"""Fills a database with many processes: copies of a few that the product itself ran, made by the database.

Of sixteen processes, twelve are completed and four wait for a form, wait for a callback, failed, or were aborted. The
oldest sixteenth has properties that no younger process has, and the very oldest sixty have some that no other has.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Column, Connection, create_engine, insert

from benchmarks.lifecycle import graphql
from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.app import create_app
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import process_segments
from orchestrator_gql.storage.columns import UtcDateTime
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.tables import audit_seals, metadata, product_subscriptions, products
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import StepList, workflow

BATCH = 10_000
SEALED = 100
"""Processes whose audit entries one seal covers."""

APART = 30
"""Seconds between the starts of two processes, whatever their number: a period then has as many at every site."""

RARE = 30
"""Processes with the rarest properties: more than a page."""

KINDS = ("SUSPENDED", "AWAITING_CALLBACK", "FAILED", "ABORTED", *["COMPLETED"] * 12)
"""The status of every sixteenth process."""

PATIENCE = 30.0
SHIFT = 10_000_000
NEW = ("id", "tx")
FUTURE = ("expires_at", "due_at", "heartbeat_due_at", "retry_at", "lease_until")
OWNERS = {
    "process_id": "processes",
    "chain": "processes",
    "callback_id": "callbacks",
    "input_request_id": "input_requests",
}
TABLES = (
    "processes",
    "process_steps",
    "callbacks",
    "callback_keys",
    "callback_attempts",
    "input_requests",
    "decisions",
    "timers",
    "events",
    "audit",
)
SUBMIT = """mutation ($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) { __typename } }"""
ABORT = """mutation ($id: ID!) { abortProcess(input: {processId: $id}) { __typename } }"""
START = """mutation ($broken: Boolean!) { startWorkflow(input: {workflowName: "deploy", pages: [{broken: $broken}]}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
STATUS = "query ($id: ID!) { process(id: $id) { status openInputRequest { id } } }"

_routes: dict[str, str] = {}


def start_form() -> FormGenerator:
    """Ask whether the process shall fail."""

    class Start(FormPage):
        broken: bool = False

    answer = yield Start
    data: State = answer.model_dump()
    return data


@step("Ask the remote service")
async def ask(callback_route: str, process_id: str, *, broken: bool) -> None:
    """Fail, or keep the route."""
    if broken:
        raise ValueError("The router does not answer")
    _routes[str(process_id)] = callback_route


@step("Judge")
async def judge(callback_result: dict[str, Any]) -> State:
    """Keep the code."""
    return {"judged": callback_result["return_code"]}


@inputstep("Confirm")
def confirm(judged: int) -> FormGenerator:
    """Ask the operator."""

    class Confirm(FormPage):
        comment: str = f"The return code is {judged}."

    answer = yield Confirm
    data: State = answer.model_dump()
    return data


@workflow("Deploy something", initial_input_form=start_form)
def deploy() -> StepList:
    """The workflow of all processes."""
    return begin >> callback_step("Remote job", ask, judge) >> confirm


async def fill(url: str, count: int) -> int:
    """Store ``count`` processes in an empty database; the number of their events."""
    templates = await templates_of(url, *dict.fromkeys(KINDS))
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if conn.dialect.name == "sqlite":
            # Without a journal: a fill that is broken off leaves a file that nobody uses.
            for pragma in (
                "journal_mode = OFF",
                "locking_mode = EXCLUSIVE",
                "synchronous = OFF",
                "cache_size = -400000",
            ):
                conn.exec_driver_sql(f"PRAGMA {pragma}")
        else:
            conn.exec_driver_sql("SET synchronous_commit = off")
            conn.exec_driver_sql("SET maintenance_work_mem = '512MB'")
        copier = Copier(conn, count, int(time.time()) - count * APART)
        copier.store_subscriptions()
        for status, template in templates.items():
            copier.keep(template, status)
        with indexes_made_at_the_end(conn):
            for first in range(0, count, BATCH):
                for status in templates:
                    copier.copy(status, first, min(first + BATCH, count))
                copier.link(first, min(first + BATCH, count))
            copier.copy_seals()
        while process_segments.has_unindexed(conn, now := datetime.now(UTC)):
            process_segments.index(conn, now)
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("VACUUM ANALYZE")  # as the server itself does after many writes
        else:
            conn.exec_driver_sql("PRAGMA locking_mode = NORMAL")
            conn.exec_driver_sql("PRAGMA journal_mode = WAL")
        events = conn.exec_driver_sql("SELECT max(id) FROM events").scalar_one()
    engine.dispose()
    return int(events)


INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": (
        "SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON oid = indexrelid "
        "WHERE relnamespace = current_schema()::regnamespace "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
    ),
}
"""The indexes that belong to no constraint: the name, and the statement that makes it."""


@contextmanager
def indexes_made_at_the_end(conn: Connection) -> Iterator[None]:
    """Drop the indexes, and make them again: to sort all rows once is ten times faster than to place each row."""
    indexes = conn.exec_driver_sql(INDEXES[conn.dialect.name]).all()
    for name, _ in indexes:
        conn.exec_driver_sql(f'DROP INDEX "{name}"')
    yield
    for _, statement in indexes:
        conn.exec_driver_sql(statement)


class Copier:
    """Copies the rows of a process, with ids, times and properties of their own."""

    def __init__(self, conn: Connection, count: int, start: int) -> None:
        self.conn = conn
        self.is_sqlite = conn.dialect.name == "sqlite"
        self.start = start
        self.old = count // len(KINDS)
        self.count = count

    def keep(self, template: str, status: str) -> None:
        """Keep the rows of the process for `copy`, which would look through whole tables for them: 160 gigabytes."""
        for name in TABLES:
            owned = f"SELECT *, row_number() OVER () AS r FROM {name} AS t WHERE {self._owned(name, template)}"
            self.conn.exec_driver_sql(f"CREATE TEMPORARY TABLE {status}_{name} AS {owned}")

    def copy(self, status: str, first: int, last: int) -> None:
        """Copy the process for each number in the range whose processes have the status."""
        places = ", ".join(str(at) for at, kind in enumerate(KINDS) if kind == status)
        for name in TABLES:
            table = metadata.tables[name]
            changed = {
                column.name: self._value(column) for column in table.c if not (name == "events" and column.name in NEW)
            }
            columns = ", ".join(f'"{each}"' for each in changed)
            self.conn.exec_driver_sql(
                f"INSERT INTO {name} ({columns}) SELECT {', '.join(changed.values())} "
                f"FROM {self._numbers(first, last)}, {status}_{name} AS t "
                f"WHERE (n.i & {len(KINDS) - 1}) IN ({places})"
            )

    def copy_seals(self) -> None:
        """Store the seals of the copied entries; their digests do not fit."""
        columns = [column.name for column in audit_seals.c]
        values = ["(SELECT max(seq) FROM audit_seals) + 1 + n.i" if name == "seq" else f"t.{name}" for name in columns]
        numbers = self._numbers(0, (self.count - 1) // SEALED + 1)
        self.conn.exec_driver_sql(
            f"INSERT INTO audit_seals ({', '.join(columns)}) SELECT {', '.join(values)} "
            f"FROM {numbers}, (SELECT * FROM audit_seals ORDER BY seq LIMIT 1) AS t"
        )

    def store_subscriptions(self) -> None:
        """Store a product for each sort of links, with a subscription for every sixteenth process."""
        kinds = enumerate(("Frequent", "Old", "Rare"), 1)
        self.conn.execute(
            insert(products),
            [
                {"id": UUID(int=number), "product_type": "p", "tag": "P", "status": "active"}
                | {"name": name, "description": name}
                for number, name in kinds
            ],
        )
        now = datetime.now(UTC)
        facts = {"customer_id": "uva", "description": "", "status": "active", "insync": True, "model": {}, "version": 1}
        rows = (
            {"id": UUID(int=product * SHIFT + number), "product_id": UUID(int=product)}
            | {"created_at": now, "updated_at": now}
            | facts
            for product, size in ((1, self.count), (2, self.old), (3, RARE))
            for number in range(size // len(KINDS) + 1)
        )
        while batch := list(islice(rows, BATCH)):
            self.conn.execute(insert(product_subscriptions), batch)

    def link(self, first: int, last: int) -> None:
        """Let every second process work on a subscription, and the old and the rare ones on those of their product."""
        conditions = {1: "(n.i & 1) = 0", 2: f"n.i < {self.old}", 3: f"n.i < {RARE}"}
        for product, condition in conditions.items():
            number = f"{product * SHIFT} + n.i / {len(KINDS)}"
            id = f"printf('%032x', {number})" if self.is_sqlite else f"lpad(to_hex({number}), 32, '0')::uuid"
            self.conn.exec_driver_sql(
                f"INSERT INTO process_subscriptions (process_id, subscription_id, target) "
                f"SELECT {self._id('processes')}, {id}, 'MODIFY' FROM {self._numbers(first, last)} WHERE {condition}"
            )

    def _numbers(self, first: int, last: int) -> str:
        if not self.is_sqlite:
            return f"generate_series({first}::bigint, {last - 1}) AS n (i)"
        return (
            f"(WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last - 1}) "
            "SELECT i FROM n) AS n"
        )

    def _owned(self, name: str, template: str) -> str:
        """The condition of the rows of the process."""
        id = f"'{UUID(template).hex}'"
        if name == "processes":
            return f"t.id = {id}"
        if name == "audit":
            return f"t.chain = {id}"
        for column, table in (("callback_id", "callbacks"), ("input_request_id", "input_requests")):
            if name in ("callback_keys", "callback_attempts", "decisions") and column in metadata.tables[name].c:
                return f"t.{column} IN (SELECT id FROM {table} WHERE process_id = {id})"
        return f"t.process_id = {id}"

    def _id(self, table: str, row: str = "1") -> str:
        """The id of the copy's row in the table, a UUID of version 7."""
        kind = f"{TABLES.index(table) * 256} + {row}"
        ms = f"{self.start * 1000} + n.i * {APART * 1000}"
        if self.is_sqlite:
            return f"printf('%012x7%03x8%03x%012x', {ms}, n.i & 4095, {kind}, n.i)"
        return (
            f"(lpad(to_hex({ms}), 12, '0') || '7' || lpad(to_hex(n.i & 4095), 3, '0') || '8' "
            f"|| lpad(to_hex({kind}), 3, '0') || lpad(to_hex(n.i), 12, '0'))::uuid"
        )

    def _time(self, column: str) -> str:
        later = 0 if column == "started_at" else APART
        seconds = f"{self.start + later} + n.i * {APART}"
        if not self.is_sqlite:
            return f"to_timestamp({seconds})"
        return f"strftime('%Y-%m-%d %H:%M:%S', {seconds}, 'unixepoch') || '.000000'"

    def _value(self, column: Column[Any]) -> str:
        """The SQL of the value of the column in a copy; ``t`` is the row that is copied."""
        name, table = column.name, column.table.name
        own = f't."{name}"'
        if name in OWNERS:
            return f"CASE WHEN {own} IS NULL THEN NULL ELSE {self._id(OWNERS[name])} END"
        if name == "id":
            return self._id(table, "t.r")
        if isinstance(column.type, UtcDateTime) and name not in FUTURE:
            return f"CASE WHEN {own} IS NULL THEN NULL ELSE {self._time(name)} END"
        if table == "callback_keys":
            return "randomblob(32)" if self.is_sqlite else f"sha256(({self._id(table)})::text::bytea)"
        if (table, name) == ("audit", "seal"):
            return f"(SELECT max(seq) FROM audit_seals) + 1 + n.i / {SEALED}"
        if (table, name) == ("callbacks", "receipt"):
            id = self._id(table)
            return f"CASE WHEN {own} IS NULL THEN NULL ELSE {id if self.is_sqlite else f'({id})::text'} END"
        return {
            "workflow_name": f"CASE WHEN n.i < {self.old} THEN 'retired' ELSE {own} END",
            "created_by": f"CASE WHEN n.i < {RARE} THEN 'rare' WHEN n.i < {self.old} THEN 'old' ELSE {own} END",
            "subject": f"'Router ' || n.i || CASE WHEN n.i < {RARE} THEN ' unicorn' ELSE '' END "
            f"|| CASE WHEN n.i < {self.old} THEN ' legacy' ELSE ' modern' END",
            "note": f"CASE WHEN n.i < {self.old} THEN 'see ticket 77' ELSE {own} END",
            "assignee": f"CASE WHEN {own} IS NULL THEN NULL WHEN n.i < {RARE * len(KINDS)} THEN 'OLD' ELSE {own} END",
        }.get(name if table in ("processes", "input_requests") else "", self._target(own, column))

    def _target(self, own: str, column: Column[Any]) -> str:
        if (column.table.name, column.name) != ("processes", "target"):
            return own
        return f"CASE WHEN n.i < {self.old} THEN 'RECONCILE' ELSE {own} END"


@asynccontextmanager
async def served(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server for the database."""
    app = create_app(read_settings(database_url=url), [deploy])
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=600) as client,
    ):
        with silent("orchestrator_gql"):  # some processes fail on purpose
            yield client


@contextmanager
def silent(name: str) -> Iterator[None]:
    """Let the logger write nothing until the context ends."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


async def templates_of(url: str, *statuses: str) -> dict[str, str]:
    """Run a process to each of the statuses, in a new database; their ids by their status."""
    database = connect(url)
    await database.open()
    await migrate(database)
    await database.close()
    found: dict[str, str] = {}
    async with served(url) as client:
        for status in statuses:
            started = await graphql(client, START, {"broken": status == "FAILED"})
            id = found[status] = started["startWorkflow"]["process"]["id"]
            if status in ("FAILED", "ABORTED"):
                if status == "ABORTED":
                    await _until(client, id, "AWAITING_CALLBACK")
                    await graphql(client, ABORT, {"id": id})
                await _until(client, id, status)
                continue
            await _until(client, id, "AWAITING_CALLBACK")
            if status == "AWAITING_CALLBACK":
                continue
            (await client.post(_routes[id], json={"return_code": 0, "output": ["ok"] * 5})).raise_for_status()
            process = await _until(client, id, "SUSPENDED")
            if status == "COMPLETED":
                await graphql(client, SUBMIT, {"id": process["openInputRequest"]["id"]})
                await _until(client, id, status)
    return found


async def _until(client: httpx.AsyncClient, id: str, status: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            process: dict[str, Any] = (await graphql(client, STATUS, {"id": id}))["process"]
            if process["status"] == status:
                return process
            await asyncio.sleep(0.02)
