"""Run a playbook or an executable on this machine, and return the result for its caller."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from orchestrator_gql.demo.job_processes import StoppedError, end_all, output_of

EXECUTABLE_TIMEOUT = 60.0
"""Seconds after which an executable is killed."""

CANCELED = 254
"""The return code of a canceled playbook, as the runner has it."""


@dataclass(frozen=True, slots=True)
class PlaybookRun:
    """A playbook to run: its file, the hosts (INI text or Ansible's JSON form), and the variables."""

    job_id: UUID
    playbook: Path
    inventory: str | Mapping[str, Any]
    extra_vars: Mapping[str, Any]

    @property
    def is_dry(self) -> bool:
        """True if the playbook should only show the changes."""
        return self.extra_vars.get("dry_run") is True

    @property
    def devices(self) -> list[str]:
        """The devices that a real run of a simple inventory writes to; a dry run writes to none."""
        return [] if self.is_dry or not isinstance(self.inventory, str) else self.inventory.split()


@dataclass(frozen=True, slots=True)
class PlaybookResult:
    """The result of a playbook.

    ``status`` is one of ``successful``, ``failed``, ``timeout`` and ``canceled``; ``return_code`` is that of
    ``ansible-playbook`` (2: a task failed), or -1 if it could not be run at all.
    """

    job_id: UUID
    status: str
    output: tuple[str, ...]
    return_code: int

    def as_json(self) -> dict[str, Any]:
        """The body that the caller's callback receives."""
        return {
            "status": self.status,
            "job_id": str(self.job_id),
            "output": list(self.output),
            "return_code": self.return_code,
        }


def run_playbook(
    run: PlaybookRun,
    *,
    on_lines: Callable[[list[str]], None],
    is_stopped: Callable[[], bool],
) -> PlaybookResult:
    """Run the playbook to its end and return the result; never raises.

    ``on_lines`` is called with the lines of every event of the run, in the thread of the caller. ``is_stopped`` is
    called about once a second; if it returns True, the run ends as ``canceled``. No process of the run is left then.
    """
    if is_stopped():  # it waited for its turn: Ansible would only be started to be killed
        return PlaybookResult(run.job_id, "canceled", (), CANCELED)
    try:
        with tempfile.TemporaryDirectory(prefix="ansible-proxy-") as folder:
            return _run_in(Path(folder), run, on_lines, is_stopped)
    except Exception as error:  # after every error, too, a remote service waits for exactly one result
        return PlaybookResult(run.job_id, "failed", (f"Ansible playbook run failed: {error}",), -1)


def run_executable(
    executable: Path, args: Sequence[str], is_stopped: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Run a program and return ``{"output", "return_code", "status"}``; the output holds stdout and stderr together.

    If ``is_stopped`` returns True, the program is killed with its children, and the status is ``canceled``.
    """
    command = [str(executable), *args]
    try:
        output, code = output_of(command, _path(), timeout=EXECUTABLE_TIMEOUT, is_stopped=is_stopped)
    except StoppedError:
        return {"output": "", "return_code": -1, "status": "canceled"}
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return {"output": str(error), "return_code": -1, "status": "failed"}
    status = "successful" if code == 0 else "failed"
    return {"output": output.decode(errors="replace"), "return_code": code, "status": status}


def _run_in(
    folder: Path, run: PlaybookRun, on_lines: Callable[[list[str]], None], is_stopped: Callable[[], bool]
) -> PlaybookResult:
    def on_event(event: Mapping[str, Any]) -> bool:
        if lines := _lines(event.get("stdout", "").splitlines()):
            on_lines(lines)
        return False  # the runner writes no file for the event: nobody would read it

    import ansible_runner  # it is in the extra `demo`, and the proxy demands the extra

    _write_inventory(folder / "inventory", run.inventory)
    _write_settings(folder / "env")
    has_ended = False
    try:
        runner = ansible_runner.run(
            private_data_dir=str(folder),
            project_dir=str(run.playbook.parent),
            playbook=str(run.playbook),
            extravars=dict(run.extra_vars),
            cmdline="--check --diff" if run.is_dry else "--diff",
            envvars=_environment(folder),
            event_handler=on_event,
            cancel_callback=is_stopped,
            quiet=True,
        )
        has_ended = runner.status in ("successful", "failed") and runner.rc is not None
    finally:
        if not has_ended:  # the runner kills a group of processes, but each worker of Ansible has a group of its own
            end_all(f"-i {folder / 'inventory'} ")
    with runner.stdout as stdout:
        output = tuple(_lines(stdout))
    return PlaybookResult(run.job_id, runner.status, output, -1 if runner.rc is None else int(runner.rc))


def _write_inventory(folder: Path, inventory: str | Mapping[str, Any]) -> None:
    """Write the hosts to a file: the runner would read a text that is a file's name as that file."""
    folder.mkdir()
    if isinstance(inventory, str):
        (folder / "hosts").write_text(inventory + "\n", encoding="utf-8")
    else:
        (folder / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")


def _write_settings(folder: Path) -> None:
    """Let the runner check once a second whether it should stop; it ignores this setting as an argument."""
    folder.mkdir()
    (folder / "settings").write_text(json.dumps({"pexpect_timeout": 1}), encoding="utf-8")


def _environment(folder: Path) -> dict[str, str]:
    environment = {
        "PATH": _path(),
        "LC_ALL": "C.UTF-8",  # Ansible refuses to start if the locale is not UTF-8
        "ANSIBLE_HOME": str(folder / "home"),  # its temporary files are deleted with the folder
        "ANSIBLE_REMOTE_TMP": str(folder / "remote"),
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "False",
    }
    if "ANSIBLE_FORCE_COLOR" not in os.environ:
        environment["ANSIBLE_NOCOLOR"] = "True"  # the runner gives Ansible a terminal, so it would colour its lines
    return environment


def _path() -> str:
    """The search path; the programs of this interpreter, such as ``ansible-playbook``, come first."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def _lines(lines: Iterable[str]) -> list[str]:
    return [line.rstrip() for line in lines if line.strip()]
