"""setInSync and the edits of texts, on both databases: who may, on what, and what the audit log keeps."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from sqlalchemy import Connection, select
from support.engine import Engine
from support.network import Node, begun, create_node, lock_of, made, model_of, modifies, rested, run, terminates
from support.operator import ADA, confirm

from orchestrator_gql import inputstep, step
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.commands.product_subscriptions import (
    set_in_sync,
    update_customer_description,
    update_product_subscription_note,
)
from orchestrator_gql.config.principals import ROLES
from orchestrator_gql.forms import FormPage
from orchestrator_gql.reads.audit import audit_list, verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.tables import product_subscription_versions
from orchestrator_gql.types import EventKind, FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import (
    Forbidden,
    NotFound,
    OrchestratorError,
    PayloadInvalid,
    StaleVersion,
    SubscriptionLocked,
)


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
    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(actions=["setInSync"]), PageArgs(10, None))
    ((_, entry),) = page.items
    assert entry.actor == "ada"
    assert entry.details == {"product_subscription_id": node, "left_by": str(process_id), "reason": "I looked."}
    assert (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=100)).fault is None
    assert len(await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED)) == events + 1


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("reason", ["", " \n", "x" * 10_001])
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


@step("Rename the node")
def rename(subscription: Node, name: str = "utr-1") -> State:
    subscription.node.node_name = name
    return {"subscription": subscription}


@step("Write a note")
def write_note(subscription: Node, text: str = "by the step") -> State:
    subscription.note = text
    return {"subscription": subscription}


@step("Return what it loaded")
def return_it(subscription: Node) -> State:
    return {"subscription": subscription}


EDITS: list[tuple[str, str, Callable[..., Any], int]] = [
    ("note", "updateProductSubscriptionNote", update_product_subscription_note, 10_000),
    ("customer_description", "updateCustomerDescription", update_customer_description, 1_000),
]


def text_argument(edit: Callable[..., Any], text: str | None) -> dict[str, Any]:
    """The argument of the edit that has the text."""
    return {"note" if edit is update_product_subscription_note else "description": text}


async def versions_of(engine: Engine, id: str) -> list[dict[str, Any]]:
    """The changes of the versions, the newest first."""

    def read(conn: Connection) -> list[dict[str, Any]]:
        v = product_subscription_versions.c
        query = select(v.changes).where(v.subscription_id == UUID(id))
        return list(conn.execute(query.order_by(v.version.desc())).scalars())

    return await engine.read(read)


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(("field", "action", "edit", "longest"), EDITS, ids=[case[0] for case in EDITS])
async def test_a_person_edits_a_text_beside_the_model(
    offer: Offer, field: str, action: str, edit: Callable[..., Any], longest: int
) -> None:
    engine = await offer(create_node)
    id = await made(engine, create_node)
    events = len(await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED))

    async def write(text: str | None, version: int | None = None) -> Any:
        given = {"subscription_id": UUID(id), "expected_version": version, **text_argument(edit, text)}
        return await edit(engine.runtime, ADA, **given)

    first = await write("Call\0me", 2)
    same = await write("Call\ufffdme")
    with pytest.raises(StaleVersion) as stale:
        await write("Another", 2)
    gone = await write("  ", 3)
    with pytest.raises(PayloadInvalid):
        await write("x" * (longest + 1))
    with pytest.raises(NotFound):
        await edit(engine.runtime, ADA, subscription_id=uuid4(), **text_argument(edit, "x"))
    with pytest.raises(Forbidden, match="EDIT_NOTE"):
        other = Principal("carl", "Carl", permissions=frozenset(Permission) - {Permission.EDIT_NOTE})
        await edit(engine.runtime, other, subscription_id=UUID(id), **text_argument(edit, "x"))

    assert (getattr(first, field), first.version) == ("Call\ufffdme", 3)
    assert same.version == 3
    assert stale.value.current_version == 3
    assert (getattr(gone, field), gone.version) == (None, 4)
    assert [*(await versions_of(engine, id))[:2]] == [
        {field: {"from": "Call\ufffdme", "to": None}},
        {field: {"from": None, "to": "Call\ufffdme"}},
    ]
    assert len(await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED)) == events + 2
    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(actions=[action]), PageArgs(10, None))
    details = [entry.details for _, entry in page.items]
    assert [each["version"] for each in details] == [4, 3]
    assert [set(each) for each in details] == [
        {"product_subscription_id", "version"},
        {"product_subscription_id", "version", "digest"},
    ]
    assert (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=100)).fault is None


@pytest.mark.one_dispatcher
async def test_a_note_written_while_a_process_works_is_kept_and_disturbs_nothing(offer: Offer) -> None:
    @step("Load it early")
    def load(subscription: Node) -> State:
        return {"early": subscription.model_dump(mode="json")}

    change = modifies(Node, load, ask, rename)
    engine = await offer(create_node, change)
    id = await made(engine, create_node)
    process_id = await begun(engine, change, subscription_id=id)
    await rested(engine, process_id)
    await update_product_subscription_note(engine.runtime, ADA, subscription_id=UUID(id), note="Call me")
    await update_customer_description(engine.runtime, ADA, subscription_id=UUID(id), description="Core of Ada")

    await confirm(engine, process_id)
    process = await rested(engine, process_id)
    model = await model_of(engine, id)
    row = (await engine.read(lambda conn: product_subscriptions.rows(conn, [UUID(id)])))[UUID(id)]

    assert process.status is ProcessStatus.COMPLETED, process.failure
    assert (model["node"]["node_name"], model["note"]) == ("utr-1", "Call me")
    assert (row.note, row.customer_description) == ("Call me", "Core of Ada")


@pytest.mark.one_dispatcher
async def test_every_change_of_a_subscription_is_an_event_with_who_made_it(offer: Offer) -> None:
    engine = await offer(create_node, CHANGE, ending := terminates(Node))
    seen = 0

    async def new_events() -> list[tuple[str, str | None]]:
        nonlocal seen
        every = await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED)
        new, seen = every[seen:], len(every)
        return [(each.payload["product_subscription_id"], each.actor) for each in new]

    id = await made(engine, create_node)
    created = await new_events()
    holder = await begun(engine, CHANGE, subscription_id=id)
    await rested(engine, holder)
    locked = await new_events()
    await update_product_subscription_note(engine.runtime, ADA, subscription_id=UUID(id), note="x")
    noted = await new_events()
    await update_customer_description(engine.runtime, ADA, subscription_id=UUID(id), description="x")
    named = await new_events()
    await abort_process(engine.runtime, ADA, process_id=holder)
    left = await new_events()
    await set_in_sync(engine.runtime, ADA, subscription_id=UUID(id), reason="I looked.")
    mended = await new_events()
    await run(engine, ending, subscription_id=id)
    saved = await new_events()

    assert {each for each, _ in (*created, *locked, *noted, *named, *left, *mended, *saved)} == {id}
    assert len(created) >= 2  # made, and active
    assert locked == [(id, "local")]
    assert noted == named == mended == [(id, "ada")]
    assert len(left) == 1
    assert len(saved) >= 3  # locked, saved, unlocked


CHANGERS = [("another field", rename, "utr-1", "Call me"), ("nothing", return_it, "ams-1", "Call me")]


@pytest.mark.each_pair
@pytest.mark.one_dispatcher
@pytest.mark.parametrize(("title", "changes", "name", "note"), CHANGERS, ids=[case[0] for case in CHANGERS])
async def test_a_step_that_loaded_before_the_note_keeps_it(
    offer: Offer, title: str, changes: Any, name: str, note: str
) -> None:
    engine = await offer(create_node, workflow := modifies(Node, _edited_meanwhile(changes)))
    id = await made(engine, create_node)
    MEANWHILE.append(lambda: update_product_subscription_note(engine.runtime, ADA, subscription_id=UUID(id), note=note))

    await run(engine, workflow, subscription_id=id)
    model = await model_of(engine, id)

    assert (model["node"]["node_name"], model["note"]) == (name, note)


@pytest.mark.one_dispatcher
async def test_a_step_that_changes_the_note_too_fails_and_its_retry_succeeds(offer: Offer) -> None:
    engine = await offer(create_node, workflow := modifies(Node, _edited_meanwhile(write_note)))
    id = await made(engine, create_node)
    MEANWHILE.append(
        lambda: update_product_subscription_note(engine.runtime, ADA, subscription_id=UUID(id), note="Mine")
    )

    process = await rested(engine, await begun(engine, workflow, subscription_id=id))
    kept = (await model_of(engine, id))["note"]

    assert process.failure is not None
    assert process.failure.code == "subscription-stale"
    assert "a person edited its note" in process.failure.message
    assert kept == "Mine"
    await retry_process(engine.runtime, ADA, process_id=process.id)
    await engine.reaches(process.id, ProcessStatus.COMPLETED)
    assert (await model_of(engine, id))["note"] == "by the step"


MEANWHILE: list[Callable[[], Any]] = []
"""What happens after the next step has loaded its subscription, once."""


def _edited_meanwhile(change: Any) -> Any:
    """A step that changes what it loaded, after something else has happened."""

    @step("Change it")
    async def changing(subscription: Node) -> State:
        if MEANWHILE:
            await MEANWHILE.pop()()
        result: State = change.function(subscription)
        return result

    return changing


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
