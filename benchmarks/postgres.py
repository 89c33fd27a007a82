"""The same transitions on PostgreSQL, beside one statement that writes a thousand of them."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psycopg

from benchmarks.course import opened
from benchmarks.database_server import plain, postgres_site
from benchmarks.table import Line, rates, spread_of_ratios
from orchestrator_gql.process import Process
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.utils.tokens import new_id

ROUNDS = 3
IN_FLIGHT = 100

MOVE = """WITH asked AS (
  SELECT * FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::int[], %s::text[])
    AS a (id, epoch, seq, position, state)),
moved AS (
  UPDATE processes p SET position = a.position, seq = a.seq + 2, version = p.version + 1, record_seq = a.seq + 2,
    lease_until = %s, updated_at = %s, state = a.state
  FROM asked a WHERE p.id = a.id AND p.epoch = a.epoch AND p.seq = a.seq RETURNING p.id),
executions AS (
  INSERT INTO process_steps (process_id, seq, step_index, name, kind, status, attempt, tries, entered_by, started_at,
    completed_at, delta)
  SELECT * FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[],
    %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[])
  ON CONFLICT (process_id, seq) DO UPDATE
    SET status = excluded.status, completed_at = excluded.completed_at, delta = excluded.delta),
logged AS (
  INSERT INTO events (kind, process_id, payload, at)
  SELECT 'STEP_CHANGED', * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]))
SELECT count(*) FROM moved"""


async def postgres(_: Path) -> list[Line]:
    """Measure 100 processes at once on a server that waits for its disk."""
    async with postgres_site() as site:
        url = site.database()
        direct = plain(url)
        measured, reference = [], []
        async with opened(url) as track:
            for _round in range(ROUNDS):
                measured.append(await track.drive(await track.begin(IN_FLIGHT), 4))
                reference.append(_raw(direct, _copies(direct, (await track.begin(1))[0])))
    spread = spread_of_ratios(measured, reference)
    name = "PostgreSQL transitions, 100 in flight : unnest"
    return [rates(name, max(measured), max(reference), 0.3, 0.6, spread=spread)]


def _copies(url: str, process: Process) -> list[Process]:
    """A thousand copies of the process."""
    copies = [replace(process, id=new_id()) for _ in range(1_000)]
    for table, column in (("processes", "id"), ("process_steps", "process_id")):
        others = ", ".join(f't."{c.name}"' for c in metadata.tables[table].columns if c.name != column)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(
                f"INSERT INTO {table} ({column}, {others.replace('t.', '')}) SELECT copy, {others} "
                f"FROM {table} t, unnest(%s::uuid[]) AS c (copy) WHERE t.{column} = %s",
                ([copy.id for copy in copies], process.id),
            )
    return copies


def _raw(url: str, processes: Sequence[Process]) -> float:
    with psycopg.connect(url) as conn:
        began = time.perf_counter()
        conn.execute(MOVE, _rows(processes))
        conn.commit()
        return len(processes) / (time.perf_counter() - began)


def _rows(processes: Sequence[Process]) -> list[object]:
    now = WallClock().now()
    ids = [process.id for process in processes]
    ending = [process.execution.seq if process.execution else 0 for process in processes]
    opening = [seq + 2 for seq in ending]
    position = [process.position for process in processes]
    following = [index + 1 for index in position]
    count, both = len(ids), 2 * len(ids)
    payload = json.dumps({"step_index": 0, "step_name": "Step", "from": "RUNNING", "to": "SUCCESS", "attempt": 1})
    return [
        *(ids, [process.epoch for process in processes], [process.seq for process in processes], following),
        [json.dumps(dict(process.state)) for process in processes],
        *(now, now),
        *(ids + ids, ending + opening, position + following, ["Step"] * both, ["ACTION"] * both),
        ["SUCCESS"] * count + ["RUNNING"] * count,
        *([1] * both, [1] * both, ["advance"] * both, [now] * both),
        [now] * count + [None] * count,
        ['{"n":1}'] * count + [None] * count,
        *(ids + ids, [payload] * both, [now] * both),
    ]
