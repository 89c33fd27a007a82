"""Finds the callback of a token and locks its process, in one round trip of PostgreSQL.

The lock is taken only if the token is known: a sender that guesses tokens must not delay the process of the URL.
"""

from sqlalchemy import Connection, Text, bindparam, cast, func, select

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.process import Process
from orchestrator_gql.storage import audit, callback_attempts, callbacks
from orchestrator_gql.storage.database.after_commit import note_locks
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead, keep_ahead, results_together
from orchestrator_gql.storage.engine_state import KEY
from orchestrator_gql.storage.processes import Standing, process_and_execution, process_in
from orchestrator_gql.storage.steps import execution_columns
from orchestrator_gql.storage.tables import audit as audit_table
from orchestrator_gql.storage.tables import callback_attempts as attempts_table
from orchestrator_gql.storage.tables import callback_keys, engine_state, processes
from orchestrator_gql.storage.tables import callbacks as callbacks_table

_of_token = (
    select(callbacks_table)
    .join(callback_keys, callback_keys.c.callback_id == callbacks_table.c.id)
    .where(callback_keys.c.digest == bindparam("digest"))
)
_process_id = _of_token.with_only_columns(callbacks_table.c.process_id)
_lock = Prepared(
    _of_token.with_only_columns(  # the order of the locks is that of `processes.WAIT_FOR_LOCKS`
        func.pg_advisory_xact_lock_shared(KEY),
        func.pg_advisory_xact_lock(func.hashtextextended(cast(callbacks_table.c.process_id, Text), 0)),
    )
)
_load_standing = Prepared(
    select(*processes.c, *execution_columns(), select(engine_state.c.state).scalar_subquery().label("engine"))
    .select_from(process_and_execution)
    .where(processes.c.id == _process_id.scalar_subquery())
)
_load_callback = Prepared(_of_token)
_load_sizes = Prepared(
    callback_attempts.sizes_where(
        attempts_table.c.callback_id == _of_token.with_only_columns(callbacks_table.c.id).scalar_subquery()
    )
)
_load_head = Prepared(audit.head_where(audit_table.c.chain == _process_id.scalar_subquery()))


def lock_by_token(conn: Connection, token_digest: bytes) -> tuple[Process, Standing, Callback] | None:
    """The callback with that token digest, and its locked process with its `Standing`; None if the token is unknown.

    Only on PostgreSQL. An accepted delivery needs the sizes of the attempts and the head of the audit chain, too.
    """
    values = {"digest": token_digest}
    reads: list[PreparedRead] = [
        (read, values) for read in (_lock, _load_standing, _load_callback, _load_sizes, _load_head)
    ]
    _, standing, of_token, sizes, head = results_together(conn, reads)
    row, callback = next(standing.rows, None), next(map(callbacks.callback_in, of_token.rows), None)
    if row is None or callback is None:
        return None
    process = process_in(row)
    note_locks(conn, process.id)
    keep_ahead(conn, callback_attempts.reading_sizes(callback.id), sizes)
    keep_ahead(conn, audit.reading_head(process.id), head)
    return process, Standing(row["engine"], process.version, process.note), callback
