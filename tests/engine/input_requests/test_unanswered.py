"""A wait without a result: it fails, is reissued, asks an operator, or polls the service, on both databases."""

import json
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from pydantic import BaseModel
from support.engine import Engine
from support.operator import ADA
from support.playbooks import calls, judge
from support.remote import Remote, answer, fail

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.callback_deliveries import fail_callback
from orchestrator_gql.commands.callback_operator_actions import complete_callback, reawait_callback
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import NextPage, PageInvalid
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage import input_requests
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import CallbackStatus, EventKind, Json, ProcessStatus, ResultSource, State, StepStatus
from orchestrator_gql.utils.errors import CallbackClosed, Forbidden, PayloadInvalid
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.secrets import DISPLAY
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, FAILED, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED, ProcessStatus.COMPLETED
SUSPENDED, ABORTED = ProcessStatus.SUSPENDED, ProcessStatus.ABORTED


async def open_request(engine: Engine, process_id: UUID) -> InputRequest:
    """The open input request of the process."""
    stored = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
    assert stored is not None
    return stored


async def submit(engine: Engine, process_id: UUID, *pages: Json, by: Principal = ADA) -> Any:
    """Submit pages to the open input request of the process."""
    asked = await open_request(engine, process_id)
    return await submit_form(engine.runtime, by, input_request_id=asked.id, pages=list(pages))


async def test_a_silent_service_is_called_again_with_new_urls_until_the_attempts_are_used_up(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="retry", max_attempts=3))
    process_id = await engine.start(flow)

    for _ in range(3):
        await remote.asked()
        await engine.reaches(process_id, AWAITING)
        engine.turn(60)
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"
    assert len(set(remote.tokens)) == 3
    for token in remote.tokens:
        with pytest.raises(CallbackClosed):
            await answer(engine.runtime, token, {"rc": 0})
    actions = [execution for execution in await engine.steps(process_id) if execution.name == "Call the remote service"]
    assert [(execution.entered_by, execution.attempt) for execution in actions] == [
        ("advance", 1),
        ("on-timeout", 2),
        ("on-timeout", 3),
    ]


async def test_a_result_at_the_second_url_completes_the_process(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="retry"))
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)

    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    assert (await engine.callback(process_id)).issue_number == 2


@pytest.mark.parametrize("is_retryable", [True, False])
async def test_only_a_retryable_failure_report_is_tried_again(offer: Offer, *, is_retryable: bool) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, on_timeout="retry"))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    await fail_callback(engine.runtime, token=token, code="busy", message="try later", is_retryable=is_retryable)
    if is_retryable:
        await answer(engine.runtime, await remote.asked(), {"rc": 0})
        await engine.reaches(process_id, COMPLETED)
    else:
        await engine.reaches(process_id, FAILED)

    assert len(remote.tokens) == 1 + is_retryable


async def test_an_operator_is_asked_and_may_wait_longer_at_the_same_url(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="operator"))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    await engine.reaches(process_id, SUSPENDED)

    asked = await open_request(engine, process_id)
    first = await submit(engine, process_id)
    second = await submit(engine, process_id, {"answer": "wait"})
    done = await submit(engine, process_id, {"answer": "wait"}, {"minutes": 30})
    await engine.reaches(process_id, AWAITING)
    engine.turn(29 * 60)
    await answer(engine.runtime, token, {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    assert asked.title == "Playbook: no result"
    assert isinstance(first, NextPage)
    assert "did not answer in time" in str(first.page.initial_data)
    assert isinstance(second, NextPage)
    assert isinstance(done, DecisionResult)
    assert len(remote.tokens) == 1


async def test_an_operator_who_is_asked_may_reissue_complete_or_abort(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="operator"))
    reissued, completed, aborted = [await engine.start(flow) for _ in range(3)]
    for _ in range(3):
        await remote.asked()
    for process_id in (reissued, completed, aborted):
        await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    for process_id in (reissued, completed, aborted):
        await engine.reaches(process_id, SUSPENDED)

    await submit(engine, reissued, {"answer": "reissue"})
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    wrong = await submit(engine, completed, {"answer": "complete"}, {"result": "{", "reason": "seen"})
    await submit(engine, completed, {"answer": "complete"}, {"result": '{"rc": 0}', "reason": "seen"})
    await submit(engine, aborted, {"answer": "abort"})

    assert isinstance(wrong, PageInvalid)
    await engine.reaches(reissued, COMPLETED)
    await engine.reaches(completed, COMPLETED)
    assert (await engine.reaches(aborted, ABORTED)).aborted_by == "ada"
    assert len(remote.tokens) == 4
    assert (await engine.callback(completed)).source is ResultSource.OPERATOR


async def test_the_permission_to_submit_forms_alone_does_not_allow_to_act_on_a_wait(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="operator"))
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    await engine.reaches(process_id, SUSPENDED)
    clerk = Principal("carl", "Carl", permissions=frozenset({Permission.READ, Permission.SUBMIT_FORM}))

    with pytest.raises(Forbidden):
        await submit(engine, process_id, {"answer": "abort"}, by=clerk)
    with pytest.raises(Forbidden):
        await submit(engine, process_id, {"answer": "wait"}, {"minutes": 5}, by=clerk)

    assert (await open_request(engine, process_id)).version == 1


