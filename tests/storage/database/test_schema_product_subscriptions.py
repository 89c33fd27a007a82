"""Product subscriptions of the previous release: locks leave the models, and copies of blocks become references."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Table, insert, inspect, select
from support.database import PostgresServer, sqlite_url
from support.engine import Engine, engine_of
from support.network import (
    Circuit,
    Node,
    Port,
    begun,
    create_circuit,
    create_node,
    create_port,
    document_of,
    lock_of,
    made,
    model_of,
    modifies,
    rested,
    run,
    terminates,
    validates,
)
from support.old_schemas import empty_database, store_under
from support.operator import ADA, confirm, open_request

from orchestrator_gql import inputstep, step
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.domain.values import indexed
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.tables import (
    metadata,
    product_subscription_uses,
    product_subscription_versions,
    product_subscription_words,
)
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.json import decode, encode
from orchestrator_gql.utils.tokens import new_id

BATCH = 500
"""The subscriptions that the migration reads at once."""

RELEASE = "0008"
"""The newest migration of the previous release."""

INDEX = ("product_subscription_values", "product_subscription_blocks")

NEW = (
    *("product_subscription_locks", "product_subscription_uses", "product_subscription_words", *INDEX),
    *("engine_state", "events", "workers"),
)
"""Tables that the previous release did not have, or that the test leaves empty."""


@step("Rename it")
def rename(subscription: Node, name: str = "utr-1") -> State:
    subscription.node.node_name = name
    return {"subscription": subscription}


@inputstep("Confirm")
def ask() -> FormGenerator:
    yield FormPage
    return {}


@step("Look")
def look(subscription: Circuit) -> State:
    return {"seen": [port.node.node_name for port in subscription.circuit.ports]}


@step("Add a port")
def add_port(subscription: Circuit, port: Port) -> State:
    subscription.circuit.ports = [*subscription.circuit.ports, port.port]
    return {"subscription": subscription}


EXTEND = modifies(Circuit, add_port)
CHANGE = modifies(Node, rename, ask)
CHECK = validates(Circuit, look)
WORKFLOWS = (
    create_node, create_port, create_circuit, CHANGE, EXTEND, CHECK, terminates(Node, allow_in_use=True),
)  # fmt: skip


async def written(engine: Engine) -> dict[str, str]:
    """The ids of the subscriptions and processes of a site in the middle of its work."""
    ids = {"node": await made(engine, create_node)}
    ids["port"] = await made(engine, create_port, node=ids["node"])
    ids["circuit"] = await made(engine, create_circuit, ports=[ids["port"]])
    for name in ("held", "left"):
        ids[name] = await made(engine, create_node)
        process_id = await begun(engine, CHANGE, subscription_id=ids[name])
        await open_request(engine, process_id)
        ids[f"{name}_by"] = str(process_id)
    await abort_process(engine.runtime, ADA, process_id=UUID(ids["left_by"]))
    engine.turn(1)  # the port is younger than the circuit that will use it
    ids["younger"] = await made(engine, create_port, node=await made(engine, create_node))
    engine.turn(1)
    await run(engine, EXTEND, subscription_id=ids["circuit"], port=ids["younger"])
    ids["ended"] = await made(engine, create_node)
    ids["orphan"] = await made(engine, create_port, node=ids["ended"])
    await run(engine, WORKFLOWS[-1], subscription_id=ids["ended"])
    return ids


async def rows_of_release_before(engine: Engine) -> dict[Table, list[dict[str, Any]]]:
    """All rows, as the previous release would have stored them."""
    old = [table for table in metadata.sorted_tables if table.name not in NEW]

    def read(conn: Connection) -> dict[Table, list[dict[str, Any]]]:
        found = {table: [dict(row) for row in conn.execute(select(table)).mappings()] for table in old}
        for table, rows in found.items():
            if table.name == "product_subscriptions":
                for row in rows:
                    row["model"] = _copied(product_subscriptions.models(conn, [row["id"]])[row["id"]])
            if table is product_subscription_versions:
                for row in rows:
                    row["model"] = _copied({**row["model"], "insync": False})
                    row["changes"] = {**row["changes"], "insync": {"from": True, "to": False}}
        return found

    return await engine.read(read)


def _copied(value: Any) -> Any:
    """The value without owners: the previous release stored no owner, and a copy of each block."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items() if key != "owner_subscription_id"}
    return [_copied(item) for item in value] if isinstance(value, list) else value


async def store(url: str, rows: dict[Table, list[dict[str, Any]]], release: str = RELEASE) -> None:
    """Store the rows with the schema of a previous release, then migrate the database."""
    await store_under(release, url, lambda conn: _insert(conn, rows))


def _insert(conn: Connection, rows: dict[Table, list[dict[str, Any]]]) -> None:
    for table, table_rows in rows.items():
        if not inspect(conn).has_table(table.name):  # a later migration makes it, and the test leaves it empty
            continue
        columns = {column["name"] for column in inspect(conn).get_columns(table.name)}
        conn.execute(table.delete())
        for row in table_rows:
            conn.execute(insert(table), {name: value for name, value in row.items() if name in columns})


