"""A backup is one snapshot, made in steps beside a busy writer (SQLite)."""

import multiprocessing
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_gql.config.database_url import file_name, url_of
from orchestrator_gql.storage.database import backup
from orchestrator_gql.storage.database.backup import Backup
from orchestrator_gql.storage.database.schema import SCRIPT
from orchestrator_gql.utils.errors import SettingsError

ROWS = 2_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of many pages."""
    path = tmp_path / "net.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA journal_mode = WAL")
        file.executescript(SCRIPT.read_text())
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


class KilledBackup(Backup):
    """A backup that ends without its own clean-up after some steps, as by SIGKILL."""

    def _demand_wanted(self, *_: int) -> None:
        if self._part.stat().st_size > 0:
            os._exit(9)


def test_the_rest_of_a_killed_backup_is_taken_over_by_the_next(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "PAGES", 8)
    target = source.with_name("copy.db")
    child = multiprocessing.get_context("fork").Process(target=KilledBackup(url_of(source), target).make)
    child.start()
    child.join()
    rest = sorted(path.name for path in source.parent.glob("copy.db*"))

    Backup(url_of(source), target).make()

    assert (child.exitcode, rest[:1]) == (9, ["copy.db.part"])
    assert [path.name for path in source.parent.glob("copy.db*")] == ["copy.db"]
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM facts").fetchone() == (ROWS,)
    assert target.stat().st_mode & 0o777 == 0o600


def test_the_name_of_a_backup_is_there_only_when_it_is_whole(source: Path) -> None:
    target, seen = source.with_name("copy.db"), list[bool]()

    class Seen(Backup):
        def _demand_wanted(self, *_: int) -> None:
            seen.append(target.exists())

    Seen(url_of(source), target).make()

    assert set(seen) == {False}
    assert target.exists()


def test_two_backups_of_one_name_at_once_do_not_mix(source: Path) -> None:
    target = source.with_name("copy.db")
    second = Backup(url_of(source), target)

    class First(Backup):
        def _demand_wanted(self, *_: int) -> None:
            with pytest.raises(SettingsError, match="is written by another backup"):
                second.make()
            second.remove()  # it removes nothing of the first

    First(url_of(source), target).make()

    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_appears_during_the_copy_is_not_overwritten(source: Path) -> None:
    target = source.with_name("copy.db")

    class Late(Backup):
        def _demand_wanted(self, *_: int) -> None:
            target.write_text("of somebody else")

    with pytest.raises(SettingsError, match="exists already"):
        Late(url_of(source), target).make()

    assert target.read_text() == "of somebody else"
    assert [path.name for path in source.parent.glob("copy.db*")] == ["copy.db"]
