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
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import callbacks, processes, unclaimed_deliveries
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import EventKind, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import OrchestratorError
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
    ref: str | None = "job-7"

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
    await asyncio.wait_for(job.is_ordered.wait(), 60)
    return process_id


async def audited(engine: Engine, process_id: UUID) -> list[tuple[str, str | None]]:
    """The actions and actors in the audit log of the process."""
    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(100))
    return [(entry.action, entry.actor) for _, entry in reversed(page.items)]


@pytest.mark.one_dispatcher
async def test_claimed_deliveries_are_judged_like_others_and_as_of_their_arrival(offer: Offer) -> None:
    job = Job()
    engine = await offer(job.flow(), services=SERVICES)
    process_id = await started(engine, job)

    sent = [await deliver(engine, {"rc": 0}), await deliver(engine, {"rc": 1})]
    engine.turn(1000)
    sent.append(await deliver(engine, {"rc": 2}))
    engine.turn(1000)  # the deadline passes while the action runs
    sent.append(await deliver(engine, {"rc": 3}))
    job.may_return.set()
    await engine.reaches(process_id, COMPLETED)

    attempts = await engine.attempts(process_id)
    assert [(attempt.outcome, attempt.receipt) for attempt in attempts] == [
        ("ACCEPTED", sent[0].receipt),
        ("CONFLICT", sent[1].receipt),
        ("CONFLICT", sent[2].receipt),
        ("CONFLICT", sent[3].receipt),
    ]
    assert [attempt.at for attempt in attempts] == [receipt.received_at for receipt in sent]
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
    open_named = text("SELECT 1 FROM callbacks WHERE remote_ref IS NOT NULL AND status = 'PENDING'")
    for _ in range(500):
        is_claimed = conn.execute(open_named).first()
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


