"""The engine at work without its doors, and a fresh SQLite file for it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from orchestrator_gql.app import assemble, dispatcher_of, running
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import prepare
from orchestrator_gql.utils.clock import Clock
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.workflow.model import Workflow
from orchestrator_gql.workflows.registry import Registry


class OwnSettings(Settings):
    """Settings that take nothing from the environment: a test means the same on every machine.

    A name that is no setting is refused, for a test that misspells one would test something else.
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
        """What is handed over, and nothing else."""
        return (init_settings,)


def own_settings(**given: object) -> Settings:
    """The defaults under what is given; `SettingsError` names each that cannot work."""
    try:
        return OwnSettings(**given)  # type: ignore[arg-type]
    except ValidationError as wrong:
        lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors())
        raise SettingsError("These settings of the kit cannot work:\n  " + "\n  ".join(lines)) from None


@asynccontextmanager
async def at_work(settings: Settings, workflows: Iterable[Workflow], clock: Clock) -> AsyncIterator[Runtime]:
    """The engine at work on the settings' database, with these workflows deployed, as `app` joins it."""
    dispatcher = dispatcher_of(settings)
    runtime = assemble(settings, Registry(workflows), dispatcher, clock)
    async with running(runtime, dispatcher):
        yield runtime


async def fresh_database(folder: Path) -> str:
    """The URL of an empty SQLite file in the folder, its schema made already."""
    path = folder / "orchestrator.db"
    path.write_bytes(await asyncio.to_thread(blank))
    return _url(path)


@cache
def blank() -> bytes:
    """An empty database as the migrations leave it: they take half a second, which every test would pay again.

    Not to be called on a loop: it runs one of its own.
    """
    with TemporaryDirectory(prefix="orchestrator-kit-") as folder:
        path = Path(folder) / "blank.db"
        asyncio.run(_migrate(path))
        return path.read_bytes()


async def _migrate(path: Path) -> None:
    database = connect(_url(path))
    await database.open()
    try:
        await prepare(database)
    finally:
        await database.close()


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"
