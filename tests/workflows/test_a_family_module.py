"""A module of the family runs: its four products live their lives on a real engine, on every database."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from support import family
from support.engine import engine_of
from support.network import document_of
from support.stage import Play

from orchestrator_gql import forms
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.process import Process
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.start_errors import SubscriptionInUse
from orchestrator_gql.workflows.offers import products_of

pytestmark = pytest.mark.one_dispatcher


@pytest.fixture
async def play(storage: str) -> AsyncIterator[Play]:
    """An engine with the workflows of the family."""
    family.NETWORK.clear()
    async with engine_of(storage, *family.WORKFLOWS) as engine:
        yield Play(engine)


async def completed(play: Play, name: str, *pages: Any) -> Process:
    """The process of the workflow, after it has completed."""
    process = await play.run(name, *pages)
    assert process.status is ProcessStatus.COMPLETED, process.failure
    return process


async def made(play: Play, name: str, *pages: Any) -> str:
    """The id of the subscription that the workflow made."""
    id: str = (await completed(play, name, *pages)).state["subscription_id"]
    return id


async def network(play: Play) -> tuple[str, list[str]]:
    """A node with two ports."""
    node = await made(play, "create_node", {"customer_id": "uva", "node_name": "ams-1"})
    orders = ({"customer_id": "uva", "node_id": node, "port_name": name} for name in ("ge-1", "ge-2"))
    return node, [await made(play, "create_port", order) for order in orders]


async def l2vpn(play: Play, ports: list[str], *, is_right: bool = True, **where: Any) -> Process:
    """The process of an L2VPN between the ports, after its confirmation."""
    pages = [{"customer_id": "uva"}, {"ports": ports, **where}, {"vlan": 10}]
    process = await play.run("create_l2vpn", *pages)
    assert (process.status, process.assignee) == (ProcessStatus.SUSPENDED, "NOC"), process.failure
    return await play.submit(process, {"is_right": is_right})


async def test_a_step_takes_the_active_class_once_the_fields_are_there(play: Play) -> None:
    process = await completed(play, "create_node", {"customer_id": "uva", "node_name": "ams-1"})

    node = await play.subscription(process.state["subscription_id"])
    assert (node["status"], node["vendor"], node["node"]["ims_id"]) == ("active", "Nokia", 1)
    assert (node["description"], node["node"]["title"]) == ("node ams-1", "node ams-1")
    assert process.state["reserved_by"] == str(process.id)
    assert json.loads(process.state["config"]) == {"for": process.state["subscription_id"], "by": str(process.id)}


async def test_the_life_of_four_products_that_use_each_other(play: Play) -> None:
    node, ports = await network(play)
    link = await made(play, "create_core_link", {"customer_id": "uva", "ports": ports})
    process = await l2vpn(play, ports, via=link)
    assert process.status is ProcessStatus.COMPLETED, process.failure
    circuit: str = process.state["subscription_id"]

    await completed(play, "modify_l2vpn", {"subscription_id": circuit}, {"sap": "1", "vlan": 20})
    assert json.loads(family.NETWORK[circuit]) == {"port ge-1 on node ams-1": 10, "port ge-2 on node ams-1": 20}
    await completed(play, "validate_l2vpn", {"subscription_id": circuit})

    family.NETWORK[circuit] = '{"port ge-1 on node ams-1": 10}'
    drift = await play.run("validate_l2vpn", {"subscription_id": circuit})
    assert drift.status is ProcessStatus.FAILED
    assert drift.failure is not None and drift.failure.details["actual"] == {"port ge-1 on node ams-1": 10}

    for used in (node, *ports, link):
        with pytest.raises(SubscriptionInUse):
            await start_workflow(
                play.runtime, LOCAL_OPERATOR, workflow_name="terminate_any", pages=[{"subscription_id": used}]
            )
    ended = [await completed(play, "terminate_any", {"subscription_id": id}) for id in (circuit, link, *ports, node)]

    assert [process.state["was"] for process in ended] == [
        "Family L2VPN of uva",
        "port ge-1 on node ams-1 to port ge-2 on node ams-1",
        "port ge-1 on node ams-1",
        "port ge-2 on node ams-1",
        "node ams-1",
    ]
    assert ended[0].state["owners"] == sorted(ports)
    assert ended[2].state["owners"] == [node]
    assert family.NETWORK == {}
    statuses = [(await document_of(play.engine, id))["status"] for id in (circuit, link, *ports, node)]
    assert statuses == ["terminated"] * 5


async def test_a_refused_order_aborts_itself(play: Play) -> None:
    _, ports = await network(play)

    process = await l2vpn(play, ports, is_right=False)

    assert (process.status, process.failure) == (ProcessStatus.ABORTED, None)
    assert process.state["subscription_id"] not in family.NETWORK
    assert (await document_of(play.engine, process.state["subscription_id"]))["status"] == "initial"


async def test_the_pages_of_a_modification_show_the_current_values(play: Play) -> None:
    _, ports = await network(play)
    circuit: str = (await l2vpn(play, ports)).state["subscription_id"]

    page = await play.begin("modify_l2vpn", {"subscription_id": circuit})

    assert isinstance(page, forms.NextPage)
    properties = page.page.schema["properties"]
    assert properties["vlan"]["default"] == 10
    assert "port ge-2 on node ams-1" in json.dumps(page.page.schema)


async def test_the_form_of_a_termination_lists_the_users_and_their_users(play: Play) -> None:
    node, ports = await network(play)
    circuit: str = (await l2vpn(play, ports)).state["subscription_id"]

    shown = await play.begin("decommission_node", {"subscription_id": node})
    refused = await play.begin("decommission_node", {"subscription_id": node}, {})
    await completed(play, "terminate_any", {"subscription_id": circuit})
    ended = await completed(play, "decommission_node", {"subscription_id": node}, {})

    assert isinstance(shown, forms.NextPage)
    names = {name: field["default"] for name, field in shown.page.schema["properties"].items()}
    assert sorted(names["names"]) == ["port ge-1 on node ams-1", "port ge-2 on node ams-1"]
    assert names["users_of_ports"] == ["Family L2VPN of uva"] * 2
    assert isinstance(refused, forms.PageInvalid)
    assert "End Family L2VPN of uva" in str(refused.errors)
    assert ended.state["was"] == "node ams-1"
    assert [(await document_of(play.engine, id))["status"] for id in (node, *ports)] == ["terminated"] * 3


def test_the_annotations_say_which_products_the_workflows_are_for() -> None:
    names = {workflow.name: {facts.name for facts in products_of(workflow)} for workflow in family.WORKFLOWS}

    assert names["create_node"] == {"Family node"}
    assert names["modify_l2vpn"] == names["validate_l2vpn"] == {"Family L2VPN"}
    assert names["terminate_any"] == {"Family node", "Family port", "Family core link", "Family L2VPN"}


def test_the_ids_of_the_products_are_stable() -> None:
    assert all(isinstance(facts.product_id, UUID) for facts in (family.NODE, family.PORT, family.L2VPN))
