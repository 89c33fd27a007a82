"""A backup is one snapshot, made in steps beside a busy writer (SQLite)."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.until import PATIENCE

from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.database import backup
from orchestrator_gql.storage.database.backup import back_up

ROWS = 2_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of many pages."""
    path = tmp_path / "net.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE facts (fact TEXT)")
        file.executemany("INSERT INTO facts VALUES (?)", (("x" * 2_000,) for _ in range(ROWS)))
    return path


def test_a_backup_in_steps_ends_beside_a_busy_writer(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "PAGES", 1)
    is_done, target = threading.Event(), source.with_name("copy.db")
    deadline, commits, last = time.monotonic() + PATIENCE, 0, 0

    def write() -> None:
        nonlocal commits
        with closing(sqlite3.connect(source)) as file:
            file.execute("PRAGMA synchronous = OFF")
            while not is_done.is_set() and time.monotonic() < deadline:
                with file:
                    file.execute("UPDATE facts SET fact = fact || '' WHERE rowid = 1")
                    file.execute("INSERT INTO facts VALUES ('later')")
                commits += 1

    writer = threading.Thread(target=write)
    writer.start()
    back_up(url_of(source), target)
    last = commits
    is_done.set()
    writer.join()

    with closing(sqlite3.connect(target)) as copy:
        later = copy.execute("SELECT count(*) FROM facts WHERE fact = 'later'").fetchone()[0]
        whole = copy.execute("PRAGMA integrity_check").fetchone()[0]
    assert whole == "ok"
    assert last - later > 1  # the writer went on during the steps, and the copy did not begin again
