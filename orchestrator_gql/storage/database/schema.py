"""Checks the version of the schema at start: SQLite is migrated, an outdated PostgreSQL database is refused.

Alembic is imported only if a migration is necessary: it is larger than all of our code, and its memory is not returned.
So the tables of a new SQLite file are made by a script, which `make schema` writes from the migrations.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import uniform
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.storage import advisory_locks
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.after_commit import T, Unit
from orchestrator_gql.storage.database.losses import sqlstate
from orchestrator_gql.storage.database.rights import demand_rights
from orchestrator_gql.utils.errors import SettingsError

if TYPE_CHECKING:
    from alembic.config import Config

logger = logging.getLogger(__name__)

HEAD = "0027"
"""The newest migration; a test compares it with the files in the folder."""

OLDEST_POSTGRES = 14
"""The oldest PostgreSQL that its makers still mend. Numbers of transactions with 64 bits need 13."""

FOLDER = Path(__file__).parent.parent / "migrations"
SCRIPT = FOLDER / "sqlite.sql"

MIGRATION_LOCK = 7_305_808_870
"""The advisory lock of a migration on PostgreSQL."""

ENCODINGS = ("UTF8", "SQL_ASCII")
"""The encodings of PostgreSQL that store every text; SQL_ASCII stores the bytes of UTF-8 as they are."""

LOCK_SECONDS = 3
"""Seconds that a migration waits for a table. All others wait behind it meanwhile, so it must not wait for long."""

LOCK_TRIES = 40
LOCK_PAUSE = (0.2, 1.5)
"""Seconds until the next try, by chance: the servers do in them what has waited."""

BUSY = (
    "The database cannot be migrated, and nothing was changed: a long transaction has a table. Wait for its end, such "
    "as of an export of the audit log, or find it in pg_stat_activity."
)

IN_USE = frozenset({"40P01", "55P03"})
"""The SQLSTATE of a deadlock, and of a lock that did not come in time."""

_SELECT = text("SELECT version_num FROM alembic_version")


async def prepare(database: Database) -> None:
    """Migrate an outdated SQLite database; for PostgreSQL raise `SettingsError`, which says what to do, if the schema
    is not that of this release, or if the role lacks rights."""
    if database.dialect == "sqlite":
        await migrate(database)
    else:
        await demand_current(database)
        await database.read(demand_rights)


class Reader(Protocol):
    """What reads a database."""

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot, and return its result."""
        ...


async def demand_current(database: Reader) -> None:
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
        await _alter(database)


async def _alter(database: Database) -> None:
    """Migrate beside servers that write, which may lock the tables in another order: try again after a deadlock, and
    after a wait for a long transaction."""
    for tries in range(LOCK_TRIES):
        try:
            await database.alter(_upgrade)
        except DBAPIError as error:
            if sqlstate(error) not in IN_USE:
                raise
            if tries == LOCK_TRIES - 1:
                raise SettingsError(BUSY) from error
            if not tries:
                logger.warning("servers use the tables: the migration is tried again until it gets them")
            await asyncio.sleep(uniform(*LOCK_PAUSE))  # noqa: S311
        else:
            return


def is_newer(version: str | None) -> bool:
    """True if a newer release migrated the database, or another application."""
    return version is not None and (version > HEAD or _is_foreign(version))


def _is_foreign(version: str) -> bool:
    return not (len(version) == len(HEAD) and version.isdecimal())


def difference(version: str | None) -> str:
    """What is wrong with a schema that is not that of this release, and what to do."""
    if version is not None and _is_foreign(version):
        return (
            f"The table alembic_version is at {version!r}, which is no schema of ours: another application has this "
            "database. Give the orchestrator a database of its own."
        )
    if is_newer(version):
        return (
            f"The database is at schema {version}, newer than this release knows ({HEAD}): run the newer release, or "
            "restore the backup from before the upgrade."
        )
    found = "The database has no tables yet" if version is None else f"The database is at schema {version}"
    return f"{found}, this release needs schema {HEAD}: run `orchestrator-gql migrate` first."


def version_of(conn: Connection) -> str | None:
    """The version of a database that has a schema."""
    version: str | None = conn.execute(_SELECT).scalar()
    return version


def write_nothing_new(conn: Connection) -> None:
    """Write a value that is stored already: on a full disk only a write shows the problem."""
    conn.execute(text("UPDATE alembic_version SET version_num = version_num"))


def _demand_postgres(conn: Connection) -> None:
    if conn.dialect.name != "postgresql":
        return
    version = conn.dialect.server_version_info or ()
    if version < (OLDEST_POSTGRES,):
        raise SettingsError(
            f"The server of ORCHESTRATOR_DATABASE_URL is PostgreSQL {'.'.join(map(str, version))}; PostgreSQL "
            f"{OLDEST_POSTGRES} or newer is needed."
        )
    encoding = conn.execute(text("SHOW server_encoding")).scalar()
    if encoding not in ENCODINGS:
        raise SettingsError(
            f"The database of ORCHESTRATOR_DATABASE_URL has the encoding {encoding} and cannot store every text: "
            "make a new one with TEMPLATE template0 ENCODING 'UTF8'."
        )


def _version(conn: Connection) -> str | None:
    _demand_postgres(conn)
    return version_of(conn) if inspect(conn).has_table("alembic_version") else None


def _upgrade(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":  # of two commands at once, the second finds nothing to do
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if _version(conn) == HEAD:
            return
        conn.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        # A change of a process shares this lock: once the migration has it, no change is half done.
        conn.execute(select(func.pg_advisory_xact_lock(advisory_locks.ENGINE)))
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
