"""Finds the callback of a token and locks its process, in one round trip of PostgreSQL.

The lock is taken only if the token is known: a sender that guesses tokens must not delay the process of the URL.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, exists, func, select, true

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.process import Process
from orchestrator_gql.storage import audit, callback_attempts, callbacks
from orchestrator_gql.storage.advisory_locks import ENGINE, key_of_process
from orchestrator_gql.storage.database.after_commit import note_locks
from orchestrator_gql.storage.database.prepared import Prepared, keep_ahead, rows_together
from orchestrator_gql.storage.process_values import process_in
from orchestrator_gql.storage.processes import Standing, process_and_execution
from orchestrator_gql.storage.steps import EXECUTION_COLUMNS
from orchestrator_gql.storage.tables import audit as audit_table
from orchestrator_gql.storage.tables import callback_attempts as attempts_table
from orchestrator_gql.storage.tables import callback_keys, engine_state, processes
from orchestrator_gql.storage.tables import callbacks as callbacks_table

PREFIX = "callback_"
"""The names of the columns of a callback begin with it, in a row that has those of the process, too."""

_LABELS = {column.name: f"{PREFIX}{column.name}" for column in callbacks_table.c}

_of_token = callbacks_table.join(callback_keys, callback_keys.c.callback_id == callbacks_table.c.id)
_is_digest = callback_keys.c.digest == bindparam("digest")
_lock = Prepared(
    select(  # the order of the locks is that of `processes.WAIT_FOR_LOCKS`
        func.pg_advisory_xact_lock_shared(ENGINE),
        func.pg_advisory_xact_lock(key_of_process(callbacks_table.c.process_id)),
    )
    .select_from(_of_token)
    .where(_is_digest)
)
_head = audit.head_where(audit_table.c.chain == callbacks_table.c.process_id).lateral("head")
_load = Prepared(  # one statement: to begin one takes PostgreSQL as long as to read its row
    select(
        *processes.c,
        *EXECUTION_COLUMNS,
        *(column.label(_LABELS[column.name]) for column in callbacks_table.c),
        select(engine_state.c.state).scalar_subquery().label("engine"),
        exists().where(attempts_table.c.callback_id == callbacks_table.c.id).label("has_attempts"),
        _head.c.seq.label("head_seq"),
        _head.c.digest.label("head_digest"),
        _head.c.action.label("head_action"),
    )
    .select_from(
        _of_token.join(process_and_execution, processes.c.id == callbacks_table.c.process_id).outerjoin(_head, true())
    )
    .where(_is_digest)
)


class AddressedCallback(NamedTuple):
    """The callback of an address, and its locked process with its `Standing`."""

    process: Process
    standing: Standing
    callback: Callback


def lock_by_token(
    conn: Connection, token_digest: bytes, meanwhile: Callable[[], object] | None
) -> AddressedCallback | None:
    """The callback with that token digest; None if the token is unknown.

    Only on PostgreSQL. An accepted delivery needs the sizes of the attempts and the head of the audit chain, too: they
    are read ahead. If there are attempts already, which is rare, their sizes are read later. ``meanwhile``: see
    `rows_together`.
    """
    values = {"digest": token_digest}
    _, found = rows_together(conn, [(_lock, values), (_load, values)], meanwhile)
    if not found:
        return None
    (row,) = found
    callback = callbacks.callback_in({name: row[label] for name, label in _LABELS.items()})
    process = process_in(row)
    note_locks(conn, process.id)
    if not row["has_attempts"]:
        keep_ahead(conn, callback_attempts.reading_sizes(callback.id), [])
    head = [tuple(row[f"head_{name}"] for name in ("seq", "digest", "action"))] if row["head_seq"] is not None else []
    keep_ahead(conn, audit.reading_head(process.id), head)
    return AddressedCallback(process, Standing(row["engine"], process.version, process.note), callback)
