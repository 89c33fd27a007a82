"""Counts the engine's own failures in the row of the process, and ends the process after three failures in a row.

Without this limit, a bug of the engine or a row that cannot be written would run a step again after every lease. A
lost lease, a killed worker, an unavailable database and an exception of an author's code are no engine failures.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from secrets import token_hex
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import Fenced
from orchestrator_gql.engine.pending_transitions import PendingTransitions, commit_context
from orchestrator_gql.process import Failed, Process, decide, status_changed, step_at, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events, leases, processes
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import OrchestratorError, StorageUnavailable

logger = logging.getLogger(__name__)

LIMIT = 3
"""The number of engine failures in a row that ends a process."""

CODE = "engine-error"

REFUSALS = (AuthorRaised, OrchestratorError, SQLAlchemyError, ValueError, TypeError, OverflowError)
"""The errors that mean that an outcome cannot be stored. A second try would fail in the same way."""


async def count(
    runtime: Runtime, process_id: UUID, held: Process | None, error: BaseException, *, lets_go: bool = False
) -> bool:
    """Count one more failure of the engine; True if the engine may try again.

    ``held`` is the process as this worker holds it, or None if the claim itself failed. The third failure ends the
    process. If another worker holds the process now, nothing is counted. With ``lets_go``, the process is released,
    and the watch of any worker tries again. Raises `StorageUnavailable`.
    """
    error_id = token_hex(8)
    facts = {"process_id": str(process_id), "error_id": error_id}
    logger.error("the engine failed to move a process on", exc_info=error, extra=facts)
    now = runtime.clock.now()

    def note(conn: Connection) -> int:
        failures = leases.count_failure(conn, process_id, held, now, lets_go=lets_go)
        if failures >= LIMIT:
            raise _LimitReached
        return failures

    try:
        return await runtime.database.transaction(note) > 0
    except _LimitReached:
        await _end(runtime, process_id, held, error_id)
        return False


class _LimitReached(Exception):
    """The limit is reached. The exception undoes the transaction and with it the count."""


async def _end(runtime: Runtime, process_id: UUID, held: Process | None, error_id: str) -> None:
    """Fail the process. Three ways are tried: as a failed step, by its row and an event, by its row alone."""
    ways: tuple[Callable[..., None], ...] = (_fail, _fail_row, partial(_fail_row, has_event=False))
    for way in ways:
        try:
            await runtime.database.transaction(partial(_end_by, runtime, process_id, held, error_id, way))
        except StorageUnavailable:
            raise
        except Exception:
            logger.exception("a process could not be ended this way", extra={"process_id": str(process_id)})
        else:
            return


def _end_by(
    runtime: Runtime,
    process_id: UUID,
    held: Process | None,
    error_id: str,
    way: Callable[[Connection, Runtime, Process, Failure], None],
    conn: Connection,
) -> None:
    now = runtime.clock.now()
    if leases.count_failure(conn, process_id, held, now, lets_go=True) < LIMIT:
        return  # another worker holds it or moved it on
    process = processes.load(conn, process_id)
    assert process is not None, "its failure was counted just now"
    message = f"The engine failed {LIMIT} times in a row to go on here: its log says why (error {error_id})."
    way(conn, runtime, process, Failure(CODE, message, now, details={"error_id": error_id}))


def _fail(conn: Connection, runtime: Runtime, process: Process, failure: Failure) -> None:
    steps = steps_of(process, runtime.registry.get(process.workflow_name))
    if step_at(process, steps) is None:
        raise Fenced  # no step can fail: the next way fails the row
    pending = PendingTransitions(process).then(decide(process, steps, Failed(failure), failure.occurred_at))
    commit.apply(conn, process, pending, commit_context(runtime, steps, now=failure.occurred_at))


def _fail_row(
    conn: Connection, runtime: Runtime, process: Process, failure: Failure, *, has_event: bool = True
) -> None:
    status, now = ProcessStatus.FAILED, failure.occurred_at
    after = replace(
        process,
        status=status,
        failure=failure,
        seq=process.seq + 1,
        version=process.version + 1,
        worker=None,
        assignee=None,
        updated_at=now,
        engine_failures=0,
    )
    processes.write(conn, process, after, None, Fenced)
    if has_event:
        events.append(conn, [status_changed(process.id, process.status, status, after.version, failure, now)])
