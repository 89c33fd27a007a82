"""The actions of operators on a callback, each with the number of remote calls it makes, on both databases."""

from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from pydantic import BaseModel
from support.callback_logs import attempts_of
from support.engine import Engine
from support.operator import ADA, BOB
from support.playbooks import calls
from support.remote import Remote, answer, fail

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
    reissue_callback,
)
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.types import CallbackStatus, EventKind, ProcessStatus, ResultSource, State
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    EnginePaused,
    Forbidden,
    InvalidState,
    NotFound,
    PayloadInvalid,
    ProcessFailureError,
    StaleVersion,
)
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, FAILED, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED, ProcessStatus.COMPLETED


class PlaybookAnswer(BaseModel):
    """The contract of the playbook's result."""

    return_code: int


def judged(remote: Remote, **options: Any) -> Workflow:
    """A workflow whose validation demands return code 0."""

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        if callback_result.get("return_code") != 0:
            raise ProcessFailureError("The playbook failed.", details=callback_result)
        return {"is_configured": True}

    @workflow("Play")
    def plays() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge, **options)

    return plays


async def callback_id(engine: Engine, process_id: UUID) -> UUID:
    """The id of the latest callback."""
    return (await engine.callback(process_id)).id


async def expired(engine: Engine, flow: Workflow, remote: Remote) -> tuple[UUID, str]:
    """A process whose only callback expired, and the token of the callback."""
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(3600)
    await engine.reaches(process_id, FAILED)
    return process_id, token


async def test_a_reissued_callback_runs_the_action_again_and_closes_the_old_url(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id = await engine.start(flow)
    old = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    await reissue_callback(engine.runtime, ADA, callback_id=await callback_id(engine, process_id), reason="lost")
    new = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, old, {"return_code": 0})
    await answer(engine.runtime, new, {"return_code": 0})
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["is_configured"] is True
    assert len(remote.tokens) == 2
    executions = [
        (execution.name, execution.entered_by, execution.attempt) for execution in await engine.steps(process_id)
    ]
    assert ("Call the remote service", "reissue", 2) in executions
    ended, *_ = await engine.events(process_id, EventKind.CALLBACK_ENDED)
    assert (ended.actor, ended.payload["status"]) == ("ada", "WITHDRAWN")


async def test_a_failed_validation_is_retried_on_the_stored_result_without_a_remote_call(offer: Offer) -> None:
    remote, verdicts = Remote(), iter([False, True])

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        if not next(verdicts):
            raise ProcessFailureError("not yet")
        return {"judged": callback_result}

    @workflow("Play")
    def plays() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    engine = await offer(plays)
    process_id = await engine.start(plays)
    await answer(engine.runtime, await remote.asked(), {"return_code": 0})
    await engine.reaches(process_id, FAILED)

    await retry_process(engine.runtime, ADA, process_id=process_id)
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["judged"] == {"return_code": 0}
    assert len(remote.tokens) == 1
    assert (await engine.callback(process_id)).status is CallbackStatus.VALIDATED


@pytest.mark.parametrize("how", ["EXPIRED", "HEARTBEAT_LOST", "FAILED_BY_REMOTE"])
async def test_the_same_url_opens_again_if_the_wait_ended_without_a_result(offer: Offer, how: str) -> None:
    remote = Remote()
    options = {"heartbeat_timeout": 30} if how == "HEARTBEAT_LOST" else {}
    engine = await offer(flow := judged(remote, timeout=3600, **options))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    if how == "FAILED_BY_REMOTE":
        await fail(engine.runtime, token, "no route to host")
    else:
        engine.turn(3600 if how == "EXPIRED" else 30)
    await engine.reaches(process_id, FAILED)
    assert (await engine.callback(process_id)).status == how

    await reawait_callback(engine.runtime, ADA, callback_id=await callback_id(engine, process_id), timeout=25)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, token, {"return_code": 0})
    done = await engine.reaches(process_id, COMPLETED)

    assert done.failure is None
    assert len(remote.tokens) == 1
    assert [execution.entered_by for execution in await engine.steps(process_id)][-2:] == ["reawait", "advance"]


