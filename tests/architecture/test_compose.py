"""The commands of docker-compose.yml work: they run as processes on a real PostgreSQL."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import SECONDS, Running, orchestrator, until
from support.compose import Here, demanded, option, read
from support.database import PostgresServer
from support.ports import free_port
from support.tree import ROOT

from orchestrator_gql.cli.client import subscribe
from orchestrator_gql.cli.event_lines import QUERY

VARIABLES = {
    "POSTGRES_PASSWORD": "a-password",
    "PUBLIC_URL": "https://orchestrator.example",
    "OPERATOR": "ada",
    "OPERATOR_PASSWORD_HASH": "$2a$14$hash",
    "WORKFLOWS": "flows",
}
BEGINNING = "MC4w"
"""The cursor before the first event."""

STRETCH = 40
"""Steps of the long workflow: they fit in one time slice, so that only the signal makes its worker release it."""

FLOWS = f"""
import os
import time
from pathlib import Path

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.workflow import workflow


def say(name, text):
    Path(name + ".part").write_text(text)
    Path(name + ".part").rename(name)


@step("Call the remote service")
def call(callback_url):
    say("url", callback_url)


@step("Judge the answer")
def judge(callback_result):
    return {{"heard": callback_result}}


@workflow("Wait for an answer")
def asking():
    return begin >> callback_step("Ask", call, judge)


@step("Go one step")
def go(number=0):
    with Path("ran").open("a") as ran:
        ran.write(f"{{number}} {{os.getpid()}}\\n")
    while not Path(f"go-{{number}}").exists() and not Path("go-on").exists():
        time.sleep(0.01)
    return {{"number": number + 1}}


@workflow("Walk")
def walking():
    steps = begin
    for _ in range({STRETCH}):
        steps = steps >> go
    return steps
"""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The servers that `docker compose up` starts, all healthy."""

    folder: Path
    api: tuple[Running, Running]
    workers: tuple[Running, ...]

    @property
    def all(self) -> tuple[Running, ...]:
        """All servers."""
        return (*self.api, *self.workers)

    def start(self, workflow: str) -> str:
        """Start a process at the first API server; return its id."""
        mutation = f'mutation {{ startWorkflow(input: {{workflowName: "{workflow}"}}) {{ ... on StartWorkflowSuccess '
        data = ask(self.api[0], mutation + "{ process { id } } } }")
        return str(data["startWorkflow"]["process"]["id"])

    def status(self, process_id: str) -> str:
        """Return the status of the process from the second API server."""
        return str(ask(self.api[1], f'{{ process(id: "{process_id}") {{ status }} }}')["process"]["status"])

    def read_file(self, name: str) -> str:
        """Wait until the workflows have written the file; return its text."""
        return until(lambda: (self.folder / name).read_text() if (self.folder / name).exists() else None)

    def runs(self) -> list[tuple[str, int]]:
        """Return the steps of the long workflow that have started, each with the id of its operating system process."""
        lines = (self.folder / "ran").read_text().split("\n")[:-1] if (self.folder / "ran").exists() else []
        return [(number, int(pid)) for number, pid in map(str.split, lines)]

    def ran_by(self, number: int) -> int:
        """Wait until that step of the long workflow has started; return the id of its operating system process."""
        return until(lambda: runs[number][1] if len(runs := self.runs()) > number else None)


def ask(server: Running, query: str) -> dict[str, Any]:
    """Return the data of the response to a GraphQL request."""
    response = httpx.post(server.address + "/graphql", json={"query": query}, trust_env=False, timeout=SECONDS).json()
    assert "errors" not in response, response
    return dict(response["data"])


@dataclass(slots=True)
class Subscriber:
    """A client that reads the event log after its cursor, at any server."""

    cursor: str = BEGINNING
    events: list[dict[str, Any]] = field(default_factory=list)

    def follow(self, server: Running, is_enough: Callable[[dict[str, Any]], bool]) -> None:
        """Read at the server until ``is_enough`` is true for an event."""
        asyncio.run(self._follow(server, is_enough))

    async def _follow(self, server: Running, is_enough: Callable[[dict[str, Any]], bool]) -> None:
        async with asyncio.timeout(SECONDS), aclosing(subscribe(server.address, QUERY, self._variables)) as batches:
            async for data in batches:
                for event in data["processEvents"]["events"]:
                    self.events.append(event)
                    self.cursor = event["cursor"]
                    if is_enough(event):
                        return

    @property
    def ids(self) -> list[str]:
        """The ids of the events that were read, in order."""
        return [event["id"] for event in self.events]

    @property
    def _variables(self) -> dict[str, Any]:
        return {"after": self.cursor}


def becomes(process_id: str, status: str) -> Callable[[dict[str, Any]], bool]:
    """Return a function that returns whether an event reports this status of the process."""
    return lambda event: event["processId"] == process_id and event.get("toProcessStatus") == status


