"""The stored versions of product subscriptions, each with its model and its changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, insert, select, update

from orchestrator_gql.storage import product_subscription_segments as segments
from orchestrator_gql.storage import product_subscription_words as search
from orchestrator_gql.storage.columns import among_pairs
from orchestrator_gql.storage.pagination import Key, PageArgs, RowPage, count, read_page
from orchestrator_gql.storage.tables import product_subscription_versions as versions
from orchestrator_gql.storage.tables import product_subscriptions
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import Json

VersionKey = tuple[UUID, int]
"""A subscription and the number of its version."""

TEXTS = frozenset({"note", "customer_description"})
"""The texts that people edit beside the model. A version of such an edit has no process."""

_V = versions.c


def page(conn: Connection, subscription_id: UUID, page_args: PageArgs) -> RowPage[Row[Any]]:
    """A page of the versions without models and changes, the newest first."""
    query = select(_V.subscription_id, _V.version, _V.status, _V.at, _V.process_id)
    return read_page(
        conn, query.where(_V.subscription_id == subscription_id), Key((_V.version,), is_descending=True), page_args
    )


def total(conn: Connection, subscription_id: UUID) -> int:
    """The number of stored versions; `MOST_COUNTED` + 1 if they are more than `MOST_COUNTED`."""
    return count(conn, select(_V.version).where(_V.subscription_id == subscription_id))


def models(conn: Connection, keys: Sequence[VersionKey]) -> dict[VersionKey, Json]:
    """The stored models of the versions; the blocks of other subscriptions are references in them."""
    query = select(_V.subscription_id, _V.version, _V.model)
    query = query.where(among_pairs((_V.subscription_id, _V.version), keys))
    rows = within(conn, query, heavy=[_V.model], order=["subscription_id", "version"])
    return {(row.subscription_id, row.version): row.model for row in rows}


def is_edited_only(conn: Connection, subscription_id: UUID, after: int) -> bool:
    """True if people edited only texts beside the model since that version."""
    is_later = and_(_V.subscription_id == subscription_id, _V.version > after)
    if conn.execute(select(_V.version).where(is_later, _V.process_id.is_not(None)).limit(1)).first() is not None:
        return False
    return all(changed.keys() <= TEXTS for changed in conn.execute(select(_V.changes).where(is_later)).scalars())


def first_process_after(conn: Connection, subscription_id: UUID, version: int) -> UUID | None:
    """The process that changed the model first since that version; None if people only edited its texts."""
    query = select(_V.process_id).where(_V.subscription_id == subscription_id, _V.version > version)
    found: UUID | None = conn.execute(query.where(_V.process_id.is_not(None)).order_by(_V.version).limit(1)).scalar()
    return found


def edit(conn: Connection, stored: Row[Any], texts: Mapping[str, str | None], now: datetime) -> int:
    """Store texts of people beside the model, as a new version; the number of that version.

    ``stored`` is the locked row of the subscription. ``texts`` has only texts that differ.
    """
    version: int = stored.version + 1
    model = {**stored.model, "version": version}
    if "note" in texts:
        model["note"] = texts["note"]
    changed = {name: {"from": getattr(stored, name), "to": text} for name, text in texts.items()}
    values = {**texts, "model": model, "version": version, "updated_at": now, **segments.of_changed(conn, stored.id)}
    conn.execute(update(product_subscriptions).where(product_subscriptions.c.id == stored.id).values(values))
    row = {"subscription_id": stored.id, "version": version, "status": stored.status, "model": model}
    conn.execute(insert(versions), {**row, "changes": changed, "at": now, "process_id": None})
    search.write(conn, stored.id)
    return version
