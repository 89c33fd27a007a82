"""Finds every place of a database that still names something: the tests of retention look for what went."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from sqlalchemy import Connection, Text, Uuid, cast, select
from sqlalchemy import types as sql

from orchestrator_gql.storage.tables import callbacks, input_requests, metadata, payloads, processes

STAYS = {("audit", "chain"), ("audit_seals", "heads"), ("product_subscription_versions", "process_id")}
"""The columns that keep the id of a removed process: it leads nowhere, and is no secret."""

_SEARCHED = (sql.Uuid, sql.Text, sql.String, sql.TypeDecorator)


def ids_of(conn: Connection, process_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """The id of each process, with the ids of its callbacks, payloads and input requests."""
    found = {id: {id} for id in process_ids}
    for query in (
        select(callbacks.c.process_id, callbacks.c.id),
        select(callbacks.c.process_id, callbacks.c.payload_id).where(callbacks.c.payload_id.is_not(None)),
        select(input_requests.c.process_id, input_requests.c.id),
    ):
        for process_id, id in conn.execute(query):
            if process_id in found:
                found[process_id].add(id)
    for process_id, stored in conn.execute(select(processes.c.id, processes.c.stored)):
        if process_id in found and stored:
            found[process_id] |= {UUID(id) for id, _ in stored.values()}
    return found


def traces(conn: Connection, ids: Iterable[UUID]) -> list[tuple[str, str]]:
    """The columns in which one of the ids stands, as a value or within a text; each once."""
    texts = {id.hex for id in ids} | {str(id) for id in ids}
    return [place for place, values in _searched(conn) if any(text in value for value in values for text in texts)]


def named(conn: Connection, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that stand in a column, as a value or within a text."""
    left = {id: (id.hex, str(id)) for id in ids}
    found = set[UUID]()
    for _, values in _searched(conn):
        for value in values:
            found |= {id for id, texts in left.items() if id not in found and any(text in value for text in texts)}
    return found


def _searched(conn: Connection) -> Iterator[tuple[tuple[str, str], set[str]]]:
    """Each column that can name something, with its values; equal values once, because some have megabytes."""
    for table in metadata.sorted_tables:
        columns = [column for column in table.c if isinstance(column.type, _SEARCHED)]
        columns = [column for column in columns if (table.name, column.name) not in STAYS]
        if not columns:
            continue
        rows = conn.execute(select(*(cast(column, Text) for column in columns))).all()
        for place, column in enumerate(columns):
            yield (table.name, column.name), {row[place] for row in rows if row[place]}


def orphans(conn: Connection) -> dict[str, int]:
    """The rows whose parent is gone: the database itself forbids them where it has a foreign key."""
    referred = set(conn.execute(select(callbacks.c.payload_id)).scalars())
    for stored in conn.execute(select(processes.c.stored).where(processes.c.stored.is_not(None))).scalars():
        referred |= {UUID(id) for id, _ in stored.values()}
    lost = [id for id in conn.execute(select(payloads.c.id)).scalars() if id not in referred]
    return {"payloads": len(lost)}


def columns_of_processes() -> Mapping[str, list[str]]:
    """The columns of each table that refer to a process, as far as the metadata knows."""
    found: dict[str, list[str]] = {}
    for table in metadata.sorted_tables:
        for column in table.c:
            is_key = any(key.column.table is processes for key in column.foreign_keys)
            if is_key or (isinstance(column.type, Uuid) and "process" in column.name):
                found.setdefault(table.name, []).append(column.name)
    return found
