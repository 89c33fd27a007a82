"""Serves the product, and commits as many events at once as a benchmark asks for.

``python -m benchmarks.event_server --workflows … --port … --database … --control-port …``. Everything else is what
`orchestrator-gql serve` does: the same application, HTTP server and settings of the interpreter.
"""

import argparse
import asyncio
import time
from functools import partial
from typing import Any
from uuid import UUID

from starlette.applications import Starlette

from benchmarks.control import controlled
from orchestrator_gql.app import create_app
from orchestrator_gql.cli import serve
from orchestrator_gql.cli.serving.ending import Ending, leave
from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.cli.serving.log_lines import configure_logging
from orchestrator_gql.cli.serving.server import bind_socket, serve_until_signal
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events
from orchestrator_gql.types import Event, EventKind


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.event_server", description=__doc__)
    parser.add_argument("--workflows", action="append", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--control-port", type=int, required=True)
    options = parser.parse_args()
    settings = read_settings(port=options.port, database_url=options.database)
    configure_logging(settings.log_level)
    workflows = load_workflows(options.workflows)
    with bind_socket(settings.host, settings.port) as listener:
        app = create_app(settings, workflows)
        serve._tune_interpreter()
        with Ending(settings.grace) as ending:
            asyncio.run(_serve(app, listener, options.control_port, ending))
            leave(0)


async def _serve(app: Starlette, listener: Any, control_port: int, ending: Ending) -> None:
    beside = controlled(control_port, partial(_commit, app.state.runtime))
    await serve_until_signal(app, listener, beside=beside, on_ready=lambda: None, ending=ending)


async def _commit(runtime: Runtime, request: dict[str, Any]) -> dict[str, Any]:
    """Store an event for each note in one transaction; returns when it began, and when it was durable."""
    process_id, now = UUID(request["process"]), runtime.clock.now()
    new = [
        Event(EventKind.PROCESS_NOTE_CHANGED, now, process_id, "operator", {"note": note}) for note in request["notes"]
    ]
    began = time.monotonic()
    await runtime.database.transaction(lambda conn: events.append(conn, new))
    return {"began": began, "durable": time.monotonic()}


if __name__ == "__main__":
    main()
