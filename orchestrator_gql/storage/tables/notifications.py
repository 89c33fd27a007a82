"""The tables of the outbox: notifications, and the cursor up to which the event log was read for them."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid

from orchestrator_gql.storage.columns import JsonText, UtcDateTime, Words, enum_text
from orchestrator_gql.storage.tables.naming import metadata, partial_index
from orchestrator_gql.types import NotificationStatus

PENDING, DEAD = "status = 'PENDING'", "status = 'DEAD'"
"""The conditions of the partial indexes, as text: with a parameter the database would not use the index."""

notifications = Table(
    "notifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("target", Text, nullable=False),
    Column("kind", String(64), nullable=False),  # no CHECK: a new kind needs no migration
    Column("process_id", Uuid, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False),
    Column("input_request_id", Uuid),
    Column("payload", JsonText, nullable=False),
    Column("status", enum_text(NotificationStatus, "status"), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tries_before", Integer, nullable=False),
    Column("log", JsonText, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("last_error", Words),
    CheckConstraint("(sent_at IS NULL) = (status <> 'SENT')", name="sent_has_a_time"),
)
Index("ix_notifications_created_at_id", notifications.c.created_at, notifications.c.id)
Index("ix_notifications_status_created_at", notifications.c.status, notifications.c.created_at, notifications.c.id)
Index(
    "ix_notifications_status_target",
    notifications.c.status,
    notifications.c.target,
    notifications.c.created_at,
    notifications.c.id,
)
Index("ix_notifications_process_id", notifications.c.process_id)
partial_index("ix_notifications_pending", notifications.c.target, notifications.c.due_at, where=PENDING)
partial_index("ix_notifications_dead", notifications.c.id, where=DEAD)

notified_until = Table(
    "notified_until",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
