"""The commands and options of the command line, with help texts that explain them."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from orchestrator_gql.cli.audit.arguments import add_audit
from orchestrator_gql.cli.operator.arguments import YES, add_verbs, whole_id
from orchestrator_gql.targets import Target
from orchestrator_gql.version import __version__

PROGRAM = "orchestrator-gql"

_SERVE = """\
Offer the workflows of the modules, at GraphQL, REST and the dashboard, until Ctrl-C or SIGTERM.

  orchestrator-gql serve --workflows my_workflows
  orchestrator-gql serve --workflows flows/create_vpn.py flows/checks.py --port 8080

With --reload the server starts again when a Python file beside the workflows changes, for development.
Every workflow found among a module's names is offered. The current directory is importable. Settings come from
ORCHESTRATOR_... in the environment; the options here win over them."""

_WORKER = """\
Run the steps of processes and answer no requests: on PostgreSQL, any number of workers beside any number of
`serve --role api`. All are given the same modules, database and public URL.

  orchestrator-gql worker --workflows my_workflows --database postgresql+psycopg://... --public-url https://...

SIGTERM hands over what runs: steps get their time to finish, and another worker goes on behind them. /health and
/metrics are answered at --port."""

_DEMO = """\
Show everything on this machine: a server with some workflows, the dashboard, and a small service that runs real
Ansible playbooks and calls back. Nothing else has to be running, and nothing outside the work folder is changed.
A fresh work folder gets examples, each with a note that says so; --no-examples leaves it empty.
If ANSIBLE_PROXY_URL is set, the service at that address runs the playbooks instead."""

_TAIL = """\
Print each change as it is committed, one line for each event, until Ctrl-C. The command reconnects after a lost
connection; no event is lost or repeated. At the end it prints the cursor from which the next `tail` can go on."""

_PAUSE = """\
No new step starts, on any machine; running steps finish. Meanwhile starts and retries are refused. Callbacks and forms
are still accepted, and take effect when the engine is resumed."""

_BACKUP = """\
Copy the SQLite file, open callbacks included. The server may run meanwhile. The copy is consistent: it holds everything
that was committed when the command began. For PostgreSQL use pg_dump."""

_MIGRATE = """\
Bring the database's schema up to date. `serve` does so by itself on SQLite; on PostgreSQL run this once for each
release, before its servers start."""

_PRUNE = """\
Delete ended processes that are old enough, with everything that belongs to them. It shows what may go, and asks. The
audit log keeps its entries without their details. Processes that something living needs stay.

  orchestrator-gql prune --dry-run
  orchestrator-gql prune --older-than 365
  orchestrator-gql prune --older-than 30 --target VALIDATE --yes
  orchestrator-gql prune --older-than 730 --status FAILED
  orchestrator-gql prune --older-than 365 --database sqlite+aiosqlite:///net.db

