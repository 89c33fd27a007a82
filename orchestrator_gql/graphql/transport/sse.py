"""Send responses as server-sent events (GraphQL over SSE, "distinct connections mode")."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from orchestrator_gql.graphql.execution import ExecutionResponse, Response
from orchestrator_gql.graphql.transport.negotiation import EVENTS
from orchestrator_gql.utils import json

KEEP_ALIVE = 12.0
"""Seconds between two comments; proxies close a silent connection after 15 seconds or more."""

_HEADERS = [
    (b"content-type", f"{EVENTS}; charset=utf-8".encode()),
    (b"cache-control", b"no-store, no-transform"),
    (b"vary", b"Accept"),
    (b"x-accel-buffering", b"no"),  # otherwise nginx collects events until its buffer is full
]
_COMMENT = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


def event(response: Response) -> bytes:
    """One ``next`` event; its id is the cursor after which a client continues when it connects again."""
    if isinstance(response, ExecutionResponse):
        return _event(response.cursor, json.encode(response.payload).encode())
    shared = response.encoded.get("event")
    if shared is None:
        shared = response.encoded["event"] = _event(response.cursor, response.data)
    return shared


def _event(cursor: str | None, data: bytes) -> bytes:
    event_id = f"id: {cursor}\n".encode() if cursor is not None else b""
    return b"event: next\n" + event_id + b"data: " + data + b"\n\n"


@dataclass(frozen=True, slots=True)
class EventStream:
    """A response that lasts until the last response is sent or the client leaves."""

    responses: AsyncGenerator[Response, None]
    keep_alive: float = KEEP_ALIVE
    ends: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()
    """When one of them returns, the body ends without a ``complete`` event: the client connects again, to this server
    or another server, and continues after its last event."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the responses (ASGI 3). If the client leaves, the operation is closed before this returns."""
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
        coroutines = [self._send_responses(send), self._keep_alive(send), _until_left(receive)]
        coroutines += [end() for end in self.ends]
        tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            # The server raises OSError if the client has left.
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                raise outcome
        if isinstance(outcomes[0], asyncio.CancelledError):  # otherwise the body has ended already
            with suppress(OSError):
                await _send(send, b"", is_last=True)

    async def _send_responses(self, send: Send) -> None:
        async with aclosing(self.responses):
            async for response in self.responses:
                chunk = event(response)
                if isinstance(response, ExecutionResponse):
                    response.let_go()
                await _send(send, chunk)
        await _send(send, _COMPLETE, is_last=True)

    async def _keep_alive(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self.keep_alive)
            await _send(send, _COMMENT)


async def _send(send: Send, chunk: bytes, *, is_last: bool = False) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": not is_last})


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