async def index_of(engine: Engine) -> dict[str, list[Any]]:
    """All rows of the index of values."""

    def read(conn: Connection) -> dict[str, list[Any]]:
        return {name: sorted(conn.execute(select(metadata.tables[name])).all()) for name in INDEX}

    return await engine.read(read)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_subscriptions_of_the_previous_release_go_on(kind: str, tmp_path: Path, postgres: PostgresServer) -> None:
    source = tmp_path / "source"
    source.mkdir()
    async with engine_of(sqlite_url(source), *WORKFLOWS) as engine:
        ids = await written(engine)
        names = ("node", "port", "circuit", "younger", "held", "left", "ended")
        documents = {name: await document_of(engine, ids[name]) for name in names}
        uses = await engine.read(lambda conn: sorted(conn.execute(select(product_subscription_uses)).all()))
        words = await engine.read(lambda conn: sorted(conn.execute(select(product_subscription_words)).all()))
        rows = await rows_of_release_before(engine)

    stored = {str(row["id"]): row["model"] for row in rows[metadata.tables["product_subscriptions"]]}
    stored[ids["port"]]["port"]["node"]["node_name"] = "a stale copy"
    with empty_database(kind, tmp_path, postgres) as url:
        await store(url, rows)
        async with engine_of(url, *WORKFLOWS) as engine:
            migrated = {name: await document_of(engine, ids[name]) for name in names}
            found = await engine.read(lambda conn: sorted(conn.execute(select(product_subscription_uses)).all()))
            searched = await engine.read(lambda conn: sorted(conn.execute(select(product_subscription_words)).all()))
            held, left = await lock_of(engine, ids["held"]), await lock_of(engine, ids["left"])
            free = [await lock_of(engine, ids[name]) for name in ("node", "port", "circuit", "ended", "orphan")]
            history = await engine.read(lambda conn: conn.execute(select(product_subscription_versions)).all())
            orphan = await document_of(engine, ids["orphan"])
            index = await index_of(engine)

            await confirm(engine, UUID(ids["held_by"]))
            await engine.reaches(UUID(ids["held_by"]), ProcessStatus.COMPLETED)
            freed = await lock_of(engine, ids["held"])
            renaming = await begun(engine, CHANGE, subscription_id=ids["node"])
            await rested(engine, renaming)
            seen = (await run(engine, CHECK, subscription_id=ids["circuit"])).state["seen"]
            model = await model_of(engine, ids["orphan"])

    assert migrated == documents
    assert {row.subscription_id for row in index[INDEX[0]]} == {UUID(id) for id in stored}
    assert found == [row for row in uses if str(row.subscription_id) != ids["orphan"]]
    assert searched == words != []
    assert held is not None
    assert (str(held.locked_by), held.out_of_sync_by) == (ids["held_by"], None)
    assert left is not None
    assert (left.locked_by, str(left.out_of_sync_by)) == (None, ids["left_by"])
    assert left.out_of_sync_reason == "It was out of sync when this server was upgraded."
    assert free == [None] * 5
    assert freed is None
    assert history
    assert all("insync" not in row.model and "insync" not in row.changes for row in history)
    assert seen == ["utr-1", "ams-1"]
    # The owner had ended, so the living user keeps its copy.
    assert orphan["port"]["node"]["owner_subscription_id"] == ids["orphan"]
    assert model["port"]["node"]["node_name"] == "ams-1"


async def rows_of_0011(engine: Engine) -> dict[Table, list[dict[str, Any]]]:
    """All rows of the tables that the release of 0011 had."""
    later = (*INDEX, "product_subscription_words", "engine_state", "events", "workers")
    tables = [table for table in metadata.sorted_tables if table.name not in later]

    def read(conn: Connection) -> dict[Table, list[dict[str, Any]]]:
        return {table: [dict(row) for row in conn.execute(select(table)).mappings()] for table in tables}

    return await engine.read(read)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_the_values_of_subscriptions_of_0011_are_found(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    """The migration makes the index that the saves would have made, for odd texts and in several batches too."""
    source = tmp_path / "source"
    source.mkdir()
    async with engine_of(sqlite_url(source), create_node, create_port, create_circuit) as engine:
        node = await made(engine, create_node, name="ams-1")
        ports = [await made(engine, create_port, node=node) for _ in range(3)]
        await made(engine, create_circuit, ports=ports)
        index = await index_of(engine)
        rows = await rows_of_0011(engine)
    subscriptions = rows[metadata.tables["product_subscriptions"]]
    template = next(row for row in subscriptions if str(row["id"]) == node)
    for number in range(BATCH):
        copy_id = new_id()
        model = decode(encode(template["model"]).replace(node, str(copy_id)))
        model["node"] |= {
            "node_name": "\x00 \ud800 é" + "x" * number,
            "odd": {"key \x00 \ud800": [number, True, 1.5, None]},
        }
        subscriptions.append({**template, "id": copy_id, "model": model})
        index[INDEX[0]] += [(copy_id, each.block_id, each.path, each.value) for each in indexed(model).values]
        index[INDEX[1]] += [
            (copy_id, each.parent_id, each.field, each.owner_id, each.block_id) for each in indexed(model).places
        ]

    with empty_database(kind, tmp_path, postgres) as url:
        await store(url, rows, "0011")
        async with engine_of(url) as engine:
            migrated = await index_of(engine)

    assert migrated == {name: sorted(found) for name, found in index.items()}
    assert all(index.values())
