"""The headers of a response go with its body in one packet, and each byte is the same as without that."""

import asyncio
import re
from asyncio import selector_events
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from test_server import SECONDS, serving_in_process

from orchestrator_gql.cli.serving.metered import MeteredTransport
from orchestrator_gql.cli.serving.plain_requests import SMALL

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]
LENGTH = [(b"content-length", b"2")]
START = {"type": "http.response.start", "status": 200, "headers": LENGTH}


async def nothing() -> None: ...


async def fails_behind_the_headers(_: Scope, __: Receive, send: Send) -> None:
    await send(START)
    raise ValueError


async def ends_behind_the_headers(_: Scope, __: Receive, send: Send) -> None:
    await send(START)


async def is_canceled_behind_the_headers(_: Scope, __: Receive, send: Send) -> None:
    await send(START)
    raise asyncio.CancelledError


async def sends_an_invalid_header(_: Scope, __: Receive, send: Send) -> None:
    await send({**START, "headers": [*LENGTH, (b"a", b"\n")]})


async def sends_too_much(_: Scope, __: Receive, send: Send) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": b"three"})


async def sends_headers_twice(_: Scope, __: Receive, send: Send) -> None:
    await send(START)
    await send(START)


async def sends_in_parts(_: Scope, __: Receive, send: Send) -> None:
    await send(START)
    for more in (True, True, False):
        await send({"type": "http.response.body", "body": b"x" if more else b"", "more_body": more})


async def reads_behind_the_headers(_: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    await receive()
    await send({"type": "http.response.body", "body": b"ok"})


async def streams(request: Request) -> Response:
    async def parts() -> Any:
        for _ in range(3):
            yield "x"
            await asyncio.sleep(0)

    return StreamingResponse(parts())


APPS: dict[str, ASGIApp] = {
    "text": PlainTextResponse("ok"),
    "large": PlainTextResponse("o" * (SMALL + 1)),
    "empty": Response(),
    "none": Response(status_code=204),
    "same": Response(status_code=304, headers={"content-length": "9"}),
    "later": PlainTextResponse("ok", background=BackgroundTask(nothing)),
    "fails": fails_behind_the_headers,
    "ends": ends_behind_the_headers,
    "canceled": is_canceled_behind_the_headers,
    "invalid": sends_an_invalid_header,
    "much": sends_too_much,
    "twice": sends_headers_twice,
    "parts": sends_in_parts,
    "reads": reads_behind_the_headers,
}
OTHER = [Mount(f"/{name}", app) for name, app in APPS.items()]


def app() -> Starlette:
    return Starlette(routes=[Route("/streams/", streams), *OTHER])


async def responses(sent: bytes) -> bytes:
    """All bytes until the server closes the connection; the client ends its side only after that."""
    async with serving_in_process(app()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        async with asyncio.timeout(SECONDS):
            received = await reader.read()
        writer.close()
    return re.sub(rb"date: [^\r]*", b"date: now", received)


def requests(*paths: str, method: str = "GET") -> bytes:
    """Requests in one packet; the last one asks to close the connection."""
    heads = [f"{method} /{path}/ HTTP/1.1\r\nHost: a\r\n" for path in paths]
    return ("\r\n".join(heads) + "Connection: close\r\n\r\n").encode()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", [*APPS, "streams"])
async def test_a_response_has_the_same_bytes_in_one_packet(
    monkeypatch: pytest.MonkeyPatch, name: str, method: str
) -> None:
    sent = requests("text", name, method=method)
    together = await responses(sent)

    monkeypatch.setattr(MeteredTransport, "hold", lambda _: None)

    assert together == await responses(sent)
    assert together.count(b"HTTP/1.1 ") == (1 if name == "invalid" else 2)


@pytest.mark.parametrize("before", [(), ("text",)], ids=["with h11", "plain"])
@pytest.mark.parametrize(("name", "packets"), [("text", 1), ("none", 1), ("large", 2), ("parts", 2)])
async def test_only_a_small_body_is_sent_with_its_headers(
    monkeypatch: pytest.MonkeyPatch, name: str, packets: int, before: tuple[str, ...]
) -> None:
    written: list[bytes] = []
    write = selector_events._SelectorSocketTransport.write  # type: ignore[attr-defined]

    def counted(transport: Any, data: bytes) -> None:
        if data:
            written.append(bytes(data))
        write(transport, data)

    monkeypatch.setattr(selector_events._SelectorSocketTransport, "write", counted)  # type: ignore[attr-defined]
    await responses(requests(name, *before))  # only the last one closes the connection, so the first is plain

    of_server = [data for data in written if not data.startswith(b"GET")]
    assert len(of_server) == packets + len(before)


async def test_a_body_that_comes_later_does_not_delay_the_headers() -> None:
    has_headers = asyncio.Event()

    async def waits(_: Scope, __: Receive, send: Send) -> None:
        await send(START)
        await has_headers.wait()
        await send({"type": "http.response.body", "body": b"ok"})

    async with serving_in_process(Starlette(routes=[Mount("/", waits)])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(requests("a"))
        async with asyncio.timeout(SECONDS):
            assert b"content-length: 2" in await reader.readuntil(b"\r\n\r\n")
            has_headers.set()
            assert await reader.read() == b"ok"
        writer.close()


async def test_a_client_that_leaves_between_headers_and_body_is_forgotten() -> None:
    has_left, has_ended = asyncio.Event(), asyncio.Event()

    async def waits(_: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        has_left.set()
        while (await receive())["type"] != "http.disconnect":
            continue
        await send({"type": "http.response.body", "body": b"ok"})
        has_ended.set()

    async with serving_in_process(Starlette(routes=[Mount("/", waits)])) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(requests("a"))
        async with asyncio.timeout(SECONDS):
            await has_left.wait()
            writer.transport.abort()
            await has_ended.wait()
