"""`orchestrator-gql migrate`: bring the database's schema up to date."""

import asyncio
import json

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.cli.failure import reason_of
from orchestrator_gql.cli.serving.log_lines import configure_logging
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.storage import event_numbers
from orchestrator_gql.storage.database import connect, schema
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable


def migrate(database: str | None, *, after_restore: bool = False, is_json: bool = False) -> None:
    """Migrate the database and print the version of its schema; raises `SettingsError` if that fails.

    ``after_restore``: also renumber the events of a log that comes from another PostgreSQL cluster.
    """
    settings = read_settings(database_url=database)
    configure_logging(settings.log_level, settings.log_format)  # a migration of a large site logs how far it is
    try:
        renumbered = asyncio.run(_migrate(settings.database_url, after_restore))
    except CommandError as error:
        raise SettingsError(f"The schema of the database is of no release that this release knows: {error}.") from error
    except (StorageUnavailable, DBAPIError) as error:
        raise SettingsError(f"The database cannot be migrated, and nothing was changed: {reason_of(error)}") from error
    if is_json:
        print(json.dumps({"schema": schema.HEAD, **({"renumberedEvents": renumbered} if after_restore else {})}))
        return
    print(f"The database is at schema {schema.HEAD}.")
    if after_restore:
        print(f"{renumbered} events were renumbered." if renumbered else "The event log needs no change.")


async def _migrate(url: str, after_restore: bool) -> int:
    database = connect(url, "migrate")
    await database.open()
    try:
        await schema.migrate(database)
        return await database.alter(event_numbers.renumber) if after_restore else 0
    finally:
        await database.close()
