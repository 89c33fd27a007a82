"""Deadlines, heartbeats and progress reports of a wait, on both databases."""

import asyncio

import pytest
from conftest import Offer
from support.callback_logs import progress_of
from support.operator import ADA
from support.playbooks import calls, waiting_call
from support.remote import Remote, answer, fail, report

from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.storage import callback_progress
from orchestrator_gql.types import CallbackStatus, EventKind, ProcessStatus
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    InvalidState,
)

AWAITING, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED
FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


async def test_a_deadline_ends_the_wait_once_and_a_late_delivery_is_stored(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer, timeout=3600)

    engine.turn(3600)
    failed = await engine.reaches(process_id, FAILED)
    with pytest.raises(CallbackClosed) as late:
        await answer(engine.runtime, token, {"rc": 0})

    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"
    assert late.value.is_expired
    assert (await engine.callback(process_id)).status is CallbackStatus.EXPIRED
    assert [(attempt.outcome, attempt.body) for attempt in await engine.attempts(process_id)] == [("LATE", b'{"rc":0}')]
    (ended,) = await engine.events(process_id, EventKind.CALLBACK_ENDED)
    assert ended.payload["status"] == "EXPIRED"


async def test_a_deadline_has_no_effect_after_the_delivery_came_first(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote, timeout=60, heartbeat_timeout=30)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    await engine.reaches(process_id, COMPLETED)
    before = await engine.events()

    engine.turn(7200)
    sentinel = await engine.start(flow)
    await remote.asked()
    await engine.reaches(sentinel, AWAITING)

    after = [event for event in await engine.events() if event.process_id == process_id]
    assert after == before


async def test_the_settings_give_the_timeout_of_a_callback_if_its_step_gives_none(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow, callback_timeout=120)
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)

    engine.turn(119)
    await report(engine.runtime, remote.tokens[0], "nearly there")
    still = await engine.process(process_id)
    engine.turn(1)

    assert still.status is AWAITING
    await engine.reaches(process_id, FAILED)


async def test_silence_longer_than_the_heartbeat_ends_the_wait_and_a_report_restarts_the_heartbeat(
    offer: Offer,
) -> None:
    engine, process_id, token = await waiting_call(offer, heartbeat_timeout=30)

    engine.turn(29)
    await report(engine.runtime, token, "still there")
    engine.turn(29)
    await report(engine.runtime, token, "still there")
    alive = await engine.process(process_id)
    engine.turn(30)
    lost = await engine.reaches(process_id, FAILED)

    assert alive.status is AWAITING
    assert lost.failure is not None
    assert lost.failure.code == "heartbeat-lost"
    assert (await engine.callback(process_id)).status is CallbackStatus.HEARTBEAT_LOST
    with pytest.raises(CallbackConflict):
        await report(engine.runtime, token, "me again")


async def test_progress_reports_are_an_ordered_log_and_leave_the_url_open(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    token = await remote.asked()

    for number in range(60):
        await report(engine.runtime, token, f"task {number}", percent=number)
    callback = await engine.callback(process_id)
    log, total = await engine.read(lambda conn: progress_of(conn, callback.id))
    await answer(engine.runtime, token, {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    assert [entry.message for entry in log] == [f"task {number}" for number in range(60)]
    assert total == 60
    events = await engine.events(process_id, EventKind.CALLBACK_PROGRESSED)
    assert [event.payload["progress"]["percent"] for event in events] == list(range(60))
    assert len((await engine.read(lambda conn: progress_of(conn, callback.id)))[0]) == 60


async def test_progress_reports_in_a_burst_are_all_stored(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    token = await remote.asked()

    await asyncio.gather(*(report(engine.runtime, token, f"line {number}") for number in range(40)))

    callback = await engine.callback(process_id)
    log, _ = await engine.read(lambda conn: progress_of(conn, callback.id))
    events = await engine.events(process_id, EventKind.CALLBACK_PROGRESSED)
    assert {entry.message for entry in log} == {f"line {number}" for number in range(40)}
    assert [entry.message for entry in log] == [event.payload["progress"]["message"] for event in events]


async def test_of_very_many_progress_reports_the_newest_are_stored_and_all_are_counted(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    token = await remote.asked()
    monkeypatch.setattr(callback_progress, "KEPT", 5)

    for number in range(8):
        await report(engine.runtime, token, f"task {number}")

    callback = await engine.callback(process_id)
    log, total = await engine.read(lambda conn: progress_of(conn, callback.id))
    assert [entry.message for entry in log] == [f"task {number}" for number in range(3, 8)]
    assert total == 8


async def test_of_very_many_rejected_deliveries_the_newest_are_stored(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    token = await remote.asked()
    await answer(engine.runtime, token, {"rc": 0})

    for number in range(1, 26):
        with pytest.raises(CallbackConflict):
            await answer(engine.runtime, token, {"rc": number})

    bodies = [attempt.body for attempt in await engine.attempts(process_id)]
    assert bodies == [b'{"rc":%d}' % number for number in range(6, 26)]


async def test_a_failure_report_competes_with_a_result_and_fails_the_step_with_its_message(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)

    first = await fail(engine.runtime, token, "unreachable: ams-1")
    again = await fail(engine.runtime, token, "unreachable: ams-1")
    failed = await engine.reaches(process_id, FAILED)
    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, token, {"rc": 0})

    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.message) == ("playbook-failed", "unreachable: ams-1")
    assert (again.receipt, again.is_duplicate) == (first.receipt, True)
    assert (await engine.steps(process_id))[-1].status == "FAILED"
    assert (await engine.callback(process_id)).status is CallbackStatus.FAILED_BY_REMOTE
    with pytest.raises(InvalidState):
        await retry_process(engine.runtime, ADA, process_id=process_id)
