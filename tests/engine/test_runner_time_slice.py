"""A worker hands a process over between two steps when its time slice is over, and another worker continues."""

import asyncio
from contextlib import AsyncExitStack

from conftest import Offer
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import engine_of
from support.playbooks import of

from orchestrator_gql import step
from orchestrator_gql.engine.runner import STEPS
from orchestrator_gql.types import ProcessStatus, State

COMPLETED = ProcessStatus.COMPLETED


async def test_a_long_process_is_handed_over_after_its_time_slice(offer: Offer) -> None:
    calls: list[int] = []

    @step("Count")
    async def count(number: int = 0) -> State:
        calls.append(number)
        return {"number": number + 1}

    length = STEPS * 2 + 10
    played = of(*[count] * length)
    engine = await offer(played)

    ended = await engine.reaches(await engine.start(played), COMPLETED)

    assert calls == list(range(length))
    assert ended.epoch == 3  # each claim counts it up


async def test_a_stopping_server_hands_over_between_two_steps(postgres: PostgresServer, clock: TurnableClock) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    calls: list[str] = []

    @step("Long")
    async def long() -> None:
        calls.append("long")
        begun.set()
        await go.wait()

    @step("Next")
    async def following() -> None:
        calls.append("next")

    played = of(long, following)
    with postgres.database() as url:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(engine_of(url, played, clock=clock))
            process_id = await first.start(played)
            await begun.wait()
            closing = asyncio.create_task(stack.aclose())
            await asyncio.sleep(0)
            go.set()
            await closing
            calls.append("gone")
        async with engine_of(url, played, clock=clock) as second:
            left = await second.process(process_id)
            await second.reaches(process_id, COMPLETED)

    assert calls == ["long", "gone", "next"]
    assert left.position == 1
