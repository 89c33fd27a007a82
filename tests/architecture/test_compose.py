"""The commands of docker-compose.yml work: they run as processes on a real PostgreSQL."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import SECONDS, Running, until
from support.compose import AUDIT_KEY, TOKEN, VARIABLES, demanded, deployed, filled_in, option, read
from support.database import PostgresServer
from support.tree import ROOT

from orchestrator_gql.cli.client import subscribe
from orchestrator_gql.cli.event_lines import QUERY
from orchestrator_gql.config.settings import Settings, read_settings
from orchestrator_gql.config.sources import unknown_variables
from orchestrator_gql.utils.errors import SettingsError

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
    api: tuple[Running, ...]
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
    headers = {"authorization": f"Bearer {TOKEN}"}
    response = httpx.post(
        server.address + "/graphql", json={"query": query}, headers=headers, trust_env=False, timeout=SECONDS
    ).json()
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
    """The whole deployment on this machine, without its proxy."""
    folder = tmp_path_factory.mktemp("compose")
    (folder / "flows.py").write_text(FLOWS)
    with (
        postgres.database(is_migrated=False) as url,
        deployed(folder, url) as servers,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("ORCHESTRATOR_TOKEN", TOKEN)  # the client of the subscription reads it
        yield Deployment(folder, tuple(servers.api), servers.workers)


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


def test_nobody_gets_in_without_a_token(deployment: Deployment) -> None:
    body = {"query": "{ viewer { user { id } } }"}
    response = httpx.post(deployment.api[0].address + "/graphql", json=body, trust_env=False, timeout=SECONDS)

    assert response.status_code == 401
    assert ask(deployment.api[0], body["query"]) == {"viewer": {"user": {"id": "ada"}}}


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


def test_compose_needs_its_secret_and_its_address() -> None:
    assert demanded() == {"POSTGRES_PASSWORD", "PUBLIC_URL"}


def test_every_setting_that_compose_names_is_one() -> None:
    environments = [service.get("environment", {}) for service in read(VARIABLES).values()]
    named = {name: text for environment in environments for name, text in environment.items()}

    assert {name for name in named if name.startswith("ORCHESTRATOR_")} >= {
        "ORCHESTRATOR_DATABASE_URL",
        "ORCHESTRATOR_PUBLIC_URL",
        "ORCHESTRATOR_SETTINGS_FILE",
        "ORCHESTRATOR_TRUSTED_PROXIES",
    }
    assert unknown_variables(named, Settings.model_fields) == []


def test_the_example_of_the_settings_file_is_valid_as_soon_as_it_is_filled_in(tmp_path: Path) -> None:
    file, example = tmp_path / "orchestrator.toml", (ROOT / "deploy" / "orchestrator.example.toml").read_text()
    shown = re.sub(r"(?m)^# (?=\[(?:webhooks|smtp)|\w+ = )", "", example).replace("whsec_…", "whsec_" + "a2V5" * 8)
    file.write_text(example)
    with pytest.raises(SettingsError) as caught:
        read_settings(settings_file=str(file))
    file.write_text(filled_in())
    settings = read_settings(settings_file=str(file))
    file.write_text(re.sub('sha256 = "…?"', f'sha256 = "{"0" * 64}"', shown.replace('audit_key = ""', "")))
    whole = read_settings(settings_file=str(file))

    assert "ORCHESTRATOR_AUDIT_KEY: " in caught.value.message
    assert "ORCHESTRATOR_API_TOKENS: 0.sha256: is not a SHA-256" in caught.value.message
    assert settings.audit_key and settings.audit_key.get_secret_value() == AUDIT_KEY
    assert [(token.name, token.roles, token.teams) for token in settings.api_tokens] == [("ada", ("admin",), ("NOC",))]
    assert (list(settings.services), list(settings.roles), settings.teams[0].key) == (["lso"], ["starter"], "NOC")
    assert (list(whole.webhooks), whole.smtp and whole.smtp.host) == (["chat"], "mail.example")


def test_no_secret_stands_on_a_command_line() -> None:
    commands = [" ".join(service.get("command", [])) for service in read(VARIABLES).values()]

    assert not [command for command in commands if "password" in command or "token" in command]


def test_only_the_proxy_has_public_ports_and_it_leads_to_the_api_servers() -> None:
    services = read(VARIABLES)
    ports = {name: option(services[name]["command"], "--port") for name in ("api-1", "api-2")}
    upstreams = re.search(r"reverse_proxy (.*) \{", (ROOT / "Caddyfile").read_text())

    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert upstreams and upstreams[1].split() == [f"{name}:{port}" for name, port in ports.items()]


def test_the_servers_trust_the_proxy_and_know_the_names_by_which_it_calls_them() -> None:
    services = read({**VARIABLES, "PROXY_ADDRESS": "10.9.8.7"})
    environment = services["api-1"]["environment"]

    assert services["proxy"]["networks"]["front"]["ipv4_address"] == "10.9.8.7"
    assert environment["ORCHESTRATOR_TRUSTED_PROXIES"] == "10.9.8.7"
    assert environment["ORCHESTRATOR_ALLOWED_HOSTS"] == "api-1,api-2"
    assert [name for name, service in services.items() if "front" in service["networks"]] == ["api-1", "api-2", "proxy"]


def test_the_site_of_the_proxy_is_the_public_url_or_its_part_without_the_path() -> None:
    url = "https://orchestrator.example"
    by_itself = read(VARIABLES)["proxy"]["environment"]
    with_a_path = read({**VARIABLES, "PUBLIC_URL": f"{url}/automation", "SITE": url})["proxy"]["environment"]

    assert by_itself == with_a_path == {"SITE": url}
