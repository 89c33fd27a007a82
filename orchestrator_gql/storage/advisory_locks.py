"""The keys of PostgreSQL's advisory locks, each the hash of a text; SQLite has a single writer and needs none.

A transaction that waits for several of them takes them in this order, so that no two wait for each other:

1. the external ids of jobs (`unclaimed_deliveries.lock`)
2. the state of the engine (`engine_state`)
3. one process (`processes`); many processes are only tried (`free_processes`)
4. the keys of its `lock=` (`process_locks`), in their order; the locks of product subscriptions follow
5. the chain of the engine in the audit log (`audit.record`), and new references (`product_subscription_relations`)

The indexing of texts (`process_segments`) and retention only try theirs.
"""

from typing import Any

from sqlalchemy import ColumnElement, Function, Text, cast, func, literal, select

from orchestrator_gql.storage.database.prepared import Prepared


def key_of(text: ColumnElement[Any] | str) -> Function[Any]:
    """The key of the lock of this text."""
    return func.hashtextextended(text, 0)


def key_of_process(id: ColumnElement[Any]) -> Function[Any]:
    """The key of the lock of the process with this id."""
    return key_of(cast(id, Text))


ENGINE = key_of(literal("engine-state"))
"""The key of the lock of the engine's state: a change of a process shares it, a pause holds it exclusively."""

SHARE_ENGINE = Prepared(select(func.pg_advisory_xact_lock_shared(ENGINE)))
"""Shares the lock of the engine's state."""
