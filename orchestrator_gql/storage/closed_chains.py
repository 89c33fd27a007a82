"""The chains of processes that are too large to go in one transaction: retention closes them before anything goes.

The last entry of such a chain covers what remains of the entries, so it may stand behind details that are still there.
No entry comes behind it: see `audit.record`. So a closed chain marks a process that is going, also after a kill.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from orchestrator_gql.audit.entries import AuditEntry
from orchestrator_gql.audit.pruned import PRUNE
from orchestrator_gql.storage.audit import entry_of, head_where
from orchestrator_gql.storage.columns import each
from orchestrator_gql.storage.tables import audit


class End(NamedTuple):
    """The newest entry of a chain; ``is_closed``: it says that retention removes the process."""

    seq: int
    digest: str
    is_closed: bool


def end_of(conn: Connection, chain: UUID) -> End | None:
    """The end of the chain; None if it has no entries."""
    row = conn.execute(head_where(audit.c.chain == chain)).first()
    return None if row is None else End(row.seq, row.digest, row.action == PRUNE)


def closed_of(conn: Connection, chains: Sequence[UUID]) -> list[UUID]:
    """Those of the chains of processes that are closed."""
    wanted = each(conn, chains)
    last = select(audit.c.action).where(audit.c.chain == wanted).order_by(audit.c.seq.desc()).limit(1)
    action = last.correlate_except(audit).scalar_subquery()
    return [id for id, found in conn.execute(select(wanted, action)) if found == PRUNE]


def next_of(conn: Connection, chain: UUID, after: int, most: int) -> list[AuditEntry]:
    """At most ``most`` entries of the chain behind the number ``after``, in order."""
    behind = select(audit).where(audit.c.chain == chain, audit.c.seq > after).order_by(audit.c.seq).limit(most)
    return [entry_of(row) for row in conn.execute(behind)]
