"""The life of a product subscription: which status may follow which, which class stands for one that has none."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import UnsafeTransition

INITIAL, PROVISIONING, ACTIVE, MIGRATING, DISABLED, TERMINATED = SubscriptionLifecycle

SAFE_TRANSITIONS: Final[Mapping[SubscriptionLifecycle, frozenset[SubscriptionLifecycle]]] = MappingProxyType(
    {
        INITIAL: frozenset({PROVISIONING, ACTIVE, TERMINATED}),
        PROVISIONING: frozenset({ACTIVE, DISABLED, TERMINATED}),
        ACTIVE: frozenset({PROVISIONING, MIGRATING, DISABLED, TERMINATED}),
        MIGRATING: frozenset({PROVISIONING, ACTIVE, DISABLED, TERMINATED}),
        DISABLED: frozenset({PROVISIONING, ACTIVE, MIGRATING, TERMINATED}),
        TERMINATED: frozenset(),
    }
)
"""What may follow a status.

Nothing returns to initial: what was ordered from the network is not undone by forgetting it. Nothing follows
terminated: its resources may serve another customer by now. What was never provisioned can neither be migrated nor
disabled.
"""

LOOKED_UP: Final[Mapping[SubscriptionLifecycle, tuple[SubscriptionLifecycle, ...]]] = MappingProxyType(
    {
        INITIAL: (INITIAL,),
        PROVISIONING: (PROVISIONING, INITIAL),
        ACTIVE: (ACTIVE, PROVISIONING, INITIAL),
        MIGRATING: (MIGRATING, PROVISIONING, INITIAL),
        DISABLED: (DISABLED, INITIAL),
        TERMINATED: (TERMINATED, INITIAL),
    }
)
"""Whose class stands for a status, the first that exists; at last the base.

Each is looser than the one before it. Migrating is half-way, as provisioning is. What is disabled or terminated may
have come from any status and have given back what it held, so only the loosest class is sure to fit.
"""


def is_safe(status: SubscriptionLifecycle, following: SubscriptionLifecycle) -> bool:
    """Whether ``following`` may come after ``status``; a status may always be repeated.

    >>> is_safe(SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.INITIAL)
    False
    """
    # A step runs at least once: the one that sets a status may find it set already.
    return following is status or following in SAFE_TRANSITIONS[status]


def check_transition(status: SubscriptionLifecycle, following: SubscriptionLifecycle, *, subscription_id: UUID) -> None:
    """Raise ``UnsafeTransition`` where ``following`` may not come after ``status``."""
    if not is_safe(status, following):
        allowed = [str(each) for each in SubscriptionLifecycle if each in SAFE_TRANSITIONS[status]]
        raise UnsafeTransition(subscription_id, str(status), str(following), allowed=allowed)
