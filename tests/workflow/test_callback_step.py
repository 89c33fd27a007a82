"""The three steps of a callback step, as an author writes and names them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from support.stage import Stage, named

from orchestrator_gql import StepList, callback_step, retrystep, step
from orchestrator_gql.types import ProcessStatus, State, StepKind
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    CallbackUnknown,
    InvalidState,
    PayloadInvalid,
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


@step("Judge")
def judge(callback_result: Any) -> None: ...


@step("Order")
def order(callback_route: str) -> None: ...


def test_a_callback_is_three_visible_steps_in_one_group() -> None:
    steps = callback_step("Call", order, judge)

    assert isinstance(steps, StepList)
    assert [(step.name, step.kind, step.group) for step in steps] == [
        ("Order", StepKind.ACTION, "Call"),
        ("Call - Await callback", StepKind.AWAIT_CALLBACK, "Call"),
        ("Judge", StepKind.VALIDATION, "Call"),
    ]


async def test_an_action_gets_the_route_the_url_and_the_progress_url(stage: Stage) -> None:
    @step("Order")
    def ordering(callback_route: str, callback_url: str, progress_url: str) -> None:
        stage.seen.extend((callback_route, callback_url, progress_url))

    process = await stage.play(callback_step("Call", ordering, judge))

    route, url, progress = stage.seen
    assert process.status is ProcessStatus.AWAITING_CALLBACK
    assert route.startswith(f"/api/processes/{process.id}/callback/")
    assert (url, progress) == (f"https://orchestrator.example{route}", f"https://orchestrator.example{route}/progress")


async def test_an_action_that_takes_state_finds_its_url_in_it_and_cannot_store_it(stage: Stage) -> None:
    @step("Order")
    def ordering(state: State) -> State:
        stage.seen.append(state["callback_route"])
        return state | {"note": f"ordered with {state['callback_url']}"}

    process = await stage.play(callback_step("Call", ordering, judge), vlan=5)

    token = stage.seen[0].rpartition("/")[2]
    assert process.state.keys() == {"vlan", "note"}
    assert token not in str(process)
    assert "[callback token]" in process.state["note"]


async def test_the_names_of_route_and_result_are_the_authors_choice(stage: Stage) -> None:
    @step("Order")
    def ordering(reply_to: str, state: State) -> State:
        stage.seen.append(reply_to)
        return state

    @step("Judge")
    def judging(playbook_result: dict[str, Any]) -> State:
        return {"is_good": playbook_result["code"] == 0}

    steps = callback_step("Call", ordering, judging, result_key="playbook_result", callback_route_key="reply_to")
    async with stage(named("calling", steps)) as engine:
        process = await engine.run("calling", {})
        await engine.answer(stage.seen[0], {"code": 0})
        ended = await engine.rest(process.id)

    assert process.state == {}
    assert ended.state == {"playbook_result": {"code": 0}, "is_good": True}


async def test_without_a_result_key_the_default_key_is_used(stage: Stage) -> None:
    steps = callback_step("Call", order, judge, result_key=None)

    assert callback_step("Call", order, judge) == steps


async def test_two_callbacks_in_one_workflow_keep_their_results_apart(stage: Stage) -> None:
    @step("Order")
    def ordering(callback_route: str) -> None:
        stage.seen.append(callback_route)

    @step("Judge dry run")
    def judge_dry(dry_result: int) -> None: ...

    @step("Judge run")
    def judge_run(run_result: int, dry_result: int) -> State:
        return {"sum": run_result + dry_result}

    steps = callback_step("Dry", ordering, judge_dry, result_key="dry_result") >> callback_step(
        "Run", ordering, judge_run, result_key="run_result"
    )
    async with stage(named("calling", steps)) as engine:
        process = await engine.run("calling", {})
        await engine.answer(stage.seen[0], 1)
        await engine.rest(process.id)
        with pytest.raises(CallbackConflict):
            await engine.answer(stage.seen[0], 2)
        await engine.answer(stage.seen[1], 2)
        ended = await engine.rest(process.id)

    assert ended.state == {"dry_result": 1, "run_result": 2, "sum": 3}
    assert stage.seen[0] != stage.seen[1]


async def test_an_early_result_is_kept_until_the_process_reaches_its_wait(stage: Stage) -> None:
    @step("Order")
    async def ordering(callback_route: str) -> None:
        await stage.seen[0].answer(callback_route, {"code": 0})

    async with stage(named("calling", callback_step("Call", ordering, judge))) as engine:
        stage.seen.append(engine)
        ended = await engine.run("calling", {})

    assert ended.status is ProcessStatus.COMPLETED
    assert ended.state == {"callback_result": {"code": 0}}


async def test_a_failed_action_withdraws_its_callback(stage: Stage) -> None:
    @step("Order")
    def ordering(callback_route: str) -> None:
        stage.seen.append(callback_route)
        raise ConnectionError(f"no answer for {callback_route}")

    async with stage(named("calling", callback_step("Call", ordering, judge))) as engine:
        failed = await engine.run("calling", {})
        with pytest.raises(CallbackClosed, match="withdrawn"):
            await engine.answer(stage.seen[0], {})

    assert failed.failure is not None
    assert failed.failure.message.endswith("/callback/[callback token]")
    assert stage.seen[0] not in str(failed.failure.traceback)


async def test_every_url_that_a_retried_action_handed_out_belongs_to_the_same_callback(stage: Stage) -> None:
    @retrystep("Order", attempts=2, delay=0)
    def ordering(callback_route: str) -> None:
        stage.seen.append(callback_route)
        if len(stage.seen) == 1:
            raise ConnectionError("did it get through?")

    async with stage(named("calling", callback_step("Call", ordering, judge))) as engine:
        process = await engine.rest((await engine.run("calling", {})).id, ProcessStatus.WAITING)
        await engine.answer(stage.seen[0], {"from": "first"})
        ended = await engine.rest(process.id)
        with pytest.raises(CallbackConflict):
            await engine.answer(stage.seen[1], {"from": "second"})

    assert ended.state == {"callback_result": {"from": "first"}}


async def test_a_retry_after_a_failed_validation_validates_the_stored_result_again(stage: Stage) -> None:
    @step("Order")
    def ordering(callback_route: str) -> None:
        stage.seen.append(callback_route)

    @step("Judge")
    def strict(callback_result: Any) -> None:
        stage.seen.append(callback_result)
        if len(stage.seen) == 2:
            raise RuntimeError("the database of truth is away")

    async with stage(named("calling", callback_step("Call", ordering, strict))) as engine:
        process = await engine.run("calling", {})
        await engine.answer(stage.seen[0], {"code": 0})
        ended = await engine.retry(await engine.rest(process.id))

    assert ended.status is ProcessStatus.COMPLETED
    assert stage.seen[1:] == [{"code": 0}, {"code": 0}]


async def test_a_payload_that_breaks_the_contract_is_rejected_and_the_callback_stays_open(stage: Stage) -> None:
    class Answer(BaseModel):
        code: int

    @step("Order")
    def ordering(callback_route: str) -> None:
        stage.seen.append(callback_route)

    async with stage(named("calling", callback_step("Call", ordering, judge, contract=Answer))) as engine:
        process = await engine.run("calling", {})
        with pytest.raises(PayloadInvalid) as refused:
            await engine.answer(stage.seen[0], {"code": "none"})
        await engine.answer(stage.seen[0], {"code": 0})
        ended = await engine.rest(process.id)

    assert [error.pointer for error in refused.value.errors] == ["/code"]
    assert ended.state == {"callback_result": {"code": 0}}


async def test_a_url_that_was_never_handed_out_is_unknown(stage: Stage) -> None:
    async with stage(named("calling", callback_step("Call", order, judge))) as engine:
        process = await engine.run("calling", {})
        with pytest.raises(CallbackUnknown):
            await engine.answer(f"/api/processes/{process.id}/callback/guessed", {})


async def test_an_expired_wait_fails_the_process_and_allows_no_retry(stage: Stage) -> None:
    async with stage(named("calling", callback_step("Call", order, judge, timeout=60))) as engine:
        waiting = await engine.run("calling", {})
        engine.engine.turn(60)
        process = await engine.rest(waiting.id, ProcessStatus.AWAITING_CALLBACK)
        with pytest.raises(InvalidState, match="cannot be retried"):
            await engine.retry(process)

    assert process.failure is not None
    assert process.failure.code == "callback-expired"
