"""Prepared statements on the table of payloads: the simplest rows for tests of the database layer."""

from sqlalchemy import bindparam, func, insert, select, update

from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import payloads

ADD = Prepared(insert(payloads).inline(), payloads.c.keys())

CHANGE = Prepared(update(payloads).where(payloads.c.id == bindparam("b_id")).values(text=bindparam("text")))

TEXTS = Prepared(select(payloads.c.text).order_by(payloads.c.id))

LOCK = Prepared(select(func.pg_advisory_xact_lock(1)))
"""PostgreSQL only."""
