"""Writes the wake-ups of processes into the queue of Procrastinate."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Text, cast, column, exists, table, text

from orchestrator_gql.storage.database.pipeline import pipeline_of
from orchestrator_gql.storage.database.writes import Template

QUEUE = "orchestrator"
TASK = "advance"

_defer = Template(
    """INSERT INTO procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args)
    SELECT %(queue)s, %(task)s, %(priority)s::integer, key, jsonb_build_object('process_id', key)
    FROM unnest(string_to_array(%(keys)s, ',')) AS key
    ON CONFLICT (queueing_lock) WHERE status = 'todo'::procrastinate_job_status DO NOTHING""",
    table="procrastinate_jobs",
)
"""As `procrastinate_defer_jobs_v1`, without its error if a job of the process waits already: an error would undo the
transaction of the wake-up, or need a savepoint of its own."""


_jobs = table("procrastinate_jobs", column("queueing_lock"), column("status"))


def has_job(process_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The condition that a job of the process waits."""
    waits = _jobs.c.status == text("'todo'::procrastinate_job_status")
    return exists().where(_jobs.c.queueing_lock == cast(process_id, Text), waits)


def defer(conn: Connection, process_ids: Sequence[UUID], priority: int = 0) -> None:
    """Write a job for each of the processes for which no job waits, with the other writes of the transaction.

    In the order of the ids: two transactions may wait for each other's jobs.
    """
    pipeline = pipeline_of(conn)
    assert pipeline is not None, "only a server on PostgreSQL has a queue"
    keys = ",".join(map(str, sorted(process_ids)))
    pipeline.write(conn, _defer, [[QUEUE, TASK, str(priority), keys]], None)
