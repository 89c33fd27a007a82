"""Reads request bodies within limits of size and time."""

import asyncio
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from orchestrator_gql.utils.errors import OrchestratorError

TIME = 30.0
"""Seconds for the whole body to arrive."""


SMALL = 16 * 1024
"""The most bytes of a body that is read before the address of the request is checked: to parse them takes some
milliseconds at most."""


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
    """The first message of a small body, which is received before anybody knows whether the body is wanted.

    Most small bodies arrive together with the head of the request.
    """

    def __init__(self, request: Request) -> None:
        self._receive, self._length = request.receive, int(request.headers["content-length"])
        self._task: asyncio.Task[Message] | None = asyncio.ensure_future(_received(request))

    async def is_whole_body(self) -> bool:
        """True if the message has arrived and is the whole body. Nothing is waited for."""
        await asyncio.sleep(0)  # the task runs, and ends unless it must wait
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return False
        message = task.result()
        return message["type"] == "http.request" and len(message.get("body", b"")) == self._length

    async def receive(self) -> Message:
        """The message, and then those that follow it."""
        if self._task is None:
            return await self._receive()
        message = await self._task
        self._task = None
        return message

    def forget(self) -> None:
        """Wait no longer for the message."""
        if self._task is not None:
            self._task.cancel()


async def _received(request: Request) -> Message:
    return await request.receive()


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
    headers = (kind, is_plain, is_plain and is_json)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(TIME):
            async for chunk in request.stream():
                size += len(chunk)
                chunks.append(chunk)
                if size > limit:
                    return Body(b"".join(chunks)[:limit], size, True, *headers)
    except (TimeoutError, ClientDisconnect):
        raise BodyIncomplete from None
    return Body(b"".join(chunks), size, False, *headers)
