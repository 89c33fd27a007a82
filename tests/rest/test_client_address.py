"""The client's address: a trusted proxy names it, and nobody else can."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from waits import Wait, problem, waiting

from orchestrator_gql.config.addresses import listed, plain_address, proxy
from orchestrator_gql.rest.client_address import MOST_HOPS, ClientAddress, client_of

PROXY, CLIENT, LIAR = "10.0.0.1", "203.0.113.9", "198.51.100.66"
SPOOFED = {
    "x-forwarded-for": CLIENT,
    "forwarded": f"for={CLIENT};proto=https",
    "x-real-ip": CLIENT,
    "true-client-ip": CLIENT,
    "cf-connecting-ip": CLIENT,
    "x-client-ip": CLIENT,
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
    "x-forwarded-prefix": "/evil",
}


async def seen(
    headers: Sequence[tuple[str, str]],
    *,
    trusted: str,
    peer: tuple[str, int] | None = (PROXY, 4711),
    scheme: str = "http",
    kind: str = "http",
) -> tuple[str | None, str]:
    """The client's host and the scheme that the application sees."""
    found: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope)

    entries: Any = listed(trusted)
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": kind, "client": peer, "scheme": scheme, "headers": raw}
    await ClientAddress(app, proxies=tuple(map(proxy, entries)))(scope, None, None)  # type: ignore[arg-type]
    client = found[0]["client"]
    return client[0] if client else None, found[0]["scheme"]


