"""The demo's workflows in the test kit, as a user would test them."""

import json
from collections.abc import Iterator

import httpx
import pytest

from orchestrator_gql.demo.workflows import check_node_reachability, create_l2vpn
from orchestrator_gql.testing import Kit, Remote
from orchestrator_gql.utils.errors import FormInvalid

JOB_ID = "9f0c6d0e-6f0b-4a53-9d55-2f6f3f0d6a11"
RESULT = {"status": "successful", "job_id": JOB_ID, "output": ["ok=2"], "return_code": 0}
PORTS = {"port_a": "paris-1:ge-0/0/1", "port_b": "lyon-1:ge-0/0/2"}
CIRCUIT = {"vlan": 20}


@pytest.fixture
def proxy() -> Iterator[Remote]:
    """The Ansible proxy, which accepts every playbook."""
    with Remote(lambda _: httpx.Response(201, json={"job_id": JOB_ID})) as remote:
        yield remote


async def test_a_circuit_is_in_service_after_two_runs_of_the_playbook_and_two_confirmations(proxy: Remote) -> None:
    async with Kit(create_l2vpn) as kit:
        run = await kit.start(create_l2vpn, PORTS, CIRCUIT)
        await run.answer(RESULT)
        (meanwhile,) = await run.product_subscriptions()
        await run.confirm()
        await run.answer(RESULT | {"output": ["changed=2"]})
        page = await run.page()
        await run.confirm()
        await run.rests("COMPLETED")
        (circuit,) = await run.product_subscriptions()

    assert meanwhile["status"] == "provisioning"
    assert circuit["status"] == "active"
    assert circuit["description"] == "L2VPN 20 from paris-1 to lyon-1"
    assert page.submit_label == "Put into service"
    assert page.initial_data["run_output"] == "changed=2"
    assert [order["extra_vars"]["dry_run"] for order in proxy.orders] == [True, False]
    assert [order["callback"] for order in proxy.orders] == [callback.url for callback in run.callbacks]


async def test_a_circuit_needs_two_different_ports() -> None:
    async with Kit(create_l2vpn) as kit:
        with pytest.raises(FormInvalid) as refused:
            await kit.page(create_l2vpn, PORTS | {"port_b": PORTS["port_a"]})

    assert [error.path for error in refused.value.errors] == [("port_b",)]


async def test_a_playbook_that_never_answers_fails_after_ten_minutes(proxy: Remote) -> None:
    async with Kit(create_l2vpn) as kit:
        run = await kit.start(create_l2vpn, PORTS, CIRCUIT)
        await kit.turn(minutes=10)
        failed = await run.rests("FAILED")

    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"


async def test_a_device_that_answers_the_third_ping_is_reachable() -> None:
    results = [(1, "timeout\n"), (1, "timeout\n"), (0, "it answers\n")]

    def reply(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"module": "1.0"})
        code, output = results.pop(0)
        assert json.loads(request.content)["args"] == ["paris-1"]
        return httpx.Response(200, json={"result": {"return_code": code, "output": output}})

    with Remote(reply):
        async with Kit(check_node_reachability) as kit:
            run = await kit.start(check_node_reachability, {"node_name": "paris-1"})
            await kit.turn(minutes=1)
            ended = await run.rests("COMPLETED")

    assert ended.state["ping"] == "it answers"
    assert results == []
