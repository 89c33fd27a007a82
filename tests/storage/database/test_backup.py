"""A backup is one snapshot, made in steps beside a busy writer (SQLite)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_gql.config.database_url import file_name, url_of
from orchestrator_gql.storage.database import backup
from orchestrator_gql.storage.database.backup import Backup

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


class BusyBackup(Backup):
    """A backup beside a program that commits before the first step and after every step."""

    commits = 0

    def _demand_wanted(self, *_: int) -> None:
        with closing(sqlite3.connect(file_name(self._url))) as file, file:
            file.execute("PRAGMA synchronous = OFF")
            file.execute("INSERT INTO facts VALUES ('later')")
        self.commits += 1
        if self.commits > 2 * ROWS:  # it would begin again for ever
            self.stop()
        super()._demand_wanted()


def test_a_backup_in_steps_ends_beside_a_busy_writer(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "PAGES", 8)
    busy, target = BusyBackup(url_of(source), source.with_name("copy.db")), source.with_name("copy.db")

    busy.make()

    with closing(sqlite3.connect(target)) as copy:
        later = copy.execute("SELECT count(*) FROM facts WHERE fact = 'later'").fetchone()[0]
        whole = copy.execute("PRAGMA integrity_check").fetchone()[0]
    assert (later, whole) == (0, "ok")
    assert busy.commits > 10
