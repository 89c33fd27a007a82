"""Measures a person's inbox and one process with few and with very many open forms."""

import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from benchmarks import bulk
from benchmarks.lifecycle import graphql
from benchmarks.server import Server
from benchmarks.table import Line, costs

FEW, MANY = 100, 100_000
LOOKS = 25

START = """mutation { startWorkflow(input: {workflowName: "question"}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
IS_OPEN = "query ($id: ID!) { process(id: $id) { openInputRequest { id } } }"
INBOX = """{ inputRequests(first: 50, filter: {mine: true}) { nodes {
  id title dueAt canSubmit canReject blockedReason approvalsNeeded assignee { name } claimedBy { name }
  decisions { verdict } process { id workflowName status } step { name } } } }"""
PROCESS = """query ($id: ID!) { process(id: $id) { id status steps { name status inputRequest { id canSubmit } }
  openInputRequest { id canSubmit form { ... on FormPage { digest } } } } }"""


async def inbox(folder: Path) -> list[Line]:
    """Query a page of fifty forms and one process over HTTP, from two servers that take turns."""
    durations: dict[tuple[int, str], list[float]] = {}
    with ExitStack() as servers:
        sites = [await _with_open_forms(folder, size, servers) for size in (FEW, MANY)]
        for look in range(LOOKS + 1):
            for size, url, process_id in sites:
                async with httpx.AsyncClient(base_url=url, timeout=30) as client:
                    await graphql(client, "{ __typename }", {})
                    for name, query in (("inbox", INBOX), ("process", PROCESS)):
                        seconds = await _seconds(client, query, {"id": process_id} if query is PROCESS else {})
                        if look:  # the first request also parses the query
                            durations.setdefault((size, name), []).append(seconds)
    median = {key: statistics.median(each) for key, each in durations.items()}
    titles = {"inbox": "inbox of 50", "process": "one process"}
    return [
        costs(f"{title} at {MANY:,} open forms : at {FEW}", median[MANY, name], median[FEW, name], 1.3, 1.1)
        for name, title in titles.items()
    ]


async def _with_open_forms(folder: Path, size: int, servers: ExitStack) -> tuple[int, str, str]:
    """Start a server with ``size`` open forms; returns size, URL and the id of one of the processes."""
    file = folder / f"inbox-{size}.db"
    with Server(file) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
            process_id = (await graphql(client, START, {}))["startWorkflow"]["process"]["id"]
            until = time.monotonic() + 30
            while not (await graphql(client, IS_OPEN, {"id": process_id}))["process"]["openInputRequest"]:
                assert time.monotonic() < until, "the process did not reach its form"
    bulk.copy_asking(file, size)
    return size, servers.enter_context(Server(file)).url, process_id


async def _seconds(client: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> float:
    began = time.perf_counter()
    await graphql(client, query, variables)
    return time.perf_counter() - began
