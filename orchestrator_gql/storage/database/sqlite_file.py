"""The file of a SQLite database: its one name, who may read it, the lock beside it, and whether it is still there."""

import fcntl
import logging
import os
import re
import sqlite3
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, unquote

from sqlalchemy import URL, Connection, Engine, event, make_url

from orchestrator_gql.config.database_url import file_name
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable
from orchestrator_gql.utils.forks import keep_from_children, open_descriptors

logger = logging.getLogger(__name__)

Identity: TypeAlias = tuple[int, int]
"""The numbers of the device and of the file."""

PATIENCE = 5000
"""Milliseconds to wait for a lock that another program, such as an operator's shell, holds on the file."""

SETTINGS = f"""
    PRAGMA busy_timeout = {PATIENCE};  -- first: the next statements may have to wait for a lock
    PRAGMA synchronous = FULL;         -- this opens all files of the connection
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
"""
"""The settings of each connection."""


def path_of(url: str) -> Path:
    """The absolute path of the file, without symbolic links: with them the file would have two names, and two locks.

    Raises `SettingsError` if the URL names no file.
    """
    name = file_name(url)
    if not name or name == ":memory:":
        raise SettingsError(
            f"{url!r} names no file, and a database in memory would lose every process: "
            "use `sqlite+aiosqlite:///orchestrator.db`."
        )
    try:
        path = Path(name).resolve()
        is_folder = name.endswith("/") or path.is_dir()
    except (OSError, RuntimeError) as error:  # a RuntimeError if symbolic links lead to each other
        raise SettingsError(f"The database {name!r} cannot be found: {error}.") from error
    if is_folder:
        raise SettingsError(f"The database {name!r} is a folder: name the file in it.")
    return path


def demand_one_name(path: Path) -> None:
    """Raise `SettingsError` if the file has a second name, a hard link.

    SQLite keeps the newest commits in a file beside the name that was opened. Through the second name a server would
    not see them, nor the lock of the first server.
    """
    if path.exists() and path.stat().st_nlink > 1:
        raise SettingsError(
            f"The database {str(path)!r} has a second name (a hard link), and commits that are made under one name are "
            "not seen under the other. Remove the other name, or copy the file with `cp`."
        )


def create(path: Path, url: str) -> None:
    """Create the file if it does not exist; only we may read it, because it holds the results of remote services."""
    if path.exists() and path.stat().st_size:
        return
    former = _former_path(url)
    if former is not None and former != path and former.exists():
        names = {"new_file": str(path), "existing_file": str(former)}
        logger.warning("a new file is created: the name in the URL of the database is used as it is", extra=names)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise SettingsError(f"The database {str(path)!r} cannot be created: {error.strerror}.") from error


def _former_path(url: str) -> Path | None:
    """The file that an earlier release used: it ended the name at a `?` or `#`, and read `%20` as a space."""
    database = make_url(url).database
    if not database or "\0" in database:
        return None
    return Path(unquote(re.split("[#?]", str(Path(database).resolve()), maxsplit=1)[0]))


def engine_url(driver: str, path: Path, *, mode: Literal["ro", "rw"] = "rw") -> URL:
    """The URL with which SQLAlchemy opens the file, whatever characters its name has.

    SQLite itself reads it as a URI. No mode creates the file: a connection that is opened later must not create an
    empty file in the place of a removed file.
    """
    return URL.create(driver, database=f"file://{quote(os.fsencode(path))}", query={"mode": mode, "uri": "true"})


def configure(driver: Any, _: object) -> None:
    """Configure a new connection, of the driver or of SQLAlchemy's adapter for aiosqlite."""
    _run(driver, SETTINGS)


def _run(driver: Any, script: str) -> None:
    """Run all statements at once: each of them would wake the thread of an aiosqlite connection several times."""
    if isinstance(driver, sqlite3.Connection):
        driver.executescript(script)
    else:
        driver.run_async(lambda connection: connection.executescript(script))


