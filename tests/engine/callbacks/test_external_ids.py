"""A delivery by the service's own id meets the action that names its job: before, after, and at the same moment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, text
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.playbooks import judge

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.rules import Delivery, Receipt
from orchestrator_gql.callbacks.signature import Proof
from orchestrator_gql.commands.callback_deliveries import receive_delivery
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.reads.audit import audit_page
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import callbacks, unclaimed_deliveries
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import EventKind, Json, ProcessStatus, State
from orchestrator_gql.utils.json import encode
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, COMPLETED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED, ProcessStatus.FAILED
CREDENTIAL = "s3cret-of-the-proxy"
SERVICES = {"proxy": {"credential_sha256": sha256(CREDENTIAL.encode()).hexdigest()}}


@dataclass(slots=True)
class Job:
    """The job of the service: its action returns the id of the job once it may."""

    may_return: asyncio.Event = field(default_factory=asyncio.Event)
    is_ordered: asyncio.Event = field(default_factory=asyncio.Event)

    def flow(self) -> Workflow:
        """A workflow with this job."""

        @step("Order")
        async def order(callback_route: str) -> State:
            self.is_ordered.set()
            await self.may_return.wait()
            return {"remote_ref": "job-7"}

        @workflow("Order")
        def orders() -> Any:
            return begin >> callback_step("Job", order, judge, service="proxy", timeout=1800)

        return orders


async def deliver(engine: Engine, payload: Json, *, is_failure: bool = False) -> Receipt:
    """Deliver by the id of the job."""
    body = encode(payload).encode()
    address = Address(service="proxy", ref="job-7", proof=Proof(body, bearer=CREDENTIAL))
    delivery = Delivery.of(payload, body, peer="192.0.2.7", is_failure=is_failure)
    return await receive_delivery(engine.runtime, address, delivery)


async def unclaimed(engine: Engine) -> int:
    """The number of deliveries that no action claimed."""
    table = metadata.tables["unclaimed_letters"]
    return len(await engine.read(lambda conn: conn.execute(table.select()).all()))


async def started(engine: Engine, job: Job) -> UUID:
    """A process whose action orders the job and has not returned yet."""
    process_id = await engine.start(engine.runtime.registry.get("orders"))
    await asyncio.wait_for(job.is_ordered.wait(), 20)
    return process_id


async def audited(engine: Engine, process_id: UUID) -> list[tuple[str, str | None]]:
    """The actions and actors in the audit log of the process."""
    page = await audit_page(engine.runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(100))
    return [(entry.action, entry.actor) for _, entry in reversed(page.items)]


@pytest.mark.one_dispatcher
async def test_claimed_deliveries_are_judged_like_others_and_as_of_their_arrival(offer: Offer) -> None:
    job = Job()
    engine = await offer(job.flow(), services=SERVICES)
    process_id = await started(engine, job)

    first = await deliver(engine, {"rc": 0})
    await deliver(engine, {"rc": 1})
    engine.turn(1000)
    await deliver(engine, {"rc": 2})
    engine.turn(1000)  # the deadline passes while the action runs
    await deliver(engine, {"rc": 3})
    job.may_return.set()
    await engine.reaches(process_id, COMPLETED)

    assert [(attempt.outcome, attempt.receipt == first.receipt) for attempt in await engine.attempts(process_id)] == [
        ("ACCEPTED", True),
        ("CONFLICT", False),
        ("CONFLICT", False),
        ("CONFLICT", False),
    ]
    assert await audited(engine, process_id) == [("startWorkflow", "local"), ("receiveCallback", "proxy")]
    assert len(await engine.events(process_id, EventKind.CALLBACK_RECEIVED)) == 1


@pytest.mark.one_dispatcher
async def test_a_delivery_after_the_deadline_is_late_also_if_it_is_claimed(offer: Offer) -> None:
    job = Job()
    engine = await offer(job.flow(), services=SERVICES)
    process_id = await started(engine, job)

    engine.turn(1800)
    await deliver(engine, {"rc": 0})
    job.may_return.set()
    await engine.reaches(process_id, FAILED)

    assert [attempt.outcome for attempt in await engine.attempts(process_id)] == ["LATE"]
    assert await audited(engine, process_id) == [("startWorkflow", "local")]


@pytest.mark.one_dispatcher
async def test_a_claimed_failure_report_fails_the_step_and_has_an_audit_entry(offer: Offer) -> None:
    job = Job()
    engine = await offer(job.flow(), services=SERVICES)
    process_id = await started(engine, job)

    await deliver(engine, {"code": "busy", "message": "try later"}, is_failure=True)
    job.may_return.set()
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "busy"
    assert await audited(engine, process_id) == [("startWorkflow", "local"), ("failCallback", "proxy")]


@pytest.mark.one_dispatcher
async def test_equal_deliveries_for_an_unknown_job_at_once_get_one_receipt(offer: Offer) -> None:
    engine = await offer(Job().flow(), services=SERVICES)

    receipts = await asyncio.gather(*(deliver(engine, {"rc": 0}) for _ in range(8)))

    assert {receipt.is_unclaimed for receipt in receipts} == {True}
    assert len({receipt.receipt for receipt in receipts}) == 1
    assert await unclaimed(engine) == 1


def _until_the_claim_moved(conn: Connection) -> None:
    """Wait until the action is committed, or its commit waits for a lock. Every statement reads current rows."""
    for _ in range(500):
        is_claimed = conn.execute(text("SELECT 1 FROM callbacks WHERE remote_ref IS NOT NULL")).first()
        is_waiting = conn.execute(text("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).first()
        if is_claimed or is_waiting:
            return
        conn.execute(text("SELECT pg_sleep(0.02)"))
    raise AssertionError("the action was not committed, and does not wait")


def _at_the_first_look(patch: pytest.MonkeyPatch, meanwhile: Callable[[Connection], None]) -> None:
    by_ref, looks = callbacks.by_ref, list[str]()

    def look(conn: Connection, service: str, ref: str) -> Any:
        found = by_ref(conn, service, ref)
        looks.append(ref)
        if len(looks) == 1:
            meanwhile(conn)
        return found

    patch.setattr(callbacks, "by_ref", look)


def _just_before_it_is_stored(patch: pytest.MonkeyPatch, meanwhile: Callable[[Connection], None]) -> None:
    keep = unclaimed_deliveries.keep

    def keep_late(conn: Connection, *delivery: Any) -> Any:
        meanwhile(conn)
        return keep(conn, *delivery)

    patch.setattr(unclaimed_deliveries, "keep", keep_late)


@pytest.mark.parametrize("moment", [_at_the_first_look, _just_before_it_is_stored])
async def test_no_delivery_is_lost_between_the_look_for_its_job_and_the_commit_of_the_action(
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    moment: Callable[[pytest.MonkeyPatch, Callable[[Connection], None]], None],
) -> None:
    job = Job()

    def return_now(conn: Connection) -> None:
        job.may_return.set()
        _until_the_claim_moved(conn)

    with postgres.database() as url:
        async with engine_of(url, job.flow(), services=SERVICES) as engine:
            process_id = await started(engine, job)
            moment(monkeypatch, return_now)
            await deliver(engine, {"rc": 0})
            await engine.reaches(process_id, COMPLETED)
            assert await unclaimed(engine) == 0
            assert [attempt.outcome for attempt in await engine.attempts(process_id)] == ["ACCEPTED"]
