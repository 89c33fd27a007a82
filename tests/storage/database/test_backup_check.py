"""A backup is read once before it gets its name, and can be checked again years later (SQLite)."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from support.command_line import orchestrator

from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.database.backup import Backup
from orchestrator_gql.storage.database.backup_check import DamagedFile, ForeignFile, check
from orchestrator_gql.storage.database.schema import HEAD, SCRIPT
from orchestrator_gql.utils.errors import SettingsError

PAGE = 4096


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A database with many pages of one table."""
    path = tmp_path / "net.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA journal_mode = WAL")
        file.executescript(SCRIPT.read_text())
        file.execute("CREATE TABLE facts (fact TEXT PRIMARY KEY)")
        file.executemany("INSERT INTO facts VALUES (?)", ((f"{number:08} " + "x" * 500,) for number in range(2_000)))
    return path


def damage(path: Path, seed: int) -> None:
    """Overwrite the head of a page of the table, as a disk or a transfer does that loses a block."""
    with closing(sqlite3.connect(path)) as file:
        root = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'facts'").fetchone()[0]
    with path.open("r+b") as pages:
        pages.seek(0, 2)
        last = pages.tell() // PAGE
        pages.seek(PAGE * Random(seed).randrange(root + 2, last - 1))
        pages.write(bytes([0xFF]) * 64)


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_source_gives_no_backup(source: Path, seed: int) -> None:
    damage(source, seed)

    with pytest.raises(SettingsError, match="is damaged, and was removed"):
        Backup(url_of(source), source.with_name("copy.db")).make()

    assert list(source.parent.glob("copy.db*")) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_that_was_damaged_later_is_found(source: Path, seed: int) -> None:
    copy = source.with_name("copy.db")
    Backup(url_of(source), copy).make()
    held = check(copy)
    damage(copy, seed)

    with pytest.raises(DamagedFile):
        check(copy)
    assert (held.schema, held.processes, held.newest) == (HEAD, 0, None)


def test_a_copy_that_was_cut_off_is_found(source: Path) -> None:
    copy = source.with_name("copy.db")
    Backup(url_of(source), copy).make()
    with copy.open("r+b") as pages:
        pages.truncate(copy.stat().st_size // 2)

    with pytest.raises(DamagedFile):
        check(copy)


def test_a_check_changes_nothing_beside_the_copy(source: Path) -> None:
    copy = source.parent / "kept" / "copy.db"
    copy.parent.mkdir()
    Backup(url_of(source), copy).make()
    before = copy.read_bytes()

    check(copy)

    assert [path.name for path in copy.parent.iterdir()] == ["copy.db"]
    assert copy.read_bytes() == before


def test_a_file_of_a_running_server_is_checked_with_its_newest_commits(source: Path) -> None:
    with closing(sqlite3.connect(source)) as server:
        server.execute("PRAGMA wal_autocheckpoint = 0")
        with server:
            server.execute("UPDATE alembic_version SET version_num = '9999'")

        assert check(source).schema == "9999"


@pytest.mark.parametrize("tables", ["", "CREATE TABLE processes (id)", "CREATE TABLE photos (id)"])
def test_another_file_is_no_backup_and_is_not_backed_up(tmp_path: Path, tables: str) -> None:
    other, copy = tmp_path / "other.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(other)) as file:
        file.executescript(tables)

    with pytest.raises(ForeignFile, match=r"'.*other\.db' is not a database of this program"):
        check(other)
    with pytest.raises(ForeignFile, match=r"'.*other\.db' is not a database of this program"):
        Backup(url_of(other), copy).make()
    assert list(tmp_path.glob("copy.db*")) == []


@pytest.mark.parametrize("name", [".", "", "..", "folder", "folder/"])
def test_a_folder_is_no_name_of_a_copy(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    orchestrator(tmp_path, "migrate")

    refused = orchestrator(tmp_path, "backup", name)

    assert refused.returncode == 2
    assert "is a folder: name the file of the copy in it" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_the_command_says_what_a_copy_holds(source: Path) -> None:
    folder = source.parent
    Backup(url_of(source), folder / "copy.db").make()
    Backup(url_of(source), folder / "bad.db").make()
    damage(folder / "bad.db", 1)
    with closing(sqlite3.connect(source)) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0001'")

    whole = orchestrator(folder, "backup", "--check", "copy.db")
    older = orchestrator(folder, "backup", "--check", "net.db")
    damaged = orchestrator(folder, "backup", "--check", "bad.db")
    missing = orchestrator(folder, "backup", "--check", "none.db")
    as_json = orchestrator(folder, "backup", "--check", "copy.db", "--json")

    assert (whole.returncode, whole.stdout) == (0, f"copy.db is whole: schema {HEAD}, 0 processes.\n")
    assert (older.returncode, older.stdout.splitlines()[-1]) == (
        0,
        "A server of this release migrates it at its start.",
    )
    assert (damaged.returncode, missing.returncode, as_json.returncode) == (1, 2, 0)
    assert "'bad.db' is damaged" in damaged.stderr
    assert "There is no file 'none.db' to check." in missing.stderr
    assert f'"schema": "{HEAD}", "processes": 0, "newest": null' in as_json.stdout