@pytest.fixture(scope="module")
def deployment(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Run the whole deployment on this machine. All differences from the containers are in ``here``."""
    folder = tmp_path_factory.mktemp("compose")
    (folder / "flows.py").write_text(FLOWS)
    services = read(VARIABLES)
    names = ["api-1", "api-2", *["worker"] * services["worker"]["deploy"]["replicas"]]
    ports = [free_port() for _ in names]
    with postgres.database(is_migrated=False) as url, ExitStack() as stack:

        def here(service: str, port: str | None = None) -> Here:
            instead = {"postgresql+psycopg://orchestrator:a-password@postgres:5432/orchestrator": url}
            if port is not None:
                # there is no proxy, so callbacks go to the second API server
                instead[VARIABLES["PUBLIC_URL"]] = f"http://127.0.0.1:{ports[1]}"
                instead[option(services[service]["command"], "--port")] = port
            return Here(services, folder, instead)

        migrated = orchestrator(folder, *here("migrate").command("migrate"), **here("migrate").environment("migrate"))
        assert migrated.returncode == 0, migrated.stderr
        places = [here(name, port) for name, port in zip(names, ports, strict=True)]
        servers = [stack.enter_context(place.running(name)) for place, name in zip(places, names, strict=True)]
        for place, name, server in zip(places, names, servers, strict=True):
            place.demand_health(name, server)
        first, second, *workers = servers
        yield Deployment(folder, (first, second), tuple(workers))


def test_a_client_that_changes_the_api_server_misses_and_repeats_no_event(deployment: Deployment) -> None:
    first, second = deployment.api
    client, witness = Subscriber(), Subscriber()

    process_id = deployment.start("asking")
    client.follow(second, becomes(process_id, "AWAITING_CALLBACK"))
    url = deployment.read_file("url")
    assert url.startswith(second.address)
    delivered = httpx.post(url, json={"rc": 0}, trust_env=False, timeout=SECONDS)
    client.follow(first, becomes(process_id, "COMPLETED"))

    assert delivered.status_code == 200, delivered.text
    witness.follow(first, becomes(process_id, "COMPLETED"))
    assert client.ids == witness.ids
    assert len(set(client.ids)) == len(client.ids)
    assert ask(first, f'{{ process(id: "{process_id}") {{ state }} }}')["process"]["state"]["heard"] == {"rc": 0}


def test_a_worker_that_is_terminated_during_a_step_finishes_it_and_the_other_continues(deployment: Deployment) -> None:
    """This must be the last test with the deployment: it stops the servers."""
    process_id = deployment.start("walking")
    first = deployment.ran_by(0)
    leaving = next(worker.process for worker in deployment.workers if worker.process.pid == first)

    leaving.terminate()
    for number in range(STRETCH - 1):  # one at a time, until the worker has received the signal
        (deployment.folder / f"go-{number}").touch()
        if deployment.ran_by(number + 1) != first:
            break
    (deployment.folder / "go-on").touch()
    until(lambda: deployment.status(process_id) == "COMPLETED" or None)

    assert [number for number, _ in deployment.runs()] == [str(number) for number in range(STRETCH)]
    staying = next(worker.process.pid for worker in deployment.workers if worker.process.pid != first)
    by = [pid for _, pid in deployment.runs()]
    assert by == sorted(by, key=(first, staying).index)
    assert set(by) == {first, staying}
    assert [server.end() for server in deployment.all if server.process is not leaving] == [0, 0, 0]
    assert leaving.wait(SECONDS) == 0
    assert [server.err.name for server in deployment.all if "Traceback" in server.err.read_text()] == []


def test_compose_needs_its_secrets_and_its_address() -> None:
    assert demanded() == {"POSTGRES_PASSWORD", "PUBLIC_URL", "OPERATOR", "OPERATOR_PASSWORD_HASH"}


def test_only_the_proxy_has_a_public_port_and_it_leads_to_the_api_servers() -> None:
    services = read(VARIABLES)
    ports = [option(services[name]["command"], "--port") for name in ("api-1", "api-2")]

    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert {services[name]["network_mode"] for name in ("api-1", "api-2")} == {"service:proxy"}
    upstreams = re.search(r"reverse_proxy (.*) \{", (ROOT / "Caddyfile").read_text())
    assert upstreams and upstreams[1].split() == [f"127.0.0.1:{port}" for port in ports]


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ("/api/processes/0192/callback/token", True),
        ("/api/processes/0192/callback/token/", True),
        ("/api/processes/0192/callback/token/progress", True),
        ("/api/processes/0192/callback/token/fail", True),
        ("/", False),
        ("/graphql", False),
        ("/metrics", False),
        ("/health/ready", False),
        ("/api/processes/0192/callback/", False),
        ("/api/processes/0192/callback/token/../../../../../graphql", False),
        ("/graphql/api/processes/0192/callback/token", False),
    ],
)
def test_the_proxy_accepts_only_callbacks_without_a_password(path: str, is_open: bool) -> None:
    opened = re.search(r"@operators not path_regexp (\S+)", (ROOT / "Caddyfile").read_text())

    assert opened
    assert bool(re.search(opened[1], path)) is is_open