class OpenedFiles:
    """The identities of the files when they were opened.

    SQLite goes on writing into files that were removed or replaced, and reports success: all these commits would be
    lost when the server stops. So nothing is written until the files are back.
    """

    def __init__(self, path: Path, lock: "FileLock") -> None:
        self._lock = lock
        self._names = [f"{path}{suffix}" for suffix in ("", "-wal", "-shm")]
        self._opened = self._identities()
        self._are_missed = False

    def demand(self) -> None:
        """Raise `StorageUnavailable` unless the files are those that were opened, and locked by this server."""
        if self._identities() == self._opened:
            self._are_missed = False
            self._lock.demand()
            return
        if not self._are_missed:
            logger.error("the database's files were moved, removed or replaced: nothing is written until they are back")
        self._are_missed = True
        raise StorageUnavailable

    def descriptors(self) -> list[int]:
        """The descriptors of these files in this process. SQLite opens them, so they are known by their files only.

        A child that closes its copies takes no lock from us: the locks of SQLite belong to a process.
        """
        return [number for number, stat in open_descriptors() if (stat.st_dev, stat.st_ino) in self._opened]

    def _identities(self) -> list[Identity | None]:
        return [identity(path) for path in self._names]


def only_read(engine: Engine, path: Path, opened: Identity | None) -> None:
    """Let the connections of the engine only read, and only the file ``opened``, as long as it has this path.

    A listener of ``begin`` must call `close_cursors`.
    """

    def demand_same_file(*_: object) -> None:
        if identity(path) != opened:  # the connection would read another file
            raise StorageUnavailable

    event.listen(engine, "do_connect", demand_same_file)
    event.listen(engine, "connect", lambda driver, _: _run(driver, f"{SETTINGS} PRAGMA query_only = ON;"))
    event.listen(engine, "before_cursor_execute", _note_cursor)


def _note_cursor(conn: Connection, cursor: Any, *_: object) -> None:
    conn.info.setdefault("cursors", []).append(cursor)


def close_cursors(conn: Connection) -> None:
    """Close what the last read left: with rows left, as after an error, a cursor would keep its old snapshot."""
    for cursor in conn.info.pop("cursors", ()):
        cursor.close()


def identity(path: Path | str) -> Identity | None:
    """The identity of the file, None if the file cannot be found."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - before every commit: a `Path` takes twice as long
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


class InUse(SettingsError):
    """Another server works on the file."""


class FileLock:
    """An exclusive lock on a file beside the database; the kernel releases it when the server ends in any way."""

    def __init__(self, path: Path) -> None:
        self._database = path
        self._path = path.with_name(path.name + ".lock")
        self._fd: int | None = None
        self._locked: Identity | None = None
        self._is_missed = False

    def demand(self) -> None:
        """Take the lock again if its file was removed, as by a script that removes old locks: a second server would
        find none. Raises `StorageUnavailable` if such a server has it."""
        if identity(self._path) == self._locked:
            return
        self.release()
        try:
            self.acquire()
        except SettingsError as error:
            if not self._is_missed:
                logger.error("the lock was removed, and nothing is written", extra={"reason": error.message})
            self._is_missed = True
            raise StorageUnavailable from None

    def acquire(self) -> None:
        """Take the lock. Raises `InUse` if another server has it."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise SettingsError(
                f"The folder of the database cannot be written: {str(self._path)!r}: {error.strerror}. The lock, and "
                "files of SQLite, are beside the database."
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(fd, 32).decode(errors="replace").strip() or "?"
            os.close(fd)
            file = self._path.name.removesuffix(".lock")
            raise InUse(
                f"Another server (process {holder}) works on {file!r}: one SQLite file takes one server. "
                "Stop it first, or move to PostgreSQL to run several."
            ) from None
        self._give_to_owner(fd)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        stat = os.fstat(fd)
        self._fd, self._locked, self._is_missed = fd, (stat.st_dev, stat.st_ino), False
        self._end_keeping = keep_from_children(lambda: [fd])

    def _give_to_owner(self, fd: int) -> None:
        """Give the lock to the owner of the database, as SQLite does with its own files: after a command of root, the
        server's user must be able to open the lock. A link could name a file of somebody else."""
        if os.geteuid() == 0 and os.fstat(fd).st_nlink == 1 and self._database.exists():
            owner = self._database.stat()
            os.fchown(fd, owner.st_uid, owner.st_gid)

    def release(self) -> None:
        """Release the lock, if this server has it."""
        if self._fd is not None:
            self._end_keeping()
            os.close(self._fd)
            self._fd = self._locked = None
