"""The standard steps of workflows on product subscriptions.

If a step returns a product subscription, the engine saves it and links it to the process, in the commit of the step.
So none of these steps uses the database.
"""

from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.targets import Target
from orchestrator_gql.types import State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow.language import step
from orchestrator_gql.workflow.model import ActionStep


def store_process_subscription(workflow_target: Target | None = None) -> ActionStep:
    """Link the process to the product subscription of ``subscription_id``, and put it into the state.

    The target is that of the workflow. The argument has no effect: it exists for workflows that still pass it.
    """

    @step("Create process subscription relation")
    def relate(subscription_id: SubscriptionModel) -> State:
        return {"subscription": subscription_id}

    return relate


def set_status(status: SubscriptionLifecycle) -> ActionStep:
    """Change the status of the product subscription, and validate it against the class of the new status."""

    @step(f"Set subscription to '{status.value}'")
    def change(subscription: SubscriptionModel) -> State:
        if subscription.status is status:
            return {}
        return {"subscription": SubscriptionModel.from_other_lifecycle(subscription, status)}

    return change


@step("Lock subscription")
def unsync(subscription_id: SubscriptionModel) -> State:
    """Take the product subscription out of sync: no other process may start on it."""
    if not subscription_id.insync:
        raise ProcessFailureError("The product subscription is already out of sync: another process changed it.")
    return _with_sync(subscription_id, is_in_sync=False)


@step("Lock subscription")
def unsync_unchecked(subscription_id: SubscriptionModel) -> State:
    """Take the product subscription out of sync, also if it is out of sync already."""
    return _with_sync(subscription_id, is_in_sync=False)


@step("Unlock subscription")
def resync(subscription: SubscriptionModel) -> State:
    """Put the product subscription back in sync: it describes what the network does."""
    return _with_sync(subscription, is_in_sync=True)


def _with_sync(subscription: SubscriptionModel, *, is_in_sync: bool) -> State:
    return {"subscription": subscription.model_copy(update={"insync": is_in_sync})}
