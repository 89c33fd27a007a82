"""A callback from its URL to its judgement, on both databases."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Offer
from pydantic import BaseModel
from support.clock import TurnableClock
from support.engine import engine_of
from support.operator import ADA, confirm, open_request
from support.remote import Remote, answer, fail, report

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.processes.abort_process import abort_process
from orchestrator_gql.commands.processes.retry_process import retry_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.storage import attempts, callbacks
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, EventKind, FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    CallbackUnknown,
    InvalidState,
    PayloadInvalid,
    ProcessFailureError,
)
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED
FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


@step("Judge the result")
def judge(callback_result: dict[str, Any]) -> State:
    if callback_result["rc"] != 0:
        raise ProcessFailureError("The playbook failed.", details={"rc": callback_result["rc"]})
    return {"changed": callback_result.get("changed", 0)}


def calls(remote: Remote, **waits: Any) -> Workflow:
    """One job of the remote service, and its judgement."""

    @workflow("Run a playbook")
    def run_playbook() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge, **waits)

    return run_playbook


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
    decided = await confirm(engine, process_id)
    ended = await engine.reaches(process_id, COMPLETED)

    assert not receipt.is_duplicate
    assert (request.title, request.assignee) == ("Result", "NOC")
    assert decided.request.status == "SUBMITTED"
    result = {"rc": 0, "changed": 2}
    assert ended.state == {"callback_result": result, "changed": 2, "accepted": True, "is_active": True}
    assert [(one.name, one.status) for one in await engine.steps(process_id)] == [
        ("Call the remote service", "SUCCESS"),
        ("Playbook - Await callback", "SUCCESS"),
        ("Judge the result", "SUCCESS"),
        ("Confirm the result", "SUCCESS"),
        ("Activate", "SUCCESS"),
    ]
    assert (await engine.mailbox(process_id)).status is CallbackStatus.VALIDATED
    statuses = [e.payload["to"] for e in await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)]
    assert statuses == ["RUNNING", AWAITING, "RUNNING", SUSPENDED, "RUNNING", COMPLETED]


async def test_a_letter_that_comes_before_the_action_has_returned_is_kept_and_used_at_once(offer: Offer) -> None:
    remote = Remote()
    answered = asyncio.Event()

    @step("Call a fast service")
    async def call(callback_route: str) -> None:
        remote.take(callback_route)
        await answered.wait()

    @workflow("Call")
    def fast() -> Any:
        return begin >> callback_step("Playbook", call, judge)

    engine = await offer(fast)
    process_id = await engine.start(fast)

    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    answered.set()
    await engine.reaches(process_id, COMPLETED)

    (received,) = await engine.events(process_id, EventKind.CALLBACK_RECEIVED)
    statuses = [e.payload["to"] for e in await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)]
    assert received.payload["is_early"] is True
    assert statuses == ["RUNNING", COMPLETED]


async def test_the_same_letter_again_has_the_same_receipt_even_after_an_abort(offer: Offer) -> None:
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
    assert [a.outcome for a in await engine.attempts(process_id)] == ["ACCEPTED", "DUPLICATE", "DUPLICATE"]


async def test_another_letter_after_the_first_is_a_conflict_and_changes_nothing(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await answer(engine.runtime, token, {"rc": 0})

    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, token, {"rc": 1})

    ended = await engine.reaches(process_id, COMPLETED)
    kept = (await engine.attempts(process_id))[-1]
    assert ended.state["callback_result"] == {"rc": 0}
    assert (kept.outcome, kept.body, kept.is_adoptable) == (AttemptOutcome.CONFLICT, b'{"rc":1}', True)


async def test_a_deadline_ends_the_wait_once_and_a_late_letter_is_kept(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote, timeout=3600)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    engine.turn(3600)
    failed = await engine.reaches(process_id, FAILED)
    with pytest.raises(CallbackClosed) as late:
        await answer(engine.runtime, token, {"rc": 0})

    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"
    assert late.value.is_expired
    assert (await engine.mailbox(process_id)).status is CallbackStatus.EXPIRED
    assert [(a.outcome, a.body) for a in await engine.attempts(process_id)] == [("LATE", b'{"rc":0}')]
    (ended,) = await engine.events(process_id, EventKind.CALLBACK_ENDED)
    assert ended.payload["status"] == "EXPIRED"


async def test_a_deadline_leaves_nothing_behind_when_the_letter_won(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote, timeout=60, heartbeat_timeout=30)
    engine = await offer(played)
    process_id = await engine.start(played)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    await engine.reaches(process_id, COMPLETED)
    before = await engine.events()

    engine.turn(7200)
    sentinel = await engine.start(played)
    await remote.asked()
    await engine.reaches(sentinel, AWAITING)

    after = [event for event in await engine.events() if event.process_id == process_id]
    assert after == before


async def test_the_deployment_says_how_long_a_callback_is_waited_for_where_its_step_does_not(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played, callback_timeout=120)
    process_id = await engine.start(played)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)

    engine.turn(119)
    await report(engine.runtime, remote.tokens[0], "nearly there")
    still = await engine.process(process_id)
    engine.turn(1)

    assert still.status is AWAITING
    await engine.reaches(process_id, FAILED)


async def test_silence_longer_than_the_heartbeat_ends_the_wait_and_a_report_starts_it_anew(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote, heartbeat_timeout=30)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

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
    assert (await engine.mailbox(process_id)).status is CallbackStatus.HEARTBEAT_LOST
    with pytest.raises(CallbackConflict):
        await report(engine.runtime, token, "me again")


async def test_reports_are_an_ordered_log_that_never_spends_the_url(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()

    for number in range(60):
        await report(engine.runtime, token, f"task {number}", percent=number)
    mailbox = await engine.mailbox(process_id)
    log, total = await engine.read(lambda conn: attempts.progress_of(conn, mailbox.id, None, 100))
    await answer(engine.runtime, token, {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    assert [one.message for one in log] == [f"task {number}" for number in range(60)]
    assert total == 60
    told = await engine.events(process_id, EventKind.CALLBACK_PROGRESSED)
    assert [event.payload["progress"]["percent"] for event in told] == list(range(60))
    assert len((await engine.read(lambda conn: attempts.progress_of(conn, mailbox.id, None, 100)))[0]) == 60


async def test_reports_that_come_in_one_burst_are_all_kept(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()

    await asyncio.gather(*(report(engine.runtime, token, f"line {number}") for number in range(40)))

    mailbox = await engine.mailbox(process_id)
    log, _ = await engine.read(lambda conn: attempts.progress_of(conn, mailbox.id, None, 100))
    told = await engine.events(process_id, EventKind.CALLBACK_PROGRESSED)
    assert {one.message for one in log} == {f"line {number}" for number in range(40)}
    assert [one.message for one in log] == [event.payload["progress"]["message"] for event in told]


async def test_of_very_many_reports_the_newest_are_kept(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    monkeypatch.setattr(attempts, "KEPT_PROGRESS", 5)

    for number in range(8):
        await report(engine.runtime, token, f"task {number}")

    mailbox = await engine.mailbox(process_id)
    log, total = await engine.read(lambda conn: attempts.progress_of(conn, mailbox.id, None, 100))
    assert [one.message for one in log] == [f"task {number}" for number in range(3, 8)]
    assert total == 5


async def test_of_very_many_refused_letters_the_newest_are_kept(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await answer(engine.runtime, token, {"rc": 0})

    for number in range(1, 26):
        with pytest.raises(CallbackConflict):
            await answer(engine.runtime, token, {"rc": number})

    kept = [attempt.body for attempt in await engine.attempts(process_id)]
    assert kept == [b'{"rc":%d}' % number for number in range(6, 26)]


async def test_a_failure_report_competes_with_a_result_and_fails_the_step_with_its_words(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    first = await fail(engine.runtime, token, "unreachable: ams-1")
    again = await fail(engine.runtime, token, "unreachable: ams-1")
    failed = await engine.reaches(process_id, FAILED)
    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, token, {"rc": 0})

    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.message) == ("playbook-failed", "unreachable: ams-1")
    assert (again.receipt, again.is_duplicate) == (first.receipt, True)
    assert (await engine.steps(process_id))[-1].status == "FAILED"
    assert (await engine.mailbox(process_id)).status is CallbackStatus.FAILED_BY_REMOTE
    with pytest.raises(InvalidState):
        await retry_process(engine.runtime, ADA, process_id=process_id)


async def test_an_abort_withdraws_the_url_and_the_letter_that_comes_then_is_kept(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    await abort_process(engine.runtime, ADA, process_id=process_id, reason="wrong customer")
    with pytest.raises(CallbackClosed) as withdrawn:
        await answer(engine.runtime, token, {"rc": 0})
    with pytest.raises(CallbackClosed):
        await report(engine.runtime, token, "still running")

    assert not withdrawn.value.is_expired
    assert (await engine.process(process_id)).status is ABORTED
    assert [a.outcome for a in await engine.attempts(process_id)] == ["WITHDRAWN"]


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
    assert [mailbox.status for mailbox in both[process_id]] == [CallbackStatus.WITHDRAWN] * 2


async def test_nothing_listens_under_a_token_that_was_never_issued(offer: Offer) -> None:
    engine = await offer()

    with pytest.raises(CallbackUnknown):
        await answer(engine.runtime, "A" * 43, {"rc": 0})
    with pytest.raises(CallbackUnknown):
        await report(engine.runtime, "A" * 43, "hello")


async def test_a_letter_that_breaks_the_contract_is_refused_and_the_url_stays_open(offer: Offer) -> None:
    class Result(BaseModel):
        rc: int

    remote = Remote()
    played = calls(remote, contract=Result)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()

    with pytest.raises(PayloadInvalid) as refused:
        await answer(engine.runtime, token, {"rc": "zero"})
    await answer(engine.runtime, token, {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    assert refused.value.is_contract
    assert [error.pointer for error in refused.value.errors] == ["/rc"]
    assert [a.outcome for a in await engine.attempts(process_id)] == ["INVALID", "ACCEPTED"]


async def test_twenty_equal_letters_at_once_are_one_letter(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    said = await asyncio.gather(*(answer(engine.runtime, token, {"rc": 0}) for _ in range(20)))
    await engine.reaches(process_id, COMPLETED)

    assert len({receipt.receipt for receipt in said}) == 1
    assert Counter(receipt.is_duplicate for receipt in said) == {True: 19, False: 1}
    assert len(await engine.events(process_id, EventKind.CALLBACK_RECEIVED)) == 1


async def test_of_twenty_different_letters_at_once_one_is_taken(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    letters = [{"rc": 0, "changed": number} for number in range(20)]
    said = await asyncio.gather(*(answer(engine.runtime, token, letter) for letter in letters), return_exceptions=True)
    ended = await engine.reaches(process_id, COMPLETED)

    assert Counter(type(one).__name__ for one in said) == {"CallbackConflict": 19, "Receipt": 1}
    winner = next(letter for letter, one in zip(letters, said, strict=True) if not isinstance(one, Exception))
    assert ended.state["callback_result"] == winner


async def test_letters_and_pauses_that_meet_never_miss_each_other(offer: Offer) -> None:
    remote = Remote()
    played = calls(remote)
    engine = await offer(played)

    async def reply() -> None:
        for number in range(30):
            await answer(engine.runtime, await remote.asked(), {"rc": 0, "changed": number})

    replies = asyncio.create_task(reply())
    begun = [await engine.start(played) for _ in range(30)]
    await replies
    ended = [await engine.reaches(process_id, COMPLETED) for process_id in begun]

    assert sorted(process.state["changed"] for process in ended) == list(range(30))
    for process_id in begun:
        assert [one.status for one in await engine.steps(process_id)] == ["SUCCESS"] * 3


async def test_a_retry_after_a_failed_validation_judges_the_stored_result_without_a_new_call(offer: Offer) -> None:
    remote = Remote()
    patience = [False]

    @step("Judge")
    def strict(callback_result: dict[str, Any]) -> State:
        if not patience[0]:
            raise ProcessFailureError("Too many changes.", details=callback_result)
        return {"is_accepted": True}

    @workflow("Call")
    def judged() -> Any:
        return begin >> callback_step("Playbook", remote.action(), strict)

    engine = await offer(judged)
    process_id = await engine.start(judged)
    await answer(engine.runtime, await remote.asked(), {"rc": 0, "changed": 9})
    failed = await engine.reaches(process_id, FAILED)
    rejected = await engine.mailbox(process_id)

    patience[0] = True
    await retry_process(engine.runtime, ADA, process_id=process_id)
    ended = await engine.reaches(process_id, COMPLETED)

    assert failed.failure is not None
    assert (failed.failure.message, failed.failure.details) == ("Too many changes.", {"rc": 0, "changed": 9})
    assert failed.state["callback_result"] == {"rc": 0, "changed": 9}
    assert (rejected.status, rejected.validation["outcome"]) == (CallbackStatus.REJECTED, "REJECTED")
    assert len(remote.tokens) == 1
    assert ended.state["is_accepted"] is True
    assert (await engine.mailbox(process_id)).status is CallbackStatus.VALIDATED
    judged_visits = [(one.status, one.attempt, one.entered_by) for one in (await engine.steps(process_id))[2:]]
    assert judged_visits == [("FAILED", 1, "advance"), ("SUCCESS", 2, "retry")]


async def test_a_wait_survives_a_restart_and_its_deadline_with_it(storage: str, clock: TurnableClock) -> None:
    remote = Remote()
    played = calls(remote, timeout=60)
    async with engine_of(storage, played, clock=clock) as first:
        answered = await first.start(played)
        expired = await first.start(played)
        tokens = {await remote.asked() for _ in range(2)}
        await first.reaches(answered, AWAITING)
        await first.reaches(expired, AWAITING)
        hint = (await first.mailbox(answered)).token_hint
    token = next(one for one in tokens if one.endswith(hint))

    async with engine_of(storage, played, clock=clock) as second:
        await answer(second.runtime, token, {"rc": 0})
        await second.reaches(answered, COMPLETED)
        second.turn(60)
        lapsed = await second.reaches(expired, FAILED)

    assert lapsed.failure is not None
    assert lapsed.failure.code == "callback-expired"
    assert len(remote.tokens) == 2
