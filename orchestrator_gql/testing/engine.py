"""Run the engine without its HTTP APIs, on a fresh SQLite file."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from orchestrator_gql.app import assemble, dispatcher_of, running
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.config.sources import misspelt
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import prepare
from orchestrator_gql.utils.clock import Clock
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.workflow.model import Workflow
from orchestrator_gql.workflows.registry import Registry


class OwnSettings(Settings):
    """Settings that read nothing from the environment: a test is the same on every machine.

    An unknown name is refused: a test that misspells a setting would test something else.
    """

    model_config = SettingsConfigDict(extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the arguments of the constructor only."""
        return (init_settings,)


def own_settings(**given: object) -> Settings:
    """The given settings, with defaults for the others; raises `SettingsError`, which names each invalid setting."""
    try:
        return OwnSettings(**given)  # type: ignore[arg-type]
    except ValidationError as invalid:
        lines = (f"{'.'.join(map(str, error['loc']))}: {_message(error)}" for error in invalid.errors())
        raise SettingsError("These settings of the kit cannot work:\n  " + "\n  ".join(lines)) from None


def _message(error: ErrorDetails) -> str:
    return misspelt(Settings, error["loc"]) if error["type"] == "extra_forbidden" else error["msg"]


@asynccontextmanager
async def at_work(settings: Settings, workflows: Iterable[Workflow], clock: Clock) -> AsyncIterator[Runtime]:
    """Run the engine on the database of the settings with these workflows, assembled as in `app`.

    Authors' async functions run on the loop of the test, unless the settings name another: a step of a test may wait
    for an `asyncio.Event` that the test sets.
    """
    if "authors_loop" not in settings.model_fields_set:
        settings = settings.model_copy(update={"authors_loop": "server"})
    runtime = assemble(settings, Registry(workflows), clock)
    dispatcher = dispatcher_of(runtime)
    async with running(runtime, dispatcher):
        yield runtime


async def fresh_database(folder: Path) -> str:
    """The URL of a new SQLite file in the folder, with the current schema."""
    path = folder / "orchestrator.db"
    path.touch(0o600)
    path.write_bytes(await asyncio.to_thread(blank))
    return url_of(path)


@cache
def blank() -> bytes:
    """The bytes of a migrated, empty database; cached, because the migrations take half a second.

    Do not call it on an event loop: it runs its own loop.
    """
    with TemporaryDirectory(prefix="orchestrator-kit-") as folder:
        path = Path(folder) / "blank.db"
        asyncio.run(_migrate(path))
        return path.read_bytes()


async def _migrate(path: Path) -> None:
    database = connect(url_of(path))
    await database.open()
    try:
        await prepare(database)
    finally:
        await database.close()
