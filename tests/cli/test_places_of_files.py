"""A file or folder that cannot be used, wherever a command meets it, is a sentence and the exit code 2."""

import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.command_line import FLOWS, SECONDS, environment_of, orchestrator
from support.sizes import exhaustive

from orchestrator_gql.cli.failure import REFUSED
from orchestrator_gql.storage.database.schema import SCRIPT

LONG = "n" * 300
"""A name that no file can have: as in a folder that one may not enter, even a look whether it exists is an error."""

URL = f"sqlite+aiosqlite:///{LONG}"

COMMANDS = [
    ("serve", "--workflows", f"{LONG}.py"),
    ("serve", "--workflows", "flows.py", "--database", URL),
    ("migrate", "--database", URL),
    ("prune", "--dry-run", "--older-than", "1", "--database", URL),
    ("backup", "copy.db", "--database", URL),
    ("backup", LONG),
    ("backup", "--check", LONG),
    ("audit", "verify", "--database", URL),
    ("audit", "verify", "--file", LONG),
    ("schema", "--output", LONG),
    ("demo", "--work", LONG),
]

READ_ONLY = [
    (("serve", "--workflows", "flows.py"), "folder of the database cannot be written"),
    (("migrate",), "folder of the database cannot be written"),
    (("prune", "--yes", "--older-than", "1"), "folder of the database cannot be written"),
    (("audit", "verify", "--database", "sqlite+aiosqlite:///net.db"), "folder of the database cannot be written"),
    (("backup", "copy.db"), "'copy.db.part' cannot be written: Read-only file system"),
    (("backup", "/dev/shm/orchestrator-copy.db"), "its folder cannot be written"),
]


def refusal(result: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence of a command that was refused."""
    assert result.returncode == REFUSED, result.stderr
    assert "Traceback" not in result.stderr
    assert "[Errno" not in result.stderr
    return result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a workflow and a database that no server uses."""
    (tmp_path / "flows.py").write_text(FLOWS)
    with closing(sqlite3.connect(tmp_path / "net.db")) as file, file:
        file.execute("PRAGMA journal_mode = WAL")
        file.executescript(SCRIPT.read_text())
    return tmp_path


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments)[:30])
def test_a_place_that_cannot_even_be_looked_at_is_a_sentence(folder: Path, arguments: tuple[str, ...]) -> None:
    result = orchestrator(folder, *arguments)

    assert result.returncode == REFUSED
    assert "Traceback" not in result.stderr
    assert "File name too long" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--workflows", "flows"),
        ("serve", "--workflows", "flows", "--reload"),
        ("migrate",),
        *exhaustive((("serve", "--workflows", "flows.py"),)),
    ],
    ids=" ".join,
)
def test_a_working_folder_that_was_removed_is_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"rmdir {shlex.quote(str(gone))}; exec {shlex.join(ours(*arguments))}"

    result = subprocess.run(
        ["sh", "-c", script],
        check=False,
        cwd=gone,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment_of({}),
    )

    assert result.returncode == REFUSED, result.stderr
    assert "Traceback" not in result.stderr
    assert "cannot be found" in result.stderr


@pytest.mark.parametrize(("arguments", "reason"), READ_ONLY, ids=lambda value: " ".join(value)[:40])
def test_a_read_only_file_system_is_a_sentence(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    mount = f"mount --bind {(path := shlex.quote(str(folder)))} {path} && mount -o remount,bind,ro {path}"
    script = f"{mount} || exit 99; cd {path} && exec {shlex.join(ours(*arguments))}"
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    environment = environment_of({"ORCHESTRATOR_DATABASE_URL": "sqlite+aiosqlite:///net.db"})

    result = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment,
    )

    if result.returncode in (1, 99):
        pytest.skip("this machine allows no mounts")
    assert reason in refusal(result)
    assert not Path("/dev/shm/orchestrator-copy.db.part").exists()


def ours(*arguments: str) -> list[str]:
    """The command, as a shell runs it."""
    return [sys.executable, "-m", "orchestrator_gql", *arguments]
