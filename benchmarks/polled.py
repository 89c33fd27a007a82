"""Runs the measured lifecycle with an operator who polls, on the product and on systems that it is compared with."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from benchmarks.lifecycle import START, SUBMIT, Measured, Overloaded, Watch, graphql, remote_service

STAGE = (
    """query ($id: ID!) { process(id: $id) { status openInputRequest { id form { ... on FormPage { schema } } } } }"""
)
BODY = {"return_code": 0, "output": ["ok"] * 20}

POLL = 0.01
"""Seconds between two polls of an operator who is alone."""

POLL_BESIDE = 0.005
"""The same for each of the lifecycles in flight, so that all operators together ask 200 times a second at most."""


PATIENCE = 120.0
"""Seconds that a lifecycle may take for one of its parts."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a poll shows: the status, and the open form with what it asks about."""

    status: str
    form: str | None = None


class Operator(Protocol):
    """The API of one system."""

    async def start(self, remote: str) -> str:
        """Start a process; its id."""
        ...

    async def stage(self, process_id: str) -> Stage:
        """Where the process is."""
        ...

    async def confirm(self, process_id: str, form: str) -> None:
        """Confirm the result."""
        ...


@dataclass(frozen=True, slots=True)
class GraphQLOperator:
    """The API of the product."""

    client: httpx.AsyncClient

    async def start(self, remote: str) -> str:
        """Start a process; its id."""
        data = await graphql(self.client, START, {"pages": [{"node": "ams-1", "remote": remote}]})
        id: str = data["startWorkflow"]["process"]["id"]
        return id

    async def stage(self, process_id: str) -> Stage:
        """Where the process is."""
        try:
            process = (await graphql(self.client, STAGE, {"id": process_id}))["process"]
        except Overloaded:  # the next poll tries again
            return Stage("UNKNOWN")
        request = process["openInputRequest"]
        return Stage(process["status"], request and request["id"])

    async def confirm(self, process_id: str, form: str) -> None:
        """Confirm the result."""
        data = await graphql(self.client, SUBMIT, {"id": form})
        assert data["submitForm"]["__typename"] == "SubmitFormSuccess", data


@dataclass(frozen=True, slots=True)
class RestOperator:
    """The API of an application of `benchmarks/peers`."""

    client: httpx.AsyncClient

    async def start(self, remote: str) -> str:
        """Start a process; its id."""
        return str((await self._json("POST", "/api/processes", {"node": "ams-1", "remote": remote}))["id"])

    async def stage(self, process_id: str) -> Stage:
        """Where the process is."""
        found = await self._json("GET", f"/api/processes/{process_id}", None)
        return Stage(found["status"], "form" if found.get("form") else None)

    async def confirm(self, process_id: str, form: str) -> None:
        """Confirm the result."""
        await self._json("POST", f"/api/processes/{process_id}/{form}", {})

    async def _json(self, method: str, path: str, body: object) -> dict[str, Any]:
        response = await self.client.request(method, path, json=body)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found


async def run_polled(url: str, api: Callable[[httpx.AsyncClient], Operator], *, count: int, at_once: int) -> Measured:
    """Run ``count`` lifecycles, ``at_once`` of them at the same time."""
    measured = Measured(count)
    limit = asyncio.Semaphore(at_once)
    pause = max(POLL, POLL_BESIDE * at_once)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=1)  # servers keep 5 s
    async with (
        remote_service() as (remote, routes),
        httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client,
    ):
        operator = api(client)

        async def run_one() -> None:
            async with limit:
                await _lifecycle(operator, client, routes, remote, pause, measured)

        began = time.perf_counter()
        await asyncio.gather(*(run_one() for _ in range(count)))
        measured.seconds = time.perf_counter() - began
    return measured


async def _lifecycle(
    operator: Operator, client: httpx.AsyncClient, routes: Watch, remote: str, pause: float, measured: Measured
) -> None:
    began = time.perf_counter()
    process_id = await operator.start(remote)
    route = await routes.of(process_id, "route")
    await _until(operator, process_id, lambda stage: stage.status == "AWAITING_CALLBACK", pause)
    posting = time.perf_counter()
    (await client.post(route, json=BODY)).raise_for_status()
    measured.posted.append((time.perf_counter() - posting) * 1000)
    stage = await _until(operator, process_id, lambda stage: stage.form is not None, pause)
    measured.form.append((time.perf_counter() - posting) * 1000)
    await operator.confirm(process_id, stage.form or "")
    await _until(operator, process_id, lambda stage: stage.status == "COMPLETED", pause)
    measured.whole.append((time.perf_counter() - began) * 1000)


async def _until(operator: Operator, process_id: str, is_there: Callable[[Stage], bool], pause: float) -> Stage:
    """Poll until the process is there."""
    async with asyncio.timeout(PATIENCE):
        while not is_there(stage := await operator.stage(process_id)):  # noqa: ASYNC110 - he polls
            await asyncio.sleep(pause)
        return stage
