"""The one check of a start: whether a workflow may start on a product subscription now.

The start form, `startWorkflow` and the list of startable workflows ask it, and the list of the product subscriptions on
which a workflow may start applies the same rule in SQL, so they always give the same answer.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.storage import product_subscription_lists, product_subscriptions
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.product_subscription_lists import ProductSubscriptionFilter, StartRule
from orchestrator_gql.storage.product_subscriptions import StartFacts
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.errors import (
    NotFound,
    Refused,
    StaleVersion,
    SubscriptionLocked,
)
from orchestrator_gql.utils.start_errors import (
    ProductMismatch,
    StatusMismatch,
    SubscriptionInUse,
    SubscriptionOutOfSync,
)
from orchestrator_gql.workflow.model import Workflow
from orchestrator_gql.workflows.offers import products_of, statuses_of

SUBSCRIPTION_ID = "subscription_id"
"""The key of the state, and of the first page of a start form, that names the product subscription."""

MOST_CHOICES = 200
"""The most subscriptions that the first page of a start form suggests."""

LOCKING = (Target.MODIFY, Target.TERMINATE, Target.RECONCILE)
"""The targets whose processes hold their subscription from the start. They start only if no other process holds it."""

IN_SYNC = (Target.MODIFY, Target.TERMINATE)
"""The targets whose processes start only on a subscription that is in sync."""


def works_on_subscription(workflow: Workflow) -> bool:
    """True if the target of the workflow is to work on an existing product subscription."""
    return bool(statuses_of(workflow))


def subscription_of(workflow: Workflow, state: State) -> UUID | None:
    """The product subscription on which the process will work; None if there is none. Raises `NotFound`."""
    value = state.get(SUBSCRIPTION_ID)
    if value is None or not works_on_subscription(workflow):
        return None
    try:
        return UUID(str(value))
    except ValueError:
        raise NotFound("product subscription", value) from None


def chosen_on_page(workflow: Workflow, pages: Sequence[Json]) -> UUID | None:
    """The product subscription that the first page names, if it is an id: the form says what is wrong otherwise."""
    page = pages[0] if pages else None
    if not isinstance(page, dict) or not works_on_subscription(workflow):
        return None
    try:
        return UUID(str(page.get(SUBSCRIPTION_ID)))
    except ValueError:
        return None


def demand_startable(
    conn: Connection, workflow: Workflow, subscription_id: UUID, version: int | None = None
) -> StartFacts:
    """Raise the error that refuses the start, if there is one; nothing is locked or written. Else return the facts.

    ``version`` is the version that was shown to the person who starts. Raises `NotFound`, `ProductMismatch`,
    `StatusMismatch`, `SubscriptionLocked`, `SubscriptionOutOfSync`, `SubscriptionInUse`, `StaleVersion`.
    """
    facts = product_subscriptions.start_facts(conn, [subscription_id]).get(subscription_id)
    if facts is None:
        raise NotFound("product subscription", subscription_id)
    reason = refusal(workflow, facts)
    if reason is not None:
        raise reason
    if version is not None and version != facts.version:
        raise StaleVersion(
            f"{facts.title} is at version {facts.version}, not {version}: read it again, then start again.",
            current_version=facts.version,
        )
    return facts


def rule_of(workflow: Workflow) -> StartRule:
    """Which product subscriptions the workflow may start on; none if its target works on no existing one."""
    return StartRule(
        product_ids=frozenset(product.product_id for product in products_of(workflow)),
        statuses=statuses_of(workflow),
        is_in_sync=workflow.target in IN_SYNC,
        is_free=workflow.target in LOCKING,
        is_unused=workflow.target is Target.TERMINATE and not workflow.allow_in_use,
    )


def refusal(workflow: Workflow, facts: StartFacts) -> Refused | None:
    """The error that refuses to start the workflow on the product subscription; None if it may start."""
    rule = rule_of(workflow)
    if facts.product_id not in rule.product_ids:
        names = ", ".join(product.name for product in products_of(workflow)) or "no product"
        return ProductMismatch(
            f"{workflow.name!r} is for {names}, and {facts.title} is not: start a workflow of its own product."
        )
    if facts.status not in rule.statuses:
        allowed = ", ".join(sorted(rule.statuses))
        return StatusMismatch(
            f"{facts.title} is {facts.status}, and {workflow.name!r} starts from {allowed}: start a workflow that "
            "changes the status first."
        )
    if facts.lock is not None and (rule.is_free if facts.lock.locked_by is not None else rule.is_in_sync):
        return _out_of_sync(facts)
    if rule.is_unused and facts.users:
        users = ", ".join(f"{user.description!r} ({user.status})" for user in facts.users[:5])
        more = f" and {len(facts.users) - 5} more" if len(facts.users) > 5 else ""
        return SubscriptionInUse(f"{facts.title} is in use by {users}{more}: terminate or change the users first.")
    return None


def _out_of_sync(facts: StartFacts) -> Refused:
    lock = facts.lock
    assert lock is not None
    if lock.locked_by is not None:
        since = f"{lock.locked_at:%Y-%m-%d %H:%M:%S} UTC" if lock.locked_at else "its start"
        return SubscriptionLocked(
            f"{facts.title} is held by process {facts.locked_by} since {since}: wait until it ends, or abort it.",
            process_id=lock.locked_by,
        )
    return SubscriptionOutOfSync(
        f"{facts.title} is out of sync: {lock.out_of_sync_reason} Process {facts.left_by} left it so. Validate "
        "it, reconcile it, or set it in sync.",
        process_id=lock.out_of_sync_by,
    )


def choices(conn: Connection, workflow: Workflow) -> dict[str, str]:
    """The newest product subscriptions on which the workflow may start, with what people call them, by id.

    They are suggestions: `demand_startable` decides about the one that is chosen, in this list or not.
    """
    wanted = ProductSubscriptionFilter(start=rule_of(workflow))
    page = product_subscription_lists.page(conn, wanted, PageArgs(MOST_CHOICES))
    return {str(row.id): f"{row.description} ({row.customer_id})" for _, row in page.items}


def lock_startable(conn: Connection, workflow: Workflow, subscription_id: UUID, version: int | None) -> StartFacts:
    """As `demand_startable`; nobody else can start on the subscription until this transaction ends."""
    product_subscriptions.lock_all(conn, [subscription_id])
    return demand_startable(conn, workflow, subscription_id, version)
