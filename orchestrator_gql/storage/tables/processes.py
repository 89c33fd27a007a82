"""The tables of the engine: processes, step executions, events, timers, the engine state and its workers."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
)

from orchestrator_gql.storage.columns import (
    EventId,
    FailureText,
    JsonText,
    TransactionId,
    UtcDateTime,
    Words,
    enum_text,
)
from orchestrator_gql.storage.tables.naming import metadata, partial_index
from orchestrator_gql.targets import Target
from orchestrator_gql.types import (
    EngineState,
    EventKind,
    ProcessStatus,
    StepKind,
    StepStatus,
)

processes = Table(
    "processes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workflow_name", Text, nullable=False),
    Column("target", enum_text(Target, "target"), nullable=False),
    Column("fingerprint", String(16), nullable=False),
    Column("status", enum_text(ProcessStatus, "status"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("record_seq", Integer),
    Column("worker", Text),
    Column("lease_until", UtcDateTime),
    Column("state", JsonText, nullable=False),
    Column("stored", JsonText),
    Column("answers", JsonText, nullable=False),
    Column("assignee", Text),
    Column("created_by", Text),
    Column("started_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("failure", FailureText),
    Column("note", Text),
    Column("start_pages", JsonText, nullable=False),
    Column("aborted_by", Text),
    Column("entry", JsonText),
    Column("engine_failures", Integer, nullable=False, server_default="0"),
    Column("secrets", JsonText),
    Column("trace", String(35)),
    Column("subject", Words, nullable=False, server_default=""),
    Column("failure_code", Words),
    Column("failure_message", Words),
    Column("lock_keys", JsonText),
    CheckConstraint("worker IS NULL OR status = 'RUNNING'", name="only_running_is_held"),
    CheckConstraint("(ended_at IS NULL) = (status NOT IN ('ABORTED', 'COMPLETED'))", name="ended_has_a_time"),
)
Index("ix_processes_started_at_id", processes.c.started_at, processes.c.id)
Index("ix_processes_updated_at_id", processes.c.updated_at, processes.c.id)
Index("ix_processes_status_started_at", processes.c.status, processes.c.started_at, processes.c.id)
Index("ix_processes_workflow_name_started_at", processes.c.workflow_name, processes.c.started_at, processes.c.id)
Index("ix_processes_target_started_at", processes.c.target, processes.c.started_at, processes.c.id)
# What a search reads. On PostgreSQL an entry may not be as long as a note, and a large state is stored elsewhere.
Index(
    "ix_processes_searched",
    processes.c.started_at,
    processes.c.id,
    processes.c.workflow_name,
    processes.c.subject,
    processes.c.note,
).ddl_if(dialect="sqlite")
partial_index("ix_processes_runnable", processes.c.lease_until, where="status IN ('CREATED', 'RUNNING')")
partial_index(
    "ix_processes_created_by_started_at",
    processes.c.created_by,
    processes.c.started_at,
    processes.c.id,
    where="created_by IS NOT NULL",
)
partial_index(
    "ix_processes_assignee_started_at",
    processes.c.assignee,
    processes.c.started_at,
    processes.c.id,
    where="assignee IS NOT NULL",
)
partial_index(
    "ix_processes_ended_at",
    processes.c.ended_at,
    processes.c.status,
    processes.c.started_at,
    where="ended_at IS NOT NULL",
)
partial_index(
    "ix_processes_failed_at",
    processes.c.status,  # always FAILED: without it SQLite would take the index of the status and the start
    processes.c.updated_at,
    processes.c.workflow_name,
    processes.c.failure_code,
    where="status = 'FAILED'",
)
partial_index(
    "ix_processes_failure_code_started_at",
    processes.c.status,  # as above
    processes.c.failure_code,
    processes.c.started_at,
    processes.c.id,
    where="status = 'FAILED'",
)
partial_index(
    "ix_processes_failure_code_updated_at",
    processes.c.status,  # as above
    processes.c.failure_code,
    processes.c.updated_at,
    processes.c.id,
    where="status = 'FAILED'",
)
# A running process is in none of these: each of its transitions changes the time, and would write them all.
for _column, _is_filled in (
    (processes.c.status, ""),
    (processes.c.workflow_name, ""),
    (processes.c.target, ""),
    (processes.c.created_by, "created_by IS NOT NULL AND "),
    (processes.c.assignee, "assignee IS NOT NULL AND "),
):
    partial_index(
        f"ix_processes_{_column.name}_updated_at",
        _column,
        processes.c.updated_at,
        processes.c.id,
        where=f"{_is_filled}status <> 'RUNNING'",
    )
partial_index("ix_processes_worker", processes.c.worker, where="worker IS NOT NULL")

process_locks = Table(
    "process_locks",
    metadata,
    Column("place", EventId, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
)
"""The lock keys of living processes. The first row of a key is that of its holder, the others are the queue."""

Index("ix_process_locks_key_place", process_locks.c.key, process_locks.c.place)
Index("ix_process_locks_process_id", process_locks.c.process_id)

process_segments = Table(
    "process_segments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("begins_at", UtcDateTime, nullable=False),
    Column("changed_from", UtcDateTime),
    Column("changed_until", UtcDateTime),
)
"""The segments of processes for the search: a process belongs to the last one that begins at its start, or before.

