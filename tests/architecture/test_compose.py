"""What docker-compose.yml starts does what it is for: its very commands, as processes on a real PostgreSQL."""

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

GIVEN = {
    "POSTGRES_PASSWORD": "a-password",
    "PUBLIC_URL": "https://orchestrator.example",
    "OPERATOR": "ada",
    "OPERATOR_PASSWORD_HASH": "$2a$14$hash",
    "WORKFLOWS": "flows",
}
BEGINNING = "MC4w"
"""The cursor before the first event."""

STRETCH = 40
"""Steps of the long workflow: fewer than a segment, so that nothing but the signal makes its worker hand it over."""

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
    """What `docker compose up` would have started, all of it healthy."""

    folder: Path
    api: tuple[Running, Running]
    workers: tuple[Running, ...]

    @property
    def all(self) -> tuple[Running, ...]:
        """Every server."""
        return (*self.api, *self.workers)

    def start(self, workflow: str) -> str:
        """Start a process at the first API server; its id."""
        asked = f'mutation {{ startWorkflow(input: {{workflowName: "{workflow}"}}) {{ ... on StartWorkflowSuccess '
        answer = ask(self.api[0], asked + "{ process { id } } } }")
        return str(answer["startWorkflow"]["process"]["id"])

    def status(self, process_id: str) -> str:
        """Where the process stands, as the second API server says."""
        return str(ask(self.api[1], f'{{ process(id: "{process_id}") {{ status }} }}')["process"]["status"])

    def found(self, name: str) -> str:
        """What the workflows wrote into the file, once they did."""
        return until(lambda: (self.folder / name).read_text() if (self.folder / name).exists() else None)

    def runs(self) -> list[tuple[str, int]]:
        """The steps of the long workflow that began so far, and the processes of the operating system they ran in."""
        lines = (self.folder / "ran").read_text().split("\n")[:-1] if (self.folder / "ran").exists() else []
        return [(number, int(pid)) for number, pid in map(str.split, lines)]

    def ran_by(self, number: int) -> int:
        """Who ran that step of the long workflow, once it began."""
        return until(lambda: runs[number][1] if len(runs := self.runs()) > number else None)


def ask(server: Running, query: str) -> dict[str, Any]:
    """The data of the answer to a GraphQL request."""
    answer = httpx.post(server.address + "/graphql", json={"query": query}, trust_env=False, timeout=SECONDS).json()
    assert "errors" not in answer, answer
    return dict(answer["data"])


@dataclass(slots=True)
class Subscriber:
    """A client that follows the log, at one server after another, behind its cursor."""

    cursor: str = BEGINNING
    events: list[dict[str, Any]] = field(default_factory=list)

    def follow(self, server: Running, is_enough: Callable[[dict[str, Any]], bool]) -> None:
        """Read at the server until an event that is enough."""
        asyncio.run(self._follow(server, is_enough))

    async def _follow(self, server: Running, is_enough: Callable[[dict[str, Any]], bool]) -> None:
        async with asyncio.timeout(SECONDS), aclosing(subscribe(server.address, QUERY, self._variables)) as answers:
            async for data in answers:
                for event in data["processEvents"]["events"]:
                    self.events.append(event)
                    self.cursor = event["cursor"]
                    if is_enough(event):
                        return

    @property
    def ids(self) -> list[str]:
        """The ids of what was read, in its order."""
        return [event["id"] for event in self.events]

    @property
    def _variables(self) -> dict[str, Any]:
        return {"after": self.cursor}


def becomes(process_id: str, status: str) -> Callable[[dict[str, Any]], bool]:
    """Whether an event tells that the process became this."""
    return lambda event: event["processId"] == process_id and event.get("toProcessStatus") == status


@pytest.fixture(scope="module")
def deployment(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """All of it on this machine. What differs from the containers is said in ``here``, and nowhere else."""
    folder = tmp_path_factory.mktemp("compose")
    (folder / "flows.py").write_text(FLOWS)
    services = read(GIVEN)
    names = ["api-1", "api-2", *["worker"] * services["worker"]["deploy"]["replicas"]]
    ports = [free_port() for _ in names]
    with postgres.database(is_migrated=False) as url, ExitStack() as stack:

        def here(service: str, port: str | None = None) -> Here:
            instead = {"postgresql+psycopg://orchestrator:a-password@postgres:5432/orchestrator": url}
            if port is not None:
                # without the proxy callbacks come to the second API server
                instead[GIVEN["PUBLIC_URL"]] = f"http://127.0.0.1:{ports[1]}"
                instead[option(services[service]["command"], "--port")] = port
            return Here(services, folder, instead)

        migrated = orchestrator(folder, *here("migrate").command("migrate"), **here("migrate").environment("migrate"))
        assert migrated.returncode == 0, migrated.stderr
        places = [here(name, port) for name, port in zip(names, ports, strict=True)]
        servers = [stack.enter_context(place.running(name)) for place, name in zip(places, names, strict=True)]
        for place, name, server in zip(places, names, servers, strict=True):
            place.demand_health(name, server)
        one, two, *workers = servers
        yield Deployment(folder, (one, two), tuple(workers))


def test_a_client_moves_from_one_api_server_to_the_other_and_misses_and_repeats_nothing(deployment: Deployment) -> None:
    one, other = deployment.api
    client, witness = Subscriber(), Subscriber()

    process_id = deployment.start("asking")
    client.follow(other, becomes(process_id, "AWAITING_CALLBACK"))
    url = deployment.found("url")
    assert url.startswith(other.address)
    delivered = httpx.post(url, json={"rc": 0}, trust_env=False, timeout=SECONDS)
    client.follow(one, becomes(process_id, "COMPLETED"))

    assert delivered.status_code == 200, delivered.text
    witness.follow(one, becomes(process_id, "COMPLETED"))
    assert client.ids == witness.ids
    assert len(set(client.ids)) == len(client.ids)
    assert ask(one, f'{{ process(id: "{process_id}") {{ state }} }}')["process"]["state"]["heard"] == {"rc": 0}


def test_a_worker_that_is_sent_away_in_the_middle_of_a_step_finishes_it_and_the_other_goes_on(
    deployment: Deployment,
) -> None:
    """The last one: it takes the deployment down."""
    process_id = deployment.start("walking")
    first = deployment.ran_by(0)
    leaving = next(worker.process for worker in deployment.workers if worker.process.pid == first)

    leaving.terminate()
    for number in range(STRETCH - 1):  # one at a time, until the worker has heard of its end
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


def test_compose_starts_nothing_without_its_secrets_and_its_address() -> None:
    assert demanded() == {"POSTGRES_PASSWORD", "PUBLIC_URL", "OPERATOR", "OPERATOR_PASSWORD_HASH"}


def test_the_proxy_is_the_only_door_and_leads_to_the_api_servers() -> None:
    services = read(GIVEN)
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
def test_the_proxy_lets_callbacks_alone_pass_without_a_password(path: str, is_open: bool) -> None:
    opened = re.search(r"@operators not path_regexp (\S+)", (ROOT / "Caddyfile").read_text())

    assert opened
    assert bool(re.search(opened[1], path)) is is_open
