"""An operation makes only the loaders that its fields need, and the callers of a loader do not end each other."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stories import telling
from support.until import PATIENCE

from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.loaders import Loader, _PatientLoop
from orchestrator_gql.graphql.slow_lane import Pace, SlowLane

pytestmark = pytest.mark.usefixtures("little_to_look_through")

PROCESSES = "{ processes(first: 5) { nodes { id status openInputRequest { id } } } }"


async def test_an_operation_makes_only_the_loaders_of_its_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts: list[Context] = []
    made = Context.renew

    def noted(context: Context) -> None:
        contexts.append(context)
        made(context)

    monkeypatch.setattr(Context, "renew", noted)
    async with telling(tmp_path) as story:
        await story.asks()
        contexts.clear()
        await story.site.ask(PROCESSES)

    assert [set(vars(context.loaders)) for context in contexts] == [{"runtime", "principal", "loop", "requests"}]


class Reading:
    """A loader whose read waits until the test lets it go on."""

    def __init__(self, error: Exception | None = None) -> None:
        self.may_go_on = asyncio.Event()
        self.began = asyncio.Event()
        self.keys: list[list[int]] = []
        self.error = error
        loop: Any = _PatientLoop(Pace(SlowLane(), "client"))
        self.loader: Loader[int, int] = Loader(load_fn=self._read, loop=loop)

    async def _read(self, keys: list[int]) -> list[int]:
        self.keys.append(keys)
        self.began.set()
        await self.may_go_on.wait()
        if self.error is not None:
            raise self.error
        return [10 * key for key in keys]

    async def load(self, key: int) -> int:
        """What a resolver does."""
        return await self.loader.load(key)


@pytest.fixture
async def logged() -> AsyncIterator[list[dict[str, Any]]]:
    """What the event loop complains about."""
    found: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, complaint: found.append(complaint))
    yield found
    loop.set_exception_handler(None)


@pytest.mark.parametrize("leaving", [0, 1])
@pytest.mark.parametrize("has_begun", [True, False])
async def test_a_cancelled_caller_takes_the_value_from_no_other(leaving: int, has_begun: bool) -> None:
    reading = Reading()
    tasks = [asyncio.create_task(reading.load(1)) for _ in range(3)]
    async with asyncio.timeout(PATIENCE):
        await (reading.began.wait() if has_begun else asyncio.sleep(0))
        tasks[leaving].cancel()
        await asyncio.wait([tasks[leaving]])
        reading.may_go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(found.pop(leaving), asyncio.CancelledError)
    assert (found, reading.keys) == ([10, 10], [[1]])


@pytest.mark.parametrize("error", [None, ValueError("no database")])
async def test_the_read_ends_with_its_last_caller_and_a_later_caller_reads_again(
    error: Exception | None, logged: list[dict[str, Any]]
) -> None:
    reading = Reading(error)
    tasks = [asyncio.create_task(reading.load(1)) for _ in range(2)]
    async with asyncio.timeout(PATIENCE):
        await reading.began.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        reading.may_go_on.set()
        (found,) = await asyncio.gather(reading.load(1), return_exceptions=True)
    gc.collect()

    assert found is error if error else found == 10
    assert reading.keys == [[1], [1]]
    assert not logged


async def test_an_error_of_a_read_is_that_of_each_caller_and_of_no_log(logged: list[dict[str, Any]]) -> None:
    reading = Reading(ValueError("no database"))
    tasks = [asyncio.create_task(reading.load(1)) for _ in range(3)]
    async with asyncio.timeout(PATIENCE):
        await reading.began.wait()
        tasks[0].cancel()
        reading.may_go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    gc.collect()

    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [reading.error] * 2
    assert not logged
