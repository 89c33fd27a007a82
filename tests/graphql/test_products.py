"""Product subscriptions over GraphQL: why one is out of sync, who uses it, and what may start on it."""

from pathlib import Path
from typing import Any

from support.database import sqlite_url
from support.network import (
    Node,
    Port,
    begun,
    create_circuit,
    create_monitor,
    create_node,
    create_port,
    made,
    modifies,
    rested,
    terminates,
    validates,
)
from support.web import Site, site_of

from orchestrator_gql import inputstep, step
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.forms import FormPage
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import FormGenerator

SUBSCRIPTION = """query ($id: ID!) { productSubscription(id: $id) { inSync version model
  lockedBy { id } outOfSyncBy { id } outOfSyncReason inUseBy { id } dependsOn { id }
  startableWorkflows { name } workflowStarts { workflow { name } blockedReason } } }"""
START_FORM = """query ($name: String!, $pages: [JSON!]!) { startForm(workflowName: $name, pages: $pages) { __typename
  ... on ConflictError { code message currentVersion conflictingProcess { id } } } }"""
START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { process { id } }
  ... on ConflictError { code message currentVersion conflictingProcess { id } } ... on UserError { message } } }"""
STARTABLE = "{ workflows { nodes { name isStartable blockedReason } } }"
SET = """mutation ($input: SetInSyncInput!) { setInSync(input: $input) { __typename
  ... on SetInSyncSuccess { productSubscription { inSync outOfSyncReason } }
  ... on ConflictError { code message conflictingProcess { id } }
  ... on PayloadInvalidError { errors { pointer } } ... on UserError { code message } } }"""


@step("Touch the network")
def touch() -> None:
    return None


@inputstep("Confirm")
def ask() -> FormGenerator:
    yield FormPage
    return {}


CHANGE, CHECK, END, END_PORT = modifies(Node, touch, ask), validates(Node), terminates(Node), terminates(Port)


async def shown(site: Site, id: str) -> dict[str, Any]:
    """The product subscription as a client sees it."""
    result: dict[str, Any] = (await site.ask(SUBSCRIPTION, id=id))["productSubscription"]
    return result


async def test_a_client_sees_who_holds_a_subscription_and_why_it_is_out_of_sync(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), create_node, CHANGE, CHECK, END) as site:
        node = await made(site.engine, create_node)
        free = await shown(site, node)
        process_id = await begun(site.engine, CHANGE, subscription_id=node)
        await rested(site.engine, process_id)
        held = await shown(site, node)
        refused = (await site.ask(SET, input={"productSubscriptionId": node, "reason": "x"}))["setInSync"]
        await abort_process(site.engine.runtime, LOCAL_OPERATOR, process_id=process_id)
        left = await shown(site, node)
        empty = (await site.ask(SET, input={"productSubscriptionId": node, "reason": " "}))["setInSync"]
        mended = (await site.ask(SET, input={"productSubscriptionId": node, "reason": "I looked."}))["setInSync"]

    names = [start["workflow"]["name"] for start in free["workflowStarts"]]
    assert names == ["modify_node", "terminate_node", "validate_node"]
    assert (free["inSync"], free["lockedBy"], free["outOfSyncReason"]) == (True, None, None)
    assert [each["name"] for each in free["startableWorkflows"]] == names
    assert (held["inSync"], held["lockedBy"], held["outOfSyncBy"]) == (False, {"id": str(process_id)}, None)
    assert [each["name"] for each in held["startableWorkflows"]] == ["validate_node"]
    holds = "Node of a network subscription 'Node of a network' is held by process 'Node of a network'"
    assert holds in held["workflowStarts"][0]["blockedReason"]
    assert refused["message"].startswith(holds)
    for text in (held["workflowStarts"][0]["blockedReason"], refused["message"]):
        assert str(process_id) not in text and node not in text
    assert (refused["code"], refused["conflictingProcess"]) == ("SUBSCRIPTION_LOCKED", {"id": str(process_id)})
    assert (left["inSync"], left["lockedBy"], left["outOfSyncBy"]) == (False, None, {"id": str(process_id)})
    assert "modify_node was aborted by Local operator" in left["outOfSyncReason"]
    assert empty["errors"] == [{"pointer": "/reason"}]
    assert mended["productSubscription"] == {"inSync": True, "outOfSyncReason": None}


async def test_a_paused_engine_is_the_reason_why_no_workflow_can_start(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), create_node, CHANGE, CHECK, END) as site:
        node = await made(site.engine, create_node)
        before = await shown(site, node)
        await set_engine_state(site.engine.runtime, LOCAL_OPERATOR, paused=True, reason="router upgrade")
        paused, listed = await shown(site, node), (await site.ask(STARTABLE))["workflows"]["nodes"]
        order = {"workflowName": CHECK.name, "pages": [{"subscription_id": node}]}
        refused = (await site.ask(START, input=order))["startWorkflow"]
        await set_engine_state(site.engine.runtime, LOCAL_OPERATOR, paused=False)
        after = await shown(site, node)

    assert refused["__typename"] == "EnginePausedError"
    assert "(router upgrade)" in refused["message"]
    assert {start["blockedReason"] for start in paused["workflowStarts"]} == {refused["message"]}
    assert paused["startableWorkflows"] == []
    assert {workflow["name"]: (workflow["isStartable"], workflow["blockedReason"]) for workflow in listed} == (
        dict.fromkeys(("create_node", "modify_node", "terminate_node", "validate_node"), (False, refused["message"]))
    )
    assert before["startableWorkflows"] == after["startableWorkflows"] != []


async def test_a_client_sees_users_and_owners_and_the_blocks_as_they_are_now(tmp_path: Path) -> None:
    workflows = (create_node, create_port, create_circuit, create_monitor, END)
    async with site_of(sqlite_url(tmp_path), *workflows) as site:
        node = await made(site.engine, create_node)
        port = await made(site.engine, create_port, node=node)
        circuit = await made(site.engine, create_circuit, ports=[port])
        seen = {id: await shown(site, id) for id in (node, port, circuit)}

    assert [each["id"] for each in seen[node]["inUseBy"]] == [port]
    assert [each["id"] for each in seen[port]["inUseBy"]] == [circuit]
    assert [each["id"] for each in seen[port]["dependsOn"]] == [node]
    assert seen[node]["startableWorkflows"] == []
    blocked = seen[node]["workflowStarts"][0]["blockedReason"]
    assert "is in use by 'Port of a network' (active): " in blocked
    assert not {id for id in seen if id in blocked}
    assert seen[circuit]["model"]["circuit"]["ports"][0]["node"]["node_name"] == "ams-1"


async def test_a_start_that_is_refused_has_the_same_typed_error_in_form_and_mutation(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), create_node, create_port, CHANGE, END, END_PORT) as site:
        node = await made(site.engine, create_node)
        await made(site.engine, create_port, node=node)
        page = [{"subscription_id": node}]
        codes = {}
        for workflow in (END, END_PORT):
            form = (await site.ask(START_FORM, name=workflow.name, pages=page))["startForm"]
            start = (await site.ask(START, input={"workflowName": workflow.name, "pages": page}))["startWorkflow"]
            assert form == start
            codes[workflow.name] = start["code"]
        old = {"workflowName": CHANGE.name, "pages": [*page, {}], "productSubscriptionVersion": 1}
        stale = (await site.ask(START, input=old))["startWorkflow"]
        right = (await site.ask(START, input=old | {"productSubscriptionVersion": 2}))["startWorkflow"]

    assert codes == {"terminate_node": "SUBSCRIPTION_IN_USE", "terminate_port": "PRODUCT_MISMATCH"}
    assert (stale["code"], stale["currentVersion"]) == ("STALE_VERSION", 2)
    assert right["__typename"] == "StartWorkflowSuccess"
