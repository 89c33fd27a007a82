"""`orchestrator-gql serve` and `worker`: run a server with the settings and the workflows of the modules."""

import asyncio
import ctypes
import gc
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import NoReturn

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from orchestrator_gql.app import create_app
from orchestrator_gql.cli.failure import DONE, FAILED, reason_of, report
from orchestrator_gql.cli.serving.banner import banner, local_address
from orchestrator_gql.cli.serving.ending import Ending, leave
from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.cli.serving.log_lines import configure_logging
from orchestrator_gql.cli.serving.open_files import demand_enough
from orchestrator_gql.cli.serving.server import bind_socket, serve_until_signal
from orchestrator_gql.cli.terminal import drop_unwritable_output
from orchestrator_gql.config.settings import Settings, read_settings
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError, StorageUnavailable
from orchestrator_gql.utils.extras import stop_search_for_missing

logger = logging.getLogger(__name__)

M_MMAP_THRESHOLD = -3
"""The number of this option in glibc's ``malloc.h``."""

MAPPED_BYTES = 512 * 1024
"""More than the 256 KiB into which asyncio reads: a mapping for each request would cost system calls and new pages."""

SWITCH_INTERVAL = 0.00003
"""Seconds after which Python switches from a busy thread to another thread.

A thread that waits may demand the GIL only if nobody released it for this time, so it must be shorter than the turns of
a step that releases the GIL for some microseconds again and again (by writing to a file, or on its event loop). With an
interval of 0.5 ms, a step with turns of 50 to 500 microseconds held up the server's loop for seconds. Two threads that
compute lose a quarter of their speed by the many switches."""


COLLECTIONS = (2000, 10, 10)
"""The thresholds of Python's garbage collector: objects, young collections, and middle collections.

A request makes more objects that live until its end than the usual 700. So with 700 the collector looks at them in
vain, and later at all that the server keeps: 2.5 % of the CPU, with 2000 half of that. A collection of the young
objects takes 1 ms. Larger numbers save little more, and let more garbage wait."""


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
    """Serve the modules' workflows until a signal; an option that is None is read from the environment.

    ``beside`` is entered when the server starts and left when it stops. ``advice`` gets the server's address and
    returns the text to print under the banner. Raises `SettingsError` or `WorkflowDefinitionError` if the server
    cannot start.
    """
    drop_unwritable_output()
    settings = read_settings(host=host, port=port, database_url=database, public_url=public, role=role)
    configure_logging(settings.log_level, settings.log_format)
    demand_enough()
    workflows = load_workflows(modules)
    with bind_socket(settings.host, settings.port) as listener:
        # Callback URLs need the real port: port 0 means that the system chooses one.
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        app = create_app(settings, workflows)
        _tune_interpreter()

        def print_banner() -> None:
            print(banner(settings, workflows), advice(local_address(settings)), sep="\n", end="", flush=True)

        asyncio.run(_run(app, listener, settings, beside=beside or nullcontext(), on_ready=print_banner))


async def _run(
    app: Starlette,
    listener: socket.socket,
    settings: Settings,
    *,
    beside: AbstractAsyncContextManager[object],
    on_ready: Callable[[], None],
) -> NoReturn:
    """Serve until a signal or an error, and end the process here: `asyncio.run` and Python itself would wait for the
    threads of authors, which may never end."""
    with Ending(settings.grace) as ending:
        code = DONE
        try:
            await serve_until_signal(app, listener, beside=beside, on_ready=on_ready, ending=ending)
        except (StorageUnavailable, DBAPIError) as error:
            code = report(_unusable(settings, error))
        except OrchestratorError as error:
            code = report(error)
        except Exception:
            logger.exception("the server ended by an error")
            code = FAILED
        leave(code)


def _tune_interpreter() -> None:
    """Tune the whole Python process. Only our command does so: a host that embeds the application decides itself.

    From here on garbage is collected, but Python does not look for it among modules, tables and the schema.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    stop_search_for_missing()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    gc.enable()
    # glibc would keep the memory of a response of several megabytes. A block with an own mapping is returned at once.
    with suppress(OSError, AttributeError):  # another libc
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)


def _unusable(settings: Settings, error: Exception) -> SettingsError:
    kind = "SQLite file" if settings.is_sqlite else "PostgreSQL server"
    return SettingsError(f"The {kind} of ORCHESTRATOR_DATABASE_URL cannot be used: {reason_of(error)}")
