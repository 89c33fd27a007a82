"""Exports the audit log as NDJSON, so that it can be verified with the key and without the server."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send

from orchestrator_gql.audit.lines import end_line, entry_line, seal_line
from orchestrator_gql.audit.seals import Seal
from orchestrator_gql.authentication.guess_limiter import GuessLimiter
from orchestrator_gql.authentication.tokens import signed_in
from orchestrator_gql.reads.audit import TURN, audit_parts, behind_seal
from orchestrator_gql.rest.client_address import peer_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import NOBODY
from orchestrator_gql.storage.audit_seals import Part
from orchestrator_gql.utils.errors import Unauthenticated

EXPORT = "/api/audit/export"
HEADERS = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="audit.ndjson"'}


def audit_routes(runtime: Runtime, sign_ins: GuessLimiter) -> list[Route]:
    """``GET /api/audit/export``."""

    async def export(request: Request) -> Response:
        authorization = request.headers.get("authorization")
        principal = signed_in(runtime.settings, authorization, sign_ins, peer_of(request), runtime.clock.now())
        if principal is NOBODY:
            raise Unauthenticated("The audit log is for those who sign in: send `Authorization: Bearer TOKEN`.")
        parts = audit_parts(runtime, principal, request.query_params.get("after") or None)
        lines = _lines(parts)
        first = await anext(lines)  # if nothing can be read, the client gets an error and no broken export
        return Export(first, lines)

    return [Route(EXPORT + slash, export, methods=["GET"]) for slash in ("", "/")]


class Export(StreamingResponse):
    """A stream of lines that is closed at its end, and also if the client has left: it holds a snapshot."""

    def __init__(self, first: bytes, following: AsyncGenerator[bytes, None]) -> None:
        super().__init__(following, headers=HEADERS, media_type="application/x-ndjson")
        self._first, self._following = first, following

    async def stream_response(self, send: Send) -> None:
        """Send all lines."""
        async with aclosing(self._following):
            self.body_iterator = self._all()
            await super().stream_response(send)

    async def _all(self) -> AsyncIterator[bytes]:
        yield self._first
        async for lines in self._following:
            yield lines


async def _lines(parts: AsyncGenerator[Part, None]) -> AsyncGenerator[bytes, None]:
    """The lines, part by part. The last line shows that the export is complete; a broken connection lacks it."""
    entries, seals, cursor = 0, 0, None
    async with aclosing(parts):
        async for part in parts:
            lines = []
            for item in part.in_order():
                if isinstance(item, Seal):
                    seals, cursor = seals + 1, behind_seal(item)
                    lines.append(seal_line(item, cursor))
                else:
                    entries += 1
                    lines.append(entry_line(item[0]))
                if len(lines) == TURN:
                    yield b"".join(lines)
                    lines = []
                    await asyncio.sleep(0)  # a client that reads fast never makes us wait
            yield b"".join(lines)
    yield end_line(entries, seals, cursor)
