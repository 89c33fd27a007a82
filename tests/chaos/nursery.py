"""Starts hundreds of servers: this process has imported everything, and each server is a fork of it.

A fork runs the command itself, with its arguments and environment. It saves only the seconds that Python needs to
import a server and Strawberry to build the schema. Orders are lines of JSON on stdin,
``{"arguments", "environment", "log"}``. The answers on stdout
are ``{"born": pid}`` and, when the server has ended, ``{"gone": pid, "code": code}``.
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
    """Print the line in one write: the signal handler below may run between two writes."""
    os.write(1, (json.dumps(line) + "\n").encode())


def bury(*_: object) -> None:
    """Report every server that ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tell(gone=pid, code=os.waitstatus_to_exitcode(status))


def live(order: dict[str, Any]) -> NoReturn:
    """Run the server in this fork until it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    null, log = os.open(os.devnull, os.O_RDONLY), os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(order["environment"])
    code = 1
    try:
        code = main(order["arguments"])
    except SystemExit as error:
        code = int(error.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def nurse() -> None:
    """Take orders until stdin ends, then kill the servers that still run."""
    build_once = functools.cache(schema.build_schema)
    build_once(is_development=True)
    app.build_schema = build_once  # type: ignore[attr-defined]
    gc.freeze()  # shared pages stay shared: no fork pays for a collection that touches every page
    signal.signal(signal.SIGCHLD, bury)
    alive: set[int] = set()
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # its death is reported after its birth
        pid = os.fork()
        if pid == 0:
            live(json.loads(line))
        alive.add(pid)
        tell(born=pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for pid in alive:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    nurse()
