"""The tables, on both dialects: every status has a CHECK, every "only one" a UNIQUE, every constraint a name."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    FetchedValue,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
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
from orchestrator_gql.targets import Target
from orchestrator_gql.types import (
    AttemptOutcome,
    CallbackStatus,
    EngineState,
    EventKind,
    InputRequestStatus,
    ProcessStatus,
    ResultSource,
    StepKind,
    StepStatus,
    SubscriptionLifecycle,
    Verdict,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _partial_index(name: str, *columns: ColumnElement[Any], where: str, unique: bool = False) -> None:
    """An index of the rows that the condition holds for, on both dialects."""
    Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


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
    CheckConstraint("worker IS NULL OR status = 'RUNNING'", name="only_running_is_held"),
    CheckConstraint("(ended_at IS NULL) = (status NOT IN ('ABORTED', 'COMPLETED'))", name="ended_has_a_time"),
)
Index("ix_processes_started_at_id", processes.c.started_at, processes.c.id)
Index("ix_processes_updated_at_id", processes.c.updated_at, processes.c.id)
Index("ix_processes_status_started_at", processes.c.status, processes.c.started_at, processes.c.id)
Index("ix_processes_workflow_name_started_at", processes.c.workflow_name, processes.c.started_at, processes.c.id)
_partial_index("ix_processes_runnable", processes.c.lease_until, where="status IN ('CREATED', 'RUNNING')")
_partial_index("ix_processes_worker", processes.c.worker, where="worker IS NOT NULL")

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
Index("ix_events_tx_id", events.c.tx, events.c.id).ddl_if(dialect="postgresql")  # the order of reading: storage/events

payloads = Table(
    "payloads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("text", Text, nullable=False),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("step_index", Integer, nullable=False),
    Column("record_seq", Integer, nullable=False),
    Column("wait_seq", Integer, nullable=False, server_default="0"),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("name", Text),
    Column("status", enum_text(CallbackStatus, "status"), nullable=False),
    Column("token_hint", String(4), nullable=False),
    Column("result_key", Text, nullable=False),
    Column("contract", JsonText),
    Column("heartbeat", Float),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("heartbeat_due_at", UtcDateTime),
    Column("received_at", UtcDateTime),
    Column("is_early", Boolean(create_constraint=True, name="is_early"), nullable=False),
    Column("receipt", Text),
    Column("result_digest", String(64)),
    Column("result_bytes", Integer),
    Column("result_preview", Text),
    Column("payload_id", Uuid, ForeignKey("payloads.id")),
    Column("failure", FailureText),
    Column("source", enum_text(ResultSource, "source")),
    Column("service", Text),
    Column("remote_ref", Text),
    Column("validation", JsonText),
    Column("progress", JsonText),
    Column("attempts_dropped", Integer, nullable=False, server_default="0"),
    Column("progress_dropped", Integer, nullable=False, server_default="0"),
    UniqueConstraint("receipt", name="uq_callbacks_receipt"),
    CheckConstraint("(receipt IS NULL) = (result_digest IS NULL)", name="a_letter_has_a_receipt"),
)
Index(
    "uq_callbacks_visit_name",
    callbacks.c.process_id,
    callbacks.c.record_seq,
    func.coalesce(callbacks.c.name, ""),
    unique=True,
)
Index("ix_callbacks_process_id", callbacks.c.process_id, callbacks.c.step_index)
_partial_index(
    "ix_callbacks_service_remote_ref", callbacks.c.service, callbacks.c.remote_ref, where="remote_ref IS NOT NULL"
)
Index("ix_callbacks_status_expires_at", callbacks.c.status, callbacks.c.expires_at, callbacks.c.id)

callback_keys = Table(
    "callback_keys",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("callback_id", Uuid, ForeignKey("callbacks.id", ondelete="CASCADE"), nullable=False),
)
Index("ix_callback_keys_callback_id", callback_keys.c.callback_id)

callback_attempts = Table(
    "callback_attempts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("callback_id", Uuid, ForeignKey("callbacks.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("peer", Text),
    Column("outcome", enum_text(AttemptOutcome, "outcome"), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("media_type", Text),
    Column("digest", String(64)),
    Column("body", LargeBinary),
    Column("error", Text),
    Column("receipt", Text),
    Column("is_failure", Boolean, nullable=False, server_default=false()),
)
Index("ix_callback_attempts_callback_id", callback_attempts.c.callback_id, callback_attempts.c.id)

callback_progress = Table(
    "callback_progress",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("callback_id", Uuid, ForeignKey("callbacks.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("percent", Float),
    Column("message", Text),
    Column("data", JsonText),
)
Index("ix_callback_progress_callback_id", callback_progress.c.callback_id, callback_progress.c.id)

audit = Table(
    "audit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("chain", Uuid, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text),
    Column("action", String(64), nullable=False),
    Column("details", JsonText, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("seal", Integer),
    UniqueConstraint("chain", "seq", name="uq_audit_place"),
)
Index("ix_audit_at_id", audit.c.at, audit.c.id)
Index("ix_audit_seal_place", audit.c.seal, audit.c.chain, audit.c.seq)  # what is not sealed yet included

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("heads", JsonText, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

unclaimed_letters = Table(
    "unclaimed_letters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("service", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("peer", Text),
    Column("is_failure", Boolean(create_constraint=True, name="is_failure"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("service", "ref", "digest", name="uq_unclaimed_letters_one_each"),
)
Index("ix_unclaimed_letters_service_at", unclaimed_letters.c.service, unclaimed_letters.c.at)

input_requests = Table(
    "input_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("step_index", Integer, nullable=False),
    Column("record_seq", Integer, nullable=False),
    Column("status", enum_text(InputRequestStatus, "status"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Words, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("reminded_at", UtcDateTime),
    UniqueConstraint("process_id", "record_seq", name="uq_input_requests_visit"),
)
Index("ix_input_requests_status_id", input_requests.c.status, input_requests.c.id)
_partial_index("uq_input_requests_one_open", input_requests.c.process_id, where="status = 'OPEN'", unique=True)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("input_request_id", Uuid, ForeignKey("input_requests.id", ondelete="CASCADE"), nullable=False),
    Column("by", Text),
    Column("at", UtcDateTime, nullable=False),
    Column("verdict", enum_text(Verdict, "verdict"), nullable=False),
    Column("comment", Words),
    Column("pages", JsonText, nullable=False),
    Column("shown_digest", String(64), nullable=False),
    UniqueConstraint("input_request_id", "by", name="uq_decisions_one_each"),
)

timers = Table(
    "timers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("callback_id", Uuid, ForeignKey("callbacks.id", ondelete="CASCADE")),
    Column("input_request_id", Uuid, ForeignKey("input_requests.id", ondelete="CASCADE")),
    CheckConstraint("kind IN ('RETRY', 'CALLBACK_DEADLINE', 'HEARTBEAT', 'REMINDER')", name="kind"),
)
Index("ix_timers_due_at", timers.c.due_at)
Index("ix_timers_process_id", timers.c.process_id)

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

products = Table(
    "products",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("product_type", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("status", Text, nullable=False),
)

product_subscriptions = Table(
    "product_subscriptions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("product_id", Uuid, ForeignKey("products.id"), nullable=False),
    Column("customer_id", Words, nullable=False),
    Column("description", Words, nullable=False),
    Column("status", enum_text(SubscriptionLifecycle, "status"), nullable=False),
    Column("insync", Boolean(create_constraint=True, name="insync"), nullable=False),
    Column("model", JsonText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("note", Words),
    Column("start_date", UtcDateTime),
    Column("end_date", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
Index("ix_product_subscriptions_product_id", product_subscriptions.c.product_id, product_subscriptions.c.id)

product_subscription_versions = Table(
    "product_subscription_versions",
    metadata,
    Column("subscription_id", Uuid, ForeignKey("product_subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", enum_text(SubscriptionLifecycle, "status"), nullable=False),
    Column("model", JsonText, nullable=False),
    Column("changes", JsonText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("process_id", Uuid),
    PrimaryKeyConstraint("subscription_id", "version"),
)

process_subscriptions = Table(
    "process_subscriptions",
    metadata,
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("target", enum_text(Target, "target"), nullable=False),
    PrimaryKeyConstraint("process_id", "subscription_id"),
)
Index("ix_process_subscriptions_subscription_id", process_subscriptions.c.subscription_id)

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
