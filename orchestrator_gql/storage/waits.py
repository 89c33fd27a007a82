"""The callbacks of many waits at once, on PostgreSQL; `callbacks.of_wait` reads those of one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Integer, Text, Uuid, and_, any_, bindparam, cast, column, func, select

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.storage.callbacks import callback_in, know_text
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import callbacks, payloads, processes
from orchestrator_gql.storage.wake_ups import TAKEN_KEYS
from orchestrator_gql.types import CallbackStatus
from orchestrator_gql.utils.json.stored import INLINE

Wait: TypeAlias = tuple[UUID, int]
"""A process and the index of the step at which it waits."""

_others = callbacks.alias()
_each_wait = (
    func.unnest(
        func.string_to_array(bindparam("process_ids", type_=Text), ","),
        func.string_to_array(bindparam("step_indexes", type_=Text), ","),
    )
    .table_valued(column("process_id", Text), column("step_index", Text), name="each_wait")
    .render_derived()
)
_is_of_latest_wait = (
    callbacks.c.wait_seq
    == select(func.max(_others.c.wait_seq))
    .where(_others.c.process_id == callbacks.c.process_id, _others.c.step_index == callbacks.c.step_index)
    .scalar_subquery()
)
_of_waits = Prepared(
    select(callbacks)
    .join(
        _each_wait,
        and_(
            callbacks.c.process_id == cast(_each_wait.c.process_id, Uuid),
            callbacks.c.step_index == cast(_each_wait.c.step_index, Integer),
        ),
    )
    .where(_is_of_latest_wait)
    .order_by(callbacks.c.record_seq, callbacks.c.id)
)
_small_text = and_(
    payloads.c.id == callbacks.c.payload_id,
    callbacks.c.status == CallbackStatus.RECEIVED,
    callbacks.c.result_bytes <= INLINE,
)
OF_TAKEN = Prepared(
    select(callbacks, payloads.c.text.label("result_text"))
    .outerjoin(payloads, _small_text)
    .join(processes, and_(callbacks.c.process_id == processes.c.id, callbacks.c.step_index == processes.c.position))
    .where(processes.c.id == any_(cast(TAKEN_KEYS, ARRAY(Uuid))), _is_of_latest_wait)
    .order_by(callbacks.c.record_seq, callbacks.c.id)
)
"""Reads the callbacks of the waits at which the processes of the taken jobs are, with the results that are small."""


def of_each(conn: Connection, waits: Sequence[Wait]) -> dict[Wait, list[Callback]]:
    """The callbacks of each wait, as `callbacks.of_wait` returns them."""
    if not waits:
        return {}
    ids, indexes = (",".join(map(str, values)) for values in zip(*waits, strict=True))
    return _by_wait(waits, _of_waits.all(conn, {"process_ids": ids, "step_indexes": indexes}))


def of_taken(conn: Connection, waits: Sequence[Wait], rows: Iterable[dict[str, Any]]) -> dict[Wait, list[Callback]]:
    """As `of_each`, from the rows of `OF_TAKEN`; their small results are known to `callbacks.results` then."""
    found = list(rows)
    for row in found:
        result_text = row.pop("result_text")
        if result_text is not None:
            know_text(conn, row["payload_id"], result_text)
    return _by_wait(waits, found)


def _by_wait(waits: Sequence[Wait], rows: Sequence[Mapping[str, Any]]) -> dict[Wait, list[Callback]]:
    latest: dict[Wait, dict[str | None, Callback]] = {wait: {} for wait in waits}
    for row in rows:
        if (of_wait := latest.get((row["process_id"], row["step_index"]))) is not None:
            of_wait[row["name"]] = callback_in(row)
    return {wait: list(of_wait.values()) for wait, of_wait in latest.items()}
