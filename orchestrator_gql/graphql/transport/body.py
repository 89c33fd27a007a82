"""Read the body of a request within limits of time and size."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from orchestrator_gql.graphql.transport.headers import header
from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import PayloadInvalid, PayloadTooLarge
from orchestrator_gql.utils.shared_timers import TimeLimit

_LEADING_QUERY = re.compile(rb'\s*\{\s*"query"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


class BodyTimeout(Exception):
    """The body did not arrive in time."""


class BodiesFull(Exception):
    """The arriving bodies use all the memory that is reserved for them."""


@dataclass(slots=True)
class BodyMemory:
    """The memory in bytes that all bodies over the usual size may use together while they arrive."""

    limit: int
    taken: int = 0

    def take(self, size: int) -> None:
        """Reserve ``size`` more bytes. Raises `BodiesFull`."""
        if self.taken + size > self.limit:
            raise BodiesFull
        self.taken += size


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Sizes in bytes, and the time for the whole body in seconds.

    ``deserves_larger`` returns for a document whether its body may have the larger size. ``room`` limits the sum of
    the larger bodies; it is None if only callers with a credential can send them.
    """

    usual: int
    larger: int
    seconds: float
    deserves_larger: Callable[[str], Awaitable[bool]]
    room: BodyMemory | None = None


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """The whole body. Raises `PayloadTooLarge`, `BodyTimeout` or `BodiesFull` as early as possible.

    A body between the two sizes is read, unless it begins with a document that may not have the larger size. If the
    document comes later in the body, the caller must call `demand_size` after parsing.
    """
    announced = header(request.scope, b"content-length") or ""
    if announced.isdecimal() and int(announced) > limits.larger:
        raise PayloadTooLarge(limits.larger)
    try:
        # The clock of the event loop is monotonic: a change of the system clock does not end the time early.
        with TimeLimit(limits.seconds):
            return await _read(request, limits)
    except TimeoutError:
        raise BodyTimeout from None


async def _read(request: Request, limits: BodyLimits) -> bytes:
    reserved, limit, body = 0, limits.usual, bytearray()
    try:
        is_complete = False
        while not is_complete:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            is_complete = not message.get("more_body", False)
            body += chunk
            if len(body) > limit:
                limit = await _larger(body, limit, limits)
            if limits.room is not None and len(body) > limits.usual:
                limits.room.take(len(chunk))
                reserved += len(chunk)
        return bytes(body)
    finally:
        if limits.room is not None:
            limits.room.taken -= reserved


async def _larger(body: bytearray, limit: int, limits: BodyLimits) -> int:
    """The larger limit, for a body over its limit. Raises `PayloadTooLarge`."""
    query = _leading_query(bytes(body[: limits.usual]))
    if limit == limits.larger or (query is not None and not await limits.deserves_larger(query)):
        raise PayloadTooLarge(limit)
    if len(body) > limits.larger:
        raise PayloadTooLarge(limits.larger)
    return limits.larger


async def demand_size(body: bytes, query: str, limits: BodyLimits) -> None:
    """Raise `PayloadTooLarge` if the body is larger than its document allows."""
    if len(body) > limits.usual and not await limits.deserves_larger(query):
        raise PayloadTooLarge(limits.usual)


def _leading_query(beginning: bytes) -> str | None:
    """The document, if it is complete and the first member of the JSON object in the body; else None.

    A second document cannot come later: the strict JSON reader refuses a body with two.
    """
    match = _LEADING_QUERY.match(beginning)
    try:
        return json.read(match[1]) if match else None
    except PayloadInvalid:
        return None
