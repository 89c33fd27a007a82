"""Authors' async functions run on loops beside the server's: time-outs, cancellation and every exception cross over."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from support.holds import Hold
from support.until import becomes

from orchestrator_gql.utils import author_loops
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.author_handover import Limit, NoThreadFree, TimedOut
from orchestrator_gql.utils.author_loops import Loops

LOOPS = 4

seen: ContextVar[str] = ContextVar("seen", default="nothing")


@pytest.fixture
def hold() -> Iterator[Hold]:
    hold = Hold()
    yield hold
    hold.let_go()


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loops]:
    monkeypatch.setattr(author_loops, "LINGER", 0.3)
    monkeypatch.setattr(author_loops, "LOOPS", LOOPS)
    loops = Loops("test")
    yield loops
    loops.close()


def urgent(seconds: float = 0.1) -> Limit:
    return Limit(seconds, is_urgent=True)


def blocking(hold: Hold) -> Callable[[], Awaitable[None]]:
    async def block() -> None:
        hold.block()

    return block


async def where() -> tuple[int, asyncio.AbstractEventLoop]:
    return threading.get_ident(), asyncio.get_running_loop()


async def test_a_function_runs_on_another_loop_in_another_thread(loops: Loops) -> None:
    thread, loop = await loops.run(where)

    assert (thread, loop) != await where()
    assert await loops.run(where) == (thread, loop)


async def test_it_sees_the_context_and_its_changes_are_not_seen_here(loops: Loops) -> None:
    async def look() -> str:
        text = seen.get()
        seen.set("changed")
        return text

    seen.set("mine")

    assert await loops.run(look) == "mine"
    assert seen.get() == "mine"


async def in_itself(kind: type[BaseException]) -> None:
    raise kind


async def in_a_task(kind: type[BaseException]) -> None:
    await asyncio.gather(in_itself(kind), asyncio.sleep(0))


async def in_a_callback(kind: type[BaseException]) -> None:
    def raises() -> None:
        raise kind

    asyncio.get_running_loop().call_soon(raises)
    await asyncio.sleep(0.01)
    raise kind


@pytest.mark.parametrize("place", [in_itself, in_a_task, in_a_callback])
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, ValueError])
async def test_no_exception_ends_the_loop(
    loops: Loops,
    place: Callable[[type[BaseException]], Awaitable[None]],
    kind: type[BaseException],
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = await loops.run(where)
    for _ in range(2):
        async with asyncio.timeout(60):
            with pytest.raises(AuthorRaised):
                await loops.run(lambda: place(kind))

    assert await loops.run(where) == loop
    assert len(loops.threads) == 1
    assert "a callback on an event loop" not in caplog.text or place is in_a_callback


async def test_after_a_time_out_the_function_has_cleaned_up_before_the_caller_goes_on(loops: Loops) -> None:
    done: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            done.append("cleaned up")

    with pytest.raises(TimedOut):
        await loops.run(waits, limit=Limit(0.05))

    assert done == ["cleaned up"]
    assert loops.stuck == 0


async def test_a_person_does_not_wait_for_the_clean_up(loops: Loops, hold: Hold) -> None:
    begun, done = threading.Event(), threading.Event()

    async def waits() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await hold.wait()
            done.set()

    while not begun.is_set():  # on a busy machine the time may be over before the function begins
        with pytest.raises(TimedOut):
            await loops.run(waits, limit=urgent(0.05))

    assert not done.is_set()
    hold.let_go()
    await becomes(done.is_set)


async def test_if_the_caller_is_cancelled_the_function_is_cancelled_too(loops: Loops) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def waits() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.set()
            raise

    call = asyncio.create_task(loops.run(waits))
    await becomes(begun.is_set)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert ended.is_set()


async def test_a_function_that_ignores_cancellation_is_left_after_a_moment_and_counted(
    loops: Loops, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(60):
        with pytest.raises(TimedOut):
            await loops.run(hold.wait_stubbornly, limit=Limit(0.05), name="step 'Stubborn'")

    assert (loops.stuck, len(loops.threads)) == (1, 1)
    assert "step 'Stubborn'" in caplog.text
    hold.let_go()
    await becomes(lambda: loops.stuck == 0)


async def test_a_blocked_loop_is_replaced_after_a_time_out_and_the_calls_that_wait_move_and_run_once(
    loops: Loops, hold: Hold
) -> None:
    ran: list[str] = []

    async def work() -> str:
        ran.append("work")
        return "done"

    blocked = asyncio.create_task(loops.run(blocking(hold), limit=Limit(0.05)))
    await becomes(hold.entered.is_set)
    waiting = [asyncio.create_task(loops.run(work)) for _ in range(10)]
    given_up = asyncio.create_task(loops.run(work, limit=urgent(0.05)))

    with pytest.raises(TimedOut):
        await blocked
    with pytest.raises(TimedOut):
        await given_up
    assert await asyncio.gather(*waiting) == ["done"] * 10
    assert (loops.stuck, len(loops.threads)) == (1, 2)

    hold.let_go()
    await becomes(lambda: loops.stuck == 0 and len(loops.threads) == 1)  # the old loop ends
    assert ran == ["work"] * 10


async def test_a_blocked_loop_keeps_its_calls_if_the_system_starts_no_thread(
    loops: Loops, hold: Hold, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[asyncio.AbstractEventLoop] = []

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def made() -> asyncio.AbstractEventLoop:
        closed.append(real())
        return closed[-1]

    real = asyncio.new_event_loop
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        full.setattr(asyncio, "new_event_loop", made)
        with pytest.raises(RuntimeError):
            await loops.run(where)
    blocked = asyncio.create_task(loops.run(blocking(hold), limit=Limit(0.05)))
    await becomes(hold.entered.is_set)
    waiting = [asyncio.create_task(loops.run(where)) for _ in range(3)]
    await asyncio.sleep(0)
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        full.setattr(asyncio, "new_event_loop", made)
        with pytest.raises(TimedOut):
            await blocked
    assert "no thread can be started" in caplog.text
    assert [loop.is_closed() for loop in closed] == [True, True]

    hold.let_go()
    async with asyncio.timeout(60):
        assert len(set(await asyncio.gather(*waiting))) == 1
    assert await loops.run(where) == await waiting[0], "the same loop goes on"


async def test_a_function_on_a_blocked_loop_goes_on_when_it_is_free_again(loops: Loops, hold: Hold) -> None:
    async def waits() -> str:
        await asyncio.sleep(0.05)
        return "done"

    slow = asyncio.create_task(loops.run(waits))
    await asyncio.sleep(0.01)
    with pytest.raises(TimedOut):
        await loops.run(blocking(hold), limit=Limit(0.05))
    assert not slow.done()

    hold.let_go()

    assert await slow == "done"


async def test_only_so_many_loops_are_replaced_and_then_a_person_is_refused_at_once(loops: Loops, hold: Hold) -> None:
    for _ in range(LOOPS + 1):
        with pytest.raises(TimedOut):
            await loops.run(blocking(hold), limit=Limit(0.02))
    assert len(loops.threads) == LOOPS + 1
    loops.threads[-1].ping()
    await becomes(lambda: loops.threads[-1].blocked_seconds > author_loops.BLOCKED)

    with pytest.raises(NoThreadFree):
        await loops.run(where, limit=urgent(10))
    hold.let_go()
    assert await loops.run(where)


async def test_a_call_that_another_function_cancels_in_the_turn_in_which_it_begins_is_answered(
    loops: Loops, hold: Hold
) -> None:
    async def cancel_all() -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    blocked = asyncio.create_task(loops.run(blocking(hold)))
    await becomes(hold.entered.is_set)
    cancelled = asyncio.create_task(loops.run(lambda: asyncio.sleep(60)))
    cancels = asyncio.create_task(loops.run(cancel_all))
    await asyncio.sleep(0.01)
    hold.let_go()  # both begin in the same turn of the loop

    await asyncio.gather(blocked, cancels)
    with pytest.raises(AuthorRaised) as raised:
        async with asyncio.timeout(60):
            await cancelled
    assert raised.value.described.kind == "CancelledError"
    assert loops.stuck == 0


@pytest.mark.parametrize("make", [asyncio.Lock, asyncio.Event, asyncio.Queue])
async def test_an_object_of_another_loop_is_named_with_the_fix(loops: Loops, make: Callable[[], Any]) -> None:
    shared = make()

    async def waits() -> None:
        if isinstance(shared, asyncio.Lock):
            await shared.acquire()
            await shared.acquire()
        await (shared.wait() if isinstance(shared, asyncio.Event) else shared.get())

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await waits()  # now it belongs to this loop

    with pytest.raises(AuthorRaised) as raised:
        await loops.run(waits)

    assert "different event loop" in str(raised.value.described)
    assert "ORCHESTRATOR_AUTHORS_LOOP=server" in str(raised.value.described)


async def test_a_blocked_loop_does_not_hold_up_the_end(hold: Hold) -> None:
    loops = Loops("test")
    call = asyncio.create_task(loops.run(blocking(hold)))
    await becomes(hold.entered.is_set)

    began = time.monotonic()
    loops.close()

    assert time.monotonic() - began < 5
    hold.let_go()
    await asyncio.wait([call], timeout=60)


async def test_closed_loops_cancel_what_still_runs(hold: Hold) -> None:
    loops, cancelled = Loops("test"), threading.Event()

    async def waits() -> None:
        hold.entered.set()
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    call = asyncio.create_task(loops.run(waits))
    await becomes(hold.entered.is_set)

    loops.close()

    assert cancelled.is_set()
    with pytest.raises(AuthorRaised):
        await call
