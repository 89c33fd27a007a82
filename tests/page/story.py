"""A server that offers the page's workflow, a remote service that calls back, and an operator."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import uvicorn
from reader import L2VPN
from starlette.applications import Starlette
from support.database import sqlite_url
from support.engine import Engine
from support.until import until
from support.web import site_of

from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.forms import NextPage, Page
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process, StepExecution
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests, product_subscriptions
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import Workflow

MOVING = (ProcessStatus.CREATED, ProcessStatus.RUNNING)
ORDER = ({"product": str(L2VPN.product_id)}, {"customer": "Surf", "vlan": 205, "dry_run": True})


@dataclass
class Story:
    """The actions of the page's people and services around a workflow."""

    engine: Engine
    remote: httpx.AsyncClient

    async def start(self, workflow: str = "create_l2vpn", pages: Any = ORDER) -> Process:
        """An operator starts the workflow; returns the process after it came to rest."""
        runtime = self.engine.runtime
        started = await start_workflow(runtime, LOCAL_OPERATOR, workflow_name=workflow, pages=list(pages))
        assert isinstance(started, Started), started
        return await self.rest(started.process)

    async def rest(self, process: Process) -> Process:
        """Wait until the process rests, and return it."""

        async def look() -> Process | None:
            current = await self.engine.process(process.id)
            return None if current.status in MOVING else current

        return await until(self.engine.runtime, look, awaited="the process to rest")

    async def call_back(self, url: str, result: Any) -> httpx.Response:
        """The remote service POSTs to the URL; the host name of the URL stands for this server."""
        parts = urlsplit(url)
        return await self.remote.post(parts.path, json=result, headers={"host": parts.netloc})

    async def log(self, process: Process) -> list[StepExecution]:
        """The step executions of the process."""
        return await self.engine.steps(process.id)

    async def question(self, process: Process) -> InputRequest | None:
        """The form that waits for a person."""
        return await self.engine.read(lambda conn: input_requests.open_of_process(conn, process.id))

    async def shown(self, question: InputRequest) -> Page:
        """The page that the operator sees."""
        turn = await submit_form(self.engine.runtime, LOCAL_OPERATOR, input_request_id=question.id, pages=[])
        assert isinstance(turn, NextPage)
        return turn.page

    async def confirm(self, question: InputRequest, process: Process) -> Process:
        """The operator submits the form; returns the process after it came to rest."""
        await submit_form(self.engine.runtime, LOCAL_OPERATOR, input_request_id=question.id, pages=[{}])
        return await self.rest(process)

    async def subscription(self, process: Process) -> dict[str, Any]:
        """The stored product subscription of the process."""
        subscription_id = UUID(process.state["subscription_id"])
        stored = await self.engine.read(lambda conn: product_subscriptions.models(conn, [subscription_id]))
        subscription: dict[str, Any] = stored[subscription_id]
        return subscription


@asynccontextmanager
async def serving_story(folder: Path, *workflows: Workflow, **settings: Any) -> AsyncIterator[Story]:
    """A running server with the workflows, on a real socket."""
    async with (
        site_of(sqlite_url(folder), *workflows, **settings) as site,
        _listening(site.app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as remote,
    ):
        yield Story(site.engine, remote)


@asynccontextmanager
async def _listening(app: Starlette) -> AsyncIterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=2)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await server.shutdown(sockets=[listener])
