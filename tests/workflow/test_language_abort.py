"""The step ``abort``: a workflow that aborts its own process."""

from pathlib import Path

import pytest
from support.engine import Engine, engine_of
from support.network import Node, create_node, lock_of, made, model_of, rested
from support.network import begun as begun_on
from support.stage import Stage, named

from orchestrator_gql import StepList, abort, begin, callback_step, conditional, done, init, step
from orchestrator_gql.process import Process
from orchestrator_gql.types import EventKind, ProcessStatus, State, StepStatus
from orchestrator_gql.workflow import Workflow, workflow
from orchestrator_gql.workflows.utils import modify_workflow

pytestmark = pytest.mark.one_dispatcher


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


@step("Never")
def never() -> None:
    raise AssertionError("a step after an abort ran")


async def test_an_abort_step_ends_the_process_and_nothing_follows(stage: Stage) -> None:
    async with stage(named("play", init >> abort >> never >> done)) as play:
        process = await play.run("play", {"a": 1})
        log = await play.log(process)
        events = await play.engine.events(process.id, EventKind.PROCESS_STATUS_CHANGED)

    assert (process.status, process.failure, process.state["a"]) == (ProcessStatus.ABORTED, None, 1)
    assert [(entry.name, entry.status) for entry in log] == [
        ("Start", StepStatus.SUCCESS),
        ("Abort", StepStatus.ABORTED),
    ]
    assert process.ended_at is not None
    last = events[-1]
    assert (last.payload["to"], last.payload["reason"]) == ("ABORTED", "Its step 'Abort' aborted it.")
    assert last.actor is None


@pytest.mark.parametrize(("refused", "status"), [(True, ProcessStatus.ABORTED), (False, ProcessStatus.COMPLETED)])
async def test_an_abort_step_may_have_a_condition(stage: Stage, refused: bool, status: ProcessStatus) -> None:
    process = await stage.play(conditional(lambda refused: refused)(abort) >> done, refused=refused)

    assert (process.status, process.failure) == (status, None)


def _cleaning(stage: Stage, clean_up: StepList) -> Workflow:
    @workflow("Clean up", on_abort=clean_up)
    def cleaning() -> StepList:
        return begin >> step("Work")(lambda: {"worked": True}) >> abort >> never

    return cleaning


@step("Clean up")
def clean_up(worked: bool) -> State:
    return {"cleaned": worked}


@pytest.mark.parametrize("steps", [begin >> clean_up, begin >> clean_up >> abort >> never], ids=["plain", "abort"])
async def test_an_abort_step_leads_to_the_clean_up(stage: Stage, steps: StepList) -> None:
    async with stage(_cleaning(stage, steps)) as play:
        process = await play.run("cleaning")

    assert process.status is ProcessStatus.ABORTED
    assert process.state["cleaned"] is True


async def test_an_abort_step_after_a_callback_calls_no_service_again(stage: Stage) -> None:
    @step("Call")
    def call(callback_route: str) -> None:
        stage.seen.append(callback_route)

    @step("Cancel")
    def cancel() -> None:
        stage.seen.append("cancelled")

    steps = callback_step("Configure", call, step("Judge")(lambda callback_result: None), on_abort=cancel) >> abort
    async with stage(named("play", steps)) as play:
        process = await play.run("play", {})
        await play.answer(stage.seen[0], {"ok": True})
        process = await play.rest(process.id, ProcessStatus.AWAITING_CALLBACK)

    assert process.status is ProcessStatus.ABORTED
    assert len(stage.seen) == 1


async def test_an_abort_step_ends_a_process_on_every_database(storage: str) -> None:
    play = named("play", begin >> abort)
    async with engine_of(storage, play) as engine:
        process = await engine.reaches(await engine.start(play, {}), ProcessStatus.ABORTED)

    assert process.ended_at is not None


async def _aborted(engine: Engine, modify: Workflow, node: str) -> Process:
    return await rested(engine, await begun_on(engine, modify, subscription_id=node))


async def test_an_abort_step_gives_the_lock_back_if_no_step_of_the_author_began(tmp_path: Path) -> None:
    @step("Change it")
    def change(subscription: Node) -> State:
        subscription.node.node_name = "ams-2"
        return {"subscription": subscription}

    @modify_workflow("Give up")
    def give_up() -> StepList:
        return begin >> abort

    @modify_workflow("Change and give up")
    def change_and_give_up() -> StepList:
        return begin >> change >> abort

    url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    async with engine_of(url, create_node, give_up, change_and_give_up) as engine:
        node = await made(engine, create_node)
        process = await _aborted(engine, give_up, node)
        assert (process.status, await lock_of(engine, node)) == (ProcessStatus.ABORTED, None)

        process = await _aborted(engine, change_and_give_up, node)
        lock = await lock_of(engine, node)
        model = await model_of(engine, node)

    assert process.status is ProcessStatus.ABORTED
    assert lock is not None and lock.out_of_sync_by == process.id and lock.locked_by is None
    assert lock.out_of_sync_reason is not None and "aborted by its own workflow" in lock.out_of_sync_reason
    assert model["node"]["node_name"] == "ams-2"
