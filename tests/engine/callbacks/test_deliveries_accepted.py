"""Accepted deliveries: from the URL to the validated result, on both databases."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Offer
from support.operator import ADA, confirm, open_request
from support.playbooks import calls, judge, waiting_call
from support.remote import Remote, answer, report

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, EventKind, FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
)
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

AWAITING, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED
FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


async def test_a_callback_goes_from_its_url_through_a_confirmation_to_the_end(offer: Offer) -> None:
    remote = Remote()

    @inputstep("Confirm the result", assignee=Assignee("NOC"))
    def confirm_result(callback_result: dict[str, Any]) -> FormGenerator:
        class Result(FormPage):
            result: ReadOnly[str] = json.dumps(callback_result)
            accepted: bool = True

        answer = yield Result
        return {"accepted": answer.accepted}

    @step("Activate")
    async def activate(accepted: bool) -> State:
        return {"is_active": accepted}

    @workflow("Change a port")
    def change_port() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge) >> confirm_result >> activate

    engine = await offer(change_port)
    process_id = await engine.start(change_port)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    receipt = await answer(engine.runtime, token, {"rc": 0, "changed": 2})
    request = await open_request(engine, process_id)
    decision = await confirm(engine, process_id)
    ended = await engine.reaches(process_id, COMPLETED)

    assert not receipt.is_duplicate
    assert (request.title, request.assignee) == ("Confirm the result", "NOC")
    assert decision.request.status == "SUBMITTED"
    result = {"rc": 0, "changed": 2}
    assert ended.state == {"callback_result": result, "changed": 2, "accepted": True, "is_active": True}
    assert [(execution.name, execution.status) for execution in await engine.steps(process_id)] == [
        ("Call the remote service", "SUCCESS"),
        ("Playbook - Await callback", "SUCCESS"),
        ("Judge the result", "SUCCESS"),
        ("Confirm the result", "SUCCESS"),
        ("Activate", "SUCCESS"),
    ]
    assert (await engine.callback(process_id)).status is CallbackStatus.VALIDATED
    statuses = [event.payload["to"] for event in await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)]
    assert statuses == ["RUNNING", AWAITING, "RUNNING", SUSPENDED, "RUNNING", COMPLETED]


async def test_a_delivery_before_the_action_returns_is_stored_and_used_at_once(offer: Offer) -> None:
    remote = Remote()
    was_delivered = asyncio.Event()

    @step("Call a fast service")
    async def call(callback_route: str) -> None:
        remote.take(callback_route)
        await was_delivered.wait()

    @workflow("Call")
    def fast() -> Any:
        return begin >> callback_step("Playbook", call, judge)

    engine = await offer(fast)
    process_id = await engine.start(fast)

    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    was_delivered.set()
    await engine.reaches(process_id, COMPLETED)

    (received,) = await engine.events(process_id, EventKind.CALLBACK_RECEIVED)
    statuses = [event.payload["to"] for event in await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)]
    assert received.payload["is_early"] is True
    assert statuses == ["RUNNING", COMPLETED]


async def test_a_repeated_delivery_has_the_same_receipt_even_after_an_abort(offer: Offer) -> None:
    remote = Remote()

    @inputstep("Confirm")
    def ask() -> Iterator[type[FormPage]]:
        yield FormPage

    @workflow("Call")
    def asks() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge) >> ask

    engine = await offer(asks)
    process_id = await engine.start(asks)
    token = await remote.asked()
    first = await answer(engine.runtime, token, {"rc": 0, "changed": 1})

    second = await answer(engine.runtime, token, {"changed": 1.0, "rc": 0})
    await engine.reaches(process_id, SUSPENDED)
    await abort_process(engine.runtime, ADA, process_id=process_id)
    third = await answer(engine.runtime, token, {"rc": 0, "changed": 1})

    assert first.receipt == second.receipt == third.receipt
    assert (first.is_duplicate, second.is_duplicate, third.is_duplicate) == (False, True, True)
    assert [attempt.outcome for attempt in await engine.attempts(process_id)] == ["ACCEPTED", "DUPLICATE", "DUPLICATE"]


async def test_a_different_delivery_after_the_first_is_a_conflict_and_changes_nothing(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    token = await remote.asked()
    await answer(engine.runtime, token, {"rc": 0})

    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, token, {"rc": 1})

    ended = await engine.reaches(process_id, COMPLETED)
    last_attempt = (await engine.attempts(process_id))[-1]
    assert ended.state["callback_result"] == {"rc": 0}
    assert (last_attempt.outcome, last_attempt.body, last_attempt.is_adoptable) == (
        AttemptOutcome.CONFLICT,
        b'{"rc":1}',
        True,
    )


async def test_an_abort_withdraws_the_url_and_a_later_delivery_is_stored(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)

    await abort_process(engine.runtime, ADA, process_id=process_id, reason="wrong customer")
    with pytest.raises(CallbackClosed) as withdrawn:
        await answer(engine.runtime, token, {"rc": 0})
    with pytest.raises(CallbackClosed):
        await report(engine.runtime, token, "still running")

    assert not withdrawn.value.is_expired
    assert (await engine.process(process_id)).status is ABORTED
    assert [attempt.outcome for attempt in await engine.attempts(process_id)] == ["WITHDRAWN"]
