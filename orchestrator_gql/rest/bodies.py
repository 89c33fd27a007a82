"""Reads request bodies within limits of size and time."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from orchestrator_gql.utils.errors import OrchestratorError

TIME = 30.0
"""Seconds for the whole body to arrive."""


SMALL = 16 * 1024
"""The most bytes of a body that is read before the address of the request is checked: to parse them takes some
milliseconds at most."""

SOON = 0.01
"""Seconds in which the body follows its head, if the client sends it in a packet of its own: most libraries do."""


class BodyIncomplete(OrchestratorError):
    """The body did not arrive whole in time."""

    code = "request-timeout"


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was read; ``size`` counts its bytes, and ``is_cut`` is True if the body is over the limit.

    ``media_type`` has no parameters. ``is_plain`` is True if the body is not compressed. ``is_json`` is True for
    ``application/json`` and ``application/*+json``, not compressed.
    """

    content: bytes
    size: int
    is_cut: bool
    media_type: str
    is_plain: bool
    is_json: bool


class FirstMessage:
    """The first message of a body, received without waiting: many small bodies arrive together with the head.

    If it has not arrived, `receive` goes on where it would have waited. So nothing is lost, and a body that has arrived
    needs no task, no timer and no turn of the event loop.

    Only the `receive` of our own server is begun before somebody waits for it: see `PlainCycle`. That of a middleware
    around an embedded application may hold a task group or a time limit of the task, which would cancel other waits.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._message: Message | None = None
        self._rest: _Rest | None = None
        is_plain = getattr(getattr(request.receive, "__self__", None), "is_receive_plain", False)
        if is_plain:
            self._go_on(request.receive().__await__())

    def _go_on(self, receiving: Generator[Any, Any, Message]) -> None:
        try:
            self._rest = _Rest(receiving, next(receiving))
        except StopIteration as arrived:
            self._message, self._rest = arrived.value, None

    @property
    def is_receive_plain(self) -> bool:
        """True if `receive` goes on with what has begun: another first message may take it without waiting."""
        return self._message is not None or self._rest is not None

    @property
    def whole_body(self) -> bytes | None:
        """The body, if the message has arrived and has all of it."""
        message = self._message
        if message is None or message["type"] != "http.request":
            return None
        body: bytes = message.get("body", b"")
        is_whole = not message.get("more_body", False) or self._request.headers.get("content-length") == f"{len(body)}"
        return body if is_whole else None

    async def wait(self, seconds: float) -> None:
        """Wait at most so long for the message. `receive` still gets a message that comes later."""
        rest = self._rest
        if rest is not None and asyncio.isfuture(rest.waits_for):
            await asyncio.wait((rest.waits_for,), timeout=seconds)
            if rest.waits_for.done():
                self._go_on(rest.receiving)

    async def receive(self) -> Message:
        """The message, and then those that follow it."""
        message, rest = self._message, self._rest
        self._message = self._rest = None
        if message is not None:
            return message
        return await (self._request.receive() if rest is None else rest)

    def forget(self) -> None:
        """Wait no longer for the message."""
        if self._rest is not None:
            self._rest.receiving.close()


@dataclass(frozen=True, slots=True)
class _Rest:
    """The rest of a coroutine that has begun, and what it waits for."""

    receiving: Generator[Any, Any, Message]
    waits_for: Any

    def __await__(self) -> Generator[Any, Any, Message]:
        try:
            yield self.waits_for
        except BaseException:  # the task that waits now was cancelled
            self.receiving.close()
            raise
        return (yield from self.receiving)


def is_small(request: Request) -> bool:
    """True if the body is small by its head, and if the client sends the body without being asked for it."""
    length = request.headers.get("content-length", "")
    is_number = length.isascii() and length.isdecimal() and len(length) <= len(str(SMALL))
    return is_number and int(length) <= SMALL and "expect" not in request.headers


async def read_body(request: Request, limit: int) -> Body:
    """Read at most ``limit`` bytes of the body.

    Raises `BodyIncomplete` if the body takes too long or the client disconnects: a part of a body is no attempt.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_plain = request.headers.get("content-encoding", "identity").lower() in ("", "identity")
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    first = FirstMessage(request)
    try:
        content = first.whole_body
        if content is None:
            content = await _read(Request(request.scope, first.receive), limit)
    finally:
        first.forget()
    size = len(content)
    return Body(content[:limit], size, size > limit, kind, is_plain, is_plain and is_json)


async def _read(request: Request, limit: int) -> bytes:
    """The body, up to the part with which it is over the limit."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(TIME):
            async for chunk in request.stream():
                size += len(chunk)
                chunks.append(chunk)
                if size > limit:
                    break
    except (TimeoutError, ClientDisconnect):
        raise BodyIncomplete from None
    return b"".join(chunks)
