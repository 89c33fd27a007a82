"""The reason why no process goes on, if there is one: the engine is paused, or no worker is running."""

from typing import Any

from orchestrator_gql.cli.credentials import hint
from orchestrator_gql.cli.pause import DESCRIBED, summary
from orchestrator_gql.cli.request import request, request_async

DOCUMENT = f"query Standstill {{ engine {{ {DESCRIBED} workers {{ name }} }} }}"

NEED_A_WORKER = ("CREATED", "RUNNING")
"""The statuses of a process that waits for a worker and for nothing else."""


def standstill(url: str) -> str | None:
    """The reason for the engine's standstill as a sentence; None if it works."""
    return _reason(url, request(url, DOCUMENT, {})["engine"])


async def standstill_async(url: str) -> str | None:
    """As `standstill`, on an event loop."""
    return _reason(url, (await request_async(url, DOCUMENT, {}))["engine"])


def _reason(url: str, engine: dict[str, Any]) -> str | None:
    if engine["state"] != "RUNNING":
        return f"{summary(engine)}: `{hint(url, 'resume')}` ends the pause."
    if not engine["workers"]:
        return "No worker is running: no step starts until somebody starts one with `orchestrator-gql worker`."
    return None
