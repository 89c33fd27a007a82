"""`orchestrator-gql migrate`: bring the database's schema up to date."""

import asyncio

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.storage.database import connect, schema
from orchestrator_gql.utils.errors import SettingsError


def migrate(database: str | None) -> None:
    """Migrate the database and print the version of its schema; raises `SettingsError` if that fails."""
    settings = read_settings(database_url=database)
    try:
        asyncio.run(_migrate(settings.database_url))
    except CommandError as error:
        raise SettingsError(f"The database is newer than this release: run the newer release. ({error})") from error
    except DBAPIError as error:
        raise SettingsError(f"The database cannot be migrated: {str(error.orig).partition(chr(10))[0]}") from error
    print(f"The database is at schema {schema.HEAD}.")


async def _migrate(url: str) -> None:
    database = connect(url)
    await database.open()
    try:
        await schema.migrate(database)
    finally:
        await database.close()
