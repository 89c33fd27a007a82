"""Frames of a hostile client: the socket is closed with the code of RFC 6455, and nothing is an error in the log."""

import asyncio
import logging
import struct

import pytest
from starlette.types import Receive, Scope, Send
from support.until import PATIENCE
from test_shared_sockets import only, served

from orchestrator_gql.cli.serving.websocket_protocol import MOST_FRAGMENTS, NO_TEXT, TOO_LARGE

TEXT, BINARY, MORE, CLOSE = 1, 2, 0, 8
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def frame(kind: int, data: bytes, *, is_last: bool = True) -> bytes:
    """A frame of a client, with a mask that changes nothing."""
    return bytes((kind | (0x80 if is_last else 0), 0x80 | len(data))) + bytes(4) + data


def fragments(data: bytes, count: int) -> bytes:
    """A text message in so many frames; all but the first are empty."""
    rest = frame(MORE, b"", is_last=False) * (count - 2)
    return frame(TEXT, data, is_last=False) + rest + frame(MORE, b"")


async def echo(_: Scope, receive: Receive, send: Send) -> None:
    """Send each message back."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text") or "bytes"})


async def answered(sent: bytes) -> list[str | int]:
    """The messages that come back, and the code with which the server closed, or none while it goes on."""
    found: list[str | int] = []
    async with asyncio.timeout(PATIENCE), served(only(echo)) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HANDSHAKE.format(address).encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent + frame(TEXT, b"end"))
        while "end" not in found:
            kind, length = await reader.readexactly(2)
            data = await reader.readexactly(length)
            if kind & 0xF == CLOSE:
                found.append(struct.unpack("!H", data[:2])[0])
                break
            if kind & 0xF == TEXT:  # a slow machine gets pings, too
                found.append(data.decode())
        writer.close()
    return found


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (frame(TEXT, b"\xff"), [NO_TEXT]),
        (frame(TEXT, "é".encode()[:1]), [NO_TEXT]),
        (frame(TEXT, b"\xed\xa0\x80"), [NO_TEXT]),
        (frame(TEXT, b"a", is_last=False) + frame(MORE, b"\xc0\x80"), [NO_TEXT]),
        (frame(TEXT, b"\xff") + frame(TEXT, b"\xff"), [NO_TEXT]),
        (frame(TEXT, "é".encode()[:1], is_last=False) + frame(MORE, "é".encode()[1:]), ["é", "end"]),
        (frame(BINARY, b"\xff"), ["bytes", "end"]),
        (fragments(b"a", MOST_FRAGMENTS), ["a", "end"]),
        (fragments(b"a", MOST_FRAGMENTS + 1), [TOO_LARGE]),
        (fragments(b"a", 20 * MOST_FRAGMENTS), [TOO_LARGE]),
    ],
)
async def test_an_invalid_message_closes_the_socket_and_is_no_error(
    sent: bytes, expected: list[str | int], caplog: pytest.LogCaptureFixture
) -> None:
    assert await answered(sent) == expected
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
