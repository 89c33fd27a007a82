"""Every decision has an audit entry in its transaction, and later changes of the log are detected."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, delete, insert, select, update
from support.engine import Engine
from support.operator import ADA, BOB
from support.playbooks import calls
from support.remote import Remote, answer, fail

from orchestrator_gql.audit.entries import AuditEntry
from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
    reissue_callback,
)
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.workers.audit_sealer import seal_new
from orchestrator_gql.reads.audit import Verified, audit_list, verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage.audit import AuditFilter, record
from orchestrator_gql.storage.audit_seals import has_unsealed
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.tables import audit
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import CallbackClosed, Forbidden, InvalidState, PayloadInvalid
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher

AWAITING, FAILED, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED, ProcessStatus.COMPLETED


async def entries(engine: Engine, process_id: UUID | None = None) -> list[AuditEntry]:
    """The audit log, oldest entry first."""
    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(200))
    return [entry for _, entry in page.items][::-1]


async def verified(engine: Engine, after: str | None = None, first: int = 10_000) -> Verified:
    """The result of a verification of the chains."""
    return await verify_audit(engine.runtime, LOCAL_OPERATOR, after=after, first=first)


async def test_every_operator_action_on_a_callback_has_an_entry_with_actor_and_reason(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60))
    process_id = await engine.start(flow)
    first = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await reissue_callback(engine.runtime, ADA, callback_id=(await engine.callback(process_id)).id, reason="lost")
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    id = (await engine.callback(process_id)).id
    await reawait_callback(engine.runtime, BOB, callback_id=id, timeout=120, reason="slow today")
    await complete_callback(engine.runtime, ADA, callback_id=id, result={"rc": 0}, reason="seen on the device")
    await engine.reaches(process_id, COMPLETED)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, first, {"rc": 0})

    log = await entries(engine, process_id)

    assert [(entry.action, entry.actor, entry.details.get("reason")) for entry in log] == [
        ("startWorkflow", "local", None),
        ("reissueCallback", "ada", "lost"),
        ("reawaitCallback", "bob", "slow today"),
        ("completeCallback", "ada", "seen on the device"),
    ]
    assert (await verified(engine)).broken is None


async def test_deliveries_adoptions_and_aborts_have_entries_without_the_delivered_payload(
    offer: Offer,
) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60))
    adopted, failed, aborted = [await engine.start(flow) for _ in range(3)]
    tokens = {id: await remote.asked() for id in (adopted, failed, aborted)}
    for id in tokens:
        await engine.reaches(id, AWAITING)
    by_process = {}
    for id in tokens:
        hint = (await engine.callback(id)).token_hint
        by_process[id] = next(token for token in remote.tokens if token.endswith(hint))
    await fail(engine.runtime, by_process[failed], "no route")
    await abort_process(engine.runtime, BOB, process_id=aborted, reason="wrong site")
    engine.turn(60)
    await engine.reaches(adopted, FAILED)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, by_process[adopted], {"rc": 0, "note": "what was sent"})
    (attempt,) = await engine.attempts(adopted)
    await adopt_callback_attempt(engine.runtime, ADA, attempt_id=attempt.id, reason="it did finish")
    await engine.reaches(adopted, COMPLETED)
    await set_engine_state(engine.runtime, ADA, paused=True, reason="switch upgrade")

    log = await entries(engine)

    actions = {(entry.process_id, entry.action): entry for entry in log}
    assert actions[adopted, "adoptCallbackAttempt"].details["attempt_id"] == str(attempt.id)
    assert actions[failed, "failCallback"].actor == "remote service"
    assert actions[aborted, "abortProcess"].details == {"reason": "wrong site"}
    assert actions[None, "setEngineState"].details == {"state": "PAUSED", "reason": "switch upgrade"}
    assert log
    assert remote.tokens
    assert not any("what was sent" in str(entry.details) or "no route" in str(entry.details) for entry in log)
    assert not any(token in str(log) for token in remote.tokens)


async def test_a_refused_action_has_no_entry(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote))
    process_id = await engine.start(flow)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    with pytest.raises(InvalidState):
        await abort_process(engine.runtime, ADA, process_id=process_id)

    assert [entry.action for entry in await entries(engine, process_id)] == ["startWorkflow", "receiveCallback"]


def _edited(conn: Connection, rows: list[Any]) -> None:
    conn.execute(update(audit).where(audit.c.id == rows[1].id).values(actor="mallory"))


def _details_edited(conn: Connection, rows: list[Any]) -> None:
    conn.execute(update(audit).where(audit.c.id == rows[1].id).values(details={"reason": "another"}))


def _removed(conn: Connection, rows: list[Any]) -> None:
    conn.execute(delete(audit).where(audit.c.id == rows[1].id))


def _first_removed(conn: Connection, rows: list[Any]) -> None:
    conn.execute(delete(audit).where(audit.c.id == rows[0].id))


def _reordered(conn: Connection, rows: list[Any]) -> None:
    for row, seq in ((rows[1], 1000), (rows[2], rows[1].seq), (rows[1], rows[2].seq)):
        conn.execute(update(audit).where(audit.c.id == row.id).values(seq=seq))


def _inserted(conn: Connection, rows: list[Any]) -> None:
    last = rows[-1]._mapping
    conn.execute(insert(audit), {**last, "id": new_id(), "seq": last["seq"] + 1, "previous": last["digest"]})


def _moved_to_another_chain(conn: Connection, rows: list[Any]) -> None:
    conn.execute(update(audit).where(audit.c.id == rows[-1].id).values(chain=new_id()))


@pytest.mark.parametrize(
    "tamper",
    [_edited, _details_edited, _removed, _first_removed, _reordered, _inserted, _moved_to_another_chain],
)
async def test_a_changed_row_is_detected(offer: Offer, tamper: Callable[[Connection, list[Any]], None]) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote))
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    id = (await engine.callback(process_id)).id
    for minutes in (1, 2):
        await reawait_callback(engine.runtime, ADA, callback_id=id, timeout=60 * minutes)
    other = await engine.start(flow)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    await engine.reaches(other, COMPLETED)
    before = await verified(engine)

    def act(conn: Connection) -> None:
        mine = select(audit).where(audit.c.chain == process_id).order_by(audit.c.seq)
        tamper(conn, list(conn.execute(mine)))

    await engine.runtime.database.transaction(act)
    verification = await verified(engine)

    assert (before.broken, before.entries, before.has_more) == (None, 5, False)
    assert verification.fault


async def test_an_entry_forged_without_the_key_is_detected(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote), audit_key="a key of the deployment")
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)

    def forge(conn: Connection) -> None:
        now = engine.clock.now()
        record(conn, b"guessed", process_id, actor="ada", action="abortProcess", details={}, now=now)

    await engine.runtime.database.transaction(forge)
    verification = await verified(engine)

    assert verification.broken is not None
    assert verification.broken.action == "abortProcess"


async def test_the_chains_are_verified_in_pages_of_any_size(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote))
    for _ in range(3):
        process_id = await engine.start(flow)
        await answer(engine.runtime, await remote.asked(), {"rc": 0})
        await engine.reaches(process_id, COMPLETED)
    while await engine.runtime.database.read(has_unsealed):  # entries sealed between two pages are verified twice
        await seal_new(engine.runtime)

    entry_count, after, pages = 0, None, 0
    while True:
        verification = await verified(engine, after, 4)
        assert verification.broken is None
        entry_count, after, pages = entry_count + verification.entries, verification.cursor, pages + 1
        if not verification.has_more:
            break

    assert (entry_count, pages) == (6, 2)
    with pytest.raises(PayloadInvalid):
        await verified(engine, first=0)


async def test_only_principals_with_the_permission_read_the_log(offer: Offer) -> None:
    engine = await offer()
    clerk = Principal("carl", "Carl", permissions=frozenset(Permission) - {Permission.READ_AUDIT})

    with pytest.raises(Forbidden):
        await audit_list.page(engine.runtime, clerk, AuditFilter(), PageArgs(10))
    with pytest.raises(Forbidden):
        await verify_audit(engine.runtime, clerk, after=None, first=10)
