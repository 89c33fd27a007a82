"""Plain requests are answered without h11, and every answer is the one that h11 would give."""

import asyncio
import random
import re
import socket
from contextlib import closing
from typing import Any, NamedTuple

import h11
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send
from support.sizes import size
from test_http_protocol import APPS, requests
from test_http_protocol import app as applications
from test_server import exchanged, serving_in_process

from orchestrator_gql.cli.serving import plain_http, plain_requests
from orchestrator_gql.cli.serving.plain_requests import DIGITS, LARGEST, plain_request
from orchestrator_gql.cli.serving.server import HEADER_BYTES

HOST = b"Host: a\r\n"
GET = b"GET /echo HTTP/1.1\r\n" + HOST
POST = b"POST /echo HTTP/1.1\r\n" + HOST
ROUNDS = 12
"""Times that the event loop runs before a silent connection counts as at rest: nothing here waits for a clock."""


class Outcome(NamedTuple):
    """What a client received, whether the server closed the connection, and the requests that the application saw."""

    received: bytes
    is_closed: bool
    seen: list[tuple[object, ...]]

    @property
    def statuses(self) -> list[int]:
        """The status of each response."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.received)]


def app(seen: list[tuple[object, ...]]) -> Starlette:
    """Applications that read all of the body, a part of it, nothing, or send a stream."""

    def noted(request: Request, body: bytes) -> str:
        scope = request.scope
        facts = (scope["method"], scope["path"], scope["raw_path"], scope["query_string"], scope["headers"], body)
        seen.append((*facts, scope["http_version"], scope["scheme"], scope["root_path"]))
        return f"{len(seen)} {len(body)}"

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await PlainTextResponse(noted(request, await request.body()))(scope, receive, send)

    async def unread(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(noted(Request(scope), b""))(scope, receive, send)

    async def closes(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(noted(Request(scope), b""), headers={"Connection": "close"})(scope, receive, send)

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        parts = [noted(request, await request.body()), "", "b"]

        async def sent() -> object:
            for part in parts:
                yield part

        await StreamingResponse(sent())(scope, receive, send)  # type: ignore[arg-type]

    apps = {"/unread": unread, "/closes": closes, "/stream": stream}
    return Starlette(routes=[*(Mount(path, app) for path, app in apps.items()), Mount("/", echo)])


async def rest(client: socket.socket) -> tuple[bytes, bool]:
    """What the server sends until it is at rest, and whether it closed the connection then."""
    received, quiet = b"", 0
    while quiet < ROUNDS:
        await asyncio.sleep(0)
        try:
            data = client.recv(1 << 20)
        except BlockingIOError:
            quiet += 1
            continue
        except ConnectionResetError:
            return received, True
        if not data:
            return received, True
        received, quiet = received + data, 0
    return received, False


async def outcomes(cases: list[list[bytes]]) -> list[Outcome]:
    """The outcome of each connection, which sends its pieces one after another."""
    seen: list[tuple[object, ...]] = []
    results = []
    async with serving_in_process(app(seen)) as port:
        for pieces in cases:
            seen.clear()
            with closing(socket.create_connection(("127.0.0.1", port))) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.setblocking(False)
                await rest(client)  # the server has accepted, so each piece arrives alone
                for piece in pieces:
                    try:
                        await asyncio.get_running_loop().sock_sendall(client, piece)
                    except ConnectionError:
                        break
                    for _ in range(3):
                        await asyncio.sleep(0)
                received, is_closed = await rest(client)
            results.append(Outcome(re.sub(rb"date: [^\r]*", b"date: now", received), is_closed, list(seen)))
    return results


METHODS = [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE"], [b"BREW", b"get", b"CONNECT", b"TRACE"]
TARGETS = (
    [b"/", b"/a?b=%20c", b"/%2e/%ff", b"/unread/", b"/unread/1", b"/closes/", b"/stream/", b"//x", b"/?", b"/a?b?c#d"],
    [b"*", b"http://b/c", b"a:1", b"a", b"/\x7f", b"/\xc3", b"/a b"],
)
VERSIONS = [b"HTTP/1.1"], [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/11", b"http/1.1", b"HTTP/1.1 "]
HOSTS = [[b"Host: a"], [b"HOST:a"], [b"host:"]], [[], [b"Host: a", b"Host: b"], [b"Host : a"], [b" Host: a"]]
HEADERS = (
    [b"Accept: */*", b"x:y", b"empty:", b"none: ", b"a: b: c", b"Connection: keep-alive", b"e: \"(),;<=>?@[]{}~",
     b"User-Agent: a (b; c) d/1"],
    [b"X:  two", b"x: trailing ", b"x: \xff", b"x: a\tb", b"x: \x01", b"x : y", b"x", b" folded", b"x: \x00", b": y",
     b"Connection: close", b"connection: Keep-Alive, x", b"Expect: 100-continue", b"Upgrade: h2c", b"x: a\rb",
     b"x: " + b"z" * 1000, b"x: " + b"z" * LARGEST, b"x\xe9: y", b"x: \x0c", b"Connection: Upgrade", b"x\x00: y"],
)  # fmt: skip
CHUNKS = [b"1\r\nx\r\n0\r\n\r\n", b"0\r\n\r\n", b"2;a=b\r\nxy\r\n0\r\nt: u\r\n\r\n", b"zz\r\n", b"1\r\nxy", b"-1\r\n"]
BROKEN = [
    [b"Content-Length: 1", b"Content-Length: 2"], [b"Content-Length: 1", b"Content-Length: 1"], [b"Content-Length: -1"],
    [b"Content-Length: +1"], [b"Content-Length: 1, 1"], [b"Content-Length:"], [b"Content-Length: 0x1"],
    [b"Content-Length: 0000000000001"], [b"Content-Length: 1 "], [b"Content-Length: \xb2"], [b"Content-Length: 9" * 30],
    [b"Transfer-Encoding: gzip, chunked"], [b"Content-Length: 3", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], [b"Transfer-Encoding:"],
]  # fmt: skip


def request_of(rng: random.Random) -> bytes:
    """A request; each thing about it may be unusual or broken."""

    def pick(choices: tuple[list[Any], list[Any]]) -> Any:
        return rng.choice(choices[rng.random() < 0.04])

    line = b" ".join((pick(METHODS), pick(TARGETS), pick(VERSIONS)))
    headers = {field.partition(b":")[0]: field for field in (pick(HEADERS) for _ in range(rng.choice([0, 1, 3])))}
    lines = [*pick(HOSTS), *headers.values()]
    framing, body = rng.choices(["none", "length", "chunked", "broken"], [10, 10, 1, 1])[0], b""
    if framing == "length":
        body = (b"a{}\r\n\r\n" * 10_000)[: rng.choice([0, 1, 5, 300, 300, 300, 70_000])]
        lines.append(b"Content-Length: %d" % len(body))
    elif framing == "chunked":
        body = rng.choice(CHUNKS)
        lines.append(b"Transfer-Encoding: chunked")
    elif framing == "broken":
        body = b"xy"
        lines += rng.choice(BROKEN)
    rng.shuffle(lines)
    ending: bytes = pick(([b"\r\n"], [b"\n", b"\r"]))
    return ending.join([line, *lines, b"", body])


def case_of(rng: random.Random) -> list[bytes]:
    """The pieces that a client sends: some requests, perhaps with a wrong byte, cut at random places."""
    sent = bytearray(b"".join(request_of(rng) for _ in range(rng.choice([1, 2, 3, 4]))))
    if rng.random() < 0.3:
        for _ in range(rng.choice([1, 1, 3])):
            place = rng.randrange(min(len(sent), 200))
            wrong = rng.choice([b"", b"\r", b"\n", b"\x00", b" ", b"\t", b":", b"\x7f", b"\x80", b"\r\n", b"\x0b"])
            sent[place : place + rng.choice([0, 1])] = wrong
    cuts = sorted(rng.choices(range(1, max(2, len(sent))), k=rng.choice([0, 0, 1, 2, 10])))
    return [bytes(sent[start:end]) for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True) if start < end]


@pytest.mark.parametrize("seed", range(size(2, 6)))
async def test_whatever_a_client_sends_it_gets_the_bytes_that_h11_would_send(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    cases = [case_of(rng) for _ in range(300)]
    plain = 0

    def counted(data: bytes) -> plain_requests.PlainRequest | None:
        nonlocal plain
        request = plain_request(data)
        plain += request is not None
        return request

    monkeypatch.setattr(plain_http, "plain_request", counted)
    ours = await outcomes(cases)
    monkeypatch.setattr(plain_http, "plain_request", lambda _: None)
    of_h11 = await outcomes(cases)

    for pieces, outcome, expected in zip(cases, ours, of_h11, strict=True):
        assert outcome == expected, pieces
    assert plain > 50
    statuses = {status for outcome in ours for status in outcome.statuses}
    assert statuses >= {200, 400, 505}


def parsed_by_h11(data: bytes) -> plain_requests.PlainRequest:
    """The same facts about the first request, from h11."""
    connection = h11.Connection(h11.SERVER, HEADER_BYTES)
    connection.receive_data(data)
    event = connection.next_event()
    assert isinstance(event, h11.Request)
    assert connection.their_state is h11.SEND_BODY
    assert not connection.they_are_waiting_for_100_continue
    headers = list(event.headers)
    length = int(dict(headers).get(b"content-length", b"0"))
    size = len(data) - len(connection.trailing_data[0])
    assert event.http_version == b"1.1"
    return plain_requests.PlainRequest(event.method.decode(), event.target, headers, size, length)


def test_every_plain_request_is_one_for_h11_with_the_same_facts() -> None:
    rng = random.Random(14)
    plain = 0
    for _ in range(4_000):
        sent = b"".join(case_of(rng))
        if (request := plain_request(sent)) is not None:
            plain += 1
            assert request == parsed_by_h11(sent), sent
    assert plain > 1000


REFUSED = {
    "a length and chunks": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /echo HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +1\r\n\r\nx",
    "a length in hex": POST + b"Content-Length: 0x1\r\n\r\nx",
    "no length": POST + b"Content-Length: \r\n\r\n",
    "a giant length": POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nx",
    "a wrong chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
    "a chunk that is longer": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a giant chunk extension": POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * (HEADER_BYTES + 9),
    "a giant trailer": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nt: " + b"x" * (HEADER_BYTES + 9),
    "giant headers": GET + b"x: " + b"y" * (HEADER_BYTES + 9),
    "very many headers": GET + b"x: y\r\n" * HEADER_BYTES,
    "a giant target": b"GET /" + b"x" * (HEADER_BYTES + 9),
    "a space before the colon": GET + b"x : y\r\n\r\n",
    "a lone CR": GET + b"x: a\rb\r\n\r\n",
    "NUL": GET + b"x: \x00\r\n\r\n",
    "a folded first header": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": GET + HOST + b"\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes in the target": b"GET /\xc3\xbc HTTP/1.1\r\n" + HOST + b"\r\n",
    "an empty line before": b"\r\n" + GET + b"\r\n",
}


@pytest.mark.parametrize("before", [b"", GET + b"\r\n", POST + b"Content-Length: 2\r\n\r\n{}"])
async def test_what_may_be_read_in_two_ways_or_has_no_end_is_refused_and_the_connection_closed(before: bytes) -> None:
    ours = await outcomes([[before + sent] for sent in REFUSED.values()])

    for name, outcome in zip(REFUSED, ours, strict=True):
        accepted, problem = outcome.statuses[:-1], outcome.statuses[-1]
        assert accepted == ([200] if before else []), name
        assert problem in (400, 414, 431, 501, 505), name
        assert outcome.is_closed, name
        assert len(outcome.seen) == len(accepted), name


ONE = b"Content-Length: 1\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
FOLLOWING: list[tuple[bytes, list[bytes]]] = [
    (GET + b"\r\n", [b""]),
    (POST + b"Content-Length: 0\r\n\r\n", [b""]),
    (POST + b"Content-Length: 3\r\n\r\nabc" + GET + b"\r\n", [b"abc", b""]),
    (POST + b"Content-Length: 3\r\n\r\n\r\n\r" + POST + CHUNKED + GET + b"\r\n", [b"\r\n\r", b"x", b""]),
    (POST + b"Expect: 100-continue\r\n" + ONE + b"x" + POST + ONE + b"y", [b"x", b"y"]),
    (POST + b"Upgrade: h2c\r\nConnection: Upgrade\r\n" + ONE + b"x" + POST + ONE + b"y", [b"x", b"y"]),
    (POST + b"Content-Length: 200000\r\n\r\n" + b"z" * 200_000 + GET + b"\r\n", [b"z" * 200_000, b""]),
]


@pytest.mark.parametrize(("sent", "bodies"), FOLLOWING, ids=range(len(FOLLOWING)))
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
async def test_requests_may_be_cut_anywhere_and_follow_each_other(sent: bytes, bodies: list[bytes], size: int) -> None:
    size = max(size, len(sent) // 500)
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]

    (outcome,) = await outcomes([pieces])

    assert [seen[5] for seen in outcome.seen] == bodies
    assert [status for status in outcome.statuses if status != 100] == [200] * len(bodies)
    assert not outcome.is_closed


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_each_response_has_the_bytes_that_h11_would_send(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Also those of applications that send too much, too little, a wrong header, or fail in between."""
    sent = [requests(name, "text", method=method) for name in [*APPS, "streams"]]

    async def received() -> list[bytes]:
        async with serving_in_process(applications()) as port:
            return [re.sub(rb"date: [^\r]*", b"", await exchanged(port, each)) for each in sent]

    ours = await received()
    monkeypatch.setattr(plain_http, "plain_request", lambda _: None)

    assert ours == await received()


