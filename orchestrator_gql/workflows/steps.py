"""The standard steps of workflows on product subscriptions.

If a step returns a product subscription, the engine saves it and links it to the process, in the commit of the step.
So none of these steps uses the database.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from orchestrator_gql.domain import SubscriptionModel, SyncChange
from orchestrator_gql.targets import Target
from orchestrator_gql.types import State, SubscriptionLifecycle
from orchestrator_gql.workflow.language import step
from orchestrator_gql.workflow.limits import demand_status
from orchestrator_gql.workflow.model import ActionStep


def _bookkeeping(name: str) -> Callable[[Callable[..., Any]], ActionStep]:
    """A step that changes nothing outside the orchestrator: an abort after it gives the lock back."""
    return lambda function: replace(step(name)(function), is_bookkeeping=True)


def store_process_subscription(workflow_target: Target | None = None) -> ActionStep:
    """Link the process to the product subscription of ``subscription_id``, and put it into the state.

    The target is that of the workflow. The argument has no effect: it exists for workflows that still pass it.
    """

    @_bookkeeping("Create process subscription relation")
    def relate(subscription_id: SubscriptionModel) -> State:
        return {"subscription": subscription_id}

    return relate


def set_status(status: SubscriptionLifecycle) -> ActionStep:
    """Change the status of the product subscription, and validate it against the class of the new status."""
    new_status = demand_status(status, "status of `set_status`")

    @step(f"Set subscription to '{new_status.value}'")
    def change(subscription: SubscriptionModel) -> State:
        if subscription.status is new_status:
            return {}
        return {"subscription": SubscriptionModel.from_other_lifecycle(subscription, new_status)}

    return change


@_bookkeeping("Lock subscription")
def unsync(subscription_id: SubscriptionModel) -> State:
    """Lock the product subscription: only this process may change it.

    The step fails if another process holds it or left it out of sync. A modification and a termination hold it from
    their start, so there the step changes nothing.
    """
    return {"subscription": subscription_id.with_sync(SyncChange.LOCK)}


@_bookkeeping("Lock subscription")
def unsync_unchecked(subscription_id: SubscriptionModel) -> State:
    """Lock the product subscription unless another process holds it, also if it is out of sync."""
    return {"subscription": subscription_id.with_sync(SyncChange.LOCK_UNCHECKED)}


@step("Unlock subscription")
def resync(subscription: SubscriptionModel) -> State:
    """Put the product subscription back in sync, unless another process holds it: it describes the network."""
    return {"subscription": subscription.with_sync(SyncChange.UNLOCK)}
