"""A process that starts another in the moment of its end takes it along."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import until

from orchestrator_gql.demo import job_processes

PARENT = """
import os, sys
name, started = sys.argv[1:]
reader, writer = os.pipe()
has_a_session, session_made = os.pipe()
if os.fork():
    os.close(reader)
    os.read(has_a_session, 1)  # before that, the signal to the group kills the child, too
    open(started + ".1", "w").close()
    os.read(0, 1)  # until it is killed
os.setsid()
os.write(session_made, b".")
os.close(writer)
os.read(reader, 1)  # the parent has ended
if os.fork():
    os.read(os.pipe()[0], 1)
os.setsid()
open(started + ".2", "w").write(str(os.getpid()))
os.read(os.pipe()[0], 1)
"""


def test_a_child_that_is_started_while_its_parents_are_killed_is_killed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, started = f"job-{tmp_path}", tmp_path / "started"
    kill: Callable[[int, int], None] = os.killpg

    def kill_and_wait_for_the_child(group: int, number: int) -> None:
        kill(group, number)
        if group == parent.pid:
            parent.wait()
            until(lambda: started.with_suffix(".2").exists() or None)

    monkeypatch.setattr(os, "killpg", kill_and_wait_for_the_child)
    command = [sys.executable, "-c", PARENT, name, str(started)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as parent:
        until(lambda: started.with_suffix(".1").exists() or None)
        job_processes.end_all(f" {name} ")

    assert [pid for pid, command_line in job_processes._command_lines() if f" {name} " in command_line] == []


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_the_list_of_ps_has_the_same_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from_proc = dict(job_processes._command_lines())
    monkeypatch.setattr(job_processes, "PROC", tmp_path)

    from_ps = dict(job_processes._command_lines())

    assert from_ps[os.getpid()].split() == from_proc[os.getpid()].split()
