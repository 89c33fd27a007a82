"""The tables of callbacks: their tokens, results, delivery attempts and progress reports."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
)

from orchestrator_gql.storage.columns import (
    FailureText,
    JsonText,
    UtcDateTime,
    enum_text,
)
from orchestrator_gql.storage.tables.naming import metadata, partial_index
from orchestrator_gql.types import (
    AttemptOutcome,
    CallbackStatus,
    ResultSource,
)

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
Index("ix_callbacks_status_id", callbacks.c.status, callbacks.c.id)
Index("ix_callbacks_process_id", callbacks.c.process_id, callbacks.c.step_index)
partial_index(
    "ix_callbacks_service_remote_ref", callbacks.c.service, callbacks.c.remote_ref, where="remote_ref IS NOT NULL"
)
Index("ix_callbacks_status_expires_at", callbacks.c.status, callbacks.c.expires_at, callbacks.c.id)
PENDING = "status = 'PENDING'"
# With the status, because SQLite prefers an index whose first column has a value to one in the order of the list.
partial_index("ix_callbacks_pending", callbacks.c.status, callbacks.c.id, where=PENDING)
partial_index(
    "ix_callbacks_pending_service", callbacks.c.service, callbacks.c.id, where=f"{PENDING} AND service IS NOT NULL"
)
partial_index("ix_callbacks_payload_id", callbacks.c.payload_id, where="payload_id IS NOT NULL")

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
    Column("service", Text),
)
Index("ix_callback_attempts_callback_id", callback_attempts.c.callback_id, callback_attempts.c.id)
partial_index(
    "ix_callback_attempts_service",
    callback_attempts.c.service,
    callback_attempts.c.outcome,
    callback_attempts.c.is_failure,
    callback_attempts.c.at,
    where="service IS NOT NULL",
)

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

unclaimed_deliveries = Table(
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
Index("ix_unclaimed_letters_service_at", unclaimed_deliveries.c.service, unclaimed_deliveries.c.at)
