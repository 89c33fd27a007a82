"""Runs a project of the folder ``examples`` as its reader does: by the two commands of its README."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any

import httpx

from support.command_line import SECONDS, environment_of, until
from support.forked import path_of_shells
from support.ports import free_port
from support.tree import ROOT

EXAMPLES = ROOT / "examples"
SERVER_ENDS = 30.0


@dataclass(frozen=True, slots=True)
class Project:
    """A running example: its folder, the address of its server, and its environment."""

    folder: Path
    address: str
    environment: dict[str, str]

    def enter(self, command: str) -> str:
        """The output of the command, which must succeed."""
        result = self.attempt(command)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}\n{self.log}"
        return result.stdout

    def attempt(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run the command to its end, in the folder of the example."""
        shell = ["bash", "-euo", "pipefail", "-c", command]
        return subprocess.run(
            shell,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * SECONDS,
        )

    @property
    def log(self) -> str:
        """The lines that the running example printed so far."""
        return (self.folder / "run.log").read_text()

    def ask(self, query: str, token: str | None = None, **variables: Any) -> Any:
        """The value of the only field of a query."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables}
        answer = httpx.post(
            f"{self.address}/graphql", json=body, headers=headers, trust_env=False, timeout=SECONDS
        ).json()
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value


def commands_of(name: str) -> list[str]:
    """The commands of the README of an example, without their comments."""
    (block,) = re.findall(r"```sh\n(.*?)```", (EXAMPLES / name / "README.md").read_text(), re.DOTALL)
    return [line.partition("#")[0].strip() for line in block.splitlines()]


@contextmanager
def project(folder: Path, name: str, **environment: str) -> Iterator[Project]:
    """The example in a copy of its folder, as its first command starts it, until the block ends."""
    shutil.copytree(
        EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("node_modules", "__pycache__", "*.db*")
    )
    place = folder / "examples" / name
    port, port_of_service = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    more = {
        "PATH": path_of_shells(environment_of({})["PATH"]),
        "PORT": port_of_service,
        "ORCHESTRATOR_URL": address,
        "NO_PROXY": "*",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }
    environment = environment_of({**more, **environment})
    with _started([*commands_of(name)[0].split(), "--port", port], place, environment) as process:
        urls = (f"{address}/health/ready", f"http://127.0.0.1:{port_of_service}")
        until(lambda: _is_running(process, place / "run.log", *urls))
        yield Project(place, address, environment)


@contextmanager
def _started(command: list[str], folder: Path, environment: Mapping[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    with (
        (folder / "run.log").open("wb") as log,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, SIGTERM)
            process.wait(SERVER_ENDS)


def is_reached(url: str) -> bool:
    """Whether something answers there, with whatever status."""
    try:
        httpx.get(url, trust_env=False)
    except httpx.TransportError:
        return False
    return True


def _is_running(process: "subprocess.Popen[bytes]", log: Path, *urls: str) -> bool | None:
    """True if all of these answer; fails if the example has ended."""
    assert process.poll() is None, log.read_text()
    return True if all(map(is_reached, urls)) else None
