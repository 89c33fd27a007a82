"""Nodes in the third version of their product and ports in the second, with the migrations of their older documents.

The file is also given to the command, as the module of a release: `FILE`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, select, update

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, documents_of, migration, register_product
from orchestrator_gql.domain.values import indexed
from orchestrator_gql.storage import product_subscription_uses as uses
from orchestrator_gql.storage import product_subscription_values as values
from orchestrator_gql.storage.product_subscription_saves import store
from orchestrator_gql.storage.tables import product_subscription_versions, product_subscriptions
from orchestrator_gql.types import State, SubscriptionLifecycle
from orchestrator_gql.workflows.utils import modify_workflow, validate_workflow

FILE = str(Path(__file__))
ACTIVE = SubscriptionLifecycle.ACTIVE
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class NodeBlock(ProductBlockModel, product_block_name="Aged node"):
    node_name: str
    speed_mbit: int = Field(ge=1_000)


class Node(SubscriptionModel, is_base=True):
    node: NodeBlock


class PortBlock(ProductBlockModel, product_block_name="Aged port"):
    port_name: str
    label: str
    node: NodeBlock


class Port(SubscriptionModel, is_base=True):
    port: PortBlock


NODE = register_product(name="Aged node", model=Node, version=3)
PORT = register_product(name="Aged port", model=Port, version=2)


@migration("Aged node", from_version=1)
def rename_the_name(document: dict[str, Any]) -> dict[str, Any]:
    document["node"]["node_name"] = document["node"].pop("hostname")
    return document


@migration("Aged node", from_version=2)
def speed_in_mbit(document: dict[str, Any]) -> dict[str, Any]:
    document["node"]["speed_mbit"] = document["node"].pop("speed_gbit") * 1_000
    return document


@migration("Aged port", from_version=1)
def add_a_label(document: dict[str, Any]) -> dict[str, Any]:
    port = document["port"]
    return {**document, "port": {**port, "label": port["port_name"].upper()}}


@step("Speed up")
def speed_up(subscription: Node) -> State:
    subscription.node.speed_mbit += 1_000
    return {"subscription": subscription}


@step("Look")
def look(subscription: Node | Port) -> State:
    return {"subscription": subscription, "seen": subscription.model_dump(mode="json")}


@modify_workflow("Speed a node up", products=[NODE.name])
def speed_node_up() -> StepList:
    return begin >> speed_up


@validate_workflow("Look at a node or a port", products=[NODE.name, PORT.name])
def look_at_it() -> StepList:
    return begin >> look


def node(name: str, gbit: int = 10, id: UUID | None = None) -> Node:
    """A node as the deployed classes make it."""
    block = NodeBlock.new(node_name=name, speed_mbit=gbit * 1_000)
    given = {} if id is None else {"subscription_id": id}
    return Node.from_product_id(NODE.product_id, "uva", ACTIVE, node=block, **given)


def port(name: str, on: Node) -> Port:
    """A port on the node."""
    block = PortBlock.new(port_name=name, label=name.upper(), node=on.node)
    return Port.from_product_id(PORT.product_id, "uva", ACTIVE, port=block)


def older(document: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The document of a node or a port as the classes of that version wrote it."""
    facts = {key: value for key, value in document["product"].items() if key != "version"}
    old = {**document, "product": facts | ({"version": version} if version > 1 else {})}
    if "port" in document and version < 2:
        old["port"] = {key: value for key, value in document["port"].items() if key != "label"}
    if "node" in document and version < 3:
        block = dict(document["node"])
        block["speed_gbit"] = block.pop("speed_mbit") // 1_000
        if version < 2:
            block["hostname"] = block.pop("node_name")
        old["node"] = block
    return old


def write(conn: Connection, model: SubscriptionModel, version: int) -> UUID:
    """Store the subscription as the classes of that version did; its id."""
    [document] = documents_of([model])
    id = model.subscription_id
    store(conn, document, None, {}, process_id=None, now=NOW)
    uses.change(conn, id, frozenset(), document.uses)
    rewrite(conn, id, older(dict(document.data), version))
    return id


def rewrite(conn: Connection, id: UUID, document: Mapping[str, Any]) -> None:
    """Store another document in the place of the only version, with its values in the index."""
    query = select(product_subscriptions.c.model).where(product_subscriptions.c.id == id)
    values.change(conn, id, indexed(conn.execute(query).scalar_one()), indexed(document))
    conn.execute(update(product_subscriptions).where(product_subscriptions.c.id == id).values(model=document))
    versions = product_subscription_versions
    conn.execute(update(versions).where(versions.c.subscription_id == id).values(model=document))
