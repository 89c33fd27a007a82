"""Databases of earlier releases: their schema, their rows, and the workflows that wrote the rows."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import util
from pathlib import Path
from types import ModuleType

from alembic import command
from sqlalchemy import Connection

from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import configuration, migrate
from support.database import PostgresServer, new_sqlite_url


@contextmanager
def empty_database(kind: str, folder: Path, postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of this kind, ``sqlite`` or ``postgres``."""
    if kind == "sqlite":
        yield new_sqlite_url(folder)
        return
    with postgres.database(is_migrated=False) as url:
        yield url


@contextmanager
def database_of(script: Path, kind: str, folder: Path, postgres: PostgresServer) -> Iterator[str]:
    """The URL of a SQLite file that the script writes; with ``postgres`` of an empty database beside that file."""
    with closing(sqlite3.connect(folder / "orchestrator.db")) as conn:
        conn.executescript(script.read_text())
    with empty_database(kind, folder, postgres) as url:
        yield url


def upgrade_to(conn: Connection, revision: str) -> None:
    """Create the schema of this revision."""
    config = configuration()
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


async def store_under(revision: str, url: str, store: Callable[[Connection], object]) -> None:
    """Store rows with the schema of this revision, then migrate the database."""
    database = connect(url)
    await database.open()
    try:
        await database.alter(lambda conn: upgrade_to(conn, revision))
        await database.alter(store)
        await migrate(database)
    finally:
        await database.close()


@contextmanager
def old_workflows(file: Path) -> Iterator[ModuleType]:
    """The module of workflows that wrote the rows; they do not block any more."""
    spec = util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.blocked = False  # type: ignore[attr-defined]
    yield module
    del sys.modules[spec.name]
