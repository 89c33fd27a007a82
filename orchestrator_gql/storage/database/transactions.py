"""Runs a unit in one transaction of PostgreSQL, in one greenlet from the connection of the pool to the COMMIT."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.storage.database.after_commit import Claim
from orchestrator_gql.storage.database.claims import ClaimFailed
from orchestrator_gql.storage.database.kept_connections import KeptConnections
from orchestrator_gql.storage.database.losses import FAILURES, is_stale
from orchestrator_gql.storage.database.pipeline import Pipeline, demand_pipeline
from orchestrator_gql.utils.errors import OutcomeUnknown

T = TypeVar("T")

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
"""Whatever the default of the database is: a statement behind a lock must see what was committed during the wait."""

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"

UNIT_SECONDS = 40
"""Seconds that a unit may take: a frozen database neither replies nor closes the connection, so we limit the time."""


@dataclass(slots=True)
class Progress:
    """How far the transaction of a unit is. ``is_repeatable``: see `CommitEffects`; its ``claims``."""

    is_committing: bool = False
    is_repeatable: bool = False
    claims: list[Claim] = field(default_factory=list)


def write_in(connections: KeptConnections, unit: Callable[[Connection], T], progress: Progress) -> T:
    """Run the unit and commit. Raises `OutcomeUnknown` if the connection is lost during the COMMIT, and
    `ClaimFailed` if a write is refused, perhaps one of a claim."""
    losses, conn = connections.losses, connections.take()
    try:
        result = _written(conn, unit, progress)
    except BaseException:
        _end(connections, conn)
        raise
    connections.give_back(conn, losses)
    return result


def _written(conn: Connection, unit: Callable[[Connection], T], progress: Progress) -> T:
    pipeline = demand_pipeline(conn)
    pipeline.begin(BEGIN)
    if not conn.in_transaction():
        conn.begin()  # if the connection is lost, SQLAlchemy refuses all further statements of the unit
    try:
        result = unit(conn)
        pipeline.demand_intact(conn)
    except BaseException:
        _undo(conn, pipeline)
        raise
    progress.is_committing = True
    try:
        if progress.is_repeatable:
            pipeline.end_with_writes(conn, COMMIT)
        else:
            pipeline.end(conn, COMMIT)
    except Exception as error:
        is_lost = isinstance(error, DBAPIError) and error.connection_invalidated and not is_stale(error.orig)
        if is_lost:  # nobody knows whether the commit happened
            raise OutcomeUnknown from error
        _undo(conn, pipeline)  # a write was refused
        if progress.claims and not conn.invalidated:  # perhaps it was a write of the claim
            raise ClaimFailed from error
        raise
    return result


def read_in(connections: KeptConnections, unit: Callable[[Connection], T], begin: str) -> T:
    """Run a unit that only reads, in the transaction that the statement ``begin`` begins, if it is not empty."""
    losses, conn = connections.losses, connections.take()
    try:
        pipeline = demand_pipeline(conn)
        pipeline.begin(begin)
        try:
            result = unit(conn)
        except BaseException:
            _undo(conn, pipeline)
            raise
        pipeline.end_soon()
    except BaseException:
        _end(connections, conn)
        raise
    connections.give_back(conn, losses)
    return result


def _end(connections: KeptConnections, conn: Connection) -> None:
    """Return the connection of a unit that failed to the pool."""
    if conn.invalidated:
        connections.give_up()
    conn.close()


def _undo(conn: Connection, pipeline: Pipeline) -> None:
    """Roll back after an error, which is more important than an error of the rollback."""
    if not conn.invalidated:
        with suppress(*FAILURES):
            pipeline.end(conn, ROLLBACK)
