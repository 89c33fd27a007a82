"""The reason why no process goes on, if there is one: the engine is paused, or no worker is running."""

from typing import Any

from orchestrator_gql.cli.client import ConnectionFailed
from orchestrator_gql.cli.credentials import hint
from orchestrator_gql.cli.pause import DESCRIBED, summary
from orchestrator_gql.cli.request import request, request_async

DOCUMENT = f"query Standstill {{ engine {{ {DESCRIBED} workers {{ name }} }} }}"

NEED_A_WORKER = ("CREATED", "RUNNING")
"""The statuses of a process that waits for a worker and for nothing else."""


def standstill(url: str) -> str | None:
    """The reason for the engine's standstill as a sentence; None if it works, or if the server is away.

    The command has read what it prints: a server that died meanwhile must not take that away.
    """
    try:
        return _reason(url, request(url, DOCUMENT, {})["engine"])
    except ConnectionFailed:
        return None


async def standstill_async(url: str) -> str | None:
    """As `standstill`, on an event loop; raises `ConnectionFailed`, because the caller waits and can ask again."""
    return _reason(url, (await request_async(url, DOCUMENT, {}))["engine"])


def _reason(url: str, engine: dict[str, Any]) -> str | None:
    if engine["state"] != "RUNNING":
        return f"{summary(engine)}: `{hint(url, 'resume')}` ends the pause."
    if not engine["workers"]:
        return "No worker is running: no step starts until somebody starts one with `orchestrator-gql worker`."
    return None
