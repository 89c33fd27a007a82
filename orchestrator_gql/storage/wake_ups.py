"""Writes the wake-ups of processes into the queue of Procrastinate, and takes them out."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    bindparam,
    cast,
    column,
    delete,
    exists,
    func,
    or_,
    select,
    table,
    text,
    true,
)

from orchestrator_gql.storage.advisory_locks import ENGINE, key_of
from orchestrator_gql.storage.database.pipeline import pipeline_of
from orchestrator_gql.storage.database.prepared import Prepared
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


_COLUMNS = ("id", "status", "queue_name", "task_name", "priority", "lock", "queueing_lock", "scheduled_at")
_jobs = table("procrastinate_jobs", *map(column, _COLUMNS))
_waits = _jobs.c.status == text("'todo'::procrastinate_job_status")

_TAKEN = "orchestrator.taken_jobs"
_engine = select(func.pg_advisory_xact_lock_shared(ENGINE).label("held")).cte("engine").prefix_with("MATERIALIZED")
_next_jobs = (
    select(_jobs.c.id)
    .join_from(_jobs, _engine, true())  # a row is locked behind the join, so behind the lock of the engine's state
    .where(
        _waits,
        _jobs.c.queue_name == QUEUE,
        _jobs.c.task_name == TASK,
        _jobs.c.lock.is_(None),
        or_(_jobs.c.scheduled_at.is_(None), _jobs.c.scheduled_at <= func.now()),
    )
    .order_by(_jobs.c.priority.desc(), _jobs.c.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True, of=_jobs)
    .cte("next_jobs")
)
_taken = (
    delete(_jobs)
    .where(_jobs.c.id == _next_jobs.c.id)
    .returning(_jobs.c.id, _jobs.c.priority, _jobs.c.queueing_lock)
    .cte("taken")
)
_key = _taken.c.queueing_lock
_keys = func.string_agg(_key, text(f"',' ORDER BY {_taken.c.priority} DESC, {_taken.c.id}"))
_is_locked = func.pg_try_advisory_xact_lock(key_of(_key))
TAKE_JOBS = Prepared(
    select(
        func.set_config(_TAKEN, func.coalesce(_keys, ""), text("true")).label("keys"),
        func.coalesce(func.string_agg(_key, text("','")).filter(_is_locked), "").label("locked"),
    )
)
"""Takes at most ``limit`` jobs out of the queue, and leaves those that another transaction takes: the ids of their
processes, with commas, and those whose lock it got. Before that it takes the lock of the engine's state, shared.

`TAKEN_KEYS` are the ids in the statements that follow in the transaction, perhaps in the same round trip."""

TAKEN_KEYS = func.string_to_array(func.current_setting(_TAKEN), ",")


def has_job(process_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The condition that a job of the process waits."""
    return exists().where(_jobs.c.queueing_lock == cast(process_id, Text), _waits)


def defer(conn: Connection, process_ids: Sequence[UUID], priority: int = 0) -> None:
    """Write a job for each of the processes for which no job waits, with the other writes of the transaction.

    In the order of the ids: two transactions may wait for each other's jobs.
    """
    pipeline = pipeline_of(conn)
    assert pipeline is not None, "only a server on PostgreSQL has a queue"
    keys = ",".join(map(str, sorted(process_ids)))
    pipeline.write(conn, _defer, [[QUEUE, TASK, str(priority), keys]], None)
