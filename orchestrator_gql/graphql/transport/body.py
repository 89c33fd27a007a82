"""The body of a request, read within a time and a size."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request

from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import PayloadInvalid, PayloadTooLarge

_LEADING_QUERY = re.compile(rb'\s*\{\s*"query"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


class BodyTimeout(Exception):
    """The body did not arrive in time."""


class BodiesFull(Exception):
    """Bodies under way hold all the memory that there is for them."""


@dataclass(slots=True)
class BodyRoom:
    """What bodies over the usual size may hold together while they arrive, in bytes."""

    most: int
    taken: int = 0

    def take(self, size: int) -> None:
        """Hold so many more bytes; raises `BodiesFull`."""
        if self.taken + size > self.most:
            raise BodiesFull
        self.taken += size


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Sizes in bytes, and the time for the whole body in seconds.

    ``deserves_larger`` is asked with a document, and says whether its body may have the larger size. ``room`` bounds
    the sum of the larger bodies, where anybody may send one.
    """

    usual: int
    larger: int
    seconds: float
    deserves_larger: Callable[[str], bool]
    room: BodyRoom | None = None


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """The whole body; raises `PayloadTooLarge`, `BodyTimeout` or `BodiesFull` as soon as that is certain.

    A body between the two sizes is read on, unless it begins with a document that does not deserve it. Where the
    document comes later in the body, `judge` has to be asked once that is known.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limits.larger:
        raise PayloadTooLarge(limits.larger)
    try:
        # The loop's clock is monotonic: a step of the machine's clock closes nothing early.
        async with asyncio.timeout(limits.seconds):
            return await _read(request, limits)
    except TimeoutError:
        raise BodyTimeout from None


async def _read(request: Request, limits: BodyLimits) -> bytes:
    held = 0
    try:
        body = bytearray()
        async with aclosing(_checked(request, limits, body)) as parts:
            async for size in parts:
                if limits.room is not None and len(body) > limits.usual:
                    limits.room.take(size)
                    held += size
        return bytes(body)
    finally:
        if limits.room is not None:
            limits.room.taken -= held


async def _checked(request: Request, limits: BodyLimits, body: bytearray) -> AsyncGenerator[int, None]:
    """Collect the body; how long each part of it is that is within the limits."""
    limit = limits.usual
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            query = _leading_query(bytes(body[: limits.usual]))
            if limit == limits.larger or (query is not None and not limits.deserves_larger(query)):
                raise PayloadTooLarge(limit)
            limit = limits.larger
            if len(body) > limit:
                raise PayloadTooLarge(limit)
        yield len(chunk)


def judge(body: bytes, query: str, limits: BodyLimits) -> None:
    """Raise `PayloadTooLarge` where the body is over what its document deserves."""
    if len(body) > limits.usual and not limits.deserves_larger(query):
        raise PayloadTooLarge(limits.usual)


def _leading_query(beginning: bytes) -> str | None:
    """The document, where it is the first member of the body's object and complete.

    It cannot be another later: the strict reader refuses a body that has two.
    """
    found = _LEADING_QUERY.match(beginning)
    try:
        return json.read(found[1]) if found else None
    except PayloadInvalid:
        return None
