"""Requests of the plain form that nearly all clients send: read and answered in a third of the time that h11 takes.

A plain request has a complete head (request line and headers), in one piece, in which nothing is unusual. Everything
else goes to h11, which alone decides what is refused: this module accepts a part of what h11 accepts, byte for byte
with the same response, and refuses nothing. See docs/decisions/0073.
"""

import asyncio
import re
from typing import Any, NamedTuple

from starlette.types import Message
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, RequestResponseCycle

from orchestrator_gql.cli.serving.metered import MeteredTransport

LARGEST = 16 * 1024
"""Bytes of the largest plain head."""

SMALL = 16 * 1024
"""Bytes of a body whose headers are sent with it; a large body is not copied for that."""

CONNECTION, CONTENT_LENGTH, CHUNKED = b"connection", b"content-length", b"transfer-encoding"
UNUSUAL = frozenset((CHUNKED, b"expect", b"upgrade"))
"""Headers of requests that h11 reads."""

DIGITS = 9
"""The most digits of a plain content length."""

WITHOUT_BODY = (204, 304)
"""Responses that never have a body (RFC 9112, section 6.3)."""

_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_LINE = rb"(?>%b: ?(?:[!-~](?:[ -~]*[!-~])?)?\r\n)" % _NAME
_HEAD = re.compile(rb"(GET|POST|HEAD|PUT|PATCH|DELETE|OPTIONS) (/[!-~]*+) HTTP/1\.1\r\n(%b++)\r\n" % _LINE)
_FIELD = re.compile(rb"(%b): ?([^\r]*+)\r\n" % _NAME)
_SENT = re.compile(rb"(?:%b: (?:[^\x00\s]++(?:[ \t]++[^\x00\s]++)*+)?+\r\n)*+" % _NAME)
"""The headers of a response, as h11 allows them: a value with a line break would be two headers."""


class PlainRequest(NamedTuple):
    """A request line and headers; ``size`` counts their bytes, ``length`` those of the body."""

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    size: int
    length: int


def plain_request(data: bytes) -> PlainRequest | None:
    """The request with which the data begins; None if it is not plain or not complete."""
    match = _HEAD.match(data, 0, LARGEST)
    if match is None:
        return None
    method, target, fields = match.groups()
    headers = [(name.lower(), value) for name, value in _FIELD.findall(fields)]
    values = dict(headers)
    if len(values) < len(headers) or b"host" not in values or not UNUSUAL.isdisjoint(values):
        return None
    length = values.get(CONTENT_LENGTH, b"0")
    if not length.isdigit() or len(length) > DIGITS or values.get(CONNECTION, b"keep-alive").lower() != b"keep-alive":
        return None
    return PlainRequest(method.decode(), target, headers, match.end(), int(length))


def is_small(message: Message) -> bool:
    """True if the body is small and follows the headers at once; those of a stream are sent before it has anything."""
    return any(name.lower() == CONTENT_LENGTH and int(value) <= SMALL for name, value in message.get("headers", ()))


def size_of(message: Message | ASGISendEvent) -> int:
    """The bytes that wait with the message: for headers with a content length, that length."""
    headers: Any = message.get("headers", ())
    for name, value in headers:
        if name.lower() == CONTENT_LENGTH:
            return int(value)
    body: Any = message.get("body", b"")
    return len(body)


class PlainCycle(RequestResponseCycle):
    """A plain request and its response, whose bytes are those that h11 writes.

    ``body_left`` counts the bytes of the request's body that have not arrived. ``is_receive_plain`` says that `receive`
    only waits for an event and holds nothing of its task, so that it may begin before the task waits for it.
    """

    is_receive_plain = True
    transport: MeteredTransport

    def __init__(self, body_left: int, **options: Any) -> None:
        super().__init__(**options)
        self.body_left = body_left
        self.more_body = body_left > 0
        self._length: int | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """Write a part of the response; it is counted while the client does not read."""
        if self.flow.write_paused:
            with self.transport.holding(size_of(message)):
                await self.flow.drain()
        if self.transport.is_closing():
            # Nothing is written any more. A producer that never waits must learn that its client has left.
            await asyncio.sleep(0)
        if self.disconnected:
            return
        if self.response_complete:
            raise RuntimeError(f"unexpected ASGI message {message['type']!r}: the response is complete")
        if not self.response_started:
            self._start(message)
        else:
            self._continue(message)

    def _start(self, message: ASGISendEvent) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"expected the ASGI message 'http.response.start', but got {message['type']!r}")
        self.response_started = True
        status = message["status"]
        length, lines = None, []
        is_stopping = not self.keep_alive
        for name, value in (*self.default_headers, *message.get("headers", ())):
            kind = name.lower()
            if kind == CONTENT_LENGTH:
                length = int(value)
            elif kind == CHUNKED:
                continue  # this method decides
            elif kind == CONNECTION and b"close" in value.lower():
                self.keep_alive = is_stopping = False
            lines.append(b"%b: %b\r\n" % (name, value))
        if length is None and status not in WITHOUT_BODY:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        if is_stopping:
            lines.append(b"Connection: close\r\n")
        if self.scope["method"] == "HEAD" or status in WITHOUT_BODY:
            self._length = 0
        else:
            self._length = length
        headers = b"".join(lines)
        if _SENT.fullmatch(headers) is None:
            raise RuntimeError("a header of the response is not valid")
        if length is not None and length <= SMALL:
            self.transport.hold()
            asyncio.get_running_loop().call_soon(self.transport.release)  # a later body does not delay the headers
        self.transport.write(b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, STATUS_PHRASES[status], headers))

    def _continue(self, message: ASGISendEvent) -> None:
        if message["type"] != "http.response.body":
            raise RuntimeError(f"expected the ASGI message 'http.response.body', but got {message['type']!r}")
        body = b"" if self.scope["method"] == "HEAD" else message.get("body", b"")
        is_last = not message.get("more_body", False)
        if self._length is None:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            body = chunk + b"0\r\n\r\n" if is_last else chunk
        else:
            self._length -= len(body)
            if self._length < 0:
                raise RuntimeError("the body of the response is longer than its content length")
        self.transport.write(body)
        self.transport.release()
        if is_last:
            if self._length:
                raise RuntimeError("the body of the response is shorter than its content length")
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()
