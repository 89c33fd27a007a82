"""Units of work that wait at the same time share transactions; none fails because of another, and none is lost."""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from uuid import UUID

import pytest

from orchestrator_gql.storage.database import batches
from orchestrator_gql.storage.database.batches import MOST, Batches
from orchestrator_gql.utils.errors import StorageUnavailable

SECRET: ContextVar[str] = ContextVar("SECRET", default="")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine no unit gives up waiting for others too early."""
    monkeypatch.setattr(batches, "PATIENCE", 600.0)


class Site:
    """A database that does units when the test lets it; it notes what was done alone and what together."""

    def __init__(self) -> None:
        self.batches: Batches[str, str] = Batches()
        self.alone: list[int] = []
        self.together: list[list[int]] = []
        self.secrets: list[str] = []
        self.go, self.noted = asyncio.Event(), asyncio.Event()
        self.failure: BaseException | None = None
        self.unfit: set[int] = set()

    def begin(self, number: int) -> "asyncio.Task[str]":
        """Begin the unit of that number."""
        return asyncio.create_task(self.run(number))

    async def run(self, number: int) -> str:
        SECRET.set(f"of {number}")

        async def alone() -> str:
            self.alone.append(number)
            self.noted.set()
            await self.go.wait()
            return f"{number} alone"

        return await self.batches.run(UUID(int=number), f"unit {number}", alone, self.do)

    async def do(self, units: Mapping[UUID, str]) -> Mapping[UUID, str]:
        assert list(units.values()) == [f"unit {id.int}" for id in units]
        self.together.append([id.int for id in units])
        self.secrets.append(SECRET.get())
        self.noted.set()
        await self.go.wait()
        if self.failure is not None:
            raise self.failure
        return {id: f"{id.int} together" for id in units if id.int not in self.unfit}

    async def notes(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition is true."""
        async with asyncio.timeout(60):
            while not condition():
                self.noted.clear()
                await self.noted.wait()


async def turn_over() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_unit_runs_alone_and_at_once_if_no_other_runs() -> None:
    site = Site()
    site.go.set()

    assert [await site.run(number) for number in (1, 2)] == ["1 alone", "2 alone"]
    assert site.together == []


async def test_units_that_come_meanwhile_share_transactions_of_a_limited_size() -> None:
    site = Site()
    first = site.begin(0)
    await turn_over()
    others = [site.begin(number) for number in range(1, MOST + 11)]
    await turn_over()
    meanwhile = list(site.together)
    site.go.set()

    results = await asyncio.gather(first, *others)

    assert meanwhile == []
    assert results == ["0 alone", *(f"{number} together" for number in range(1, MOST + 11))]
    assert site.together == [list(range(1, MOST + 1)), list(range(MOST + 1, MOST + 11))]
    assert site.secrets == ["", ""]


async def test_two_units_of_one_process_do_not_share_a_transaction() -> None:
    site = Site()
    first = site.begin(0)
    await turn_over()
    others = [site.begin(number) for number in (1, 2, 1, 3)]
    site.go.set()

    await asyncio.gather(first, *others)

    assert site.together == [[1, 2], [1, 3]]


async def test_a_unit_that_is_unfit_for_others_is_done_alone() -> None:
    site = Site()
    site.unfit = {2}
    first = site.begin(0)
    await turn_over()
    others = [site.begin(number) for number in (1, 2, 3)]
    site.go.set()

    assert await asyncio.gather(first, *others) == ["0 alone", "1 together", "2 alone", "3 together"]


async def test_after_a_failure_each_unit_is_done_alone() -> None:
    site = Site()
    site.failure = ValueError("one of them is wrong")
    first = site.begin(0)
    await turn_over()
    others = [site.begin(number) for number in (1, 2, 3)]
    site.go.set()

    assert await asyncio.gather(first, *others) == [f"{number} alone" for number in range(4)]
    assert await site.run(4) == "4 alone"


async def test_an_outage_is_the_error_of_each_unit_because_the_commit_may_have_been_done() -> None:
    site = Site()
    site.failure = StorageUnavailable()
    first = site.begin(0)
    await turn_over()
    others = [site.begin(number) for number in (1, 2)]
    site.go.set()

    results = await asyncio.gather(first, *others, return_exceptions=True)

    assert [type(result) for result in results] == [str, StorageUnavailable, StorageUnavailable]
    assert site.alone == [0]


@pytest.mark.parametrize("is_begun", [False, True], ids=["before its transaction", "in its transaction"])
async def test_a_cancelled_unit_neither_keeps_a_place_nor_ends_before_its_transaction(is_begun: bool) -> None:
    site = Site()
    site.unfit = {1}
    first = site.begin(0)
    await turn_over()
    cancelled, other = site.begin(1), site.begin(2)
    await turn_over()
    if is_begun:
        site.go.set()
        site.go = asyncio.Event()
        await turn_over()
    cancelled.cancel()
    await turn_over()
    has_ended = cancelled.done()
    site.go.set()
    results = await asyncio.gather(first, cancelled, other, return_exceptions=True)

    assert has_ended is not is_begun
    assert isinstance(results[1], asyncio.CancelledError)
    assert site.alone == ([0] if is_begun else [0, 2])
    assert await site.run(3) == "3 alone"


async def test_a_transaction_that_waits_for_a_lock_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "PATIENCE", 0.02)
    site = Site()
    locked = site.begin(0)
    await turn_over()
    others = [site.begin(number) for number in (1, 2)]
    await site.notes(lambda: bool(site.together))
    further = site.begin(3)
    await site.notes(lambda: site.alone == [0, 3])
    site.go.set()

    assert await asyncio.gather(locked, *others, further) == ["0 alone", "1 together", "2 together", "3 alone"]
