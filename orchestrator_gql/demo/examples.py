"""Examples for the first screen of a fresh demo: nodes, ports, the life of an L2VPN, an open form, a failed process.

Only `orchestrator-gql demo` makes them, once, on a database that it has just created. It orders them over GraphQL as a
person would, beside the running server; every process carries `NOTE`. Idempotency keys let it go on after a restart.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

NOTE = "This is an example: `make run` ordered it, and no person."

LOCATIONS = {"paris-1": "Paris", "lyon-1": "Lyon", "zurich-1": "Zurich"}
PORTS = ("paris-1:ge-0/0/0", "lyon-1:ge-0/0/0", "zurich-1:ge-0/0/0")

MOVING = ("CREATED", "RUNNING", "AWAITING_CALLBACK", "WAITING")
POLL = 0.5
"""Seconds between two looks at a process; a playbook takes some seconds."""

START = """mutation($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { process { id } } ... on UserError { message } } }"""
PROCESS = "query($id: ID!) { process(id: $id) { status state openInputRequest { id } } }"
CONFIRM = """mutation($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) {
  __typename ... on UserError { message } } }"""

logger = logging.getLogger(__name__)


class Examples:
    """Makes the examples while the server runs; ``pending`` is the file that exists as long as some are missing."""

    def __init__(self, pending: Path, *, is_fresh: bool) -> None:
        self._pending = pending
        self._server_url = ""
        self._is_listening = asyncio.Event()
        if is_fresh:
            pending.touch()

    def begin(self, server_url: str) -> None:
        """Begin now: the server listens at this address."""
        self._server_url = server_url
        self._is_listening.set()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["asyncio.Task[None]"]:
        """Make the missing examples beside the server, in a task that stops with it."""
        task = asyncio.create_task(self._make())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _make(self) -> None:
        await self._is_listening.wait()
        if not self._pending.exists():
            return
        try:
            async with client_of(self._server_url) as client:
                await make_examples(Orders(client))
        except httpx.TransportError:
            return  # the server ends; the next start goes on
        except (httpx.HTTPError, ExampleFailed) as error:
            logger.warning("the demo could not make all its examples", extra={"reason": str(error)})
        else:
            logger.info("the examples of the demo are made", extra={"dashboard": self._server_url})
        self._pending.unlink(missing_ok=True)


class ExampleFailed(Exception):
    """The server refused an order, or a process did not end as it should."""


class Orders:
    """An operator who uses only GraphQL."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def start(self, name: str, workflow: str, *pages: dict[str, Any]) -> str:
        """Start the workflow, once for this name of an example; the id of its process."""
        order = {"workflowName": workflow, "pages": list(pages), "note": NOTE, "idempotencyKey": f"example: {name}"}
        started = await self._ask(START, input=order)
        if started["__typename"] != "StartWorkflowSuccess":
            raise ExampleFailed(f"{workflow} for {name}: {started.get('message', started['__typename'])}")
        id: str = started["process"]["id"]
        return id

    async def complete(self, name: str, workflow: str, *pages: dict[str, Any]) -> dict[str, Any]:
        """Start the workflow and confirm each of its forms; the state of the completed process."""
        id = await self.start(name, workflow, *pages)
        process = await self._rested(id)
        while process["status"] == "SUSPENDED":
            await self._ask(CONFIRM, id=process["openInputRequest"]["id"])
            process = await self._rested(id)
        if process["status"] != "COMPLETED":
            raise ExampleFailed(f"{workflow} for {name}: the process is {process['status']}")
        state: dict[str, Any] = process["state"]
        return state

    async def _rested(self, id: str) -> dict[str, Any]:
        while True:
            process = await self._ask(PROCESS, id=id)
            if process["status"] not in MOVING:
                return process
            await asyncio.sleep(POLL)

    async def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        response = await self._client.post("/graphql", json={"query": query, "variables": variables})
        body = response.raise_for_status().json()
        if "errors" in body:
            raise ExampleFailed(str(body["errors"][0]["message"]))
        data: dict[str, Any] = next(iter(body["data"].values()))
        return data


def client_of(server_url: str) -> httpx.AsyncClient:
    """A client of the server, which is near: no web proxy of the environment."""
    return httpx.AsyncClient(base_url=server_url, trust_env=False, timeout=30)


async def make_examples(orders: Orders) -> None:
    """Make all examples; those that exist already stay as they are."""
    await _open_form(orders)
    await _failed_process(orders)
    await asyncio.gather(
        *(
            orders.complete(node_name, "create_node", {"node_name": node_name, "location": location})
            for node_name, location in LOCATIONS.items()
        )
    )
    await asyncio.gather(
        *(orders.complete(port, "create_port", {"node_name": port.split(":")[0]}, {"port": port}) for port in PORTS)
    )
    await _life_of_an_l2vpn(orders)


async def _open_form(orders: Orders) -> None:
    """An L2VPN that waits for a person, who may confirm the changes."""
    ports = {"port_a": "milan-1:ge-0/0/0", "port_b": "milan-1:ge-0/0/1"}
    await orders.start("an open form", "create_l2vpn", ports, {"vlan": 200})


async def _failed_process(orders: Orders) -> None:
    """An L2VPN to a device that does not answer, so its playbook fails."""
    ports = {"port_a": "milan-1:ge-0/0/2", "port_b": "unreachable-1:ge-0/0/0"}
    await orders.start("a failed process", "create_l2vpn", ports, {"vlan": 300})


async def _life_of_an_l2vpn(orders: Orders) -> None:
    """An L2VPN that was created, is watched, was changed, and agrees with its devices."""
    ports = {"port_a": PORTS[0], "port_b": PORTS[1]}
    created = await orders.complete("an L2VPN", "create_l2vpn", ports, {"vlan": 101})
    subscription_id = created["subscription_id"]
    await orders.complete("a monitor", "create_monitor", {"l2vpn": subscription_id, "interval": 5})
    change = {"vlan": 102, "add_port": PORTS[2]}
    await orders.complete("a change", "modify_l2vpn", {"subscription_id": subscription_id}, change)
    await orders.complete("a comparison", "validate_l2vpn", {"subscription_id": subscription_id})
