"""The tables of input requests and their decisions."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

from orchestrator_gql.storage.columns import JsonText, UtcDateTime, Words, enum_text
from orchestrator_gql.storage.tables.naming import metadata, partial_index
from orchestrator_gql.types import InputRequestStatus, Verdict

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
    Column("escalated_at", UtcDateTime),
    Column("escalations", Integer, nullable=False, server_default="0"),
    Column("approvals_needed", Integer, nullable=False, server_default="1"),
    Column("claimed_by", Text),
    Column("claimed_at", UtcDateTime),
    Column("not_by", Text),
    UniqueConstraint("process_id", "record_seq", name="uq_input_requests_visit"),
)
Index("ix_input_requests_status_id", input_requests.c.status, input_requests.c.id)
Index("ix_input_requests_status_assignee", input_requests.c.status, input_requests.c.assignee, input_requests.c.id)
partial_index("ix_input_requests_inbox", input_requests.c.assignee, input_requests.c.id, where="status = 'OPEN'")
partial_index("ix_input_requests_due", input_requests.c.due_at, where="status = 'OPEN'")
partial_index("uq_input_requests_one_open", input_requests.c.process_id, where="status = 'OPEN'", unique=True)

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
    Column("policy", Text),
    Column("secrets", JsonText),
    UniqueConstraint("input_request_id", "by", name="uq_decisions_one_each"),
)