async def test_the_form_of_a_wait_obeys_the_authors_rule_for_recovery(offer: Offer) -> None:
    remote = Remote()

    @workflow("Call, recovered by nobody", retry_auth_callback=lambda context: False)
    def guarded() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge, timeout=60, on_timeout="operator")

    engine = await offer(guarded)
    process_id = await engine.start(guarded)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    await engine.reaches(process_id, SUSPENDED)

    typed = [{"answer": "complete"}, {"result": '{"rc": 0}', "reason": "seen"}]
    for pages in ([{"answer": "reissue"}], typed, [{"answer": "wait"}, {"minutes": 5}], [{"answer": "abort"}]):
        with pytest.raises(Forbidden):
            await submit(engine, process_id, *pages)

    assert (await engine.process(process_id)).status is SUSPENDED
    assert len(remote.tokens) == 1


async def test_an_operator_action_closes_the_input_request_of_the_wait(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="operator"))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    await engine.reaches(process_id, SUSPENDED)

    id = (await engine.callback(process_id)).id
    await reawait_callback(engine.runtime, ADA, callback_id=id, timeout=60)
    await engine.reaches(process_id, AWAITING)
    closed = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
    await answer(engine.runtime, token, {"rc": 0})
    await engine.reaches(process_id, COMPLETED)

    assert closed is None
    (changed,) = await engine.events(process_id, EventKind.INPUT_REQUEST_CHANGED)
    assert changed.payload["change"] == "CLOSED"


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(
    ("pages", "comment", "action", "reason"),
    [
        ([{"answer": "complete"}, {"result": '{"rc": 0}', "reason": "seen"}], None, "completeCallback", "seen"),
        ([{"answer": "reissue"}], "it was rebooted", "reissueCallback", "it was rebooted"),
        ([{"answer": "wait"}, {"minutes": 5}], "it is slow", "reawaitCallback", "it is slow"),
        ([{"answer": "abort"}], "wrong site", "abortProcess", "wrong site"),
        ([{"answer": "abort"}], None, "abortProcess", "No result came."),
    ],
)
async def test_what_the_form_does_is_in_the_audit_log_with_callback_and_reason(
    offer: Offer, pages: list[Json], comment: str | None, action: str, reason: str
) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="operator"))
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    await engine.reaches(process_id, SUSPENDED)
    callback_id = (await engine.callback(process_id)).id

    request = await open_request(engine, process_id)
    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=pages, comment=comment)

    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(10))
    entries = {entry.action: entry for _, entry in page.items}
    assert (entries[action].actor, entries[action].details["reason"]) == ("ada", reason)
    if action != "abortProcess":
        assert entries[action].details["callback_id"] == str(callback_id)
    assert entries["submitForm"].actor == "ada"


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("result", f'{{"rc": 0, "password": "{DISPLAY}"}}'),
        ("result", f'{{"rc": 0, "url": "https://{MASK}@example.net"}}'),
        ("result", json.dumps({"rc": 0, "output": "x" * 2000})),
        ("reason", "   "),
    ],
    ids=["masked secret", "mask", "too large", "blank"],
)
async def test_the_form_refuses_what_complete_callback_refuses(offer: Offer, field: str, wrong: str) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="operator"), max_callback_bytes=2000)
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    await engine.reaches(process_id, SUSPENDED)
    callback_id = (await engine.callback(process_id)).id
    right = {"result": '{"rc": 0}', "reason": "seen"}
    typed = right | {field: wrong}

    refused = await submit(engine, process_id, {"answer": "complete"}, typed)
    await submit(engine, process_id, {"answer": "wait"}, {"minutes": 5})
    with pytest.raises(PayloadInvalid):
        await complete_callback(
            engine.runtime, ADA, callback_id=callback_id, result=json.loads(typed["result"]), reason=typed["reason"]
        )

    assert isinstance(refused, PageInvalid)
    assert [error.path for error in refused.errors] == [(field,)]


