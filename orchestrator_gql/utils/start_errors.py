"""The errors that refuse to start a workflow: because of its lock, or on a product subscription.

Refused
├── ResourceLocked          another process holds a key of the workflow's lock
├── SubscriptionOutOfSync   an aborted process may have left a change
├── SubscriptionInUse       other product subscriptions use the product subscription
├── ProductMismatch         the workflow is for other products
└── StatusMismatch          the workflow does not start from this status
"""

from orchestrator_gql.utils.errors import Refused


class ResourceLocked(Refused):
    """Another process holds a key of this workflow's lock, or waits for it."""

    code = "resource-locked"


class SubscriptionOutOfSync(Refused):
    """A process left this product subscription out of sync: validate it, reconcile it, or set it in sync."""

    code = "subscription-out-of-sync"


class SubscriptionInUse(Refused):
    """Other product subscriptions use this product subscription."""

    code = "subscription-in-use"


class ProductMismatch(Refused):
    """This workflow is for subscriptions to other products."""

    code = "product-mismatch"


class StatusMismatch(Refused):
    """This workflow does not start on a product subscription in this status."""

    code = "status-mismatch"
