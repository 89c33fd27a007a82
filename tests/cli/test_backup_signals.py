"""A signal ends `backup` at any moment: nothing of the copy remains, and no thread keeps the process alive (SQLite)."""

import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, Signals
from subprocess import PIPE

import pytest
from support.command_line import SECONDS, orchestrator, started, until

from orchestrator_gql.storage.database.schema import SCRIPT

CODES = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129}

CHANGE = """
import threading
from pathlib import Path
from orchestrator_gql.cli import backup as command
from orchestrator_gql.storage.database import backup
from orchestrator_gql.storage.database.backup import Backup

def wait_for_ever():
    Path("stuck").touch()
    threading.Event().wait()

def slowly(function, *arguments):
    threading.Event().wait(0.02)
    function(*arguments)

"""
"""What a change of the command needs that makes a moment last."""

COMMAND = ("backup", "copy.db", "--database", "sqlite+aiosqlite:///net.db")

SLOW = "backup.PAGES = 1; wanted = Backup._demand_wanted; Backup._demand_wanted = lambda copy, *_: slowly(wanted, copy)"
STUCK = "command.STOP_SECONDS = 0.2; {place} = lambda *_: wait_for_ever()"

STUCK_PLACES = {
    "a step": STUCK.format(place="Backup._demand_wanted"),
    "the source": STUCK.format(place="backup._source"),
    "the creation of the copy": STUCK.format(place="Backup._create"),
    "the removal of the copy": f"{SLOW}; {STUCK.format(place='Backup.remove')}; Path('stuck').touch()",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database of many pages."""
    with closing(sqlite3.connect(tmp_path / "net.db")) as file, file:
        file.execute("PRAGMA journal_mode = WAL")
        file.executescript(SCRIPT.read_text())
        file.execute("CREATE TABLE facts (fact TEXT)")
        file.executemany("INSERT INTO facts VALUES (?)", (("x" * 4_000,) for _ in range(10_000)))
    return tmp_path


@contextmanager
def copying(folder: Path, change: str) -> Iterator["subprocess.Popen[str]"]:
    """The command in a process of its own."""
    with started(COMMAND, {}, change=CHANGE + change, cwd=folder, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def busy_writer(folder: Path) -> Iterator[None]:
    """A program that commits without a pause."""
    is_done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(folder / "net.db")) as file:
            file.execute("PRAGMA synchronous = OFF")
            while not is_done.is_set():
                with file:
                    file.execute("UPDATE facts SET fact = fact || '' WHERE rowid = 1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        is_done.set()
        writer.join()


def copied(folder: Path) -> list[str]:
    """The files of the copy."""
    return sorted(path.name for path in folder.glob("copy.db*"))


@pytest.mark.parametrize("signal", CODES)
def test_a_signal_during_the_steps_leaves_nothing_beside_a_busy_writer(folder: Path, signal: Signals) -> None:
    with busy_writer(folder), copying(folder, SLOW) as process:
        until(lambda: copied(folder)[1:] or None)  # the journal: the steps have begun
        process.send_signal(signal)
        out, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, out, err, copied(folder)) == (CODES[signal], "", "", [])


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
def test_a_signal_at_any_moment_leaves_a_whole_copy_or_nothing(folder: Path, signal: Signals) -> None:
    for delay in (0.0, 0.01, 0.02, 0.04, 0.08, 0.16):
        with copying(folder, "") as process:
            until(lambda: copied(folder) or None)
            threading.Event().wait(delay)
            process.send_signal(signal)
            process.send_signal(signal)
            _, err = process.communicate(timeout=SECONDS)

        assert err == ""
        if process.returncode == 0:
            with closing(sqlite3.connect(folder / "copy.db")) as copy:
                assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            (folder / "copy.db").unlink()
        assert (process.returncode in {0, CODES[signal]}, copied(folder)) == (True, []), delay


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
@pytest.mark.parametrize("place", STUCK_PLACES)
def test_a_disk_that_does_not_answer_does_not_keep_the_command_alive(folder: Path, place: str, signal: Signals) -> None:
    with copying(folder, STUCK_PLACES[place]) as process:
        until(lambda: (folder / "stuck").exists() or None)
        if "removal" in place:
            until(lambda: copied(folder) or None)
        process.send_signal(signal)
        _, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, err) == (
        CODES[signal],
        "orchestrator-gql: The disk does not answer: the copy was given up.\n",
    )
    assert "removal" in place or copied(folder) == []


def test_a_signal_that_does_not_wake_the_main_thread_ends_the_command(folder: Path) -> None:
    receive = "signal.pthread_kill(threading.get_ident(), signal.SIGTERM)"
    stuck = STUCK.format(place="Backup._demand_wanted").replace("wait_for_ever()", f"({receive}, wait_for_ever())")
    with copying(folder, f"import signal; {stuck}") as process:
        process.communicate(timeout=SECONDS)

    assert process.returncode == CODES[SIGTERM]


def test_a_lock_of_another_program_does_not_keep_the_command_alive(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "net.db")) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with copying(folder, "command.STOP_SECONDS = 0.2") as process:
            until(lambda: copied(folder) or None)
            process.send_signal(SIGTERM)
            process.communicate(timeout=SECONDS)

    assert (process.returncode, copied(folder)) == (CODES[SIGTERM], [])


@pytest.mark.parametrize("end", ["-journal", "-wal", "-shm"])
def test_a_file_that_sqlite_would_take_for_a_part_of_the_copy_is_not_touched(folder: Path, end: str) -> None:
    rest = folder / f"copy.db{end}"
    rest.write_text("of another database")

    refused = orchestrator(folder, *COMMAND)

    assert refused.returncode == 2
    assert f"'copy.db{end}' exists" in refused.stderr
    assert rest.read_text() == "of another database"
    assert copied(folder) == [rest.name]


def test_a_signal_that_was_ignored_stays_ignored(folder: Path) -> None:
    nohup = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with copying(folder, f"{nohup}; backup.PAGES = 8") as process:
        until(lambda: copied(folder) or None)
        process.send_signal(SIGHUP)
        process.communicate(timeout=SECONDS)

    assert (process.returncode, copied(folder)) == (0, ["copy.db"])
