"""The examples of a fresh demo: made once, over restarts, beside the server, and never in another one."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import until
from support.demo_operator import Operator, demo

from orchestrator_gql.demo.examples import NOTE, ExampleFailed, Examples, Orders, make_examples

PROCESSES = """{ processes(first: 100) { totalCount nodes { workflowName status note createdBy { id }
  productSubscriptions { customerId status } } } }"""


class Server:
    """Stands in for a server: it completes every process at once, and refuses what the test says."""

    def __init__(self, refused: str = "", *, is_away: bool = False) -> None:
        self.started: list[dict[str, Any]] = []
        self._refused = refused
        self._is_away = is_away

    def client(self) -> httpx.AsyncClient:
        """A client of this server."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="http://demo")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self._is_away:
            raise httpx.ConnectError("away")
        body = json.loads(request.content)
        if "startWorkflow" not in body["query"]:
            process = {"status": "COMPLETED", "state": {"subscription_id": "1"}, "openInputRequest": None}
            return httpx.Response(200, json={"data": {"process": process}})
        order = body["variables"]["input"]
        self.started.append(order)
        refusal = {"__typename": "ForbiddenError", "message": "no"}
        success = {"__typename": "StartWorkflowSuccess", "process": {"id": str(len(self.started))}}
        answer = refusal if order["workflowName"] == self._refused else success
        return httpx.Response(200, json={"data": {"startWorkflow": answer}})


def test_a_fresh_demo_shows_examples_and_makes_them_once(tmp_path: Path) -> None:
    pending = tmp_path / ".demo" / "examples-pending"
    for _ in range(2):
        with demo(tmp_path, "--work", ".demo") as server:
            operator = Operator(server.address)
            operator.ask("{ engine { state } }")
            until(lambda: None if pending.exists() else True, seconds=300)
            shown = operator.ask(PROCESSES)

    counted = Counter((process["workflowName"], process["status"]) for process in shown["nodes"])
    assert counted == {
        ("create_node", "COMPLETED"): 3,
        ("create_port", "COMPLETED"): 3,
        ("create_l2vpn", "COMPLETED"): 1,
        ("create_l2vpn", "SUSPENDED"): 1,
        ("create_l2vpn", "FAILED"): 1,
        ("create_monitor", "COMPLETED"): 1,
        ("modify_l2vpn", "COMPLETED"): 1,
        ("validate_l2vpn", "COMPLETED"): 1,
    }
    assert {process["note"] for process in shown["nodes"]} == {NOTE}
    customers = {each["customerId"] for process in shown["nodes"] for each in process["productSubscriptions"]}
    assert customers == {"demo"}


async def test_every_order_has_a_key_of_its_own_so_that_a_restart_repeats_nothing() -> None:
    first, second = Server(), Server()
    for server in (first, second):
        async with server.client() as client:
            await make_examples(Orders(client))

    keys = [order["idempotencyKey"] for order in first.started]
    assert len(set(keys)) == len(keys)
    assert sorted(keys) == sorted(order["idempotencyKey"] for order in second.started)
    assert {order["note"] for order in first.started} == {NOTE}


@pytest.mark.parametrize(
    ("server", "is_fresh", "is_tried", "is_left"),
    [
        (Server(), True, True, False),
        (Server(), False, False, False),
        (Server(refused="create_node"), True, True, False),
        (Server(is_away=True), True, False, True),
    ],
    ids=["fresh", "a database that exists", "refused", "the server ends"],
)
async def test_the_examples_are_made_on_a_fresh_database_only(
    server: Server, is_fresh: bool, is_tried: bool, is_left: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator_gql.demo.examples.client_of", lambda _: server.client())
    pending = tmp_path / "examples-pending"
    examples = Examples(pending, is_fresh=is_fresh)

    async with examples.at_work() as task:
        assert pending.exists() is is_fresh
        examples.begin("http://demo")
        async with asyncio.timeout(60):
            await task

    assert (bool(server.started), pending.exists()) == (is_tried, is_left)


async def test_a_process_that_does_not_complete_is_no_example() -> None:
    async with Server(refused="create_node").client() as client:
        with pytest.raises(ExampleFailed, match="create_node for paris-1: no"):
            await Orders(client).complete("paris-1", "create_node", {})
