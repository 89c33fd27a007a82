"""The evidence after a storm: what the database, the event log and the journal contain."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from chaos import workflows
from chaos.history import Entry, entries
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.tables import callbacks, decisions, input_requests, process_steps, processes, timers
from orchestrator_gql.types import CallbackStatus, InputRequestStatus, Json, ProcessStatus, StepKind, StepStatus


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """One step execution, as the table has it."""

    seq: int
    step_index: int
    name: str
    kind: StepKind
    status: StepStatus
    attempt: int
    tries: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A process at the end of the storm, with its step executions."""

    workflow: str
    status: ProcessStatus
    state: Mapping[str, Json]
    executions: tuple[ExecutionRow, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """How many rows are still open; all 0 if nothing is wrong."""

    callbacks: int
    requests: int
    timers: int
    decided_twice: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the invariants are checked against."""

    history: tuple[Entry, ...]
    processes: Mapping[str, Ended]
    rest: Rest
    log: tuple[Mapping[str, Any], ...]
    """The events from the beginning of the log, read by a query after the storm."""
    journal: Counter[tuple[str, str]]


async def gather(folder: Path, database_url: str, log: list[dict[str, Any]]) -> Evidence:
    """Collect the evidence; no server may be running any more."""
    database = connect(database_url)
    await database.open()
    try:
        ended, rest = await database.read(lambda conn: (_processes(conn), _rest(conn)))
    finally:
        await database.close()
    history = tuple(entries(folder / "history"))
    return Evidence(history, ended, rest, tuple(log), workflows.journal(folder))


def _processes(conn: Connection) -> dict[str, Ended]:
    executions: dict[str, list[ExecutionRow]] = {}
    c = process_steps.c
    rows = conn.execute(
        select(c.process_id, c.seq, c.step_index, c.name, c.kind, c.status, c.attempt, c.tries).order_by(c.seq)
    )
    for process_id, *row in rows:
        executions.setdefault(str(process_id), []).append(ExecutionRow(*row))
    query = select(processes.c.id, processes.c.workflow_name, processes.c.status, processes.c.state, processes.c.note)
    return {
        str(id): Ended(name, status, state, tuple(executions.get(str(id), ())), note)
        for id, name, status, state, note in conn.execute(query)
    }


def _rest(conn: Connection) -> Rest:
    def count(table: Any, *conditions: Any) -> int:
        return conn.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()

    decided_twice = select(decisions.c.input_request_id).group_by(decisions.c.input_request_id).having(func.count() > 1)
    return Rest(
        callbacks=count(callbacks, callbacks.c.status == CallbackStatus.PENDING),
        requests=count(input_requests, input_requests.c.status == InputRequestStatus.OPEN),
        timers=count(timers),
        decided_twice=count(decided_twice.subquery()),
    )
