"""Stores very many copies of a process quickly: its rows with new ids."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, insert, select

from orchestrator_gql.storage.tables import callbacks, input_requests, process_steps, processes, timers
from orchestrator_gql.utils.tokens import new_id


def copy_process(conn: Connection, process_id: UUID, count: int) -> list[UUID]:
    """Store ``count`` copies of a waiting process, each with its step executions, waits and timers; their ids."""
    id_maps: list[dict[UUID, UUID]] = [{process_id: new_id()} for _ in range(count)]
    for table in (processes, process_steps, callbacks, input_requests, timers):
        owner = table.c.id if table is processes else table.c.process_id
        for row in conn.execute(select(table).where(owner == process_id)).mappings().all():
            conn.execute(insert(table), [_copy(table, dict(row), ids) for ids in id_maps])
    return [ids[process_id] for ids in id_maps]


def _copy(table: Table, row: dict[str, Any], ids: dict[UUID, UUID]) -> dict[str, Any]:
    if "id" in table.c:
        row["id"] = ids.setdefault(row["id"], new_id())
    if row.get("receipt"):
        row["receipt"] = str(new_id())
    references = ("process_id", "callback_id", "input_request_id")
    return row | {name: ids[row[name]] for name in references if row.get(name) is not None}
