"""`orchestrator-gql serve` and `worker`: settings and modules in, a running server out."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress

from sqlalchemy.exc import DBAPIError

from orchestrator_gql.app import create_app
from orchestrator_gql.cli.serving.banner import banner, local_address
from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.cli.serving.log_lines import configure_logging
from orchestrator_gql.cli.serving.server import open_door, serve_until_signal
from orchestrator_gql.cli.terminal import say
from orchestrator_gql.config.settings import Settings, read_settings
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable

M_MMAP_THRESHOLD = -3
"""Of glibc's ``malloc.h``."""

MAPPED_BYTES = 256 * 1024

SWITCH_INTERVAL = 0.0005
"""Seconds after which Python interrupts a busy thread for the others. With its default of 5 ms, steps that compute
starve requests, and a busy loop starves the threads of commits and reads."""


def serve(
    modules: Sequence[str],
    *,
    host: str | None = None,
    port: int | None = None,
    database: str | None = None,
    public: str | None = None,
    role: str | None = None,
    beside: AbstractAsyncContextManager[object] | None = None,
    advice: Callable[[str], str] = lambda _: "",
) -> None:
    """Serve the modules' workflows until SIGINT or SIGTERM; what is None is read from the environment.

    ``beside`` is entered with the server and left with it; ``advice`` is asked, with the server's address, for what to
    print under the banner. Raises `SettingsError` or `WorkflowDefinitionError` where the server cannot start.
    """
    settings = read_settings(host=host, port=port, database_url=database, public_url=public, role=role)
    configure_logging(settings.log_level)
    workflows = load_workflows(modules)
    with open_door(settings.host, settings.port) as door:
        # The callback URLs need the port that was really taken.
        settings = settings.model_copy(update={"port": door.getsockname()[1]})
        app = create_app(settings, workflows)
        _tune_interpreter()

        def tell() -> None:
            say(f"{banner(settings, workflows)}\n{advice(local_address(settings))}")

        try:
            asyncio.run(serve_until_signal(app, door, beside=beside or nullcontext(), on_ready=tell))
        except (StorageUnavailable, DBAPIError) as error:
            raise _unusable(settings, error) from error


def _tune_interpreter() -> None:
    """Set what concerns the whole process. Only our command does: a host that embeds the application decides itself.

    Garbage is collected from here on, but not looked for in what the server is made of: modules, tables and schema.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.freeze()
    gc.enable()
    # glibc would keep what an answer of several megabytes took; mapped on its own, a block goes back when it is freed.
    with suppress(OSError, AttributeError):  # another libc
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)


def _unusable(settings: Settings, error: Exception) -> SettingsError:
    cause = error.__cause__ or error
    reason = str(getattr(cause, "orig", None) or cause).partition("\n")[0]
    kind = "SQLite file" if settings.is_sqlite else "PostgreSQL server"
    return SettingsError(f"The {kind} of ORCHESTRATOR_DATABASE_URL cannot be used: {reason}")
