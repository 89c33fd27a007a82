"""`orchestrator-gql prune`: delete old processes, through a server or in the database itself."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.credentials import server_of
from orchestrator_gql.cli.failure import DECLINED, DONE
from orchestrator_gql.cli.operator.known import demand_workflows
from orchestrator_gql.cli.operator.times import moment
from orchestrator_gql.cli.progress import Counter, working
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.signals import interrupted_by_all
from orchestrator_gql.cli.terminal import printable, process_count
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError

DOCUMENT = """\
mutation Prune($input: PruneProcessesInput!) { pruneProcesses(input: $input) { __typename
  ... on PruneProcessesSuccess {
    processes counts { status target processes oldest } kept { reason processes } notifications hasMore endCursor }
  ... on UserError { message } } }
"""

DATABASE = "ORCHESTRATOR_DATABASE_URL"

BUSY_SECONDS = 1.0
"""Seconds until the next request if another run is in progress."""

BUSY_TRIES = 30
"""Requests in a row that may find another run in progress."""


@dataclass(slots=True)
class _Totals:
    """What was counted or deleted until now."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    oldest: dict[tuple[str, str], str | None] = field(default_factory=dict)
    notifications: int = 0

    @property
    def processes(self) -> int:
        return sum(self.counts.values())

    def add(self, answer: dict[str, Any]) -> None:
        """Add the result of one request."""
        for count in answer["counts"]:
            key = (count["status"], count["target"])
            self.counts[key] = self.counts.get(key, 0) + count["processes"]
            self.oldest.setdefault(key, count["oldest"])
        for kept in answer["kept"]:
            self.kept[kept["reason"]] = self.kept.get(kept["reason"], 0) + kept["processes"]
        self.notifications += answer["notifications"]


Wish = dict[str, Any]
"""The input of `pruneProcesses`."""

Ask = Callable[[Wish], dict[str, Any]]
"""Sends one request with its input, to a server or to the database; the fields of `PruneProcessesSuccess`."""


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """What the command was asked: the input of the mutation, where to delete, and how to ask and print."""

    wish: Wish
    url: str | None
    database: str | None
    is_dry: bool
    is_agreed: bool
    is_json: bool


def prune(options: PruneOptions) -> int:
    """Show what is old enough, ask, delete it and print what went; the exit code."""
    with _asking(options) as ask:
        found = _Totals()
        with working("Counting old processes"):
            found.add(ask({**options.wish, "dryRun": True}))
        if options.is_dry:
            _print(found, is_dry=True, is_json=options.is_json)
            return DONE
        if found.processes and not options.is_agreed:
            _print(found, is_dry=True, is_json=False)
            if not _agrees(found.processes):
                return DECLINED
        done = _delete(ask, options.wish, found.processes)
        _print(done, is_dry=False, is_json=options.is_json)
    return DONE


@contextmanager
def _asking(options: PruneOptions) -> Iterator[Ask]:
    """Requests to the server, or, if the options or the environment name a database and no server, to the database."""
    has_server = options.url is not None or os.environ.get("ORCHESTRATOR_URL", "").strip()
    has_database = options.database is not None or (os.environ.get(DATABASE, "").strip() and not has_server)
    if options.url is not None and options.database is not None:
        raise SettingsError("Name a server with --url, or a database with --database, not both.")
    if has_database:
        from orchestrator_gql.cli.prune_database import opened  # the database takes a second to import

        with opened(options.database) as requests:
            for sentence in requests.unknown_workflows(options.wish["workflows"]):
                print(printable(sentence), file=sys.stderr)
            yield requests.ask
    else:
        url = server_of(options.url)
        demand_workflows(url, options.wish["workflows"])
        yield lambda wish: _of_server(url, wish)


def _of_server(url: str, wish: Wish) -> dict[str, Any]:
    answer: dict[str, Any] = request(url, DOCUMENT, {"input": wish})["pruneProcesses"]
    if answer["__typename"] != "PruneProcessesSuccess":
        raise OperationRefused(printable(answer["message"]))
    return answer


def _delete(ask: Ask, wish: Wish, expected: int) -> _Totals:
    done, counter = _Totals(), Counter("processes", expected)
    with interrupted_by_all():
        try:
            _delete_all(ask, wish, done, counter, expected)
        except (KeyboardInterrupt, OrchestratorError) as error:
            counter.end()
            if done.processes or isinstance(error, KeyboardInterrupt):
                gone = f"{done.processes:,} or more processes are" if done.processes else "Some processes may be"
                rest = "each as a whole. Run the command again to delete the rest."
                print(f"{PROGRAM}: Not finished. {gone} deleted, {rest}", file=sys.stderr)
            raise
    counter.end()
    return done


def _delete_all(ask: Ask, wish: Wish, done: _Totals, counter: Counter, expected: int) -> None:
    """Send requests until no process is left that may go, and add their results to ``done``."""
    tries, after = 0, None
    while True:
        answer = ask({**wish, "after": after, "dryRun": False})
        done.add(answer)
        counter.show(done.processes, max(expected, done.processes))
        if not answer["hasMore"]:
            break
        # Without another run every request looks at some processes, though all of them may stay.
        tries = tries + 1 if answer["endCursor"] == after else 0
        after = answer["endCursor"]
        if tries > BUSY_TRIES:
            raise OperationRefused("Another run deletes processes at the moment. Try again when it has ended.")
        if tries:
            sleep(BUSY_SECONDS)


def _agrees(number: int) -> bool:
    noun = "this process" if number == 1 else f"these {number:,} processes"
    if not sys.stdin.isatty():
        print(f"Nothing was deleted. Add --yes to delete {noun}.", file=sys.stderr)
        return False
    with suppress(EOFError):
        if input(f"Delete {noun} for ever? [y/N] ").strip().lower() in ("y", "yes"):
            return True
    print("Nothing was deleted.")
    return False


def _print(totals: _Totals, *, is_dry: bool, is_json: bool) -> None:
    if is_json:
        counts = [
            {"status": status, "target": target, "processes": number}
            for (status, target), number in sorted(totals.counts.items())
        ]
        summary = {"dryRun": is_dry, "processes": totals.processes, "counts": counts, "kept": totals.kept}
        print(json.dumps({**summary, "notifications": totals.notifications}))
        return
    for (status, target), number in sorted(totals.counts.items()):
        since = totals.oldest[status, target]
        print(f"{number:>10,}  {status:<9}  {target}" + (f"  since {moment(since)}" if is_dry and since else ""))
    for reason, number in sorted(totals.kept.items()):
        print(printable(f"{number:>10,}  stay: {reason}"))
    if totals.notifications:
        print(f"{totals.notifications:>10,}  sent notifications of processes that stay were deleted")
    noun = process_count(totals.processes)
    if is_dry:
        print(f"{noun} may go, unless something living needs them." if totals.processes else "No process may go.")
    else:
        print(f"{noun} deleted.")