async def host_of(*forwarded: str, trusted: str = PROXY, peer: tuple[str, int] | None = (PROXY, 4711)) -> str | None:
    host, _ = await seen([("X-Forwarded-For", value) for value in forwarded], trusted=trusted, peer=peer)
    return host


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([CLIENT], CLIENT),
        ([f"{LIAR}, {CLIENT}"], CLIENT),
        ([LIAR, CLIENT], CLIENT),
        ([f"{LIAR}, {CLIENT}, 10.0.0.2"], CLIENT),
        ([f"{LIAR}, {CLIENT}, 10.0.0.2, 10.0.0.3"], CLIENT),
        ([f"{LIAR}, {CLIENT}", "10.0.0.2"], CLIENT),
        ([f"10.0.0.2, {LIAR}, {CLIENT}"], CLIENT),
        (["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ([], PROXY),
        ([""], PROXY),
        ([" , ,"], PROXY),
        ([f"{CLIENT}, "], CLIENT),
        ([f"{CLIENT},,10.0.0.2"], CLIENT),
        (["unknown"], PROXY),
        ([f"{CLIENT}, unknown"], PROXY),
        ([f"{CLIENT}, garbage, 10.0.0.2"], "10.0.0.2"),
        ([f"{CLIENT}, _hidden, 10.0.0.2"], "10.0.0.2"),
        ([f"{CLIENT}, 999.0.0.1, 10.0.0.2"], "10.0.0.2"),
        ([f"{LIAR}, {CLIENT}:4711"], CLIENT),
        (["2001:db8::7"], "2001:db8::7"),
        (["2001:DB8:0::7"], "2001:db8::7"),
        (["[2001:db8::7]"], "2001:db8::7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (['"[2001:db8::7]:4711"'], "2001:db8::7"),
        (["fe80::1%eth0"], "fe80::1"),
        ([f"::ffff:{CLIENT}"], CLIENT),
        ([f"{CLIENT}, ::ffff:10.0.0.2"], CLIENT),
        ([f"{CLIENT}\x00"], PROXY),
        (["10.0.0.2\xb2"], PROXY),
    ],
)
async def test_behind_trusted_proxies_the_client_is_the_last_hop_that_is_none_of_them(
    forwarded: list[str], client: str
) -> None:
    assert await host_of(*forwarded, trusted="10.0.0.0/8") == client


@pytest.mark.parametrize(
    ("peer", "trusted", "client"),
    [
        ((LIAR, 1), "", LIAR),
        ((LIAR, 1), PROXY, LIAR),
        (("127.0.0.1", 1), "", "127.0.0.1"),
        (("::1", 1), "127.0.0.1", "::1"),
        (("::1", 1), "::1", CLIENT),
        (("10.0.0.1", 1), "10.0.0.2", "10.0.0.1"),
        (("10.0.0.1", 1), "10.0.0.0/8", CLIENT),
        (("11.0.0.1", 1), "10.0.0.0/8", "11.0.0.1"),
        (("::ffff:10.0.0.1", 1), "10.0.0.1", CLIENT),
        (("10.0.0.1", 1), "::ffff:10.0.0.1", CLIENT),
        ((f"::ffff:{LIAR}", 1), "", LIAR),
        (("2001:db8::1", 1), "2001:db8::/32", CLIENT),
        (("fe80::1%eth0", 1), "fe80::/10", CLIENT),
        (("testclient", 1), "10.0.0.0/8 unix", "testclient"),
        (None, "", None),
        (None, "10.0.0.0/8", None),
        (None, "unix", CLIENT),
        (("", 0), "unix", CLIENT),
        (("10.0.0.1", 1), "unix", "10.0.0.1"),
    ],
)
async def test_only_a_trusted_proxy_is_believed(peer: tuple[str, int] | None, trusted: str, client: str | None) -> None:
    assert await host_of(CLIENT, trusted=trusted, peer=peer) == client


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_no_header_of_a_peer_that_is_not_trusted_changes_anything(kind: str) -> None:
    assert await seen(list(SPOOFED.items()), trusted=PROXY, peer=(LIAR, 1), kind=kind) == (LIAR, "http")


@pytest.mark.parametrize("name", [name for name in SPOOFED if name not in ("x-forwarded-for", "x-forwarded-proto")])
async def test_of_a_trusted_proxy_no_other_header_is_read(name: str) -> None:
    """A proxy passes the headers that it does not know on as the client sent them."""
    assert await seen([(name, SPOOFED[name])], trusted=PROXY) == (PROXY, "http")


@pytest.mark.parametrize(
    ("value", "scheme", "expected"),
    [
        ("https", "http", "https"),
        ("HTTPS ", "http", "https"),
        ("http", "https", "http"),
        ("https", "ws", "wss"),
        ("wss", "ws", "wss"),
        ("http", "wss", "ws"),
        ("https, http", "https", "http"),
        ("ftp", "http", "http"),
        ("", "http", "http"),
        ("javascript", "https", "https"),
    ],
)
async def test_a_trusted_proxy_names_the_scheme(value: str, scheme: str, expected: str) -> None:
    assert (await seen([("x-forwarded-proto", value)], trusted=PROXY, scheme=scheme))[1] == expected


def test_a_long_chain_is_read_up_to_a_bound() -> None:
    proxies = [proxy("10.0.0.0/8")]
    chain = [CLIENT, *["10.0.0.2"] * MOST_HOPS]

    assert str(client_of(plain_address(PROXY), [",".join(chain[:-1])], proxies)) == CLIENT
    assert str(client_of(plain_address(PROXY), [",".join(chain)], proxies)) == "10.0.0.2"


SETTINGS: dict[str, Any] = {
    "trusted_proxies": ["192.0.2.7"],  # the address of the client in these tests
    "misses_per_minute": 2,
    "services": {"lso": {"addresses": [f"{CLIENT}/32"]}},
}


def from_a_proxy(client: str = CLIENT) -> dict[str, str]:
    return {"x-forwarded-for": f"{LIAR}, {client}"}


async def test_attempts_and_allow_lists_see_the_client(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings=SETTINGS, service="lso") as wait:
        refused = await wait.send(b"{}", **from_a_proxy(LIAR))
        accepted = await wait.send(b"{}", **from_a_proxy())
        peers = [(attempt.peer, attempt.outcome) for attempt in await wait.attempts()]

    assert (refused.status_code, accepted.status_code) == (403, 200)
    assert sorted(peers) == [(LIAR, "FORBIDDEN_ADDRESS"), (CLIENT, "ACCEPTED")]


async def test_graphql_sees_the_client(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={"trusted_proxies": ["192.0.2.7"]}) as wait:
        query = "mutation ($token: String!) { receiveCallback(input: {token: $token, result: {}}) { __typename } }"
        body = {"query": query, "variables": {"token": wait.token}}
        answer = (await wait.site.http.post("/graphql", json=body, headers=from_a_proxy())).json()
        peers = [attempt.peer for attempt in await wait.attempts()]

    assert answer == {"data": {"receiveCallback": {"__typename": "ReceiveCallbackSuccess"}}}
    assert peers == [CLIENT]


@pytest.mark.parametrize("settings", [{}, {"trusted_proxies": ["192.0.2.8"]}])
async def test_a_client_cannot_choose_its_address(tmp_path: Path, settings: dict[str, Any]) -> None:
    async with waiting(tmp_path, settings={**SETTINGS, "trusted_proxies": [], **settings}, service="lso") as wait:
        refused = [await wait.send(b"{}", **{name: value}) for name, value in SPOOFED.items() if "-ip" in name]
        refused += [await wait.send(b"{}", **from_a_proxy()), await wait.send(b"{}", **SPOOFED)]
        peers = {attempt.peer for attempt in await wait.attempts()}

    assert {response.status_code for response in refused} == {403}
    assert peers == {"192.0.2.7"}


async def misses(wait: Wait, headers: dict[str, str]) -> list[int]:
    """The codes of three requests for a URL that does not exist."""
    return [problem(await wait.send(b"{}", behind="x", **headers))[0] for _ in range(3)]


async def test_guesses_are_counted_by_client_and_not_by_proxy(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings=SETTINGS) as wait:
        by_one, by_another = await misses(wait, from_a_proxy()), await misses(wait, from_a_proxy("203.0.113.10"))

    assert by_one == by_another == [404, 404, 429]


async def test_a_guesser_cannot_be_many_clients(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={**SETTINGS, "trusted_proxies": []}) as wait:
        statuses = [(await misses(wait, from_a_proxy(f"203.0.113.{number}"))) for number in range(2)]

    assert statuses == [[404, 404, 429], [429, 429, 429]]


async def test_the_access_log_names_the_client(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "orchestrator_gql.access"):
        async with waiting(tmp_path, settings=SETTINGS) as wait:
            response: httpx.Response = await wait.site.http.get("/health/live", headers=from_a_proxy())

    lines = [record.__dict__ for record in caplog.records if record.name == "orchestrator_gql.access"]
    assert json.loads(response.text) == {"status": "live"}
    assert [(line["client"], line["route"]) for line in lines] == [(CLIENT, "/health/live")]
