"""Runs of playbooks and executables that end early: no process of them goes on."""

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from support.command_line import until

from orchestrator_gql.demo import playbook_runs
from orchestrator_gql.demo.playbook_runs import PlaybookRun, run_executable, run_playbook
from orchestrator_gql.demo.proxy_settings import ProxySettings

PAUSE = {"vlan": 1, "SiteA": "a", "interfaceA": "1", "SiteB": "b", "interfaceB": "2", "rest": 600}
PAUSES = "Pausing for 600 seconds"
linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="it reads the processes of Linux")


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """The processes that have the temporary folder of this test in their environment."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("OF_THE_TEST", str(tmp_path))

    def look() -> list[int]:
        return [int(file.parent.name) for file in Path("/proc").glob("[0-9]*/environ") if _has(file, tmp_path)]

    return look


def _has(environment: Path, folder: Path) -> bool:
    try:
        return f"OF_THE_TEST={folder}\0".encode() in environment.read_bytes()
    except OSError:
        return False


def run_in(work: Path) -> PlaybookRun:
    playbook = ProxySettings().playbooks / "l2vpn.yml"
    return PlaybookRun(uuid4(), playbook, "a", {**PAUSE, "work_dir": str(work)})


def leaders(pids: list[int]) -> list[int]:
    """Those of the processes that lead a session; Ansible is one, and each of its workers is."""
    return [pid for pid in pids if _session(pid) == pid]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


@linux
def test_a_canceled_playbook_leaves_no_worker_behind(processes: Callable[[], list[int]], tmp_path: Path) -> None:
    lines: list[str] = []
    stopped: list[bool] = []

    def is_stopped() -> bool:
        if PAUSES in lines and len(leaders(processes())) > 1:  # a worker has left the group of its parent
            stopped.append(True)
        return bool(stopped)

    result = run_playbook(run_in(tmp_path), on_lines=lines.extend, is_stopped=is_stopped)

    assert (result.status, result.return_code) == ("canceled", playbook_runs.CANCELED)
    assert processes() == []


@linux
def test_an_ansible_that_is_killed_has_failed_and_leaves_no_worker_behind(
    processes: Callable[[], list[int]], tmp_path: Path
) -> None:
    lines: list[str] = []

    def kill_the_parent() -> bool:
        found = leaders(processes())
        if PAUSES in lines and len(found) > 1:
            os.kill(min(found), signal.SIGKILL)
        return False

    result = run_playbook(run_in(tmp_path), on_lines=lines.extend, is_stopped=kill_the_parent)

    assert (result.status, result.return_code) == ("failed", -1)
    assert PAUSES in result.output
    assert processes() == []


def test_a_playbook_that_is_canceled_before_its_turn_is_not_started(tmp_path: Path) -> None:
    result = run_playbook(run_in(tmp_path), on_lines=lambda _: None, is_stopped=lambda: True)

    assert (result.status, result.output, result.return_code) == ("canceled", (), playbook_runs.CANCELED)


@linux
@pytest.mark.parametrize(
    ("last_line", "status"),
    [("wait", "failed"), ("wait", "canceled"), ("exit 0", "failed")],
    ids=["after its time", "if it is stopped", "if its child keeps the output open"],
)
def test_an_executable_ends_with_its_children(
    processes: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, last_line: str, status: str
) -> None:
    began, program = tmp_path / "began", tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\nsleep 600 &\ntouch {began}\n{last_line}\n")
    program.chmod(0o755)
    if status == "failed":
        monkeypatch.setattr(playbook_runs, "EXECUTABLE_TIMEOUT", 1.0)

    result = run_executable(program, [], lambda: status == "canceled" and began.exists())

    assert (result["return_code"], result["status"]) == (-1, status)
    assert ("timed out" in result["output"]) is (status == "failed")
    until(lambda: True if processes() == [] else None)


def test_an_executable_that_has_not_ended_keeps_all_of_its_output(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "#!/usr/bin/env python3\nimport time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.1)\n"
    )
    program.chmod(0o755)

    assert run_executable(program, [])["output"] == "0\n1\n2\n"
