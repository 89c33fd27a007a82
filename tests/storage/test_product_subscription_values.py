"""The index of values: it follows each save, and finds a value wherever it stands, on both databases."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, select
from support.engine import Engine
from support.network import (
    Circuit,
    Node,
    create_circuit,
    create_monitor,
    create_node,
    create_port,
    document_of,
    made,
    modifies,
    run,
)

from orchestrator_gql import step
from orchestrator_gql.domain.values import BlockPlace, BlockValue, Indexed, ValueFilter, ValuePlace, indexed, text_of
from orchestrator_gql.storage import product_subscription_values as subscription_values
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.tables import product_subscription_blocks, product_subscription_values
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.types import Json, State

pytestmark = pytest.mark.one_dispatcher

BLOCK_ID = "subscription_instance_id"
OWNER = "owner_subscription_id"


@step("Rename it, with a spare or without")
def change_node(subscription: Node, name: str, has_spare: bool) -> State:
    node = subscription.node
    node.node_name = name
    node.spare = type(node).new(node_name=f"spare of {name}") if has_spare else None
    return {"subscription": subscription}


@step("Remove the ports")
def remove_ports(subscription: Circuit) -> State:
    subscription.circuit.ports = []
    return {"subscription": subscription}


CHANGE_NODE, REMOVE_PORTS = modifies(Node, change_node), modifies(Circuit, remove_ports)
WORKFLOWS = (create_node, create_port, create_circuit, create_monitor, CHANGE_NODE, REMOVE_PORTS)


def at(path: str, *wanted: Json) -> ValueFilter:
    """The filter for a path whose names before the last are fields of blocks."""
    *hops, last = path.split(".")
    return ValueFilter(((ValuePlace(tuple(hops), last), tuple(map(text_of, wanted))),))


async def found(engine: Engine, *filters: ValueFilter) -> set[str]:
    """The ids of the subscriptions that all filters find."""

    def read(conn: Connection) -> Iterable[UUID]:
        conditions = []
        for filter in filters:
            few, column = subscription_values.few_ids(conn, filter), subscriptions.c.id
            conditions.append(subscription_values.has(column, filter) if few is None else among(conn, column, few))
        return conn.execute(select(subscriptions.c.id).where(*conditions)).scalars().all()

    return set(map(str, await engine.read(read)))


async def stored_index(engine: Engine, id: str) -> Indexed:
    """The rows of the index for the subscription."""

    def read(conn: Connection) -> Indexed:
        rows: dict[Any, frozenset[Any]] = {}
        for table, kind in (
            (product_subscription_values, BlockValue),
            (product_subscription_blocks, BlockPlace),
        ):
            query = select(table).where(table.c.subscription_id == UUID(id))
            names = [column.name for column in table.c if column.name != "subscription_id"]
            rows[table] = frozenset(
                kind(**{name: row[name] for name in names}) for row in conn.execute(query).mappings()
            )
        return Indexed(rows[product_subscription_values], rows[product_subscription_blocks])

    found: Indexed = await engine.read(read)
    return found


@pytest.fixture(params=["few", "many"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value is looked up first, or for each subscription: the result is the same."""
    if request.param == "many":
        monkeypatch.setattr(subscription_values, "FEW", 0)


@pytest.mark.usefixtures("way")
async def test_a_value_is_found_wherever_it_stands(offer: Offer) -> None:
    engine = await offer(*WORKFLOWS)
    ams, utr = await made(engine, create_node), await made(engine, create_node, name="utr-1")
    port, other = [await made(engine, create_port, node=node, name=name) for node, name in ((ams, "a"), (utr, "u"))]
    circuit = await made(engine, create_circuit, ports=[port, other], vlan=200)
    lone = await made(engine, create_circuit, ports=[other], vlan=300)
    monitor = await made(engine, create_monitor, watched=[circuit, utr])
    node_block = (await document_of(engine, ams))["node"][BLOCK_ID]

    assert await found(engine, at("node.node_name", "ams-1")) == {ams}
    assert await found(engine, at("node.node_name", "ams-1", "utr-1")) == {ams, utr}
    assert await found(engine, at("node.spare", None)) == {ams, utr}
    assert await found(engine, at("port.node.node_name", "ams-1")) == {port}
    assert await found(engine, at("circuit.ports.port_name", "u")) == {circuit, lone}
    assert await found(engine, at("circuit.ports.node.node_name", "ams-1")) == {circuit}
    assert await found(engine, at("circuit.vlan", 300), at("circuit.ports.node.node_name", "utr-1")) == {lone}
    assert await found(engine, at("monitor.watched.ports.node.node_name", "ams-1")) == {monitor}
    assert await found(engine, at(f"port.node.{BLOCK_ID}", node_block)) == {port}
    assert await found(engine, at(f"node.{BLOCK_ID}", node_block)) == {ams}
    assert await found(engine, at(f"port.node.{OWNER}", utr)) == {other}
    assert await found(engine, at(f"circuit.ports.node.{OWNER}", ams)) == {circuit}
    assert await found(engine, at("circuit.vlan", "300")) == set()
    assert await found(engine, at("node.node_name", None)) == set()


@pytest.mark.usefixtures("way")
async def test_several_places_of_one_filter_count_as_one(offer: Offer) -> None:
    engine = await offer(*WORKFLOWS)
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    either = ValueFilter(tuple((ValuePlace(hops, "node_name"), ('"ams-1"',)) for hops in (("node",), ("port", "node"))))

    assert await found(engine, either) == {node, port}


async def test_the_index_is_of_the_stored_document_after_each_save(offer: Offer) -> None:
    engine = await offer(*WORKFLOWS)
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    circuit = await made(engine, create_circuit, ports=[port])
    before = await document_of(engine, node)
    for name, has_spare in (("utr-1", True), ("utr-2", True), ("utr-2", False)):
        await run(engine, CHANGE_NODE, subscription_id=node, name=name, has_spare=has_spare)
        assert await stored_index(engine, node) == indexed(await document_of(engine, node))
        assert await found(engine, at("port.node.node_name", name)) == {port}
        assert await found(engine, at("node.spare.node_name", f"spare of {name}")) == ({node} if has_spare else set())
    await run(engine, REMOVE_PORTS, subscription_id=circuit)

    assert indexed(before) != await stored_index(engine, node)
    assert await stored_index(engine, circuit) == indexed(await document_of(engine, circuit))
    assert await found(engine, at("circuit.ports.port_name", "ams-1")) == set()
