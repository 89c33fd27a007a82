"""Commits many ended steps in one transaction of PostgreSQL, while many wait to be committed.

A transaction costs some round trips and a COMMIT, which take longer than ten transitions. A transition shares a
transaction only if its unit reads nothing else and has no effect beside its step: then no unit waits for another, and
each is written as it would be alone. The others, and those of a shared transaction that failed, are committed alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.commit import CommitResult
from orchestrator_gql.engine.pending_transitions import CommitContext, PendingTransitions
from orchestrator_gql.process import Process, Transition
from orchestrator_gql.storage import free_processes
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.after_commit import CommitEffects, begin_unit, commit_effects, end_units
from orchestrator_gql.storage.database.batches import Batches
from orchestrator_gql.storage.expected_processes import transaction_expecting
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.author_demands import refusing_demands
from orchestrator_gql.workflow.model import ActionStep

Write: TypeAlias = Callable[[Connection, Standing | None], CommitResult]
"""Writes the pending transitions; without a standing, it locks the process itself."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A process as its worker left it, what follows, and the function that writes it."""

    before: Process
    pending: PendingTransitions
    write: Write


Commits: TypeAlias = Batches[Commit, CommitResult | None]


class Server(Protocol):
    """What a server has for its commits, see `Runtime`."""

    @property
    def database(self) -> Database:
        """The database."""
        ...

    @property
    def commits(self) -> Commits:
        """The commits that wait for a transaction."""
        ...


async def commit_expecting(server: Server, commit: Commit, context: CommitContext) -> CommitResult | None:
    """Commit the transitions of a process that most likely did not change; None if that failed, see `expect`."""

    async def alone() -> CommitResult | None:
        return await transaction_expecting(server.database, lambda conn: commit.write(conn, None))

    if not is_plain(commit.pending, context):
        return await alone()
    return await server.commits.run(commit.before.id, commit, alone, partial(_together, server.database))


def is_plain(pending: PendingTransitions, context: CommitContext) -> bool:
    """True if a commit writes the process, its step executions and events only, and reads nothing else."""
    process = pending.process
    if context.hands_over or not pending.transitions or not all(map(_has_no_effects, pending.transitions)):
        return False
    if process.status is not ProcessStatus.RUNNING or process.position >= len(context.steps):
        return False
    step = context.steps[process.position]
    return isinstance(step, ActionStep) and step.awaits is None and not step.is_empty and not step.conditions


def _has_no_effects(transition: Transition) -> bool:
    return transition == Transition(transition.process, transition.executions, transition.events)


async def _together(database: Database, commits: Mapping[UUID, Commit]) -> Mapping[UUID, CommitResult | None]:
    return await transaction_expecting(database, lambda conn: _write_all(conn, commits)) or {}


def _write_all(conn: Connection, commits: Mapping[UUID, Commit]) -> dict[UUID, CommitResult | None]:
    """Write those that nobody else holds or changed; the result lacks the others."""
    effects = commit_effects(conn)
    standings = free_processes.lock_unchanged(conn, [commit.before for commit in commits.values()])
    unchanged = [commits[id] for id in standings]
    written: dict[UUID, CommitResult | None] = {}
    parts: list[CommitEffects] = []
    for commit in sorted(unchanged, key=_has_same_state):  # equal statements become one only if no other is between
        parts.append(begin_unit(conn))
        with refusing_demands():
            written[commit.before.id] = commit.write(conn, standings[commit.before.id])
    end_units(conn, effects, parts)
    return written


def _has_same_state(commit: Commit) -> bool:
    return commit.pending.process.state is commit.before.state
