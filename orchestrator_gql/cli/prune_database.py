"""Deletes old processes in the database itself, without a server."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from orchestrator_gql.audit import origin
from orchestrator_gql.cli import own_database
from orchestrator_gql.cli.nearest import did_you_mean
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.engine.retention import REST, Pruned, Request, prune
from orchestrator_gql.engine.retention_selection import Wish, mark_of, selection_of
from orchestrator_gql.storage import retention
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.retention import Count
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

SECONDS = 5.0
"""The time of one request: between two requests the progress is printed."""


@contextmanager
def opened(url: str | None) -> Iterator["DatabaseRequests"]:
    """Requests to the database of this URL, or of the settings. Raises `SettingsError` if it cannot be used."""
    server = "orchestrator-gql prune --url http://HOST:PORT"
    with own_database.opened(url, "prune", instead=f"Or let that server delete: {server}.") as own:
        yield DatabaseRequests(own.runner, own.database, own.settings)


class DatabaseRequests:
    """Answers the requests of the command as a server would."""

    def __init__(self, runner: asyncio.Runner, database: Database, settings: Settings) -> None:
        self._runner, self._database, self._settings = runner, database, settings

    def ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        """The fields of `PruneProcessesSuccess`."""
        return self._runner.run(self._answer(wish))

    def unknown_workflows(self, names: Sequence[str]) -> list[str]:
        """A sentence for each workflow that has no process. It is no error: perhaps all were deleted before."""
        known = self._runner.run(self._database.read(retention.workflow_names)) if names else []
        return [
            f"No process has the workflow {name!r}.{did_you_mean(name, known)}" for name in names if name not in known
        ]

    async def _answer(self, given: dict[str, Any]) -> dict[str, Any]:
        wish = Wish(
            given["olderThanDays"],
            [Target(name) for name in given["targets"]],
            [ProcessStatus(name) for name in given["statuses"]],
            given["workflows"],
            given.get("after"),
        )
        clock = await own_database.clock_of(self._database)
        wanted = selection_of(wish, self._settings.retention_days, clock.now())
        if given["dryRun"]:
            return _counted(await self._database.read(lambda conn: retention.counts(conn, wanted)))
        is_alone = self._settings.is_sqlite  # servers share a PostgreSQL database, and their commits come first
        rest = 0.0 if is_alone else REST
        request = Request(wanted, own_database.user(), wish.words, seconds=SECONDS, rest=rest, after=mark_of(wish))
        with origin.acting(None, own_database.METHOD):
            key = self._settings.audit_secret
            return _answer(await prune(self._database, clock.now, key, request))


def _counted(counts: list[Count]) -> dict[str, Any]:
    rows = [
        {
            "status": count.status,
            "target": count.target,
            "processes": count.processes,
            "oldest": count.oldest.isoformat(),
        }
        for count in counts
    ]
    return {"counts": rows, "kept": [], "notifications": 0, "hasMore": False, "endCursor": None}


def _answer(done: Pruned) -> dict[str, Any]:
    rows = [
        {"status": status, "target": target, "processes": number, "oldest": None}
        for (status, target), number in done.processes.items()
    ]
    kept = [{"reason": reason, "processes": number} for reason, number in done.kept.items()]
    summary = {"counts": rows, "kept": kept, "notifications": done.notifications, "hasMore": done.has_more}
    return {**summary, "endCursor": done.end.cursor if done.end else None}
