"""Rows by their ids, many at once: the loaders of the GraphQL types."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import (
    callback_attempts,
    callbacks,
    input_requests,
    light_processes,
    process_locks,
    processes,
    product_subscription_locks,
    product_subscription_uses,
    product_subscription_versions,
    product_subscriptions,
    steps,
)
from orchestrator_gql.storage.pagination import LARGEST
from orchestrator_gql.utils.errors import PayloadInvalid

K = TypeVar("K")
T = TypeVar("T")
ByKeys = Callable[[Runtime, Principal, Sequence[K]], Awaitable[Mapping[K, T]]]


def _read(rows: Callable[[Connection, Sequence[K]], Mapping[K, T]]) -> ByKeys[K, T]:
    async def read(runtime: Runtime, principal: Principal, keys: Sequence[K]) -> Mapping[K, T]:
        principal.demand(Permission.READ)
        return await runtime.database.read(lambda conn: rows(conn, keys))

    return read


processes_by_ids = _read(light_processes.by_ids)
"""Processes, without their states."""
whole_processes = _read(processes.load_all)
states = _read(processes.states)
failures_of_processes = _read(light_processes.failures)
lock_holders = _read(process_locks.holders)
"""The processes that hold the locks for which these processes wait."""
secrets_of_processes = _read(processes.secrets_of)
steps_of_processes = _read(steps.light_of_processes)
"""Step executions, without their changes to the state."""
state_deltas = _read(steps.deltas)
"""The changes that step executions made to the state, by process id and number in the log."""
callbacks_of_processes = _read(callbacks.of_processes)
callbacks_by_ids = _read(callbacks.by_ids)
attempts_by_ids = _read(callback_attempts.heads)
"""Attempts, each with only the beginning of its body."""
payloads = _read(callbacks.texts)
input_requests_of_processes = _read(input_requests.of_processes)
input_requests_by_ids = _read(input_requests.by_ids)
decisions = _read(input_requests.decisions_of)
product_subscription_ids_of_processes = _read(product_subscriptions.ids_of_processes)
product_subscriptions_by_ids = _read(product_subscriptions.rows)
"""Product subscriptions, without their models."""
products_by_ids = _read(product_subscriptions.product_rows)
"""Stored products, also those that are not declared any more."""
product_subscription_models = _read(product_subscriptions.models)
product_subscription_locks_by_ids = _read(product_subscription_locks.of_subscriptions)
version_models = _read(product_subscription_versions.models)
"""The stored models of versions, by the id of the subscription and the version."""
start_facts = _read(product_subscriptions.start_facts)
subscription_users = _read(product_subscription_uses.first_user_ids)
subscription_owners = _read(product_subscription_uses.first_owner_ids)


class NodeKind(Enum):
    """The kinds of things that the id of a GraphQL node can name."""

    WORKFLOW = "workflow"
    PRODUCT = "product"
    STEP = "step"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class NodeId:
    """A workflow or product by ``name``, a row by ``key``, a step by its process (``key``) and its index (``name``)."""

    kind: NodeKind
    key: UUID | None = None
    name: str = ""


def node_ids(principal: Principal, ids: Sequence[str]) -> list[NodeId | None]:
    """The parsed ids in their order, None for an id that names nothing. Raises `PayloadInvalid` above 200 ids."""
    principal.demand(Permission.READ)
    if len(ids) > LARGEST:
        raise PayloadInvalid(f"At most {LARGEST} ids are looked up at once, not {len(ids)}.")
    return [_node_id(id) for id in ids]


def _node_id(id: str) -> NodeId | None:
    head, _, rest = id.partition(":")
    if head in (NodeKind.WORKFLOW.value, NodeKind.PRODUCT.value):
        return NodeId(NodeKind(head), name=rest)
    try:
        key = UUID(head)
    except ValueError:
        return None
    return NodeId(NodeKind.STEP if rest else NodeKind.ROW, key, rest)
