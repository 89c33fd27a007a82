"""Follows the commands of a page of the documentation, in a shell of its own."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.command_line import SECONDS, environment_of, running
from support.forked import path_of_shells


class Reader:
    """A person who follows the page in an empty folder."""

    def __init__(self, folder: Path, stack: ExitStack, module: str, settings: Mapping[str, str]) -> None:
        self.folder, self.module = folder, module
        self._stack, self._settings = stack, settings
        self.address = ""
        (folder / "memory").touch()

    def save(self, text: str) -> None:
        """Add the text to the module, and start the server again with it."""
        module = self.folder / self.module
        module.write_text(f"{module.read_text() if module.exists() else ''}\n\n{text}")
        self._stack.close()
        arguments = ("serve", "--workflows", self.module, "--port", "0")
        server = self._stack.enter_context(running(self.folder, *arguments, **self._settings))
        self.address = server.address

    def enter(self, commands: str) -> str:
        """The output of the commands in a shell, which stops at the first that fails and remembers PROCESS."""
        path = path_of_shells(environment_of({})["PATH"])
        environment = environment_of({"PATH": path, "ORCHESTRATOR_URL": self.address})
        remembering = f". ./memory\n{commands}\ndeclare -p PROCESS > memory 2> /dev/null || true"
        shell = ["bash", "-euo", "pipefail", "-c", remembering]
        result = subprocess.run(
            shell, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        assert result.returncode == 0, commands + result.stdout + result.stderr
        return result.stdout


@contextmanager
def reading(folder: Path, module: str, **settings: str) -> Iterator[Reader]:
    """A reader in the folder, who saves the workflows of the page in this module; the server has these settings."""
    with ExitStack() as stack:
        yield Reader(folder, stack, module, settings)
