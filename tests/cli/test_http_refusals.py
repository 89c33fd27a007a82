"""Invalid HTTP requests: each gets a problem document, and the server goes on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.command_line import Running, serving
from support.database import sqlite_url
from test_server import exchanged, serving_in_process

from orchestrator_gql.app import create_app
from orchestrator_gql.cli.serving import server as serving_module
from orchestrator_gql.cli.serving.server import HEADER_BYTES
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.rest.problems import on_fault

ADDRESS = b"/api/processes/00000000-0000-7000-8000-000000000000/callback/s3cr3t-t0ken"
SOCKET = b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
CLOSE = b"Connection: close\r\n\r\n"


def filled(beginning: bytes) -> bytes:
    """An unfinished request, one byte over the limit: the server cannot answer before it has read all of it."""
    return beginning.ljust(HEADER_BYTES + 1, b"x")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("refusing")) as running:
        yield running


def port_of(server: Running) -> int:
    return int(server.address.rpartition(":")[2])


def parsed(response: bytes) -> tuple[int, Any]:
    """Status and body of a response; its headers must hold its length and a JSON type."""
    head, _, body = response.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    _, status, reason = first.split(" ", 2)
    assert reason
    assert int(headers["content-length"]) == len(body)
    assert "json" in headers["content-type"], response
    return int(status), json.loads(body)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"no request at all\r\n\r\n", 400, "malformed-request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\na: \x00\r\n\r\n", 400, "malformed-request"),
        (b"GET /b\xc3\xbccher HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/3\r\nHost: localhost\r\n\r\n", 400, "malformed-request"),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
            "malformed-request",
        ),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400, "malformed-request"),
        (b"POST " + ADDRESS + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "host-invalid"),
        (b"GET / HTTP/1.0\r\n\r\n", 400, "host-invalid"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400, "host-invalid"),
        (b"POST " + ADDRESS + b" HTTP/1.1\r\nHost: localhost\r\nHost: orchestrator\r\n" + EMPTY, 400, "host-invalid"),
        (b"POST " + ADDRESS + b" HTTP/1.1\r\nHost: orchestrator\r\n" + CLOSE, 404, "callback-unknown"),
        (b"GET / HTTP/1.1\r\nHost: user@localhost\r\n" + CLOSE, 400, "host-invalid"),
        (b"GET / HTTP/1.1\r\nHost: orchestrator\r\n" + CLOSE, 421, "host-unknown"),
        (b"GET http://orchestrator/ HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 421, "host-unknown"),
        (b"GET http://u@localhost/ HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 400, "host-invalid"),
        (b"GET http:///a HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 400, "host-invalid"),
        (b"POST http://orchestrator" + ADDRESS + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE, 404, "callback-unknown"),
        (b"GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not-found"),
        (b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not-found"),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not-found"),
        (b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not-found"),
        (b"GET /assets/%00 HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not-found"),
        (b"DELETE /health/live HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 405, "method-not-allowed"),
        (b"BREW /assets/x HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 405, "method-not-allowed"),
        (filled(b"GET /"), 414, "uri-too-long"),
        (filled(b"GET / HTTP/1.1\r\nHost: localhost\r\nx: "), 431, "headers-too-large"),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            501,
            "unsupported-transfer-coding",
        ),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported-http-version"),
        (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505, "unsupported-http-version"),
        (b"GET / HTTP/0.9\r\nHost: localhost\r\n\r\n", 505, "unsupported-http-version"),
        (
            b"POST " + ADDRESS + b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            400,
            "malformed-request",
        ),
        (b"POST " + ADDRESS + b" HTTP/1.1\r\nHost: localhost\r\n" + SOCKET + KEY + EMPTY, 404, "callback-unknown"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n" + SOCKET + KEY + b"\r\n", 400, "host-invalid"),
    ],
)
async def test_invalid_http_is_answered_with_a_problem(server: Running, sent: bytes, status: int, code: str) -> None:
    response_status, problem = parsed(await exchanged(port_of(server), sent))

    assert (response_status, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:orchestrator-gql:problem:{code}"
    assert problem["title"] and problem["detail"]
    assert "s3cr3t-t0ken" not in json.dumps(problem)


async def test_a_post_that_asks_for_another_protocol_is_answered_as_a_post(server: Running) -> None:
    query = b'{"query": "{ __typename }"}'
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    length = b"Content-Length: %d\r\n" % len(query)
    to_http2 = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"

    responses = [
        await exchanged(port_of(server), head + length + upgrade + b"\r\n" + query)
        for upgrade in (SOCKET + KEY, to_http2)
    ]

    assert [parsed(response) for response in responses] == [(200, {"data": {"__typename": "Query"}})] * 2


@pytest.mark.parametrize("host", ["orchestrator", "user@localhost"])
async def test_a_socket_for_another_host_is_refused_as_graphql_does_and_nothing_is_logged_as_an_error(
    server: Running, host: str
) -> None:
    handshake = b"GET /graphql HTTP/1.1\r\nHost: %s\r\n" % host.encode() + SOCKET + KEY + b"\r\n"

    status, body = parsed(await exchanged(port_of(server), handshake))

    code = body["errors"][0]["extensions"]["code"]
    assert (status, code) in ((421, "HOST_UNKNOWN"), (400, "HOST_INVALID"))
    assert "ERROR" not in server.err.read_text()


@pytest.mark.parametrize(
    ("line", "headers"),
    [(b"POST /graphql", b""), (b"GET /graphql", SOCKET + KEY), (b"POST " + ADDRESS, b""), (b"GET /health/live", b"")],
)
async def test_a_server_with_too_many_connections_refuses_and_closes_each_further_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes, headers: bytes
) -> None:
    monkeypatch.setattr(serving_module, "CONNECTIONS", 1)
    app = create_app(read_settings(database_url=sqlite_url(tmp_path)), [])

    async with serving_in_process(app) as port:
        response = await exchanged(port, line + b" HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n")

    status, body = parsed(response)
    code = body["code"] if "code" in body else body["errors"][0]["extensions"]["code"]
    assert status == 503
    assert code == ("SERVER_BUSY" if b"/graphql" in line else "server-busy")
    assert b"\r\nretry-after: " in response.lower()
    assert b"\r\nconnection: close" in response.lower()


async def test_an_unexpected_error_is_reported_with_an_id_that_is_in_the_log_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_: Request) -> Response:
        raise RuntimeError("a secret")

    app = Starlette(routes=[Route("/", fail)], exception_handlers={Exception: on_fault})
    async with serving_in_process(app) as port:
        status, body = parsed(await exchanged(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + CLOSE))

    (record,) = [record for record in caplog.records if hasattr(record, "error_id")]
    assert (status, body["code"], body["errorId"]) == (500, "internal-error", record.error_id)
    assert "secret" not in json.dumps(body)


async def test_our_own_application_reports_unexpected_errors_that_way(tmp_path: Path) -> None:
    app = create_app(read_settings(database_url=sqlite_url(tmp_path)), [])

    assert app.exception_handlers[Exception] is on_fault
