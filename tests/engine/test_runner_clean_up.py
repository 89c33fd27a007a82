"""The clean-up steps of a workflow run after an abort, on both databases."""

from dataclasses import replace
from typing import Any

import pytest
from conftest import Offer
from support.clock import TurnableClock
from support.engine import engine_of
from support.operator import ADA, BOB
from support.playbooks import judge
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, conditional, step
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.types import ProcessStatus, State, StepStatus
from orchestrator_gql.utils.errors import CallbackClosed
from orchestrator_gql.workflow import Workflow, workflow

ABORTED, AWAITING, FAILED = ProcessStatus.ABORTED, ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED


@step("Reserve")
def reserve() -> State:
    return {"vlan": 100}


def cleaning(remote: Remote, *clean_up: Any) -> Workflow:
    """A workflow that reserves, waits for a remote service, and has clean-up steps."""
    cleans = begin
    for clean_up_step in clean_up:
        cleans = cleans >> clean_up_step

    @workflow("Reserve and wait", on_abort=cleans)
    def reserves() -> Any:
        return begin >> reserve >> callback_step("Playbook", remote.action(), judge)

    return reserves


async def test_an_abort_runs_the_clean_up_steps_and_then_the_process_is_aborted(offer: Offer) -> None:
    freed: list[int] = []

    @step("Free the VLAN")
    def free(vlan: int) -> State:
        freed.append(vlan)
        return {"vlan": None}

    remote = Remote()
    flow = cleaning(remote, free)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)

    await abort_process(engine.runtime, ADA, process_id=process_id, reason="wrong site")
    ended = await engine.reaches(process_id, ABORTED)

    assert freed == [100]
    assert (ended.state, ended.aborted_by, ended.failure) == ({"vlan": None}, "ada", None)
    executions = [(execution.name, execution.status) for execution in await engine.steps(process_id)]
    assert executions[-2:] == [
        ("Playbook - Await callback", StepStatus.ABORTED),
        ("Free the VLAN", StepStatus.SUCCESS),
    ]
    last = (await engine.events(process_id))[-1]
    assert (last.payload["to"], last.actor) == (ABORTED, "ada")
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, remote.tokens[0], {"rc": 0})


async def test_a_clean_up_may_itself_wait_for_a_remote_service(offer: Offer) -> None:
    remote, undoing = Remote(), Remote()
    flow = cleaning(remote, callback_step("Undo", undoing.action("Undo it"), judge))
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)

    await abort_process(engine.runtime, ADA, process_id=process_id)
    token = await undoing.asked()
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, token, {"rc": 0, "changed": 3})

    ended = await engine.reaches(process_id, ABORTED)
    assert ended.state["changed"] == 3


async def test_a_failed_clean_up_can_be_retried_and_a_second_abort_ends_it(offer: Offer) -> None:
    tries: list[str] = []

    @step("Free the VLAN")
    def free() -> None:
        tries.append("free")
        raise RuntimeError("the controller is away")

    remote = Remote()
    flow = cleaning(remote, free)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    await abort_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, FAILED)

    await retry_process(engine.runtime, BOB, process_id=process_id)
    failed = await engine.reaches(process_id, FAILED)
    await abort_process(engine.runtime, BOB, process_id=process_id, reason="freed by hand")
    ended = await engine.process(process_id)

    assert tries == ["free", "free"]
    assert failed.failure is not None
    assert (ended.status, ended.aborted_by) == (ABORTED, "bob")


async def test_a_clean_up_never_continues_after_the_steps_of_the_workflow_changed(
    storage: str, clock: TurnableClock
) -> None:
    remote, undoing = Remote(), Remote()
    undo = callback_step("Undo", undoing.action("Undo it"), judge)
    async with engine_of(storage, cleaning(remote, undo), clock=clock) as before:
        process_id = await before.start(cleaning(remote))
        await before.reaches(process_id, AWAITING)
        await abort_process(before.runtime, ADA, process_id=process_id)
        token = await undoing.asked()
        await before.reaches(process_id, AWAITING)

    @workflow("Reserve and wait", on_abort=undo)
    def reserves() -> Any:
        return begin >> reserve >> reserve >> callback_step("Playbook", remote.action(), judge)

    async with engine_of(storage, reserves, clock=clock) as after:
        await answer(after.runtime, token, {"rc": 0})
        failed = await after.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "definition-changed"
    assert "cleaning up" in failed.failure.message


async def test_a_clean_up_never_continues_with_other_clean_up_steps(storage: str, clock: TurnableClock) -> None:
    remote, undoing, ran = Remote(), Remote(), list[str]()

    @step("Danger")
    async def danger() -> None:
        ran.append("danger")

    undo = callback_step("Undo", undoing.action("Undo it"), judge)
    async with engine_of(storage, cleaning(remote, undo), clock=clock) as before:
        process_id = await before.start(cleaning(remote))
        await before.reaches(process_id, AWAITING)
        await abort_process(before.runtime, ADA, process_id=process_id)
        token = await undoing.asked()
        await before.reaches(process_id, AWAITING)

    async with engine_of(storage, cleaning(remote, undo, danger), clock=clock) as after:
        await answer(after.runtime, token, {"rc": 0})
        failed = await after.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, ran) == ("definition-changed", [])


async def test_an_abort_under_a_shorter_definition_ignores_the_old_condition_results(
    storage: str, clock: TurnableClock
) -> None:
    evaluations: list[str] = []

    def is_needed(_: State) -> bool:
        evaluations.append("asked")
        return True

    @step("Clean up")
    async def clean() -> State:
        return {"cleaned": True}

    remote = Remote()
    longer = conditional(lambda _: True)(callback_step("Playbook", remote.action(), judge))

    @workflow("Reserve")
    def reserves() -> Any:
        return begin >> reserve >> longer

    async with engine_of(storage, reserves, clock=clock) as before:
        process_id = await before.start(reserves)
        await before.reaches(process_id, AWAITING)

    @workflow("Reserve", on_abort=conditional(is_needed)(clean))
    def shorter() -> Any:
        return begin >> reserve

    async with engine_of(storage, replace(shorter, name="reserves"), clock=clock) as after:
        await abort_process(after.runtime, ADA, process_id=process_id)
        ended = await after.reaches(process_id, ABORTED)

    assert (ended.state["cleaned"], evaluations) == (True, ["asked"])
