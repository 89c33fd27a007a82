"""The tutorial can be followed to its end: its files, commands and requests work as they are printed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from support.command_line import SECONDS, environment_of, running

import orchestrator_gql

ROOT = Path(orchestrator_gql.__file__).parent.parent
PAGE = (ROOT / "docs/tutorial/first-callback.md").read_text()
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", PAGE, re.DOTALL)
INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
PROCESSES = "{ processes(first: 10) { nodes { status subject } } }"


class Reader:
    """A person who follows the page in an empty folder."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self.address = ""
        (folder / "memory").touch()

    def save(self, text: str) -> None:
        """Add the text to the module, and start the server again with it."""
        module = self.folder / "upgrade.py"
        module.write_text(f"{module.read_text() if module.exists() else ''}\n\n{text}")
        self._stack.close()
        server = self._stack.enter_context(running(self.folder, "serve", "--workflows", "upgrade.py", "--port", "0"))
        self.address = server.address

    def enter(self, commands: str) -> str:
        """The output of the commands in a shell, which stops at the first that fails and remembers PROCESS."""
        path = f"{Path(sys.executable).parent}:{environment_of({})['PATH']}"
        environment = environment_of({"PATH": path, "ORCHESTRATOR_URL": self.address})
        remembering = f". ./memory\n{commands}\ndeclare -p PROCESS > memory 2> /dev/null || true"
        shell = ["bash", "-euo", "pipefail", "-c", remembering]
        result = subprocess.run(
            shell, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        assert result.returncode == 0, commands + result.stdout + result.stderr
        return result.stdout


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with ExitStack() as stack:
        yield Reader(tmp_path, stack)


def test_a_reader_comes_to_the_end_of_the_tutorial(reader: Reader) -> None:
    outputs = []
    for language, text in BLOCKS:
        if language == "sh" and not text.startswith("orchestrator-gql serve"):
            outputs.append(reader.enter(text))
        elif language == "python" and "Kit" not in text:
            reader.save(text)
    processes = httpx.post(f"{reader.address}/graphql", json={"query": PROCESSES}, trust_env=False).json()
    nodes = processes["data"]["processes"]["nodes"]

    assert "callback" in outputs[0]
    assert "accepted" in outputs[2]
    assert "callback-already-received" in outputs[3]
    assert "The flash is full" in outputs[5]
    assert "wait" in outputs[7].lower()
    assert sorted((node["subject"], node["status"]) for node in nodes) == [
        ("Upgrade ams-1", "COMPLETED"),
        ("Upgrade ams-2", "COMPLETED"),
        ("Upgrade ams-3", "COMPLETED"),
        ("Upgrade ams-4", "ABORTED"),
    ]


def test_the_tests_of_the_tutorial_pass(tmp_path: Path) -> None:
    texts = [text for language, text in BLOCKS if language == "python"]
    (tmp_path / "upgrade.py").write_text("\n\n".join(text for text in texts if "Kit" not in text))
    (tmp_path / "test_upgrade.py").write_text(texts[-1])
    (tmp_path / "pytest.ini").write_text(INI)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS)

    assert "2 passed" in result.stdout, result.stdout + result.stderr
