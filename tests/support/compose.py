"""Starts the services of docker-compose.yml without containers: the same commands and environments."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from typing import Any

import yaml  # type: ignore[import-untyped]

from support.command_line import SECONDS, Running, orchestrator, running, until
from support.ports import free_port
from support.tree import ROOT

FILE = ROOT / "docker-compose.yml"
VARIABLES = {"POSTGRES_PASSWORD": "a-password", "PUBLIC_URL": "https://orchestrator.example", "WORKFLOWS": "flows"}
DATABASE = "postgresql+psycopg://orchestrator:a-password@postgres:5432/orchestrator"
SETTINGS = "/run/secrets/orchestrator.toml"
PROXY = "172.31.238.10"
TOKEN = "token-of-ada"
AUDIT_KEY = "a-key-of-the-audit-log"

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^${}]*))?\}")


def demanded() -> set[str]:
    """The variables that compose needs to start anything."""
    return {match["name"] for match in _VARIABLE.finditer(FILE.read_text()) if match["kind"] == "?"}


def read(variables: Mapping[str, str]) -> dict[str, Any]:
    """The services, with the variables filled in as compose does."""

    def value(match: re.Match[str]) -> str:
        if match["name"] in variables:
            return variables[match["name"]]
        assert match["kind"] == "-", f"{match['name']} is not given and has no default"
        return str(match["text"])

    text, count = FILE.read_text(), 1
    while count:  # a default may hold a variable
        text, count = _VARIABLE.subn(value, text)
    return dict(yaml.safe_load(text)["services"])


def filled_in() -> str:
    """The example of the settings file, filled in as its comments say."""
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    example = (ROOT / "deploy" / "orchestrator.example.toml").read_text()
    return example.replace('audit_key = ""', f'audit_key = "{AUDIT_KEY}"').replace(
        'sha256 = ""', f'sha256 = "{digest}"'
    )


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that `docker compose up` starts, all healthy, without their proxy."""

    api: list[Running]
    workers: tuple[Running, ...]
    places: "Sequence[Here]"
    stack: ExitStack

    def start_again(self, number: int) -> None:
        """Start the API server with that number again at its port, after it has ended, and wait until it is healthy."""
        name = f"api-{number + 1}"
        self.api[number] = self.stack.enter_context(self.places[number].running(name))
        self.places[number].demand_health(name, self.api[number])


@contextmanager
def deployed(
    folder: Path, database_url: str, *, public_url: str | None = None, settings: str | None = None
) -> Iterator[Servers]:
    """Run the whole deployment on this machine; the folder has the workflows, in `flows.py`.

    ``settings`` is the content of the settings file. Without ``public_url`` there is no proxy, so that callbacks go to
    the second API server.
    """
    services, ports = read(VARIABLES), [free_port() for _ in range(4)]
    (folder / "orchestrator.toml").write_text(settings or filled_in())
    names = ["api-1", "api-2", *["worker"] * services["worker"]["deploy"]["replicas"]]

    def here(port: str) -> Here:
        instead = {
            "8000": port,
            "0.0.0.0": "127.0.0.1",
            PROXY: "127.0.0.1",
            DATABASE: database_url,
            VARIABLES["PUBLIC_URL"]: public_url or f"http://127.0.0.1:{ports[1]}",
            SETTINGS: str(folder / "orchestrator.toml"),
        }
        return Here(services, folder, instead)

    migration = here("8000")
    migrated = orchestrator(folder, *migration.command("migrate"), **migration.environment("migrate"))
    assert migrated.returncode == 0, migrated.stderr
    with ExitStack() as stack:
        places = [here(port) for port in ports]
        servers = [stack.enter_context(place.running(name)) for place, name in zip(places, names, strict=True)]
        for place, name, server in zip(places, names, servers, strict=True):
            place.demand_health(name, server)
        yield Servers(servers[:2], tuple(servers[2:]), places, stack)


@dataclass(frozen=True, slots=True)
class Here:
    """This machine in place of the containers: ``instead`` has every difference, as text to replace."""

    services: Mapping[str, Any]
    folder: Path
    instead: Mapping[str, str]

    def environment(self, service: str) -> dict[str, str]:
        """The environment of the service."""
        return {name: self._here(text) for name, text in self.services[service]["environment"].items()}

    def command(self, service: str) -> list[str]:
        """The command of the service."""
        return [self._here(text) for text in self.services[service]["command"]]

    def port(self, service: str) -> str:
        """The port that the service listens on."""
        return option(self.command(service), "--port")

    @contextmanager
    def running(self, service: str) -> Iterator[Running]:
        """The service, running but perhaps not ready yet."""
        with running(self.folder, *self.command(service), **self.environment(service)) as process:
            yield process

    def demand_health(self, service: str, process: Running) -> None:
        """Wait until the service listens; its own health check must then find it ready."""
        until(lambda: _listens(int(self.port(service)), process))
        kind, program, *arguments = self.services[service]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "python")
        check = [sys.executable, *map(self._here, arguments)]
        subprocess.run(check, capture_output=True, timeout=SECONDS, check=True)

    def _here(self, text: str) -> str:
        for there, here in self.instead.items():
            text = text.replace(there, here)
        return text


def option(command: Sequence[str], name: str) -> str:
    """The value after an option of a command."""
    return command[command.index(name) + 1]


def _listens(port: int, process: Running) -> bool | None:
    assert process.process.poll() is None, process.err.read_text()
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return None
    return True
