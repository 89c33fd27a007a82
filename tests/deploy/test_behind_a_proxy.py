"""The shipped deployment behind a real proxy: two API servers and two workers on a real PostgreSQL, and the proxy."""

import asyncio
import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright
from proxies import PATH, Proxy, Start, caddy, nginx, nginx_that_removes_the_path
from support.browser import SWITCHES, chromium, record_complaints
from support.command_line import SECONDS, orchestrator, until
from support.compose import TOKEN, Servers, deployed, filled_in
from support.database import PostgresServer
from support.ports import free_port

from orchestrator_gql.cli.client import subscribe
from orchestrator_gql.cli.event_lines import QUERY

pytestmark = pytest.mark.deploy

CREDENTIAL = "credential-of-the-lso"
SERVICE, STRANGER = "127.0.0.3", "127.0.0.2"
"""Addresses that clients of these tests call from: all of 127.0.0.0/8 is this machine."""
SPOOFED = {"x-forwarded-for": SERVICE, "forwarded": f"for={SERVICE}", "x-real-ip": SERVICE}
BEGINNING = "MC4w"
MIB = 1024 * 1024

FLOWS = """
from pathlib import Path

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.types import State
from orchestrator_gql.workflow import workflow


@step("Call the remote service")
def call(process_id, callback_url):
    part = Path(f"{process_id}.part")
    part.write_text(callback_url)
    part.rename(f"{process_id}.url")


@step("Judge the answer")
def judge(callback_result):
    return {"heard": len(str(callback_result))}


@workflow("Wait for an answer")
def asking():
    return begin >> callback_step("Ask", call, judge)


@step("Go")
def go():
    return {"went": True}


@workflow("Go on")
def going():
    return begin >> go
"""

START = """mutation ($name: String!, $key: String) {
  startWorkflow(input: {workflowName: $name, idempotencyKey: $key}) {
    ... on StartWorkflowSuccess { process { id } }
  }
}"""
ATTEMPTS = "query ($id: ID!) { process(id: $id) { callbacks { attempts { nodes { outcome peer bytes } } } } }"


