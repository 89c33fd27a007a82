"""Checks the version of the schema at start: SQLite is migrated, an outdated PostgreSQL database is refused.

Alembic is imported only if a migration is necessary: it is larger than all of our code, and its memory is not returned.
So the tables of a new SQLite file are made by a script, which `make schema` writes from the migrations.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from orchestrator_gql.storage.database import Database
from orchestrator_gql.utils.errors import SettingsError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0019"
"""The newest migration; a test compares it with the files in the folder."""

FOLDER = Path(__file__).parent.parent / "migrations"
SCRIPT = FOLDER / "sqlite.sql"

MIGRATION_LOCK = 7_305_808_870
"""The advisory lock of a migration on PostgreSQL."""

_SELECT = text("SELECT version_num FROM alembic_version")


async def prepare(database: Database) -> None:
    """Migrate an outdated SQLite database; for PostgreSQL raise `SettingsError`, which names the command to run."""
    if database.dialect == "sqlite":
        await migrate(database)
    else:
        await demand_current(database)


async def demand_current(database: Database) -> None:
    """Raise `SettingsError` if the schema is not that of this release; the error says what to do."""
    current = await database.read(_version)
    if current != HEAD:
        raise SettingsError(difference(current))


async def migrate(database: Database) -> None:
    """Migrate the schema to the newest version. Raises `SettingsError` if it is newer than this release knows."""
    current = await database.read(_version)
    if is_newer(current):
        raise SettingsError(difference(current))
    if current != HEAD:
        await database.alter(_upgrade)


def is_newer(version: str | None) -> bool:
    """True if a newer release migrated the database."""
    return version is not None and version > HEAD


def difference(version: str | None) -> str:
    """What is wrong with a schema that is not that of this release, and what to do."""
    if is_newer(version):
        return (
            f"The database is at schema {version}, newer than this release knows ({HEAD}): run the newer release, or "
            "restore the backup from before the upgrade."
        )
    return (
        f"The database is at schema {version or 'none'}, this release needs {HEAD}: "
        "run `orchestrator-gql migrate` first."
    )


def version_of(conn: Connection) -> str | None:
    """The version of a database that has a schema."""
    version: str | None = conn.execute(_SELECT).scalar()
    return version


def write_nothing_new(conn: Connection) -> None:
    """Write a value that is stored already: on a full disk only a write shows the problem."""
    conn.execute(text("UPDATE alembic_version SET version_num = version_num"))


def _version(conn: Connection) -> str | None:
    return version_of(conn) if inspect(conn).has_table("alembic_version") else None


def _upgrade(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":  # of two commands at once, the second finds nothing to do
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if _version(conn) == HEAD:
            return
    if conn.dialect.name == "sqlite" and not conn.execute(text("SELECT count(*) FROM sqlite_schema")).scalar():
        for statement in _statements():
            conn.exec_driver_sql(statement)
        if _version(conn) == HEAD:  # else a migration is newer than the script
            return
    from alembic import command

    config = configuration()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _statements() -> Iterator[str]:
    """The statements of the script."""
    statement = ""
    for line in SCRIPT.read_text().splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def configuration() -> "Config":
    """The configuration of Alembic, made in code: an installed package has no alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))  # it is read as a ConfigParser's value
    return config
