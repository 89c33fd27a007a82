"""The host of a request: any host is accepted if the path holds the credential; else it must be a known host."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from waits import Wait, problem, waiting

from orchestrator_gql.types import ProcessStatus

CREDENTIAL = "s3cret-of-the-proxy"
SETTINGS: dict[str, Any] = {
    "public_url": "https://Orchestrator.example:8443/automation",
    "allowed_hosts": ["*.portal.example", "bücher.example", "2001:db8::7"],
    "services": {"proxy": {"credential_sha256": hashlib.sha256(CREDENTIAL.encode()).hexdigest()}},
}
OURS = [
    "testserver",
    "localhost",
    "localhost:8000",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1:1",
    "[::1]",
    "[::1]:8000",
    "[0:0:0:0:0:0:0:1]:8000",
    "orchestrator.example",
    "Orchestrator.Example.:443",
    "orchestrator.example:",
    "a.portal.example",
    "a.b.portal.example:80",
    "xn--bcher-kva.example",
    "[2001:DB8::7]",
]
FOREIGN = [
    "orchestrator",
    "orchestrator:8000",
    "evil.example",
    "orchestrator.example.evil",
    "notorchestrator.example",
    "portal.example",
    "evilportal.example",
    "example",
    "192.0.2.1",
    "[::2]:8000",
    "automation",
    "x" * 63,
]
NO_HOST = [
    "",
    "a b",
    "[::1",
    "::1",
    "[::1]x",
    "[fe80::1%25eth0]",
    "user@localhost",
    "localhost/",
    "localhost:x",
    "localhost:65536",
    "localhost:-1",
    "localhost, localhost",
    "..",
    "*",
    "*.portal.example",
    "256.0.0.1",
    "b\xfccher.example",
    "localhost." + "x" * 300,
]
GRAPHQL = {"query": "{ __typename }"}


@asynccontextmanager
async def waiting_behind_a_proxy(folder: Path) -> AsyncIterator[Wait]:
    async with waiting(folder, settings=SETTINGS) as wait:
        yield wait


def named(host: str) -> dict[bytes, bytes]:
    return {b"host": host.encode("latin-1")}


async def deliver_everywhere(wait: Wait, host: str) -> list[int]:
    """The statuses of every route for deliveries; only the progress is no dry run, so that the URL stays open."""
    http, headers = wait.site.http, {**named(host), b"content-type": b"application/json"}
    known = {**headers, b"authorization": f"Bearer {CREDENTIAL}".encode()}
    posts = [
        (wait.url + "?dryRun=true", headers),
        (wait.url + "/?dryRun=true", headers),
        (wait.url + "/fail?dryRun=true", headers),
        (wait.url + "/progress", headers),
        ("/api/callbacks/by-ref/proxy/job-1?dryRun=true", known),
        ("/api/callbacks/by-ref/proxy/job-1/fail?dryRun=true", known),
    ]
    return [(await http.post(path, content=b'{"message": "x"}', headers=sent)).status_code for path, sent in posts]


CLOSED = (
    "/",
    "/health/live",
    "/health/ready",
    "/openapi.json",
    "/metrics",
    "/api/audit/export",
    "/assets/x",
    "/nothing",
)
"""Paths that respond to known hosts only."""


async def test_a_callback_is_accepted_with_any_host(tmp_path: Path) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:
        other = (await wait.send(b'{"rc": 0}', host="orchestrator")).json()["receipt"]
        await wait.reaches(ProcessStatus.COMPLETED)
        outcomes = [attempt.outcome for attempt in await wait.attempts()]
        again = await wait.send(b'{"rc": 0}', host="evil.example")

    assert outcomes == ["ACCEPTED"]
    assert again.json() == {"receipt": other, "status": "accepted", "duplicate": True}


async def test_deliveries_are_accepted_with_any_host(tmp_path: Path) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:
        statuses = {host: await deliver_everywhere(wait, host) for host in (*OURS, *FOREIGN, *NO_HOST)}

    assert {host: codes for host, codes in statuses.items() if codes != [200, 200, 200, 200, 202, 202]} == {}


async def test_a_receipt_is_shown_with_any_host(tmp_path: Path) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:
        receipt = (await wait.send(b'{"rc": 0}')).json()["receipt"]
        statuses = [
            (await wait.site.http.get(f"/api/receipts/{receipt}", headers=named(host))).status_code
            for host in (*OURS, *FOREIGN, *NO_HOST)
        ]

    assert set(statuses) == {200}


async def test_a_wrong_method_or_token_gets_the_same_response_with_any_host(tmp_path: Path) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:
        for host in ("testserver", "orchestrator", "a b"):
            with_get = await wait.site.http.get(wait.url, headers=named(host))
            with_wrong_token = await wait.site.http.post(wait.url + "x", headers=named(host))

            assert (problem(with_get), with_get.headers["allow"]) == ((405, "method-not-allowed"), "POST")
            assert problem(with_wrong_token) == (404, "callback-unknown")


async def test_no_response_contains_the_host_of_the_request(tmp_path: Path) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:
        http, headers = wait.site.http, named("evil.example")
        responses = [await wait.send(b'{"rc": 0}', host="evil.example")]
        responses += [await http.get(path, headers=headers) for path in (wait.url, *CLOSED)]
        responses.append(await http.post("/graphql", json=GRAPHQL, headers=headers))
        document = (await http.get("/openapi.json", headers=named("localhost:1"))).json()

    assert [response for response in responses if "evil" in response.text or "evil" in repr(response.headers)] == []
    assert document["servers"] == [{"url": "https://orchestrator.example:8443/automation"}]


@pytest.mark.parametrize("path", CLOSED)
async def test_every_other_path_responds_to_known_hosts_only(tmp_path: Path, path: str) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:
        http = wait.site.http
        usual = (await http.get(path)).status_code
        ours = {host: (await http.get(path, headers=named(host))).status_code for host in OURS}
        foreign = {host: problem(await http.get(path, headers=named(host))) for host in FOREIGN}
        none = {host: problem(await http.get(path, headers=named(host))) for host in NO_HOST}

    assert set(ours.values()) == {usual}
    assert set(foreign.values()) == {(421, "host-unknown")}, foreign
    assert set(none.values()) == {(400, "host-invalid")}, none


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "text/event-stream", "*/*"]
)
async def test_graphql_refuses_an_unknown_host_with_a_graphql_error(tmp_path: Path, accept: str) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:

        async def ask(host: str) -> httpx.Response:
            return await wait.site.http.post(
                "/graphql", json=GRAPHQL, headers={**named(host), b"accept": accept.encode()}
            )

        ours = {host: (await ask(host)).status_code for host in OURS}
        foreign = [await ask(host) for host in FOREIGN]
        none = [await ask(host) for host in NO_HOST]

    assert set(ours.values()) == {200}
    assert {code_of(response) for response in foreign} == {(421, "HOST_UNKNOWN")}
    assert {code_of(response) for response in none} == {(400, "HOST_INVALID")}


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a GraphQL body without data."""
    (error,) = response.json()["errors"]
    assert "json" in response.headers["content-type"]
    assert error["message"]
    return response.status_code, error["extensions"]["code"]


async def test_several_hosts_are_refused_everywhere_even_if_both_are_ours(tmp_path: Path) -> None:
    async with waiting_behind_a_proxy(tmp_path) as wait:
        both = [("host", "testserver"), ("host", "testserver"), ("content-type", "application/json")]
        responses = [await wait.site.http.post(wait.url, content=b'{"rc": 0}', headers=both)]
        responses += [await wait.site.http.get(path, headers=both) for path in CLOSED]
        graphql_response = await wait.site.http.post("/graphql", json=GRAPHQL, headers=both)
        attempts = await wait.attempts()

    assert {problem(response) for response in responses} == {(400, "host-invalid")}
    assert code_of(graphql_response) == (400, "HOST_INVALID")
    assert attempts == []
