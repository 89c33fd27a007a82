"""The list, the history and the relations of product subscriptions over GraphQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, SecretStr
from sqlalchemy import Connection, insert, select
from support.database import sqlite_url
from support.network import (
    NODE,
    PORT,
    Node,
    create_circuit,
    create_node,
    create_port,
    made,
    model_of,
    modifies,
    order_form,
    run,
    terminates,
    validates,
)
from support.web import Site, site_of

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.storage.tables import product_subscription_values
from orchestrator_gql.types import State, SubscriptionLifecycle
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.workflow import Workflow
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow

LIST = """query ($filter: ProductSubscriptionFilter, $order: ProductSubscriptionOrder, $first: Int, $after: String,
  $last: Int, $before: String) { productSubscriptions(filter: $filter, orderBy: $order, first: $first, after: $after,
  last: $last, before: $before) { totalCount nodes { id description } edges { cursor }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
DETAIL = """query ($id: ID!) { productSubscription(id: $id) { note customerDescription version
  product { name workflows { name } } processes(first: 2) { totalCount nodes { workflowName } }
  history(first: 50) { totalCount nodes { version status model changes process { workflowName } } }
  inUseBy { id } dependsOn { id }
  inUseByConnection(first: 1) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
  dependsOnConnection { totalCount nodes { id } } } }"""
CHANGES = """query ($id: ID!, $from: Int!, $to: Int!) { productSubscription(id: $id) {
  changes(fromVersion: $from, toVersion: $to) } }"""
NOTE = """mutation ($input: UpdateProductSubscriptionNoteInput!) { updateProductSubscriptionNote(input: $input) {
  __typename ... on ProductSubscriptionEditSuccess { productSubscription { note version } }
  ... on ConflictError { currentVersion } ... on UserError { code }
  ... on PayloadInvalidError { errors { pointer } } } }"""
NAME = """mutation ($input: UpdateCustomerDescriptionInput!) { updateCustomerDescription(input: $input) { __typename
  ... on ProductSubscriptionEditSuccess { productSubscription { customerDescription version } } } }"""
ACTIVE = SubscriptionLifecycle.ACTIVE


@step("Rename it")
def rename(subscription: Node, name: str = "utr-1") -> State:
    subscription.node.node_name = name
    return {"subscription": subscription}


CHANGE, CHECK, END = modifies(Node, rename), validates(Node), terminates(Node)


class VaultBlockInactive(ProductBlockModel, product_block_name="Vault of secrets"):
    owner: str | None = None
    pin: SecretStr | None = None
    marked: Annotated[str | None, Field(json_schema_extra={"writeOnly": True})] = None
    keys: dict[str, SecretStr] = Field(default_factory=dict)
    login_password: str = "hunter2"


class VaultBlock(VaultBlockInactive, lifecycle=[ACTIVE]):
    owner: str


class VaultInactive(SubscriptionModel, is_base=True):
    vault: VaultBlockInactive


class Vault(VaultInactive, lifecycle=[ACTIVE]):
    vault: VaultBlock


VAULT = register_product(name="Vault of secrets", model=Vault)
SECRETS = ("first-pin", "second-pin", "marked-text", "other-text", "key-one")


@step("Construct the vault")
def construct(product: str) -> State:
    vault = VaultInactive.from_product_id(product, "uva")
    vault.vault.owner, vault.vault.pin, vault.vault.marked = "ada", SecretStr("first-pin"), "marked-text"
    return {"subscription": vault, "subscription_id": vault.subscription_id}


@step("Change the secrets")
def change_secrets(subscription: Vault) -> State:
    subscription.vault.pin, subscription.vault.marked = SecretStr("second-pin"), "other-text"
    subscription.vault.keys = {"one": SecretStr("key-one")}
    return {"subscription": subscription}


@create_workflow("Create a vault", products=[VAULT.name])
def create_vault() -> StepList:
    return begin >> construct


@modify_workflow("Change a vault", initial_input_form=order_form)
def change_vault() -> StepList:
    return begin >> change_secrets


WORKFLOWS: tuple[Workflow, ...] = (
    create_node, create_port, create_circuit, create_vault, change_vault, CHANGE, CHECK, END,
)  # fmt: skip


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(sqlite_url(tmp_path), *WORKFLOWS) as site:
        yield site


async def listed(site: Site, **variables: Any) -> dict[str, Any]:
    """The page of the list."""
    found: dict[str, Any] = (await site.ask(LIST, **variables))["productSubscriptions"]
    return found


async def ids_of(site: Site, **filter: Any) -> list[str]:
    """The ids that the filter selects."""
    return [node["id"] for node in (await listed(site, filter=filter))["nodes"]]


async def detail(site: Site, id: str) -> dict[str, Any]:
    """Everything about the subscription."""
    found: dict[str, Any] = (await site.ask(DETAIL, id=id))["productSubscription"]
    return found


async def refused(site: Site, **filter: Any) -> dict[str, Any]:
    """The error that refuses the filter."""
    (error,) = (await site.answer(LIST, filter=filter))["errors"]
    result: dict[str, Any] = error
    return result


async def test_the_list_is_paged_both_ways_and_filtered(site: Site) -> None:
    nodes = []
    for name in ("ams-1", "utr-2", "utr-3"):
        nodes.append(await made(site.engine, create_node, name=name))
        site.engine.turn(1)
    port = await made(site.engine, create_port, node=nodes[0])
    newest = [port, *reversed(nodes)]

    first = await listed(site, first=3)
    rest = await listed(site, first=3, after=first["pageInfo"]["endCursor"])
    back = await listed(site, last=2, before=rest["pageInfo"]["startCursor"])
    oldest = await listed(site, order={"field": "UPDATED_AT", "direction": "ASC"}, first=1)

    assert [node["id"] for node in (*first["nodes"], *rest["nodes"])] == newest
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (4, True, False)
    assert [node["id"] for node in back["nodes"]] == newest[1:3]
    assert oldest["nodes"][0]["id"] == nodes[0]
    assert await ids_of(site, products=[PORT.name]) == [port]
    assert await ids_of(site, statuses=["TERMINATED"]) == []
    assert await ids_of(site, customerId="uva", inSync=True, search=NODE.name, ids=[nodes[1], "nonsense"]) == [nodes[1]]
    assert await ids_of(site, search=nodes[2].upper()) == [nodes[2]]
    assert await ids_of(site, dependsOnId=nodes[0]) == [port]
    assert await ids_of(site, inUseById=port) == [nodes[0]]
    cursor = first["pageInfo"]["endCursor"]
    (wrong,) = (await site.answer(LIST, order={"field": "UPDATED_AT", "direction": "ASC"}, after=cursor))["errors"]
    assert wrong["extensions"]["code"] == "CURSOR_INVALID"


async def test_a_value_of_a_field_filters_and_what_cannot_be_is_named(site: Site) -> None:
    node, other = await made(site.engine, create_node, name="ams-1"), await made(site.engine, create_node, name="utr-2")
    port = await made(site.engine, create_port, node=node, name="ge-0")
    vault = (await run(site.engine, create_vault)).state["subscription_id"]

    def field(path: str, value: Any) -> list[dict[str, Any]]:
        return [{"path": path, "value": value}]

    assert await ids_of(site, fields=field("node.node_name", "ams-1")) == [node]
    assert sorted(await ids_of(site, fields=field("node.node_name", ["ams-1", "utr-2"]))) == sorted([node, other])
    assert await ids_of(site, fields=field("port.node.node_name", "ams-1")) == [port]
    assert await ids_of(site, fields=field("port.node.node_name", "ams-1") + field("port.port_name", "no")) == []
    assert await ids_of(site, fields=field("node.node_name", [])) == []
    assert await ids_of(site, fields=field("vault.owner", "ada")) == [vault]
    unknown = await refused(site, fields=field("node.node_nam", "x"))
    assert unknown["extensions"]["code"] == "PAYLOAD_INVALID"
    assert "'node.node_name'" in unknown["message"]
    assert len((await refused(site, fields=field("x" * 10_000, "x")))["message"]) < 1_000
    assert (await refused(site, products=[PORT.name], fields=field("node.node_name", "x")))["extensions"]["code"]
    assert "no model has the fields" in (await refused(site, products=["No"], fields=field("a", "x")))["message"]
    assert sorted(await ids_of(site, fields=field("node.spare", None))) == sorted([node, other])
    assert "`value` is missing" in (await refused(site, fields=[{"path": "node.spare"}]))["message"]
    for path in ("vault.pin", "vault.marked", "vault.keys.one", "vault.login_password"):
        assert "is a secret" in (await refused(site, fields=field(path, "first-pin")))["message"], path


async def test_a_workflow_selects_what_it_may_start_on(site: Site) -> None:
    used, free = await made(site.engine, create_node), await made(site.engine, create_node)
    await made(site.engine, create_port, node=used)

    assert sorted(await ids_of(site, startableWith=CHANGE.name)) == sorted([used, free])
    assert await ids_of(site, startableWith=END.name) == [free]
    assert await ids_of(site, startableWith=create_node.name) == []
    unknown = await refused(site, startableWith="no_such_workflow")
    assert unknown["extensions"]["code"] == "NOT_FOUND"
    assert "no_such_workflow" in unknown["message"]


async def test_the_history_shows_differences_by_path(site: Site) -> None:
    id = await made(site.engine, create_node)
    await run(site.engine, CHANGE, subscription_id=id)
    await site.ask(NOTE, input={"productSubscriptionId": id, "note": "Call me"})
    shown = await detail(site, id)
    newest, renamed, *_, first = shown["history"]["nodes"]

    async def between(old: int, new: int) -> Any:
        return (await site.ask(CHANGES, id=id, **{"from": old, "to": new}))["productSubscription"]["changes"]

    name = {"path": "node.node_name", "change": "changed", "old": "ams-1", "new": "utr-1"}
    assert newest["changes"] == [{"path": "note", "change": "added", "old": None, "new": "Call me"}]
    assert newest["process"] is None
    assert (renamed["changes"], renamed["process"]) == ([name], {"workflowName": "modify_node"})
    assert {"path": "status", "change": "added", "old": None, "new": "initial"} in first["changes"]
    assert shown["history"]["totalCount"] == newest["version"] == shown["version"]
    assert await between(renamed["version"] - 1, renamed["version"]) == [name]
    assert await between(renamed["version"], renamed["version"] - 1) == [{**name, "old": "utr-1", "new": "ams-1"}]
    assert await between(2, 2) == []
    response = await site.answer(CHANGES, id=id, **{"from": 1, "to": 99})
    assert [error["extensions"]["code"] for error in response["errors"]] == ["NOT_FOUND"]
    assert shown["processes"] == {
        "totalCount": 2,
        "nodes": [{"workflowName": "modify_node"}, {"workflowName": "create_node"}],
    }
    assert [each["name"] for each in shown["product"]["workflows"]] == [
        "create_node", "modify_node", "terminate_node", "validate_node",
    ]  # fmt: skip


async def test_no_secret_is_shown_in_a_version_or_a_difference(site: Site) -> None:
    id = (await run(site.engine, create_vault)).state["subscription_id"]
    await run(site.engine, change_vault, subscription_id=id)
    shown = await detail(site, id)
    last = shown["version"]
    changes = (await site.ask(CHANGES, id=id, **{"from": 1, "to": last}))["productSubscription"]["changes"]
    response = repr((shown, changes))

    assert [secret for secret in SECRETS if secret in response] == []
    by_path = {change["path"]: change for change in changes}
    assert by_path["vault.pin"] == {"path": "vault.pin", "change": "changed", "old": MASK, "new": MASK}
    assert by_path["vault.marked"]["old"] == by_path["vault.marked"]["new"] == MASK
    assert by_path["vault.keys.one"] == {"path": "vault.keys.one", "change": "added", "old": None, "new": MASK}


async def test_a_save_takes_the_secrets_out_of_the_index_that_a_migration_filled(site: Site) -> None:
    id = (await run(site.engine, create_vault)).state["subscription_id"]
    block_id = UUID((await model_of(site.engine, id))["vault"]["subscription_instance_id"])
    row = {"subscription_id": UUID(id), "block_id": block_id, "path": "pin", "value": '"first-pin"'}
    database = site.engine.runtime.database

    def rows(conn: Connection) -> str:
        return repr(conn.execute(select(product_subscription_values)).all())

    before = await database.read(rows)
    await database.transaction(lambda conn: conn.execute(insert(product_subscription_values), row))
    await run(site.engine, change_vault, subscription_id=id)

    assert "ada" in before
    assert [secret for secret in SECRETS if secret in before + await database.read(rows)] == []


async def test_users_are_listed_up_to_a_bound_and_paged_beyond(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await made(site.engine, create_node)
    ports = [await made(site.engine, create_port, node=node) for _ in range(3)]
    monkeypatch.setattr("orchestrator_gql.storage.product_subscription_uses.MOST", 2)
    shown = await detail(site, node)

    assert [each["id"] for each in shown["inUseBy"]] == sorted(ports)[:2]
    assert (shown["inUseByConnection"]["totalCount"], shown["inUseByConnection"]["pageInfo"]["hasNextPage"]) == (
        3,
        True,
    )
    assert (await detail(site, ports[0]))["dependsOnConnection"] == {"totalCount": 1, "nodes": [{"id": node}]}


async def test_a_person_edits_the_texts(site: Site) -> None:
    id = await made(site.engine, create_node)

    noted = await site.ask(NOTE, input={"productSubscriptionId": id, "note": "Zebra", "expectedVersion": 2})
    stale = await site.ask(NOTE, input={"productSubscriptionId": id, "note": "Horse", "expectedVersion": 2})
    unknown = await site.ask(NOTE, input={"productSubscriptionId": "nonsense", "note": "Horse"})
    long = await site.ask(NOTE, input={"productSubscriptionId": id, "note": "x" * 10_001})
    named = await site.ask(NAME, input={"productSubscriptionId": id, "customerDescription": "Core of Ada"})

    assert noted["updateProductSubscriptionNote"]["productSubscription"] == {"note": "Zebra", "version": 3}
    assert stale["updateProductSubscriptionNote"]["currentVersion"] == 3
    assert unknown["updateProductSubscriptionNote"]["code"] == "NOT_FOUND"
    assert long["updateProductSubscriptionNote"]["errors"] == [{"pointer": "/note"}]
    assert named["updateCustomerDescription"]["productSubscription"] == {
        "customerDescription": "Core of Ada",
        "version": 4,
    }
    assert await ids_of(site, search="zeb") == await ids_of(site, search="of ada") == [id]
    await site.ask(NOTE, input={"productSubscriptionId": id})
    assert await ids_of(site, search="zeb") == []