@dataclass(frozen=True, slots=True)
class Site:
    """The deployment as its users see it."""

    url: str
    folder: Path
    proxy: Proxy
    servers: Servers

    def client(self, address: str = STRANGER, **headers: str) -> httpx.Client:
        """An HTTP client that calls from that address."""
        transport = httpx.HTTPTransport(local_address=address)
        return httpx.Client(transport=transport, timeout=SECONDS, headers=headers, trust_env=False)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that ada sends through the proxy."""
        with self.client(authorization=f"Bearer {TOKEN}") as http:
            answer = http.post(f"{self.url}/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def start(self, name: str = "asking") -> str:
        """Start the workflow; the id of the process."""
        return str(self.ask(START, name=name)["startWorkflow"]["process"]["id"])

    def callback(self, process_id: str) -> str:
        """The callback URL of the process, as the remote service got it."""
        file = self.folder / f"{process_id}.url"
        return until(lambda: file.read_text() if file.exists() else None)

    def reaches(self, process_id: str, status: str) -> None:
        """Wait until the process has the status."""
        query = "query ($id: ID!) { process(id: $id) { status } }"
        until(lambda: self.ask(query, id=process_id)["process"]["status"] == status or None)

    def attempts(self, process_id: str) -> list[dict[str, Any]]:
        """The deliveries to the process."""
        (callback,) = self.ask(ATTEMPTS, id=process_id)["process"]["callbacks"]
        return list(callback["attempts"]["nodes"])


CASES: Mapping[str, tuple[Start, str]] = {
    "caddy": (caddy, ""),
    "caddy with a path": (caddy, PATH),
    "nginx": (nginx, ""),
    "nginx with a path": (nginx, PATH),
    "nginx that removes the path": (nginx_that_removes_the_path, PATH),
}


@pytest.fixture(scope="module", params=CASES)
def site(
    request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The whole deployment, with one of the proxies."""
    start, path = CASES[request.param]
    folder, port = tmp_path_factory.mktemp("deploy"), free_port()
    (folder / "flows.py").write_text(FLOWS)
    url = f"http://127.0.0.1:{port}{path}"
    addresses = f'addresses = ["{SERVICE}"]\ncredential_sha256 = "{hashlib.sha256(CREDENTIAL.encode()).hexdigest()}"'
    settings = filled_in().replace('addresses = ["192.0.2.0/24"]', addresses)
    assert CREDENTIAL not in settings and SERVICE in settings
    with (
        postgres.database(is_migrated=False) as database,
        deployed(folder, database, public_url=url, settings="misses_per_minute = 3\n" + settings) as servers,
        start(tmp_path_factory.mktemp("proxy"), port, [place.port("api-1") for place in servers.places[:2]]) as proxy,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("ORCHESTRATOR_TOKEN", TOKEN)  # the client of the subscription reads it
        yield Site(url, folder, proxy, servers)


def test_people_get_in_by_their_token_alone(site: Site) -> None:
    body = {"query": "{ viewer { user { id } } }"}
    with site.client() as http:
        without = http.post(f"{site.url}/graphql", json=body)
        with_a_wrong_one = http.post(f"{site.url}/graphql", json=body, headers={"authorization": "Bearer x"})
        page = http.get(f"{site.url}/")

    assert (without.status_code, with_a_wrong_one.status_code, page.status_code) == (401, 401, 200)
    assert "www-authenticate" not in page.headers
    assert site.ask(body["query"]) == {"viewer": {"user": {"id": "ada"}}}


def test_commands_get_in_by_the_address_and_token_of_their_environment(site: Site) -> None:
    process_id = site.start("going")
    environment = {"ORCHESTRATOR_URL": site.url, "ORCHESTRATOR_TOKEN": TOKEN}
    site.reaches(process_id, "COMPLETED")
    shown = orchestrator(site.folder, "show", process_id, **environment)
    exported = orchestrator(site.folder, "audit", "export", **environment)

    assert (shown.returncode, exported.returncode) == (0, 0), shown.stderr + exported.stderr
    assert "COMPLETED" in shown.stdout.upper()
    assert process_id in exported.stdout


def test_a_callback_comes_through_with_the_address_of_the_remote_service(site: Site) -> None:
    process_id = site.start()
    url = site.callback(process_id)
    with site.client(STRANGER, **SPOOFED) as http:
        accepted = http.post(url, json={"rc": 0})
        receipt = http.get(f"{site.url}/api/receipts/{accepted.json()['receipt']}")
    site.reaches(process_id, "COMPLETED")

    assert url.startswith(f"{site.url}/api/processes/")
    assert (accepted.status_code, receipt.status_code) == (200, 200)
    assert [(attempt["outcome"], attempt["peer"]) for attempt in site.attempts(process_id)] == [("ACCEPTED", STRANGER)]


def test_an_allow_list_sees_the_client_and_not_the_proxy(site: Site) -> None:
    def deliver(address: str, **headers: str) -> int:
        with site.client(address, authorization=f"Bearer {CREDENTIAL}", **headers) as http:
            return http.post(f"{site.url}/api/callbacks/by-ref/lso/{uuid4()}", json={}).status_code

    assert deliver(SERVICE) == 202
    assert deliver(STRANGER) == deliver(STRANGER, **SPOOFED) == 403


def test_guesses_are_counted_by_client(site: Site) -> None:
    """Each of the two API servers counts for itself: three guesses at each, then no more."""

    def guess(address: str) -> list[int]:
        with site.client(address, **SPOOFED) as http:
            place = f"{site.url}/api/processes/{uuid4()}/callback"
            return [http.post(f"{place}/{uuid4()}", json={}).status_code for _ in range(40)]

    by_one, by_another = guess("127.0.0.5"), guess("127.0.0.6")

    assert by_one[:3] == by_another[:3] == [404, 404, 404]
    assert by_one.count(404) == by_another.count(404) == 6
    assert set(by_one + by_another) == {404, 429}


def test_large_results_come_through_and_the_server_itself_refuses_larger_ones(site: Site) -> None:
    process_id = site.start()
    url = site.callback(process_id)
    with site.client() as http:
        too_large = http.post(url, json={"text": "x" * (11 * MIB)})
        accepted = http.post(url, json={"text": "x" * (9 * MIB)})
    attempts = [(attempt["outcome"], attempt["bytes"] > 9 * MIB) for attempt in site.attempts(process_id)]

    assert (too_large.status_code, too_large.headers["content-type"]) == (413, "application/problem+json")
    assert accepted.status_code == 200, accepted.text
    assert sorted(attempts) == [("ACCEPTED", True), ("TOO_LARGE", True)]


def test_events_arrive_over_a_websocket_while_it_is_open(site: Site) -> None:
    async def follow() -> str:
        async with asyncio.timeout(SECONDS), aclosing(subscribe(site.url, QUERY, {"after": None})) as batches:
            await anext(batches)
            process_id = await asyncio.to_thread(site.start, "going")
            async for data in batches:
                if any(event["processId"] == process_id for event in data["processEvents"]["events"]):
                    return process_id
        raise AssertionError("the stream ended")

    assert asyncio.run(follow())


def test_events_arrive_over_sse_while_the_stream_is_open(site: Site) -> None:
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {TOKEN}"}
    body = {"query": QUERY, "variables": {"after": None}}
    with site.client() as http, http.stream("POST", f"{site.url}/graphql", json=body, headers=headers) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line.startswith("data: "))  # the first message comes at once
        process_id = site.start("going")

        assert next(line for line in lines if process_id in line)


