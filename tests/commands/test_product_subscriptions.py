"""setInSync, on both databases: who may, on what, and what the audit log keeps."""

from uuid import UUID, uuid4

import pytest
from conftest import Offer
from support.engine import Engine
from support.network import Node, begun, create_node, lock_of, made, modifies, rested
from support.operator import ADA

from orchestrator_gql import inputstep, step
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.commands.product_subscriptions import set_in_sync
from orchestrator_gql.config.principals import ROLES
from orchestrator_gql.forms import FormPage
from orchestrator_gql.reads.audit import audit_page, verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import EventKind, FormGenerator
from orchestrator_gql.utils.errors import Forbidden, NotFound, OrchestratorError, PayloadInvalid, SubscriptionLocked


@step("Touch the network")
def touch() -> None:
    return None


@inputstep("Confirm")
def ask() -> FormGenerator:
    yield FormPage
    return {}


CHANGE = modifies(Node, touch, ask)


async def held(engine: Engine) -> tuple[str, UUID]:
    """A node and the process that holds it."""
    node = await made(engine, create_node)
    process_id = await begun(engine, CHANGE, subscription_id=node)
    await rested(engine, process_id)
    return node, process_id


@pytest.mark.one_dispatcher
async def test_an_operator_puts_in_sync_what_an_abort_left_and_the_audit_log_says_why(offer: Offer) -> None:
    engine = await offer(create_node, CHANGE)
    node, process_id = await held(engine)
    with pytest.raises(SubscriptionLocked, match="or abort it") as locked:
        await set_in_sync(engine.runtime, ADA, subscription_id=UUID(node), reason="I looked.")
    await abort_process(engine.runtime, ADA, process_id=process_id)
    events = len(await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED))

    row = await set_in_sync(engine.runtime, ADA, subscription_id=UUID(node), reason=" I looked. ")
    again = await set_in_sync(engine.runtime, ADA, subscription_id=UUID(node), reason="Again.")

    assert locked.value.process_id == process_id
    assert row.insync is again.insync is True
    assert await lock_of(engine, node) is None
    page = await audit_page(engine.runtime, LOCAL_OPERATOR, AuditFilter(actions=["setInSync"]), PageArgs(10, None))
    ((_, entry),) = page.items
    assert entry.actor == "ada"
    assert entry.details == {"product_subscription_id": node, "left_by": str(process_id), "reason": "I looked."}
    assert (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=100)).fault is None
    assert len(await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED)) == events + 1


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("reason", ["", " \n", "x" * 1_001])
async def test_a_reason_is_required(offer: Offer, reason: str) -> None:
    engine = await offer(create_node)
    node = await made(engine, create_node)

    with pytest.raises(PayloadInvalid) as invalid:
        await set_in_sync(engine.runtime, ADA, subscription_id=UUID(node), reason=reason)

    assert [error.path for error in invalid.value.errors] == [("reason",)]


@pytest.mark.one_dispatcher
async def test_it_needs_its_own_permission_and_a_subscription(offer: Offer) -> None:
    engine = await offer(create_node)
    carl = Principal("carl", "Carl", permissions=frozenset(Permission) - {Permission.SET_IN_SYNC})

    with pytest.raises(Forbidden, match="SET_IN_SYNC"):
        await set_in_sync(engine.runtime, carl, subscription_id=uuid4(), reason="I looked.")
    with pytest.raises(NotFound):
        await set_in_sync(engine.runtime, ADA, subscription_id=uuid4(), reason="I looked.")
    assert {role for role, held in ROLES.items() if Permission.SET_IN_SYNC in held} == {"operator", "admin"}


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("state", ["in sync", "held", "left", "unknown"])
async def test_only_a_role_with_the_permission_puts_it_in_sync_and_another_learns_nothing(
    offer: Offer, state: str
) -> None:
    engine = await offer(create_node, CHANGE)
    node, process_id = await held(engine)
    if state in ("in sync", "left"):
        await abort_process(engine.runtime, ADA, process_id=process_id)
    if state == "in sync":
        await set_in_sync(engine.runtime, ADA, subscription_id=UUID(node), reason="I looked.")
    id = uuid4() if state == "unknown" else UUID(node)
    before = await lock_of(engine, node)
    outcomes = {}
    for role, permissions in sorted(ROLES.items(), key=lambda each: Permission.SET_IN_SYNC in each[1]):
        try:
            await set_in_sync(
                engine.runtime, Principal(role, role, permissions=permissions), subscription_id=id, reason="x"
            )
            outcomes[role] = "done"
        except OrchestratorError as error:
            outcomes[role] = error.code
        if Permission.SET_IN_SYNC not in permissions:
            assert await lock_of(engine, node) == before

    allowed = {"in sync": "done", "held": "subscription-locked", "left": "done", "unknown": "not-found"}[state]
    assert outcomes == {
        role: allowed if Permission.SET_IN_SYNC in permissions else "forbidden" for role, permissions in ROLES.items()
    }
    assert len(set(outcomes.values())) == 2
