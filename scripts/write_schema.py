"""Write the script that makes the tables of a new SQLite file: what all migrations make together, without Alembic."""

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from sqlalchemy import Connection

from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import SCRIPT, configuration

HEAD = "-- Written by `make schema` from the migrations: do not edit.\n"


def by_migrations(path: Path, until: str = "head") -> None:
    """Make the file with the migrations alone, the last of them ``until``."""
    asyncio.run(_migrate(path, until))


async def _migrate(path: Path, until: str) -> None:
    database = connect(url_of(path))
    await database.open()
    try:
        await database.alter(partial(_upgrade, until))
    finally:
        await database.close()


def _upgrade(until: str, conn: Connection) -> None:
    config = configuration()
    config.attributes["connection"] = conn
    command.upgrade(config, until)


def script_of(path: Path) -> str:
    """The statements that make the tables of the file, with the rows that are in them."""
    with closing(sqlite3.connect(path)) as conn:
        statements = [statement for statement in conn.iterdump() if statement not in ("BEGIN TRANSACTION;", "COMMIT;")]
    return HEAD + "".join(f"{_in_order(statement)}\n" for statement in sorted(statements, key=_index))


def _index(statement: str) -> str:
    """Sorts indexes, the last statements, by their names: Alembic makes those of a copied table in any order."""
    return statement if statement.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX")) else ""


def _in_order(statement: str) -> str:
    """The statement with its named constraints in the order of their names: Alembic copies a table with them in any."""
    lines = statement.split("\n")
    places = [place for place, line in enumerate(lines) if line.lstrip().startswith("CONSTRAINT ")]
    ordered = sorted(lines[place].rstrip(", ") for place in places)
    for place, line in zip(places, ordered, strict=True):
        has_comma = lines[place].rstrip().endswith(",")
        lines[place] = f"{line}, " if has_comma else line
    return "\n".join(lines)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        by_migrations(file := Path(folder) / "schema.db")
        SCRIPT.write_text(script_of(file))
