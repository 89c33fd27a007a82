"""What the engine itself fails to do: counted in the process's row, and after three times in a row the process ends.

Without the bound a bug of ours, or a row that cannot be written, would have a step run again at every lease. A lost
lease, a kill and a database that is away are no failures of the engine; what authors' code raises is none either.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from secrets import token_hex
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.audit_log import key_of
from orchestrator_gql.engine.commit import CommitContext, Fenced, PendingTransitions
from orchestrator_gql.process import Failed, Process, decide, status_changed, step_at, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events, processes
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import OrchestratorError, StorageUnavailable

logger = logging.getLogger(__name__)

LIMIT = 3
"""Failures in a row that end a process."""

CODE = "engine-error"

REFUSALS = (AuthorRaised, OrchestratorError, SQLAlchemyError, ValueError, TypeError, OverflowError)
"""What is raised where a step came to something that cannot be stored: to try that again would change nothing."""


async def count(
    runtime: Runtime, process_id: UUID, held: Process | None, error: BaseException, *, lets_go: bool = False
) -> bool:
    """Count one more failure of the engine; True where it may try again.

    ``held`` is the process as it is in these hands; None where it could not even be claimed. The third failure ends
    it. Of a process that is in other hands by now, nothing is counted. With ``lets_go`` it is given back, and whoever
    watches over the table tries again. Raises `StorageUnavailable`.
    """
    error_id = token_hex(8)
    facts = {"process_id": str(process_id), "error_id": error_id}
    logger.error("the engine failed to move a process on", exc_info=error, extra=facts)
    now = runtime.clock.now()

    def note(conn: Connection) -> int:
        failures = processes.count_failure(conn, process_id, held, now, lets_go=lets_go)
        if failures >= LIMIT:
            raise _Enough
        return failures

    try:
        return await runtime.database.transaction(note) > 0
    except _Enough:
        await _end(runtime, process_id, held, error_id)
        return False


class _Enough(Exception):
    """The process ends; what was counted is undone with the transaction."""


async def _end(runtime: Runtime, process_id: UUID, held: Process | None, error_id: str) -> None:
    """Fail the process: as a step fails, or, where that is what the engine cannot do, by its row and an event, or by
    its row alone."""
    ways: tuple[Callable[..., None], ...] = (_fail, _fail_row, partial(_fail_row, is_told=False))
    for way in ways:
        try:
            await runtime.database.transaction(partial(_ended, runtime, process_id, held, error_id, way))
        except StorageUnavailable:
            raise
        except Exception:
            logger.exception("a process could not be ended this way", extra={"process_id": str(process_id)})
        else:
            return


def _ended(
    runtime: Runtime,
    process_id: UUID,
    held: Process | None,
    error_id: str,
    way: Callable[[Connection, Runtime, Process, Failure], None],
    conn: Connection,
) -> None:
    now = runtime.clock.now()
    if processes.count_failure(conn, process_id, held, now, lets_go=True) < LIMIT:
        return  # somebody else has it, or moved it on
    process = processes.load(conn, process_id)
    assert process is not None, "it was counted just now"
    message = f"The engine failed {LIMIT} times in a row to go on here: its log says why (error {error_id})."
    way(conn, runtime, process, Failure(CODE, message, now, details={"error_id": error_id}))


def _fail(conn: Connection, runtime: Runtime, process: Process, failure: Failure) -> None:
    steps = steps_of(process, runtime.registry.get(process.workflow_name))
    if step_at(process, steps) is None:
        raise Fenced  # there is no step to fail: by its row, then
    pending = PendingTransitions(process).then(decide(process, steps, Failed(failure), failure.occurred_at))
    waits_for = timedelta(seconds=runtime.settings.callback_timeout)
    commit.apply(
        conn, process, pending, CommitContext(failure.occurred_at, steps, waits_for, audit_key=key_of(runtime))
    )


def _fail_row(conn: Connection, runtime: Runtime, process: Process, failure: Failure, *, is_told: bool = True) -> None:
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
    if not processes.write(conn, process, after, None):
        raise Fenced
    if is_told:
        events.append(conn, [status_changed(process.id, process.status, status, after.version, failure, now)])