class Jobs:
    """A service that gives each of its jobs the same id, and the workflow that orders them."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def next(self) -> Job:
        """The job of the process that is started next."""
        self.jobs.append(Job())
        return self.jobs[-1]

    def flow(self, timeout: float = 1800) -> Workflow:
        """A workflow that orders the latest job."""

        @step("Order")
        async def order(callback_route: str) -> State:
            job = self.jobs[-1]
            job.is_ordered.set()
            await job.may_return.wait()
            return {"remote_ref": job.ref}

        @workflow("Order")
        def orders() -> Any:
            return begin >> callback_step("Job", order, judge, service="proxy", timeout=timeout)

        return orders


OLD, NEW = {"rc": 0, "of": "old"}, {"rc": 0, "of": "new"}


async def an_old_job(engine: Engine, jobs: Jobs, end: str) -> UUID:
    """A process whose callback had the id, and has ended in this way."""
    job = jobs.next()
    process_id = await started(engine, job)
    job.may_return.set()
    await engine.reaches(process_id, AWAITING)
    if end == "accepted":
        await deliver(engine, OLD)
        await engine.reaches(process_id, COMPLETED)
    elif end == "expired":
        engine.turn(1800)
        await engine.reaches(process_id, FAILED)
    else:
        await abort_process(engine.runtime, LOCAL_OPERATOR, process_id=process_id)
        await engine.reaches(process_id, ProcessStatus.ABORTED)
    return process_id


@pytest.mark.parametrize("is_first", [True, False], ids=["delivered first", "returned first"])
@pytest.mark.parametrize("payload", [OLD, NEW], ids=["equal", "other"])
@pytest.mark.parametrize("end", ["accepted", "expired", "withdrawn"])
@pytest.mark.one_dispatcher
async def test_an_id_that_is_used_again_brings_the_result_to_the_new_job(
    offer: Offer, end: str, payload: Json, is_first: bool
) -> None:
    jobs = Jobs()
    engine = await offer(jobs.flow(), services=SERVICES)
    old = await an_old_job(engine, jobs, end)
    job = jobs.next()
    new = await started(engine, job)

    if not is_first:
        job.may_return.set()
        await engine.reaches(new, AWAITING)
    receipt = await deliver(engine, payload)
    job.may_return.set()
    await engine.reaches(new, COMPLETED)

    is_repeat = end == "accepted" and payload == OLD and is_first
    assert (receipt.is_duplicate, receipt.is_unclaimed) == (is_repeat, is_first and not is_repeat)
    assert [attempt.outcome for attempt in await engine.attempts(new)] == ["ACCEPTED"]
    assert (await engine.process(new)).state["callback_result"] == payload
    assert (await engine.process(old)).status is not AWAITING
    assert await unclaimed(engine) == 0


@pytest.mark.parametrize("end", ["accepted", "expired", "withdrawn"])
@pytest.mark.one_dispatcher
async def test_what_belongs_to_the_old_job_stays_there_and_is_kept_for_an_hour_only(offer: Offer, end: str) -> None:
    refused = {"accepted": "CONFLICT", "expired": "LATE", "withdrawn": "WITHDRAWN"}[end]
    jobs = Jobs()
    engine = await offer(jobs.flow(), services=SERVICES)
    old = await an_old_job(engine, jobs, end)
    with pytest.raises(OrchestratorError):
        await deliver(engine, {"rc": 1})  # no action runs
    assert await unclaimed(engine) == 0
    job = jobs.next()
    job.ref = "job-8"
    new = await started(engine, job)

    assert (await deliver(engine, {"rc": 2})).is_unclaimed
    job.may_return.set()
    await engine.reaches(new, AWAITING)
    with pytest.raises(OrchestratorError):
        await deliver(engine, {"rc": 3})  # the new callback has its own id

    assert [attempt.outcome for attempt in await engine.attempts(old)][-3:] == [refused] * 3
    assert await engine.attempts(new) == []
    assert await unclaimed(engine) == 1
    engine.turn(1000)
    latest = jobs.next()
    third = await started(engine, latest)  # its callback was issued after the delivery
    latest.may_return.set()
    await engine.reaches(third, AWAITING)
    assert await engine.attempts(third) == []


@pytest.mark.one_dispatcher
async def test_a_callback_that_waits_without_an_id_keeps_no_delivery_of_another_job(offer: Offer) -> None:
    jobs = Jobs()
    engine = await offer(jobs.flow(), services=SERVICES)
    await an_old_job(engine, jobs, "accepted")
    job = jobs.next()
    job.ref = None
    new = await started(engine, job)
    job.may_return.set()
    await engine.reaches(new, AWAITING)

    with pytest.raises(OrchestratorError):
        await deliver(engine, NEW)
    assert await unclaimed(engine) == 0


def _after_the_look(patch: pytest.MonkeyPatch, meanwhile: Callable[[Connection], None]) -> None:
    is_running = callbacks.is_action_running

    def look(conn: Connection, service: str) -> bool:
        found = is_running(conn, service)
        meanwhile(conn)
        return found

    patch.setattr(callbacks, "is_action_running", look)


def _with_the_process_locked(patch: pytest.MonkeyPatch, meanwhile: Callable[[Connection], None]) -> None:
    lock, locked = processes.lock_standing, list[UUID]()

    def lock_first(conn: Connection, process_id: UUID) -> Any:
        process = lock(conn, process_id)
        locked.append(process_id)
        if len(locked) == 1:
            meanwhile(conn)
        return process

    patch.setattr(processes, "lock_standing", lock_first)


@pytest.mark.parametrize(
    "moment", [_at_the_first_look, _with_the_process_locked, _after_the_look, _just_before_it_is_stored]
)
async def test_no_delivery_is_lost_between_the_look_at_the_old_job_and_the_commit_of_the_new_action(
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    moment: Callable[[pytest.MonkeyPatch, Callable[[Connection], None]], None],
) -> None:
    jobs = Jobs()
    with postgres.database() as url:
        async with engine_of(url, jobs.flow(), services=SERVICES) as engine:
            await an_old_job(engine, jobs, "accepted")
            job = jobs.next()
            new = await started(engine, job)

            def return_now(conn: Connection) -> None:
                job.may_return.set()
                _until_the_claim_moved(conn)

            moment(monkeypatch, return_now)
            await deliver(engine, NEW)
            await engine.reaches(new, COMPLETED)
            assert [attempt.outcome for attempt in await engine.attempts(new)] == ["ACCEPTED"]
            assert await unclaimed(engine) == 0


@pytest.mark.one_dispatcher
async def test_a_delivery_is_claimed_once_if_two_names_have_the_same_job(offer: Offer) -> None:
    may_return, is_ordered = asyncio.Event(), asyncio.Event()

    @step("Order two")
    async def order_two(callback_routes: dict[str, str]) -> State:
        is_ordered.set()
        await may_return.wait()
        return {"remote_ref": dict.fromkeys(callback_routes, "job-7")}

    @step("Look")
    def look(callback_result: dict[str, Json]) -> State:
        return {"names": list(callback_result)}

    @workflow("Order two")
    def orders_two() -> Any:
        return begin >> callback_step("Jobs", order_two, look, service="proxy", expect=["a", "b"], require="any")

    engine = await offer(orders_two, services=SERVICES)
    process_id = await engine.start(orders_two)
    await asyncio.wait_for(is_ordered.wait(), 60)
    await deliver(engine, {"rc": 0})
    await deliver(engine, {"rc": 1})
    may_return.set()
    ended = await engine.reaches(process_id, COMPLETED)

    assert ended.state["names"] == ["a"]
