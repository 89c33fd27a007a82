"""The commands of the page about the terminal work as they stand there, and its exit codes are those of the command."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command_line import SECONDS, environment_of, orchestrator, serving
from support.tree import ROOT

from orchestrator_gql.cli import failure

PAGE = (ROOT / "docs/howto/use-the-terminal.md").read_text()
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line.partition("    #")[0].strip() for line in LINES if line.startswith("orchestrator-gql ")]


def test_every_command_of_the_page_works(tmp_path: Path) -> None:
    (tmp_path / "orchestrator-gql").write_text(f'#!/bin/sh\nexec {sys.executable} -m orchestrator_gql "$@"\n')
    (tmp_path / "orchestrator-gql").chmod(0o755)
    with serving(tmp_path) as server:
        id = orchestrator(tmp_path, "start", "greeting", "--yes", "--url", server.address).stdout.split()[0]
        environment = environment_of({"ORCHESTRATOR_URL": server.address, "ID": id})
        environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
        for command in COMMANDS:
            options: dict[str, Any] = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
            done = subprocess.run(["sh", "-c", command], **options, check=False, timeout=SECONDS)
            assert (done.returncode, "Traceback" in done.stderr) == (0, False), (command, done.stdout, done.stderr)

    assert len(COMMANDS) == 14
    assert "_orchestrator_gql" in (tmp_path / "orchestrator-gql.bash").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("is completed", failure.DONE),
        ("refuses the start", failure.DECLINED),
        ("cannot be reached", failure.REFUSED),
        ("process failed", failure.PROCESS_FAILED),
        ("was aborted", failure.PROCESS_ABORTED),
        ("waits for a person", failure.PROCESS_SUSPENDED),
        ("time is over", failure.TIMED_OUT),
    ],
)
def test_the_exit_codes_of_the_page_are_those_of_the_command(words: str, code: int) -> None:
    assert re.search(rf"^\| .*{words}.* \| {code} \|$", PAGE, re.MULTILINE)
