"""What docker-compose.yml starts, started here: the same commands and environments, without containers."""

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
    """The variables without which compose starts nothing."""
    return {found["name"] for found in _VARIABLE.finditer(FILE.read_text()) if found["kind"] == "?"}


def read(given: Mapping[str, str]) -> dict[str, Any]:
    """The services, with the variables filled in as compose does."""

    def value(found: re.Match[str]) -> str:
        if found["name"] in given:
            return given[found["name"]]
        assert found["kind"] == "-", f"{found['name']} is not given and has no default"
        return str(found["text"])

    services = yaml.safe_load(_VARIABLE.sub(value, FILE.read_text()))["services"]
    return dict(services)


@dataclass(frozen=True, slots=True)
class Here:
    """This machine instead of the containers': what differs is in ``instead``, and nowhere else."""

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
        """The service at work, ready or not."""
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
    """What a command says behind an option."""
    return command[command.index(name) + 1]


def _listens(port: int, process: Running) -> bool | None:
    assert process.process.poll() is None, process.err.read_text()
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return None
    return True
