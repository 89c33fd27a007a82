"""The connection is lost during the COMMIT of a decision: it is stored once, and its sender sees it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.lossy import Cut, LossyWire, lossy_wire
from support.operator import ADA, confirm, open_request

from orchestrator_gql import begin, inputstep
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import EventKind, FormGenerator, InputRequestStatus, ProcessStatus
from orchestrator_gql.utils.errors import OutcomeUnknown
from orchestrator_gql.workflow import workflow

COMPLETED = ProcessStatus.COMPLETED


@inputstep("Choose a window")
def choose() -> FormGenerator:
    class Window(FormPage):
        minutes: int = 30

    answer = yield Window
    return {"minutes": answer.minutes}


@workflow("Asks")
def asks() -> Any:
    return begin >> choose


@asynccontextmanager
async def wired_engine(postgres: PostgresServer, clock: TurnableClock) -> AsyncIterator[tuple[LossyWire, Engine]]:
    with postgres.database() as url:
        async with (
            lossy_wire(url) as (wire, near),
            engine_of(near, asks, clock=clock, heartbeat=0.1) as engine,
        ):
            yield wire, engine


@pytest.mark.parametrize("cut", Cut, ids=["done", "lost"])
@pytest.mark.parametrize("key", ["once", None])
async def test_a_decision_whose_commit_was_lost_is_stored_once(
    postgres: PostgresServer, clock: TurnableClock, cut: Cut, key: str | None
) -> None:
    async with wired_engine(postgres, clock) as (wire, engine):
        process_id = await engine.start(asks)
        request = await open_request(engine, process_id)
        wire.cut_commit(cut, "INPUT_DECIDED")
        result = await submit_form(
            engine.runtime, ADA, input_request_id=request.id, pages=[{"minutes": 10}], idempotency_key=key
        )
        ended = await engine.reaches(process_id, COMPLETED)
        decided = await engine.events(process_id, EventKind.INPUT_DECIDED)

    assert wire.cuts == 1
    assert isinstance(result, DecisionResult)
    assert result.request.status is InputRequestStatus.SUBMITTED
    assert result.process.status in (ProcessStatus.RUNNING, COMPLETED)
    assert ended.state == {"minutes": 10}
    assert len(decided) == 1


async def test_a_decision_whose_commits_were_lost_is_unknown_and_may_be_repeated(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    async with wired_engine(postgres, clock) as (wire, engine):
        process_id = await engine.start(asks)
        request = await open_request(engine, process_id)
        wire.cut_commit(Cut.LOST, "INPUT_DECIDED", times=2)
        with pytest.raises(OutcomeUnknown):
            await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
        await confirm(engine, process_id)
        await engine.reaches(process_id, COMPLETED)
        decided = await engine.events(process_id, EventKind.INPUT_DECIDED)

    assert wire.cuts == 2
    assert len(decided) == 1