Between the other times is the last change of each of its processes that is at rest and indexed.
"""
Index("ix_process_segments_begins_at", process_segments.c.begins_at, unique=True)

process_terms = Table(
    "process_terms",
    metadata,
    Column("term", Text, nullable=False),
    Column("segment", Integer, nullable=False),
    PrimaryKeyConstraint("term", "segment"),
    sqlite_with_rowid=False,
)
"""The terms of the texts of all processes of a segment, and of their facts, such as a product or a status."""
Index("ix_process_terms_segment", process_terms.c.segment)

unindexed_processes = Table(
    "unindexed_processes",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("process_id", Uuid, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
)
"""Processes whose terms are not stored yet: triggers write a row for each new process, and for each new note."""
Index("ix_unindexed_processes_started_at", unindexed_processes.c.started_at)

process_steps = Table(
    "process_steps",
    metadata,
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("step_index", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", enum_text(StepKind, "kind"), nullable=False),
    Column("step_group", Text),
    Column("status", enum_text(StepStatus, "status"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime),
    Column("retry_at", UtcDateTime),
    Column("delta", JsonText),
    Column("failure", FailureText),
    Column("actor", Text),
    PrimaryKeyConstraint("process_id", "seq"),
)

events = Table(
    "events",
    metadata,
    Column("id", EventId, primary_key=True, autoincrement=True),
    Column("tx", TransactionId, nullable=False, server_default=FetchedValue()),
    Column("kind", enum_text(EventKind, "kind"), nullable=False),
    Column("process_id", Uuid),
    Column("actor", Text),
    Column("payload", JsonText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_events_process_id_id", events.c.process_id, events.c.id)
# The order in which readers read on PostgreSQL: see storage/events.
Index("ix_events_tx_id", events.c.tx, events.c.id).ddl_if(dialect="postgresql")

pruned_until = Table(
    "pruned_until",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cursor", Text, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
"""The cursor behind the last event that retention deleted: a reader that resumes before it missed events."""

timers = Table(
    "timers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("callback_id", Uuid, ForeignKey("callbacks.id", ondelete="CASCADE")),
    Column("input_request_id", Uuid, ForeignKey("input_requests.id", ondelete="CASCADE")),
    Column("assignee", Text),
    CheckConstraint(
        "kind IN ('RETRY', 'CALLBACK_DEADLINE', 'HEARTBEAT', 'REMINDER', 'ESCALATION', 'EXPIRY')", name="kind"
    ),
)
Index("ix_timers_due_at", timers.c.due_at)
Index("ix_timers_process_id", timers.c.process_id)
# A deletion of a callback, or of an input request, finds its timers by these.
partial_index("ix_timers_callback_id", timers.c.callback_id, where="callback_id IS NOT NULL")
partial_index("ix_timers_input_request_id", timers.c.input_request_id, where="input_request_id IS NOT NULL")

engine_state = Table(
    "engine_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", enum_text(EngineState, "state"), nullable=False),
    Column("reason", Text),
    Column("changed_at", UtcDateTime),
    Column("changed_by", Text),
    CheckConstraint("id = 1", name="one_row"),
)

workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("running_steps", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("scope", "key"),
)
Index("ix_idempotency_keys_subject_id", idempotency_keys.c.subject_id)
