"""The orders of a fresh demo: their keys, and when they are made; `test_l2vpns` shows what a real demo has then."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator_gql.demo.examples import NOTE, ExampleFailed, Examples, Orders, make_examples


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
