"""Deliveries that compete for a callback, failed calls and restarts, on both databases."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from conftest import Offer
from pydantic import BaseModel
from support.clock import TurnableClock
from support.engine import engine_of
from support.operator import ADA
from support.playbooks import calls, judge, waiting_call
from support.remote import Remote, answer, report

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import CallbackStatus, EventKind, ProcessStatus, State
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackUnknown,
    PayloadInvalid,
    ProcessFailureError,
)
from orchestrator_gql.workflow import workflow

AWAITING, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED
FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


async def test_an_action_that_fails_after_its_url_was_handed_out_withdraws_it(offer: Offer) -> None:
    remote = Remote()

    @step("Call")
    async def call(callback_route: str) -> None:
        remote.take(callback_route)
        raise ProcessFailureError("The service answered 500.")

    @workflow("Call")
    def fails() -> Any:
        return begin >> callback_step("Playbook", call, judge)

    engine = await offer(fails)
    process_id = await engine.start(fails)
    token = await remote.asked()
    await engine.reaches(process_id, FAILED)

    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, token, {"rc": 0})
    await retry_process(engine.runtime, ADA, process_id=process_id)
    second = await remote.asked()

    assert second != token
    await engine.reaches(process_id, FAILED)
    both = await engine.read(lambda conn: callbacks.of_processes(conn, [process_id]))
    assert [callback.status for callback in both[process_id]] == [CallbackStatus.WITHDRAWN] * 2


async def test_a_token_that_was_never_issued_is_unknown(offer: Offer) -> None:
    engine = await offer()

    with pytest.raises(CallbackUnknown):
        await answer(engine.runtime, "A" * 43, {"rc": 0})
    with pytest.raises(CallbackUnknown):
        await report(engine.runtime, "A" * 43, "hello")


async def test_a_delivery_that_breaks_the_contract_is_rejected_and_the_url_stays_open(offer: Offer) -> None:
    class Result(BaseModel):
        rc: int

    remote = Remote()
    flow = calls(remote, contract=Result)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    token = await remote.asked()

    with pytest.raises(PayloadInvalid) as refused:
        await answer(engine.runtime, token, {"rc": "zero"})
    await answer(engine.runtime, token, {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    assert refused.value.is_contract
    assert [error.pointer for error in refused.value.errors] == ["/rc"]
    assert [attempt.outcome for attempt in await engine.attempts(process_id)] == ["INVALID", "ACCEPTED"]


async def test_of_twenty_equal_deliveries_at_once_nineteen_are_duplicates(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)

    results = await asyncio.gather(*(answer(engine.runtime, token, {"rc": 0}) for _ in range(20)))
    await engine.reaches(process_id, COMPLETED)

    assert len({receipt.receipt for receipt in results}) == 1
    assert Counter(receipt.is_duplicate for receipt in results) == {True: 19, False: 1}
    assert len(await engine.events(process_id, EventKind.CALLBACK_RECEIVED)) == 1


async def test_of_twenty_different_deliveries_at_once_a_single_one_is_accepted(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)

    deliveries = [{"rc": 0, "changed": number} for number in range(20)]
    results = await asyncio.gather(
        *(answer(engine.runtime, token, payload) for payload in deliveries), return_exceptions=True
    )
    ended = await engine.reaches(process_id, COMPLETED)

    assert Counter(type(result).__name__ for result in results) == {"CallbackConflict": 19, "Receipt": 1}
    winner = next(
        payload for payload, result in zip(deliveries, results, strict=True) if not isinstance(result, Exception)
    )
    assert ended.state["callback_result"] == winner


async def test_a_delivery_and_the_beginning_of_its_wait_never_miss_each_other(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow)

    async def reply() -> None:
        for number in range(30):
            await answer(engine.runtime, await remote.asked(), {"rc": 0, "changed": number})

    replies = asyncio.create_task(reply())
    process_ids = [await engine.start(flow) for _ in range(30)]
    await replies
    ended = [await engine.reaches(process_id, COMPLETED) for process_id in process_ids]

    assert sorted(process.state["changed"] for process in ended) == list(range(30))
    for process_id in process_ids:
        assert [execution.status for execution in await engine.steps(process_id)] == ["SUCCESS"] * 3


async def test_a_retry_after_a_failed_validation_judges_the_stored_result_without_a_new_call(offer: Offer) -> None:
    remote = Remote()
    is_patient = [False]

    @step("Judge")
    def strict(callback_result: dict[str, Any]) -> State:
        if not is_patient[0]:
            raise ProcessFailureError("Too many changes.", details=callback_result)
        return {"is_accepted": True}

    @workflow("Call")
    def judged() -> Any:
        return begin >> callback_step("Playbook", remote.action(), strict)

    engine = await offer(judged)
    process_id = await engine.start(judged)
    await answer(engine.runtime, await remote.asked(), {"rc": 0, "changed": 9})
    failed = await engine.reaches(process_id, FAILED)
    rejected = await engine.callback(process_id)

    is_patient[0] = True
    await retry_process(engine.runtime, ADA, process_id=process_id)
    ended = await engine.reaches(process_id, COMPLETED)

    assert failed.failure is not None
    assert (failed.failure.message, failed.failure.details) == ("Too many changes.", {"rc": 0, "changed": 9})
    assert failed.state["callback_result"] == {"rc": 0, "changed": 9}
    assert (rejected.status, rejected.validation["outcome"]) == (CallbackStatus.REJECTED, "REJECTED")
    assert len(remote.tokens) == 1
    assert ended.state["is_accepted"] is True
    assert (await engine.callback(process_id)).status is CallbackStatus.VALIDATED
    judged_executions = [
        (execution.status, execution.attempt, execution.entered_by)
        for execution in (await engine.steps(process_id))[2:]
    ]
    assert judged_executions == [("FAILED", 1, "advance"), ("SUCCESS", 2, "retry")]


async def test_a_wait_survives_a_restart_and_its_deadline_with_it(storage: str, clock: TurnableClock) -> None:
    remote = Remote()
    flow = calls(remote, timeout=60)
    async with engine_of(storage, flow, clock=clock) as first:
        answered = await first.start(flow)
        expired = await first.start(flow)
        tokens = {await remote.asked() for _ in range(2)}
        await first.reaches(answered, AWAITING)
        await first.reaches(expired, AWAITING)
        hint = (await first.callback(answered)).token_hint
    token = next(token for token in tokens if token.endswith(hint))

    async with engine_of(storage, flow, clock=clock) as second:
        await answer(second.runtime, token, {"rc": 0})
        await second.reaches(answered, COMPLETED)
        second.turn(60)
        lapsed = await second.reaches(expired, FAILED)

    assert lapsed.failure is not None
    assert lapsed.failure.code == "callback-expired"
    assert len(remote.tokens) == 2
