"""One operation for each of many processes: several at once over a few connections, each with its own outcome."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from orchestrator_gql.cli.client import ConnectionFailed, OperationRefused, VerbRefused
from orchestrator_gql.cli.request import opened

AT_ONCE = 20
"""Operations on their way at the same time: a server handles them together, and other people still get their turn."""

GRACE_SECONDS = 5.0
"""After Ctrl-C: the longest wait for the answers of what was sent."""

Node = dict[str, Any]

Act = Callable[[httpx.AsyncClient, Node], Awaitable[Node]]
"""Sends the operation for one process, and returns the process after it."""


@dataclass(slots=True)
class Outcomes:
    """What became of each process; a process that is nowhere was not sent, or the server did not take it."""

    nodes: Sequence[Node]
    done: dict[str, Node] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    """Sent, and no answer came: the server may have done it."""
    error: ConnectionFailed | OperationRefused | None = None
    """The error that ended the work early."""
    is_interrupted: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is sent."""
        return self.error is not None or self.is_interrupted

    @property
    def left(self) -> list[str]:
        """The ids of the processes for which nothing was done."""
        ids = [node["id"] for node in self.nodes]
        return [id for id in ids if id not in self.done and id not in self.refused and id not in self.unknown]


def send(url: str, outcomes: Outcomes, act: Act, report: Callable[[str | None], None]) -> None:
    """Send the operation for each process; ``report`` is called after each answer, with the refusal if it is one.

    The first error that is no refusal ends the work, and so does a signal. After a second signal nothing is awaited.
    """
    try:
        asyncio.run(_send(url, outcomes, act, report))
    except KeyboardInterrupt:
        outcomes.is_interrupted = True


async def _send(url: str, outcomes: Outcomes, act: Act, report: Callable[[str | None], None]) -> None:
    waiting = iter(outcomes.nodes)
    async with opened(url, AT_ONCE) as http:
        senders = [
            asyncio.ensure_future(_send_each(http, waiting, outcomes, act, report))
            for _ in range(min(AT_ONCE, len(outcomes.nodes)))
        ]
        try:
            await asyncio.wait(senders)
        except asyncio.CancelledError:  # Ctrl-C, or another signal
            outcomes.is_interrupted = True
            if outcomes.unknown:
                print("\nStopping: awaiting the last answers; Ctrl-C again does not wait.", file=sys.stderr, flush=True)
            await asyncio.wait(senders, timeout=GRACE_SECONDS)
        for sender in senders:
            sender.cancel()
        for result in await asyncio.gather(*senders, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


async def _send_each(
    http: httpx.AsyncClient, waiting: Iterator[Node], outcomes: Outcomes, act: Act, report: Callable[[str | None], None]
) -> None:
    while not outcomes.is_over and (node := next(waiting, None)) is not None:
        id = node["id"]
        outcomes.unknown.add(id)
        refusal = None
        try:
            outcomes.done[id] = await act(http, node)
        except VerbRefused as refused:
            outcomes.refused[id] = refused.message
            refusal = f"{id}: {refused.message}"
        except OperationRefused as error:
            outcomes.error = outcomes.error or error
        except ConnectionFailed as error:
            outcomes.error = outcomes.error or error
            if error.may_have_acted:
                continue
        outcomes.unknown.discard(id)
        report(refusal)