@contextmanager
def browser_page() -> Iterator[Page]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=SWITCHES) as browser,
        browser.new_page() as page,
    ):
        page.set_default_timeout(SECONDS * 1000)
        yield page


def test_the_dashboard_signs_in_and_is_live(site: Site) -> None:
    with browser_page() as page:
        complaints: list[str] = []
        requests: list[str] = []
        record_complaints(page, complaints)
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda socket: requests.append(re.sub("^ws", "http", socket.url)))
        page.goto(f"{site.url}/")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("Live", exact=True).wait_for()
        process_id = site.start()
        page.locator(f"a[href*='{process_id}']").first.click()
        page.locator(".process-title .badge", has_text="Waiting for remote").wait_for()
        with site.client() as http:
            assert http.post(site.callback(process_id), json={"rc": 0}).status_code == 200
        page.locator(".process-title .badge", has_text="Completed").wait_for()
        address = page.url
        page.reload()
        page.locator(".process-title .badge", has_text="Completed").wait_for()

    assert address == f"{site.url}/processes/{process_id}"
    assert [url for url in requests if not url.startswith(f"{site.url}/")] == []
    assert [text for text in complaints if "401" not in text] == []


def test_what_is_not_for_everybody_stays_inside(site: Site) -> None:
    with site.client(accept="text/html") as http:
        metrics = [http.get(f"{site.proxy.site}{path}/metrics").status_code for path in ("", PATH, PATH * 2)]
        graphiql = http.get(f"{site.url}/graphql")
    with site.client(authorization=f"Bearer {TOKEN}") as http:
        schema = http.post(f"{site.url}/graphql", json={"query": "{ __schema { queryType { name } } }"})

    assert metrics == [404, 404, 404]
    assert graphiql.status_code == 405
    assert "ORCHESTRATOR_IS_DEVELOPMENT=true" in graphiql.text
    assert "ORCHESTRATOR_IS_DEVELOPMENT=true" in schema.json()["errors"][0]["message"]


def test_an_api_server_starts_again_and_nothing_is_lost_or_done_twice(site: Site) -> None:
    """Clients start processes meanwhile; as remote services should, they repeat what a proxy could not deliver."""
    started: dict[str, str] = {}
    failures: list[int] = []
    is_over = threading.Event()

    def keep_starting() -> None:
        with site.client(authorization=f"Bearer {TOKEN}") as http:
            while not is_over.is_set():
                key = str(uuid4())
                started[key] = until(partial(start_once, http, key))

    def start_once(http: httpx.Client, key: str) -> str | None:
        body = {"query": START, "variables": {"name": "going", "key": key}}
        response = http.post(f"{site.url}/graphql", json=body)
        if response.status_code != 200:
            failures.append(response.status_code)
            return None
        return str(response.json()["data"]["startWorkflow"]["process"]["id"])

    clients = [threading.Thread(target=keep_starting) for _ in range(4)]
    for client in clients:
        client.start()
    until(lambda: len(started) > 20 or None)
    ended = site.servers.api[0].end()
    count = len(started)
    until(lambda: len(started) > count + 20 or None)
    site.servers.start_again(0)
    again_at = len(started)
    until(lambda: len(started) > again_at + 20 or None)
    is_over.set()
    for client in clients:
        client.join(SECONDS)
    seen = follow_all(site, set(started.values()))

    assert ended == 0
    assert sorted(seen) == sorted(started.values())
    assert set(failures) <= {502}
    # A request may be on its way on an idle connection that the server closes at the end: one for each client.
    assert len(failures) <= len(clients) or site.proxy.repeats_no_body


def follow_all(site: Site, wanted: set[str]) -> list[str]:
    """The processes among ``wanted`` that the log shows as completed, each as often as it shows it."""

    async def follow() -> list[str]:
        seen: list[str] = []
        async with asyncio.timeout(SECONDS), aclosing(subscribe(site.url, QUERY, {"after": BEGINNING})) as batches:
            async for data in batches:
                for event in data["processEvents"]["events"]:
                    if event["processId"] in wanted and event.get("toProcessStatus") == "COMPLETED":
                        seen.append(event["processId"])
                if set(seen) == wanted:
                    return seen
        return seen

    return asyncio.run(follow())


def test_no_token_of_a_callback_is_in_a_log_of_the_proxy(site: Site) -> None:
    """This must be the last test with the deployment: it stops the API servers."""
    url = site.callback(site.start())
    token = url.rpartition("/")[2]
    with site.client() as http:
        accepted = http.post(f"{url}/progress", json={"percent": 1}).status_code
        for server in site.servers.api:
            server.end()
        refused = http.post(url, json={}).status_code

    assert accepted == 200
    assert refused in (502, 503, 504)
    assert token not in site.proxy.written()