Without --older-than the days are those of ORCHESTRATOR_RETENTION_DAYS. The server at --url deletes. With --database, or
if only ORCHESTRATOR_DATABASE_URL is set, the command itself does: on a SQLite file while no server uses it, on
PostgreSQL at any time. It then needs the ORCHESTRATOR_AUDIT_KEY of the servers."""

LONGEST = 36_500
"""The most days of `prune --older-than`: a hundred years."""

_LOCAL_SERVER = "http://127.0.0.1:8000"

_DATABASE = "sqlite+aiosqlite:///FILE or postgresql+psycopg://...; wins over ORCHESTRATOR_DATABASE_URL"


class _Parser(argparse.ArgumentParser):
    """A parser that says if its help cannot be written; argparse would exit with 0."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; ``command`` of its result is the name of the chosen command."""
    server = os.environ.get("ORCHESTRATOR_URL", "").strip() or _LOCAL_SERVER
    whole: argparse.ArgumentParser = _Parser(
        prog=PROGRAM, description="Workflow orchestration with callbacks and human confirmation, GraphQL first."
    )
    whole.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = _command(commands, "serve", "run the server", _SERVE)
    _serving(serve)
    serve.add_argument("--port", type=int, help="the port to listen on; 0 takes a free one (8000)")
    serve.add_argument(
        "--role", choices=("all", "api", "worker"), help="answer requests, run steps, or both (all); PostgreSQL only"
    )

    worker = _command(commands, "worker", "run steps, and answer no requests", _WORKER)
    _serving(worker)
    worker.add_argument("--port", type=int, default=0, help="the port of /health and /metrics (a free one)")

    demo = _command(commands, "demo", "show everything, with a playbook that is really run", _DEMO)
    demo.add_argument("--port", type=int, default=8000, help="the server's port (8000)")
    demo.add_argument("--proxy-port", type=int, default=8001, help="the port of the Ansible proxy (8001)")
    demo.add_argument(
        "--work", type=Path, default=Path(".demo"), metavar="FOLDER", help="the folder of all files (.demo)"
    )
    demo.add_argument("--no-examples", action="store_true", help="begin with an empty screen")

    tail = _command(commands, "tail", "follow what happens, live", _TAIL)
    tail.add_argument("--url", default=server, help=f"the server ({server})")
    tail.add_argument("--after", metavar="CURSOR", help="go on after this cursor instead of starting now")
    tail.add_argument("--process", type=whole_id, metavar="ID", help="the events of this process only")
    tail.add_argument("--json", action="store_true", help="each event as a line of JSON")

    pause = _command(commands, "pause", "start no new step until resumed", _PAUSE)
    pause.add_argument("--url", default=server, help=f"the server ({server})")
    pause.add_argument("--reason", metavar="TEXT", help="why, for other people; at most 1,000 characters")

    resume = _command(commands, "resume", "go on after a pause", "Start steps again: everything goes on by itself.")
    resume.add_argument("--url", default=server, help=f"the server ({server})")
    for acting in (pause, resume):
        acting.add_argument("--yes", action="store_true", help=YES)
    resume.add_argument("--reason", metavar="TEXT", help="why, for the event log; at most 1,000 characters")

    add_verbs(partial(_command, commands), server)
    add_audit(partial(_command, commands), server)

    _add_maintenance(commands)
    _add_prune(commands, server)
    return whole


def _serving(command: argparse.ArgumentParser) -> None:
    command.add_argument("--workflows", nargs="+", required=True, metavar="MODULE", help="a dotted name or a file")
    command.add_argument(
        "--reload",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="start again when a Python file beside the workflows changes; for development",
    )
    command.add_argument("--host", help="the address to listen on (127.0.0.1)")
    command.add_argument("--database", metavar="URL", help=_DATABASE)
    command.add_argument("--public-url", metavar="URL", help="the base of callback URLs, as remote services reach it")


def _add_maintenance(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands for people who maintain a server."""
    migrate = _command(commands, "migrate", "bring the database up to date", _MIGRATE)
    migrate.add_argument("--database", metavar="URL", help=_DATABASE)
    migrate.add_argument(
        "--after-restore", action="store_true", help="also renumber the events, after a pg_restore into another cluster"
    )

    backup = _command(commands, "backup", "copy the SQLite file, also of a running server", _BACKUP)
    backup.add_argument("file", type=Path, metavar="FILE", help="the copy; it must not exist yet")
    backup.add_argument("--database", metavar="URL", help="the original, sqlite+aiosqlite:///FILE")

    schema = _command(commands, "schema", "print the GraphQL schema", "Print the GraphQL schema, for code generators.")
    schema.add_argument("--output", type=Path, metavar="FILE", help="write the schema to this file instead")


def _add_prune(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", server: str) -> None:
    prune = _command(commands, "prune", "delete old processes", _PRUNE)
    prune.add_argument("--older-than", type=_days, metavar="DAYS", help="only what ended at least so many days ago")
    prune.add_argument("--target", nargs="+", choices=tuple(Target), default=[], help="only of these targets")
    prune.add_argument(
        "--status",
        nargs="+",
        choices=("COMPLETED", "ABORTED", "FAILED"),
        default=[],
        help="only with these statuses; FAILED goes only if it is named (COMPLETED ABORTED)",
    )
    prune.add_argument("--workflow", nargs="+", default=[], metavar="NAME", help="only of these workflows")
    prune.add_argument("--dry-run", action="store_true", help="show what may go, and delete nothing")
    prune.add_argument("--yes", action="store_true", help="do not ask")
    prune.add_argument("--json", action="store_true", help="the numbers as one line of JSON")
    prune.add_argument("--url", help=f"the server ({server})")
    prune.add_argument("--database", metavar="URL", help="delete in this database, without a server")
    prune.set_defaults(server=server)


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 0 to {LONGEST:,}")
    return days


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str, text: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=summary, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
