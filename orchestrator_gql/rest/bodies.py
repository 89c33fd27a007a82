"""Reads request bodies within limits of size and time."""

import asyncio
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from orchestrator_gql.utils.errors import OrchestratorError

TIME = 30.0
"""Seconds for the whole body to arrive."""


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
