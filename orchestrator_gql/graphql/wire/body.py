"""The body of a request, read within a time and a size."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import PayloadInvalid, PayloadTooLarge

_LEADING_QUERY = re.compile(rb'\s*\{\s*"query"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


class BodyTimeout(Exception):
    """The body did not arrive in time."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Sizes in bytes, and the time for the whole body in seconds.

    ``deserves_larger`` is asked with a document, and says whether its body may have the larger size.
    """

    usual: int
    larger: int
    seconds: float
    deserves_larger: Callable[[str], bool]


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """The whole body; raises `PayloadTooLarge` or `BodyTimeout` as soon as that is certain.

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
    body = bytearray()
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
    return bytes(body)


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
