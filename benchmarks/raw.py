"""The reference of the storage figures: the driver alone writes the same rows to the same tables as the product."""

import json
import sqlite3
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from orchestrator_gql.process import Process
from orchestrator_gql.utils.clock import WallClock

MOVE = """UPDATE processes SET position = ?, seq = ?, version = ?, record_seq = ?, lease_until = ?, updated_at = ?,
 state = ? WHERE id = ? AND epoch = ? AND seq = ?"""
EXECUTION = """INSERT INTO process_steps (process_id, seq, step_index, name, kind, status, attempt, tries, entered_by,
 started_at, completed_at, delta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (process_id, seq) DO UPDATE
 SET status = excluded.status, completed_at = excluded.completed_at, delta = excluded.delta"""
EVENT = "INSERT INTO events (kind, process_id, actor, payload, at) VALUES (?, ?, ?, ?, ?)"

Rows = tuple[tuple[object, ...], list[tuple[object, ...]], list[tuple[object, ...]]]
"""The process, its step executions and the events of one transition, as parameters for the driver."""


def rate(path: Path, processes: Sequence[Process], times: int, *, group: int) -> float:
    """Transitions a second, ``group`` in one durable transaction; all values are made before the clock starts."""
    moves = [_rows(process, turn) for turn in range(times) for process in processes]
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA foreign_keys = ON")
    began = time.perf_counter()
    for start in range(0, len(moves), group):
        database.execute("BEGIN IMMEDIATE")
        for process, executions, events in moves[start : start + group]:
            assert database.execute(MOVE, process).rowcount == 1
            database.executemany(EXECUTION, executions)
            database.executemany(EVENT, events)
        database.execute("COMMIT")
    spent = time.perf_counter() - began
    database.close()
    return len(moves) / spent


def commit_cost(path: Path) -> float:
    """The median seconds of a durable commit of one row: no transition can be faster."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
    costs = []
    for _ in range(300):
        began = time.perf_counter()
        database.execute("INSERT INTO t (x) VALUES (?)", ("x" * 200,))
        costs.append(time.perf_counter() - began)
    database.close()
    return statistics.median(costs)


def _rows(process: Process, turn: int) -> Rows:
    """The rows that the product writes for one transition: the end of a step and the begin of the next one."""
    assert process.execution is not None
    id, now = process.id.hex, WallClock().now().isoformat(" ")[:26]
    seq, position = process.seq + 2 * turn, process.position + turn
    ending = process.execution.seq + 2 * turn
    state = json.dumps({**process.state, "n": turn})
    move = (position + 1, seq + 2, process.version + turn + 1, ending + 2, now, now, state, id, process.epoch, seq)
    executions: list[tuple[object, ...]] = [
        (id, ending, position, "Step", "ACTION", "SUCCESS", 1, 1, "advance", now, now, json.dumps({"n": turn})),
        (id, ending + 2, position + 1, "Step", "ACTION", "RUNNING", 1, 1, "advance", now, None, None),
    ]
    payload = json.dumps(
        {
            "step_index": position,
            "step_name": "Step",
            "from": "RUNNING",
            "to": "SUCCESS",
            "attempt": 1,
            "state_delta": {"n": turn},
            "failure": None,
        }
    )
    return move, executions, [("STEP_CHANGED", id, None, payload, now)] * 2