async def test_a_wait_that_was_opened_again_ends_at_its_new_deadline(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id, token = await expired(engine, flow, remote)

    await reawait_callback(engine.runtime, ADA, callback_id=await callback_id(engine, process_id), timeout=600)
    await engine.reaches(process_id, AWAITING)
    engine.turn(600)
    await engine.reaches(process_id, FAILED)

    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, token, {"return_code": 0})


async def test_after_a_longer_wait_is_set_the_old_deadline_has_no_effect(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=60))
    process_id = await engine.start(flow)
    token = await remote.asked()
    before = await engine.reaches(process_id, AWAITING)

    after = await reawait_callback(
        engine.runtime, ADA, callback_id=await callback_id(engine, process_id), timeout=7200, expected_version=None
    )
    engine.turn(3600)
    await answer(engine.runtime, token, {"return_code": 0})
    await engine.reaches(process_id, COMPLETED)

    assert after.version > before.version
    issued = await engine.events(process_id, EventKind.CALLBACK_ISSUED)
    assert [event.actor for event in issued] == [None, "ada"]


async def test_a_repeated_failure_report_does_not_end_the_wait_that_was_opened_again(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    first = await fail(engine.runtime, token, "no route to host")
    await engine.reaches(process_id, FAILED)
    await reawait_callback(engine.runtime, ADA, callback_id=await callback_id(engine, process_id), timeout=600)

    again = await fail(engine.runtime, token, "no route to host")

    assert (again.receipt, again.is_duplicate) == (first.receipt, True)
    assert (await engine.process(process_id)).status is AWAITING


async def test_an_operator_types_the_result_in_and_the_validation_judges_it(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id, token = await expired(engine, flow, remote)

    id = await callback_id(engine, process_id)
    await complete_callback(engine.runtime, ADA, callback_id=id, result={"return_code": 0}, reason="seen on the device")
    await engine.reaches(process_id, COMPLETED)

    callback = await engine.callback(process_id)
    assert (callback.source, callback.status, len(remote.tokens)) == (
        ResultSource.OPERATOR,
        CallbackStatus.VALIDATED,
        1,
    )
    (received,) = await engine.events(process_id, EventKind.CALLBACK_RECEIVED)
    assert received.actor == "ada"
    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, token, {"return_code": 2})


async def test_a_typed_result_must_fit_the_contract_and_needs_a_reason(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, contract=PlaybookAnswer))
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    id = await callback_id(engine, process_id)

    with pytest.raises(PayloadInvalid) as invalid:
        await complete_callback(engine.runtime, ADA, callback_id=id, result={}, reason="seen")
    with pytest.raises(PayloadInvalid) as unexplained:
        await complete_callback(engine.runtime, ADA, callback_id=id, result={"return_code": 0}, reason=" ")

    assert [error.pointer for error in invalid.value.errors] == ["/result/return_code"]
    assert [error.pointer for error in unexplained.value.errors] == ["/reason"]
    assert (await engine.process(process_id)).status is AWAITING


async def test_a_late_result_is_adopted_and_the_playbook_does_not_run_again(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id, token = await expired(engine, flow, remote)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, token, {"return_code": 0, "late": True})

    (attempt,) = await engine.attempts(process_id)
    await adopt_callback_attempt(engine.runtime, ADA, attempt_id=attempt.id, reason="it did finish")
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["callback_result"] == {"return_code": 0, "late": True}
    assert (await engine.callback(process_id)).source is ResultSource.ADOPTED
    assert len(remote.tokens) == 1
    assert (await answer(engine.runtime, token, {"return_code": 0, "late": True})).is_duplicate


async def test_another_result_replaces_a_rejected_result_whose_body_stays_stored(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await answer(engine.runtime, token, {"return_code": 2})
    await engine.reaches(process_id, FAILED)
    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, token, {"return_code": 0})

    rejected, conflict = await engine.attempts(process_id)
    await adopt_callback_attempt(engine.runtime, ADA, attempt_id=conflict.id, reason="the second run went well")
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["callback_result"] == {"return_code": 0}
    stored_attempt, _ = await engine.attempts(process_id)
    assert (stored_attempt.id, stored_attempt.body, stored_attempt.is_adoptable) == (
        rejected.id,
        b'{"return_code":2}',
        True,
    )


