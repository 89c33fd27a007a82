"""Servers by the hundred: this process has everything imported, and each server is a fork of it.

What a fork runs is the command itself, with its arguments and environment; only the seconds that Python takes to import
a server and Strawberry to assemble the schema are saved. Orders come as lines of JSON on stdin, ``{"arguments",
"environment", "log"}``, and are answered on stdout with ``{"born": pid}`` and, when that life is over, ``{"gone": pid,
"code": code}``.
"""

import functools
import gc
import json
import os
import signal
import sys
from typing import Any, NoReturn

import chaos.workflows
import orchestrator_gql.cli.serve
from orchestrator_gql.cli.main import main
from orchestrator_gql.graphql import app, schema

PRELOADED = (chaos.workflows, orchestrator_gql.cli.serve)


def tell(**line: int) -> None:
    """Say it in one write: the signal below may come between any two."""
    os.write(1, (json.dumps(line) + "\n").encode())


def bury(*_: object) -> None:
    """Tell of everybody who died."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tell(gone=pid, code=os.waitstatus_to_exitcode(status))


def live(order: dict[str, Any]) -> NoReturn:
    """Be a server until it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(order["environment"])
    code = 1
    try:
        code = main(order["arguments"])
    except SystemExit as refused:
        code = int(refused.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def nurse() -> None:
    """Take orders until stdin ends, and then nobody is left alive."""
    assembled = functools.cache(schema.build_schema)
    assembled(is_development=True)
    app.build_schema = assembled  # type: ignore[attr-defined]
    gc.freeze()  # what is shared stays shared: no fork pays for a collection that touches every page
    signal.signal(signal.SIGCHLD, bury)
    alive: set[int] = set()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            live(json.loads(line))
        alive.add(pid)
        tell(born=pid)
    for pid in alive:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    nurse()
