"""The lifecycle of a product subscription: which status may follow which, and which class each status uses."""

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
"""The statuses that may follow a status.

No status goes back to initial: an order in the network does not disappear if we forget it. No status follows
terminated: another customer may use the resources by now. A subscription that was never provisioned cannot be
migrated or disabled.
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
"""For each status, the statuses whose class is used: the first that exists, otherwise the base.

Each class is looser than the one before. Migrating is incomplete, as provisioning is. A disabled or terminated
subscription may come from any status and may have released its resources, so only the loosest class fits always.
"""


def is_safe(status: SubscriptionLifecycle, following: SubscriptionLifecycle) -> bool:
    """True if ``following`` may come after ``status``; a status may always be repeated.

    >>> is_safe(SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.INITIAL)
    False
    """
    # A step may run more than once, so a step that sets a status may find it set already.
    return following is status or following in SAFE_TRANSITIONS[status]


def check_transition(status: SubscriptionLifecycle, following: SubscriptionLifecycle, *, subscription_id: UUID) -> None:
    """Raise ``UnsafeTransition`` if ``following`` may not come after ``status``."""
    if not is_safe(status, following):
        allowed = [str(candidate) for candidate in SubscriptionLifecycle if candidate in SAFE_TRANSITIONS[status]]
        raise UnsafeTransition(subscription_id, str(status), str(following), allowed=allowed)
