"""The rules of workflow authors: which rule applies to which verb, wherever the process stands."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from support.engine import Engine
from support.operator import ADA, BOB, open_request
from support.playbooks import judge, of
from support.remote import Remote

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
    reissue_callback,
)
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.engine import authorization
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import ProcessAction
from orchestrator_gql.security import AuthContext
from orchestrator_gql.storage import callback_attempts
from orchestrator_gql.types import AttemptOutcome, FormGenerator, ProcessStatus
from orchestrator_gql.utils.errors import Forbidden
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

AWAITING, ABORTED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.ABORTED, ProcessStatus.FAILED


def guarded(remote: Remote, undoing: Remote, asked: list[tuple[str, str | None]], **rules: Any) -> Workflow:
    """A workflow that waits, and whose clean-up waits too. Only Ada may recover, retry and abort its processes."""

    def only_ada(context: AuthContext) -> bool:
        asked.append((context.action, context.step))
        return context.user.id == "ada"

    clean_up = callback_step("Undo", undoing.action("Undo it"), judge)

    @workflow("Guarded", on_abort=clean_up, retry_auth_callback=only_ada)
    def guards() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    return guards


@pytest.mark.parametrize("is_cleaning_up", [False, True])
async def test_the_authors_rule_for_a_retry_guards_every_verb_that_repairs_a_wait(
    offer: Offer, *, is_cleaning_up: bool
) -> None:
    remote, undoing, asked = Remote(), Remote(), list[tuple[str, str | None]]()
    flow = guarded(remote, undoing, asked)
    engine = await offer(flow)
    runtime, process_id = engine.runtime, await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    if is_cleaning_up:
        await abort_process(runtime, ADA, process_id=process_id)
        await undoing.asked()
        await engine.reaches(process_id, AWAITING)
    asked.clear()
    callback = await engine.callback(process_id)
    id = callback.id
    late = Delivery.of({"rc": 0}, b'{"rc": 0}', peer=None)
    now = engine.clock.now()
    await runtime.database.transaction(
        lambda conn: callback_attempts.keep(conn, callback, late, AttemptOutcome.LATE, now=now)
    )
    (attempt,) = await engine.attempts(process_id)

    verbs: list[Callable[[], Awaitable[Any]]] = [
        lambda: complete_callback(runtime, BOB, callback_id=id, result={"rc": 0}, reason="seen"),
        lambda: adopt_callback_attempt(runtime, BOB, attempt_id=attempt.id, reason="seen"),
        lambda: reawait_callback(runtime, BOB, callback_id=id, timeout=60),
        lambda: reissue_callback(runtime, BOB, callback_id=id),
        lambda: abort_process(runtime, BOB, process_id=process_id),
        lambda: retry_process(runtime, BOB, process_id=process_id),
    ]
    for verb in verbs:
        with pytest.raises(Forbidden):
            await verb()

    wait = f"{'Undo' if is_cleaning_up else 'Playbook'} - Await callback"
    assert asked == [("recover_callback", wait)] * 4 + [("abort_workflow", wait), ("retry_workflow", wait)]
    assert (await engine.process(process_id)).status is AWAITING
    await complete_callback(runtime, ADA, callback_id=id, result={"rc": 0}, reason="seen")


async def test_a_process_whose_workflow_is_not_deployed_can_be_aborted(offer: Offer) -> None:
    @workflow("Gone")
    def gone() -> Any:
        return begin >> callback_step("Playbook", Remote().action(), judge)

    engine = await offer(gone)
    process = await engine.process(await engine.start(gone))

    await authorization.demand_action(engine.runtime, BOB, ProcessAction.ABORT, None, process.position)


async def test_the_rule_of_the_workflow_applies_at_a_step_that_a_deployment_removed(offer: Offer) -> None:
    @step("Only")
    def only() -> None:
        """The only step that is left."""

    @workflow("Shorter", retry_auth_callback=lambda context: context.step is None)
    def shorter() -> Any:
        return begin >> only

    engine = await offer(shorter)
    await authorization.demand_action(engine.runtime, ADA, ProcessAction.COMPLETE_CALLBACK, shorter, 7)


async def test_a_rule_of_a_step_that_the_process_left_meanwhile_allows_no_abort(offer: Offer) -> None:
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slowly(_: AuthContext) -> bool:
        is_asked.set()
        await may_answer.wait()
        return True

    flow = of(ask_with("First", slowly), ask_with("Second", lambda _: False), name="guarded")
    engine = await offer(flow)
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)

    aborted = asyncio.create_task(abort_process(engine.runtime, ADA, process_id=process_id))
    await asyncio.wait_for(is_asked.wait(), 60)
    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    await engine.until(lambda: _at(engine, process_id, 1), awaited="the second form")
    may_answer.set()

    with pytest.raises(Forbidden):
        await aborted
    assert (await engine.process(process_id)).status is ProcessStatus.SUSPENDED


def ask_with(name: str, rule: Any) -> Any:
    """A form whose step has this rule for a retry and an abort."""

    @inputstep(name, retry_auth_callback=rule, resume_auth_callback=lambda _: True)
    def ask() -> FormGenerator:
        yield FormPage
        return {}

    return ask


async def _at(engine: Engine, process_id: UUID, position: int) -> bool | None:
    process = await engine.process(process_id)
    return True if process.position == position and process.status is ProcessStatus.SUSPENDED else None
