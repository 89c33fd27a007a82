"""The file of a SQLite database: the name in the URL is its name, it is private, and it has one server."""

import asyncio
import logging
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from orchestrator_gql.cli.serving.banner import banner
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.storage.database import connect, schema
from orchestrator_gql.storage.database.backup import Backup
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable

NAMES = [
    "net#1.db",
    "net?1.db",
    "net?mode=memory&cache=shared",
    "net%201.db",
    "net%2F1.db",
    "100%",
    "net 1.db",
    " net.db ",
    "nét-网络.db",
    "file:net.db",
    "file::memory:?cache=shared",
    "net@host:5432.db",
    "net+1;2&3=4.db",
    "net\\1'\".db",
    "net\n1.db",
    "-net.db",
    "~",
]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqliteDatabase]:
    """The database of the URL, migrated."""
    database = connect(url)
    assert isinstance(database, SqliteDatabase)
    await database.open()
    try:
        await schema.prepare(database)
        yield database
    finally:
        await database.close()


async def create(url: str) -> None:
    """Create an empty database of this release."""
    async with opened(url):
        pass


def modes_of(folder: Path) -> dict[str, int]:
    """The permissions of each file in the folder."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def names_in(folder: Path) -> list[str]:
    """The names of all files and folders under the folder."""
    return [path.name for path in folder.rglob("*")]


@pytest.mark.parametrize("name", NAMES)
async def test_the_name_in_the_url_is_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    for url in (f"sqlite+aiosqlite:///{name}", url_of(path)):
        async with opened(url) as database:
            assert await database.read(lambda conn: conn.execute(text("SELECT 1")).scalar()) == 1
            async with database.snapshot() as snapshot:
                assert await snapshot.read(lambda conn: conn.execute(text("SELECT 2")).scalar()) == 2
            modes = modes_of(tmp_path)
            with pytest.raises(SettingsError, match="Another server"):
                await connect(url_of(path)).open()

        assert modes == dict.fromkeys((name, f"{name}-wal", f"{name}-shm", f"{name}.lock"), 0o600)
        assert f"Database   {name}\n" in banner(read_settings(database_url=f"sqlite+aiosqlite:///{name}"), [])
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM processes").fetchone() == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_a_backup_reads_and_writes_the_files_of_those_names(tmp_path: Path, name: str) -> None:
    asyncio.run(create(url_of(tmp_path / name)))
    with closing(sqlite3.connect(tmp_path / name)) as file, file:
        file.execute("CREATE TABLE named AS SELECT 1 AS one")

    source = Backup(url_of(tmp_path / name), tmp_path / f"{name} copy").make()

    assert source == tmp_path / name
    beside = {f"{name}{ending}" for ending in ("-shm", "-wal", ".lock")}
    assert {file.name for file in tmp_path.iterdir()} - beside == {name, f"{name} copy"}
    assert stat.S_IMODE((tmp_path / f"{name} copy").stat().st_mode) == 0o600
    with closing(sqlite3.connect(tmp_path / f"{name} copy")) as copy:
        assert copy.execute("SELECT one FROM named").fetchone() == (1,)


async def test_similar_names_are_different_files(tmp_path: Path) -> None:
    urls = [url_of(tmp_path / name) for name in ("net", "net#1", "net#2", "net?1", "net?2", "net%31", "net1")]
    for number, url in enumerate(urls):
        async with opened(url) as database:
            await database.transaction(partial(create_table, name=f"own_{number}"))
    for number, url in enumerate(urls):
        async with opened(url) as database:
            assert await database.read(own_tables) == [f"own_{number}"]


def create_table(conn: Connection, *, name: str) -> None:
    """Create an empty table."""
    conn.execute(text(f"CREATE TABLE {name} (x)"))


def own_tables(conn: Connection) -> list[str]:
    """The tables that `create_table` created."""
    return list(conn.execute(text("SELECT name FROM sqlite_schema WHERE name LIKE 'own_%'")).scalars())


async def test_a_file_has_one_server_whatever_name_leads_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    (data / "inner").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(data / "inner")
    (tmp_path / "link#1.db").symlink_to(data / "net.db")  # before the file exists
    (tmp_path / "link#2.db").symlink_to("link#1.db")
    monkeypatch.chdir(data)
    names = [
        "net.db",
        "./net.db",
        "inner/../net.db",
        f"{data}//net.db",
        f"/{data}/net.db",
        f"{tmp_path}/elsewhere/../net.db",
        f"{tmp_path}/link#1.db",
        f"{tmp_path}/link#2.db",
    ]
    for first in names:
        async with opened(f"sqlite+aiosqlite:///{first}"):
            assert (data / "net.db.lock").read_text() == str(os.getpid())
            for second in names:
                with pytest.raises(SettingsError, match="Another server"):
                    await connect(f"sqlite+aiosqlite:///{second}").open()
    assert [name for name in names_in(tmp_path) if name.endswith(".lock")] == ["net.db.lock"]


async def test_a_file_with_a_hard_link_is_refused(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "net.db")):
        (tmp_path / "other.db").hardlink_to(tmp_path / "net.db")
        with pytest.raises(SettingsError, match=r"other\.db' has a second name \(a hard link\)"):
            await connect(url_of(tmp_path / "other.db")).open()
        with pytest.raises(SettingsError, match="has a second name"):
            Backup(url_of(tmp_path / "other.db"), tmp_path / "copy.db").make()
    with pytest.raises(SettingsError, match="has a second name"):
        await connect(url_of(tmp_path / "net.db")).open()
    (tmp_path / "other.db").unlink()
    async with opened(url_of(tmp_path / "net.db")):
        pass


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (":memory:", "names no file"),
        ("", "names no file"),
        (".", "is a folder"),
        ("/", "is a folder"),
        ("..", "is a folder"),
        ("net.db/", "is a folder"),
        ("missing/net.db", "cannot be written"),
        ("n" * 300, "File name too long"),
        ("n" * 253, "File name too long"),  # the lock beside it has a longer name
        ("circle.db", "cannot be found|cannot be written|cannot be created"),
    ],
)
async def test_a_name_that_no_file_can_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "circle.db").symlink_to("circle.db")

    with pytest.raises(SettingsError, match=reason):
        await connect(f"sqlite+aiosqlite:///{name}").open()

    assert set(names_in(tmp_path)) <= {"circle.db", "circle.db.lock"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
async def test_files_beside_the_database_belong_to_its_owner_after_a_command_of_root(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "net.db")):
        pass
    (tmp_path / "net.db.lock").unlink()
    os.chown(tmp_path / "net.db", 12345, 12346)

    async with opened(url_of(tmp_path / "net.db")):
        stats = [(tmp_path / name).stat() for name in names_in(tmp_path)]
        owners = {(stat.st_uid, stat.st_gid) for stat in stats}

    assert owners == {(12345, 12346)}


async def test_a_lock_that_is_a_link_to_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    (tmp_path / "net.db.lock").symlink_to(other)

    with pytest.raises(SettingsError, match="symbolic links"):
        await connect(url_of(tmp_path / "net.db")).open()

    assert other.read_text() == "kept"


@pytest.mark.parametrize(
    ("former", "new"), [("net.db", "net.db?timeout=30"), ("a b.db", "a%20b.db"), ("net", "net#1.db")]
)
async def test_a_new_file_is_reported_if_an_earlier_release_would_have_opened_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, former: str, new: str
) -> None:
    (tmp_path / former).touch()
    (tmp_path / new).touch()  # the earlier release left it empty if the name had a `#`
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            async with opened(url_of(tmp_path / new)):
                pass
        async with opened(url_of(tmp_path / former)):
            pass

    (record,) = [record for record in caplog.records if record.name.endswith("sqlite_file")]
    assert record.__dict__["new_file"] == str(tmp_path / new)
    assert record.__dict__["existing_file"] == str(tmp_path / former)


def test_migrations_are_found_in_a_folder_with_a_percent_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "100%s").symlink_to(schema.FOLDER)
    monkeypatch.setattr(schema, "FOLDER", tmp_path / "100%s")

    assert ScriptDirectory.from_config(schema.configuration()).get_heads() == [schema.HEAD]


async def test_a_lock_whose_file_was_removed_is_taken_again_before_the_next_commit(tmp_path: Path) -> None:
    url, lock = url_of(tmp_path / "net.db"), tmp_path / "net.db.lock"
    async with opened(url) as database:
        lock.unlink()
        await database.transaction(partial(create_table, name="own_first"))

        assert lock.read_text() == str(os.getpid())
        with pytest.raises(SettingsError, match="Another server"):
            await connect(url).open()
        await database.transaction(partial(create_table, name="own_second"))
        assert sorted(await database.read(own_tables)) == ["own_first", "own_second"]


async def test_nothing_is_written_while_another_server_has_a_lock_that_was_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url, lock = url_of(tmp_path / "net.db"), tmp_path / "net.db.lock"
    async with opened(url) as first:
        lock.unlink()
        async with opened(url) as second:
            for _ in range(2):
                with pytest.raises(StorageUnavailable):
                    await first.transaction(partial(create_table, name="own_first"))
            await second.transaction(partial(create_table, name="own_second"))
        await first.transaction(partial(create_table, name="own_third"))

        assert sorted(await first.read(own_tables)) == ["own_second", "own_third"]
    assert [record.message for record in caplog.records if "lock" in record.message] == [
        "the lock was removed, and nothing is written"
    ]
