"""The client for configured URLs: the certificate must fit the name, although the connection goes to an address."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.certificates import write_certificate

from orchestrator_gql.outbound import http_client
from orchestrator_gql.outbound.http_client import MOST_BYTES, HttpClient, NotReached


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of ``hook.test``, with its key in the same file."""
    return write_certificate(tmp_path, "hook.test")


@pytest.fixture
def client(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpClient]:
    """A client that trusts the certificate; names under ``.test`` resolve to this machine."""
    real = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **more: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".test") else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    http = HttpClient()
    yield http
    http.close()


@asynccontextmanager
async def encrypted(certificate: Path) -> AsyncIterator[tuple[int, list[str | None]]]:
    """The port of a server with the certificate, and the names that clients names_asked for."""
    names_asked: list[str | None] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names_asked.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 Fine\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], names_asked
    finally:
        server.close()


async def test_the_certificate_must_fit_the_name(client: HttpClient, certificate: Path) -> None:
    async with encrypted(certificate) as (port, names_asked):
        response = await client.post(f"https://hook.test:{port}/", b"{}", {}, allow_private=True)
        with pytest.raises(NotReached, match="certificate"):
            await client.post(f"https://other.test:{port}/", b"{}", {}, allow_private=True)
        with pytest.raises(NotReached, match="certificate"):
            await client.post(f"https://127.0.0.1:{port}/", b"{}", {}, allow_private=True)

    assert response.status == 204
    assert names_asked[:2] == ["hook.test", "other.test"]


async def test_only_the_beginning_of_an_endless_response_is_read(client: HttpClient) -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 No\r\nconnection: close\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 8192)
                await writer.drain()
                sent += 8192
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    response = await client.post(f"http://hook.test:{port}/", b"{}", {}, allow_private=True)
    server.close()

    assert (response.status, len(response.text)) == (500, MOST_BYTES)


async def test_a_refusal_counts_although_its_text_comes_slowly(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "BODY_SECONDS", 0.3)
    is_left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 410 Gone\r\ncontent-length: 1000\r\n\r\nnobody")
        await reader.read()
        is_left.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    response = await client.post(f"http://hook.test:{port}/", b"{}", {}, allow_private=True)
    await asyncio.wait_for(is_left.wait(), 5)  # the connection is closed, not kept
    server.close()

    assert (response.status, response.text) == (410, "nobody")


async def test_the_reason_for_a_failed_connection_does_not_hold_the_url(client: HttpClient) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]  # no server listens there
        with pytest.raises(NotReached) as refused:
            await client.post(f"http://hook.test:{port}/s3cr3t", b"{}", {}, allow_private=True)
    with pytest.raises(NotReached) as unresolved:
        await client.post("http://no.such.name.invalid/s3cr3t", b"{}", {}, allow_private=True)

    assert refused.value.message == "It could not be spoken to: connection refused."
    assert unresolved.value.message == "Its name cannot be resolved."