@pytest.mark.parametrize("digits", [DIGITS, DIGITS + 1])
def test_only_a_length_of_few_digits_is_plain(digits: int) -> None:
    request = plain_request(POST + b"Content-Length: " + b"1".rjust(digits, b"0") + b"\r\n\r\n")

    assert (request is not None) == (digits == DIGITS)


def test_a_head_that_is_not_complete_or_too_large_is_not_plain() -> None:
    fits = GET + b"x: " + b"y" * (LARGEST - len(GET) - 7) + b"\r\n\r\n"
    assert len(fits) == LARGEST

    assert plain_request(fits) is not None
    assert plain_request(fits.replace(b"y", b"yy", 1)) is None
    assert not any(plain_request(fits[:end]) for end in (*range(50), LARGEST - 3, LARGEST - 2, LARGEST - 1))


def test_a_long_value_that_is_not_plain_is_found_in_one_pass() -> None:
    """A pattern that tries again from each place would take hours for these."""
    for wrong in (b" " * LARGEST, b"a " * LARGEST, b"\t" * LARGEST, b"a" * LARGEST + b"\x00"):
        assert plain_request((GET + b"x: " + wrong)[: LARGEST - 4] + b" \r\n\r\n") is None
    assert plain_request(GET + b"a: b\r\n" * 2000 + b"\x00\r\n\r\n") is None


INNER = b"POST /inner HTTP/1.1\r\nContent-Length: 0\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "rest", "expected"),
    [
        (b"GET /outer HTTP/1.1\r\nx: ", b"", [("GET", "/outer", b"")]),
        (b"GET /outer HTTP/1.1\r\nHost: a\r\nx: ", b"", None),
        (b"POST /outer HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(INNER), b"", INNER),
        (b"POST /outer HTTP/1.1\r\nHost: a\r\nX:  a\r\nContent-Length: %d\r\n\r\n" % len(INNER), b"", INNER),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(INNER), b"\r\n0\r\n\r\n", INNER),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nx: ", b"", b""),
    ],
)  # fmt: skip
async def test_a_piece_that_looks_like_a_request_belongs_to_the_one_that_has_begun(
    begun: bytes, rest: bytes, expected: object
) -> None:
    (outcome,) = await outcomes([[begun, INNER, rest] if rest else [begun, INNER]])

    assert "/inner" not in [seen[1] for seen in outcome.seen]
    if isinstance(expected, bytes):
        assert [seen[5] for seen in outcome.seen] == [expected]
    elif expected is None:
        assert outcome.statuses == [400]
    else:
        assert [(seen[0], seen[1], seen[5]) for seen in outcome.seen] == expected
