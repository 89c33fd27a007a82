"""Reminders of open input requests come once, in time, and never after the decision, on both databases."""

from typing import Any

import pytest
from conftest import Offer
from support.clock import TurnableClock
from support.engine import engine_of
from support.operator import ADA, open_request

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql import process as process_rules
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.engine.workers import timers as timer_worker
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.reads.input_requests import refusal
from orchestrator_gql.storage import input_requests, timers
from orchestrator_gql.types import EventKind, FormGenerator, InputRequestStatus, ProcessStatus, State
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.workflow import StepList, Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

CHANGED = EventKind.INPUT_REQUEST_CHANGED


class Window(FormPage):
    minutes: int = 30


@inputstep("Choose a window", assignee=Assignee("NOC"), due=3600, remind=1800)
def choose() -> FormGenerator:
    answer = yield Window
    return {"minutes": answer.minutes}


@workflow("Maintain")
def maintain() -> Any:
    return begin >> choose


async def test_an_open_request_is_reminded_once_and_its_form_stays_valid(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    engine.turn(1799)
    still = await engine.read(timers.next_due)
    engine.turn(1)

    async def reminded() -> bool:
        return bool(await engine.events(process_id, CHANGED))

    await engine.until(reminded, awaited="the reminder")
    current = await open_request(engine, process_id)
    engine.turn(86400)
    decided = await submit_form(
        engine.runtime, ADA, input_request_id=request.id, pages=[{"minutes": 5}], expected_version=request.version
    )

    assert request.due_at is not None
    assert (request.due_at - request.created_at).total_seconds() == 3600
    assert (request.reminded_at, still) == (None, current.reminded_at)
    assert current.reminded_at is not None
    assert (current.reminded_at - request.created_at).total_seconds() == 1800
    assert isinstance(decided, DecisionResult)
    (event,) = await engine.events(process_id, CHANGED)
    assert event.payload == {"input_request_id": str(request.id), "change": "REMINDED", "assignee": "NOC"}
    assert (await engine.reaches(process_id, ProcessStatus.COMPLETED)).state == {"minutes": 5}


async def test_a_decision_and_an_abort_remove_the_reminder(offer: Offer) -> None:
    engine = await offer(maintain)
    answered, aborted = await engine.start(maintain), await engine.start(maintain)
    request, withdrawn = await open_request(engine, answered), await open_request(engine, aborted)

    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{"minutes": 5}])
    await abort_process(engine.runtime, ADA, process_id=aborted)

    assert await engine.read(timers.next_due) is None
    requests = await engine.read(lambda conn: input_requests.by_ids(conn, [request.id, withdrawn.id]))
    assert [request.reminded_at for request in requests.values()] == [None, None]


async def test_a_late_reminder_of_a_decided_request_does_nothing(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{"minutes": 5}])
    await engine.reaches(process_id, ProcessStatus.COMPLETED)

    reminded = await engine.runtime.database.transaction(
        lambda conn: input_requests.remind(conn, [request.id], engine.clock.now())
    )

    assert reminded == []


async def test_an_expired_form_of_a_removed_step_is_closed_and_delays_no_other_timer(
    storage: str, clock: TurnableClock
) -> None:
    @step("Prepare")
    def prepare() -> None:
        """Nothing to do."""

    @inputstep("Confirm", expire=3600)
    def confirm() -> FormGenerator:
        yield Window
        return {}

    def deployed(steps: StepList) -> Workflow:
        def prepare_and_confirm() -> StepList:
            return steps

        return workflow("Prepare and confirm")(prepare_and_confirm)

    long, short = deployed(begin >> prepare >> confirm), deployed(begin >> confirm)
    async with engine_of(storage, long, maintain, clock=clock) as before:
        process_id, other = await before.start(long), await before.start(maintain)
        request, reminded = await open_request(before, process_id), await open_request(before, other)
    async with engine_of(storage, short, maintain, clock=clock) as after:
        refused = await refusal(after.runtime, ADA, request, await after.process(process_id), [])
        after.turn(3600)
        failed = await after.reaches(process_id, ProcessStatus.FAILED)
        requests = await after.read(lambda conn: input_requests.by_ids(conn, [request.id, reminded.id]))

    assert isinstance(refused, InvalidState)
    assert failed.failure is not None
    assert failed.failure.code == "definition-changed"
    assert requests[request.id].status is InputRequestStatus.EXPIRED
    assert requests[reminded.id].reminded_at is not None


async def test_a_form_that_the_engine_cannot_close_delays_no_other_form(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    @inputstep("Confirm", expire=3600)
    def confirm() -> FormGenerator:
        yield Window
        return {}

    @workflow("Confirm")
    def confirming() -> Any:
        return begin >> confirm

    engine = await offer(confirming)
    broken, whole = await engine.start(confirming), await engine.start(confirming)
    for process_id in (broken, whole):
        await open_request(engine, process_id)

    def expire(process: Process, *arguments: Any) -> Any:
        if process.id == broken and is_broken:
            raise RuntimeError("a bug of the engine")
        return process_rules.expire(process, *arguments)

    is_broken = True
    monkeypatch.setattr(timer_worker, "expire", expire)

    engine.turn(3600)
    failed = await engine.reaches(whole, ProcessStatus.FAILED)
    still = await engine.process(broken)
    is_broken = False
    engine.turn(60)
    later = await engine.reaches(broken, ProcessStatus.FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "input-request-expired"
    assert still.status is ProcessStatus.SUSPENDED
    assert later.failure is not None
    assert later.failure.code == "input-request-expired"


async def test_a_step_without_times_has_no_timer(offer: Offer) -> None:
    @inputstep("Confirm")
    def confirm(state: State) -> FormGenerator:
        yield Window
        return {}

    @workflow("Confirm")
    def plain() -> Any:
        return begin >> confirm

    engine = await offer(plain)
    request = await open_request(engine, await engine.start(plain))

    assert (request.due_at, await engine.read(timers.next_due)) == (None, None)