class Polled(BaseModel):
    """The contract of a polled result."""

    rc: int


def polls(remote: Remote, poll: Any, **options: Any) -> Workflow:
    """A workflow whose wait polls the remote service at its deadline."""

    @step("Start the job")
    async def start(callback_route: str) -> State:
        remote.take(callback_route)
        return {"job_id": "job-7"}

    @workflow("Poll")
    def polled() -> Any:
        return begin >> callback_step("Playbook", start, judge, timeout=60, poll=poll, **options)

    return polled


async def test_a_service_that_never_delivered_is_polled_once_and_its_result_is_used(offer: Offer) -> None:
    asked: list[str] = []

    async def ask(job_id: str) -> Json:
        asked.append(job_id)
        return {"rc": 0, "changed": 3}

    remote = Remote()
    engine = await offer(flow := polls(remote, ask))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    done = await engine.reaches(process_id, COMPLETED)

    assert (asked, done.state["changed"]) == (["job-7"], 3)
    callback = await engine.callback(process_id)
    assert (callback.source, callback.status) == (ResultSource.POLL, CallbackStatus.VALIDATED)
    assert [attempt.outcome for attempt in await engine.attempts(process_id)] == ["ACCEPTED"]


def _is_running(job_id: str) -> None:
    """The job still runs."""


def _is_away(job_id: str) -> None:
    raise ConnectionError("no route to host")


def _is_odd(job_id: str) -> Json:
    return {"state": "finished"}


@pytest.mark.parametrize("ask", [_is_running, _is_away, _is_odd])
async def test_a_wait_ends_if_the_poll_gives_no_valid_result(offer: Offer, ask: Any) -> None:
    remote = Remote()
    engine = await offer(flow := polls(remote, ask, contract=Polled))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)

    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"
    assert (await engine.callback(process_id)).status is CallbackStatus.EXPIRED
    kept = [attempt.outcome for attempt in await engine.attempts(process_id)]
    assert kept == (["INVALID"] if ask is _is_odd else [])  # an operator may adopt it


async def test_no_service_is_polled_while_the_engine_is_paused(offer: Offer) -> None:
    asked: list[str] = []

    def ask(job_id: str) -> Json:
        asked.append(job_id)
        return {"rc": 0}

    remote = Remote()
    engine = await offer(flow := polls(remote, ask))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    await set_engine_state(engine.runtime, ADA, paused=True)
    engine.turn(60)
    await engine.reaches(process_id, ProcessStatus.RUNNING)
    before = list(asked)

    await set_engine_state(engine.runtime, ADA, paused=False)
    await engine.reaches(process_id, COMPLETED)

    assert (before, asked) == ([], ["job-7"])


def cancels(remote: Remote, calls_made: list[str]) -> Workflow:
    """A workflow with two waits; each sends a cancellation to its remote service if it is aborted."""

    @step("Start the job")
    async def start(callback_route: str) -> State:
        remote.take(callback_route)
        return {"job_id": f"job-{len(remote.tokens)}"}

    @step("Cancel the job")
    def cancel(job_id: str) -> None:
        calls_made.append(job_id)

    @step("Free the VLAN")
    def free() -> None:
        calls_made.append("freed")

    @workflow("Cancel", on_abort=free)
    def cancelled() -> Any:
        first = callback_step("First", start, judge, on_abort=cancel)
        return begin >> first >> callback_step("Second", start, judge, on_abort=cancel)

    return cancelled


async def test_an_abort_cancels_the_current_job_once_and_runs_the_clean_up(offer: Offer) -> None:
    remote, calls_made = Remote(), list[str]()
    engine = await offer(flow := cancels(remote, calls_made))
    process_id = await engine.start(flow)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)

    await abort_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, ABORTED)

    assert calls_made == ["job-2", "freed"]
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, token, {"rc": 0})
    executions = [(execution.name, execution.status) for execution in await engine.steps(process_id)]
    assert executions[-3:] == [
        ("Cancel the job", StepStatus.SKIPPED),
        ("Cancel the job", StepStatus.SUCCESS),
        ("Free the VLAN", StepStatus.SUCCESS),
    ]


async def test_a_job_that_failed_already_is_not_cancelled(offer: Offer) -> None:
    remote, calls_made = Remote(), list[str]()
    engine = await offer(flow := cancels(remote, calls_made))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await fail(engine.runtime, token, "no route to host")
    await engine.reaches(process_id, FAILED)

    await abort_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, ABORTED)

    assert calls_made == ["freed"]
