"""Starts the services of docker-compose.yml without containers: the same commands and environments."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from typing import Any

import yaml  # type: ignore[import-untyped]

from support.command_line import SECONDS, Running, running, until

FILE = Path(__file__).parents[2] / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")


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

    services = yaml.safe_load(_VARIABLE.sub(value, FILE.read_text()))["services"]
    return dict(services)


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

    @contextmanager
    def running(self, service: str) -> Iterator[Running]:
        """The service, running but perhaps not ready yet."""
        with running(self.folder, *self.command(service), **self.environment(service)) as process:
            yield process

    def demand_health(self, service: str, process: Running) -> None:
        """Wait until the service listens; its own health check must then find it ready."""
        port = int(option(self.command(service), "--port"))
        until(lambda: _listens(port, process))
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