async def test_a_late_delivery_to_the_old_url_is_adopted_by_the_reissued_callback(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id = await engine.start(flow)
    old = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    first = await callback_id(engine, process_id)
    await reissue_callback(engine.runtime, ADA, callback_id=first)
    new = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, old, {"return_code": 0})

    stored_attempt = (await engine.read(lambda conn: attempts_of(conn, first)))[0][0]
    await adopt_callback_attempt(engine.runtime, ADA, attempt_id=stored_attempt.id, reason="the first run finished")
    await engine.reaches(process_id, COMPLETED)

    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, new, {"return_code": 1})


async def test_the_result_of_an_action_that_failed_after_handing_out_its_url_can_be_adopted(offer: Offer) -> None:
    remote = Remote()

    @step("Call, and stumble")
    async def stumble(callback_route: str) -> None:
        remote.take(callback_route)
        raise ProcessFailureError("the proxy answered 500")

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        return {"judged": callback_result}

    @workflow("Play")
    def plays() -> Any:
        return begin >> callback_step("Playbook", stumble, judge)

    engine = await offer(plays)
    process_id = await engine.start(plays)
    token = await remote.asked()
    await engine.reaches(process_id, FAILED)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, token, {"return_code": 0})

    (attempt,) = await engine.attempts(process_id)
    await adopt_callback_attempt(engine.runtime, ADA, attempt_id=attempt.id, reason="it ran all the same")
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["judged"] == {"return_code": 0}
    assert len(remote.tokens) == 1


async def test_an_action_that_does_not_fit_the_process_is_refused_and_changes_nothing(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    first = await callback_id(engine, process_id)
    await reissue_callback(engine.runtime, ADA, callback_id=first)
    await remote.asked()
    waiting = await engine.reaches(process_id, AWAITING)
    version = waiting.version

    with pytest.raises(InvalidState, match="issued again since"):
        await reawait_callback(engine.runtime, ADA, callback_id=first, timeout=60)
    second = await callback_id(engine, process_id)
    with pytest.raises(StaleVersion):
        await reissue_callback(engine.runtime, ADA, callback_id=second, expected_version=version - 1)
    with pytest.raises(PayloadInvalid):
        await reawait_callback(engine.runtime, ADA, callback_id=second, timeout=float("nan"))
    with pytest.raises(PayloadInvalid):
        await reawait_callback(engine.runtime, ADA, callback_id=second, timeout=-1)
    with pytest.raises(NotFound):
        await reissue_callback(engine.runtime, ADA, callback_id=new_id())
    with pytest.raises(NotFound):
        await adopt_callback_attempt(engine.runtime, ADA, attempt_id=new_id(), reason="why not")
    reader = Principal("eve", "Eve", permissions=frozenset(Permission) - {Permission.RECOVER_CALLBACK})
    with pytest.raises(Forbidden):
        await reissue_callback(engine.runtime, reader, callback_id=second)

    assert (await engine.process(process_id)).version == version
    assert token != remote.tokens[-1]
    await abort_process(engine.runtime, BOB, process_id=process_id)
    with pytest.raises(InvalidState):
        await complete_callback(engine.runtime, ADA, callback_id=second, result={"return_code": 0}, reason="late")


async def test_while_the_engine_is_paused_only_actions_that_start_a_step_are_refused(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := judged(remote, timeout=3600))
    process_id, _ = await expired(engine, flow, remote)
    id = await callback_id(engine, process_id)
    await set_engine_state(engine.runtime, ADA, paused=True)

    with pytest.raises(EnginePaused):
        await reissue_callback(engine.runtime, ADA, callback_id=id)
    await reawait_callback(engine.runtime, ADA, callback_id=id, timeout=60)
    await complete_callback(engine.runtime, ADA, callback_id=id, result={"return_code": 0}, reason="seen")
    await set_engine_state(engine.runtime, ADA, paused=False)

    await engine.reaches(process_id, COMPLETED)
    assert len(remote.tokens) == 1


async def test_a_wait_that_is_over_is_not_offered_for_a_retry(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=3600))
    process_id, _ = await expired(engine, flow, remote)

    with pytest.raises(InvalidState):
        await retry_process(engine.runtime, ADA, process_id=process_id)
