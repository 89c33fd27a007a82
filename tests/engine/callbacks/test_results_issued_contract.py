"""A wait keeps the contract that it was issued with, whatever is deployed meanwhile."""

from typing import Any

import pytest
from pydantic import BaseModel
from support.clock import TurnableClock
from support.engine import engine_of
from support.operator import ADA, open_request
from support.playbooks import judge
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step
from orchestrator_gql.commands.callback_operator_actions import complete_callback
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.forms import PageInvalid
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

AWAITING, COMPLETED, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED, ProcessStatus.SUSPENDED


class Before(BaseModel):
    rc: int


class After(BaseModel):
    rc: int
    report_id: str


class Renamed(BaseModel):
    return_code: int


def plays(remote: Remote, contract: type[BaseModel] | None, **options: Any) -> Workflow:
    """A workflow whose wait has that contract."""

    @workflow("Play")
    def play() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge, contract=contract, timeout=60, **options)

    return play


@pytest.mark.parametrize("deployed", [After, Renamed, None])
async def test_a_deployment_does_not_change_the_contract_of_a_running_wait(
    storage: str, clock: TurnableClock, deployed: type[BaseModel] | None
) -> None:
    remote = Remote()
    async with engine_of(storage, flow := plays(remote, Before), clock=clock) as engine:
        process_id = await engine.start(flow)
        token = await remote.asked()
        await engine.reaches(process_id, AWAITING)
    async with engine_of(storage, plays(remote, deployed), clock=clock) as engine:
        with pytest.raises(PayloadInvalid) as refused:
            await answer(engine.runtime, token, {"rc": "zero"})
        await answer(engine.runtime, token, {"rc": 0})
        await engine.reaches(process_id, COMPLETED)

    assert [error.pointer for error in refused.value.errors] == ["/rc"]


async def test_a_server_without_the_workflow_judges_by_the_contract_too(storage: str, clock: TurnableClock) -> None:
    remote = Remote()
    async with engine_of(storage, flow := plays(remote, Before), clock=clock) as engine:
        process_id = await engine.start(flow)
        token = await remote.asked()
        await engine.reaches(process_id, AWAITING)
    async with engine_of(storage, clock=clock) as engine:
        with pytest.raises(PayloadInvalid):
            await answer(engine.runtime, token, {"rc": "zero"})
        await answer(engine.runtime, token, {"rc": 0})


async def test_an_operator_and_a_poll_are_held_to_the_contract_that_was_issued(
    storage: str, clock: TurnableClock
) -> None:
    def poll() -> Json:
        return {"rc": "zero"}

    remote = Remote()
    async with engine_of(storage, flow := plays(remote, Before, on_timeout="operator"), clock=clock) as engine:
        process_id = await engine.start(flow)
        await remote.asked()
        await engine.reaches(process_id, AWAITING)
    deployed = plays(remote, Renamed, on_timeout="operator", poll=poll)
    async with engine_of(storage, deployed, clock=clock) as engine:
        id = (await engine.callback(process_id)).id
        with pytest.raises(PayloadInvalid):
            await complete_callback(engine.runtime, ADA, callback_id=id, result={"return_code": 0}, reason="seen")
        engine.turn(60)
        await engine.reaches(process_id, SUSPENDED)
        polled = [attempt.outcome for attempt in await engine.attempts(process_id)]
        request = await open_request(engine, process_id)
        wrong, right = [
            await submit_form(
                engine.runtime,
                ADA,
                input_request_id=request.id,
                pages=[{"answer": "complete"}, {"result": text, "reason": "seen"}],
            )
            for text in ('{"return_code": 0}', '{"rc": 0}')
        ]
        await engine.reaches(process_id, COMPLETED)

    assert polled == ["INVALID"]
    assert isinstance(wrong, PageInvalid)
    assert not isinstance(right, PageInvalid)
