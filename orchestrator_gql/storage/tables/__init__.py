"""The tables of both dialects: a CHECK for every status, UNIQUE for uniqueness, a name for every constraint."""

from orchestrator_gql.storage.tables.audit import audit, audit_seals
from orchestrator_gql.storage.tables.callbacks import (
    callback_attempts,
    callback_keys,
    callback_progress,
    callbacks,
    payloads,
    unclaimed_deliveries,
)
from orchestrator_gql.storage.tables.input_requests import decisions, input_requests
from orchestrator_gql.storage.tables.naming import metadata
from orchestrator_gql.storage.tables.notifications import notifications, notified_until
from orchestrator_gql.storage.tables.processes import (
    engine_state,
    events,
    idempotency_keys,
    process_locks,
    process_segments,
    process_steps,
    process_terms,
    processes,
    pruned_until,
    timers,
    unindexed_processes,
    workers,
)
from orchestrator_gql.storage.tables.products import (
    process_subscriptions,
    product_subscription_blocks,
    product_subscription_locks,
    product_subscription_uses,
    product_subscription_values,
    product_subscription_versions,
    product_subscription_words,
    product_subscriptions,
    products,
)

__all__ = [
    "audit",
    "audit_seals",
    "callback_attempts",
    "callback_keys",
    "callback_progress",
    "callbacks",
    "decisions",
    "engine_state",
    "events",
    "idempotency_keys",
    "input_requests",
    "metadata",
    "notifications",
    "notified_until",
    "payloads",
    "process_locks",
    "process_segments",
    "process_steps",
    "process_subscriptions",
    "process_terms",
    "processes",
    "product_subscription_blocks",
    "product_subscription_locks",
    "product_subscription_uses",
    "product_subscription_values",
    "product_subscription_versions",
    "product_subscription_words",
    "product_subscriptions",
    "products",
    "pruned_until",
    "timers",
    "unclaimed_deliveries",
    "unindexed_processes",
    "workers",
]
