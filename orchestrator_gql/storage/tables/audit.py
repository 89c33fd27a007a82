"""The tables of the audit log and its seals."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

from orchestrator_gql.storage.columns import JsonText, UtcDateTime
from orchestrator_gql.storage.tables.naming import metadata

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
    Column("address", Text),
    Column("method", Text),
    UniqueConstraint("chain", "seq", name="uq_audit_place"),
)
Index("ix_audit_at_id", audit.c.at, audit.c.id)
Index("ix_audit_actor_at", audit.c.actor, audit.c.at, audit.c.id)
Index("ix_audit_action_at", audit.c.action, audit.c.at, audit.c.id)
Index("ix_audit_seal_place", audit.c.seal, audit.c.chain, audit.c.seq)  # also the entries without a seal

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
