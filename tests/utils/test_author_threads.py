"""Threads run authors' sync functions: a function that does not return costs its own thread and no other."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial

import pytest
from support.holds import Hold
from support.until import becomes

from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.author_handover import Limit, NoThreadFree, TimedOut
from orchestrator_gql.utils.author_threads import Threads

seen: ContextVar[str] = ContextVar("seen", default="nothing")


@pytest.fixture
def hold() -> Iterator[Hold]:
    hold = Hold()
    yield hold
    hold.let_go()


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads("test", size=2, spare=2, share=3)
    yield threads
    threads.close()


def urgent(seconds: float = 0.1) -> Limit:
    return Limit(seconds, is_urgent=True)


async def time_out(threads: Threads, hold: Hold, count: int, key: object = None) -> None:
    """Let so many calls time out in the function: on a busy machine the time may be over before a thread begins."""
    expected = threads.stuck + count
    while threads.stuck < expected:
        with pytest.raises(TimedOut) as raised:
            await threads.run(hold.block, limit=urgent(), key=key)
        assert raised.type is TimedOut, "a thread is free"


async def test_a_function_runs_in_a_daemon_thread_and_sees_the_context_but_changes_are_not_seen_here(
    threads: Threads,
) -> None:
    def look() -> tuple[bool, str]:
        text = seen.get()
        seen.set("changed")
        return threading.current_thread().daemon, text

    seen.set("mine")

    assert await threads.run(look) == (True, "mine")
    assert seen.get() == "mine"


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, StopIteration, GeneratorExit, asyncio.CancelledError])
async def test_every_exception_is_an_outcome_and_the_thread_goes_on(
    threads: Threads, kind: type[BaseException]
) -> None:
    def raises() -> None:
        raise kind

    for _ in range(3):
        with pytest.raises(AuthorRaised) as raised:
            await threads.run(raises)
        assert type(raised.value.error) is kind
    assert await threads.run(lambda: "works") == "works"
    assert threads.count <= 2


async def test_the_thread_that_worked_last_takes_the_next_call(threads: Threads, hold: Hold) -> None:
    both = [asyncio.create_task(threads.run(hold.block)) for _ in range(2)]
    await becomes(lambda: threads.count == 2 and threads.waiting == 0)
    hold.let_go()
    await asyncio.gather(*both)

    idents = set()
    for _ in range(6):
        await becomes(lambda: threads.idle == 2)
        idents.add(await threads.run(threading.get_ident))

    assert len(idents) == 1


async def test_functions_that_block_have_a_thread_each_though_only_one_is_woken_at_a_time(
    threads: Threads, hold: Hold
) -> None:
    both = [asyncio.create_task(threads.run(hold.block, key=key)) for key in range(2)]
    await becomes(lambda: threads.count == 2 and threads.waiting == 0)
    hold.let_go()
    await asyncio.gather(*both)
    await becomes(lambda: threads.idle == 2)
    meeting = threading.Barrier(2)  # nobody passes alone

    async with asyncio.timeout(60):
        await asyncio.gather(*(threads.run(meeting.wait, key=key) for key in range(2)))


async def test_calls_wait_for_the_threads_that_are_there_if_the_system_starts_no_more(
    threads: Threads, hold: Hold, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="starts no thread"):
                await threads.run(lambda: "never")
    assert threads.count == 0

    first = asyncio.create_task(threads.run(hold.block))
    await becomes(lambda: hold.inside == 1)
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        others = [asyncio.create_task(threads.run(partial(str, number), key=number)) for number in range(3)]
        await asyncio.sleep(0)
        assert threads.waiting == 3
        hold.let_go()
        await first
        assert await asyncio.gather(*others) == ["0", "1", "2"]
    assert "no thread can be started" in caplog.text

    meeting = threading.Barrier(2)  # now there are two again
    async with asyncio.timeout(60):
        await asyncio.gather(*(threads.run(meeting.wait, key=key) for key in range(2)))


async def test_stuck_threads_are_replaced_up_to_the_bound_and_later_calls_wait(threads: Threads, hold: Hold) -> None:
    for key in range(4):
        await time_out(threads, hold, 1, key)
    assert (threads.stuck, threads.count) == (4, 4)

    waiting = asyncio.create_task(threads.run(lambda: "ran", limit=Limit(0.05)))
    await asyncio.sleep(0.1)
    with pytest.raises(NoThreadFree):  # a person does not wait
        await threads.run(lambda: "ran", limit=urgent(10))
    assert (threads.stuck, threads.count, threads.waiting) == (4, 4, 1)
    assert not waiting.done()

    hold.let_go()
    assert await waiting == "ran"  # its limit began with the function
    await becomes(lambda: threads.stuck == 0 and threads.count <= 2)


async def test_the_time_in_the_queue_counts_for_a_person_and_not_for_a_step(threads: Threads, hold: Hold) -> None:
    holding = [asyncio.create_task(threads.run(hold.block)) for _ in range(2)]
    await becomes(lambda: hold.inside == 2)
    step = asyncio.create_task(threads.run(lambda: "ran", limit=Limit(0.05)))

    with pytest.raises(TimedOut):
        await threads.run(lambda: "ran", limit=urgent(0.2))
    assert not step.done()
    assert threads.stuck == 0  # no thread runs what nobody waits for

    hold.let_go()
    assert await step == "ran"
    await asyncio.gather(*holding)


async def test_a_call_that_nobody_waits_for_any_more_is_not_begun(threads: Threads, hold: Hold) -> None:
    begun: list[str] = []
    holding = [asyncio.create_task(threads.run(hold.block)) for _ in range(2)]
    await becomes(lambda: hold.inside == 2)
    with pytest.raises(TimedOut):
        await threads.run(lambda: begun.append("late"), limit=urgent())

    hold.let_go()
    await asyncio.gather(*holding)
    await threads.run(lambda: None)

    assert begun == []


async def test_one_function_takes_no_more_than_its_share_and_its_later_calls_have_their_turn(hold: Hold) -> None:
    threads = Threads("test", size=8, spare=0, share=3)
    calls = [asyncio.create_task(threads.run(hold.block, key="form")) for _ in range(5)]
    await becomes(lambda: hold.inside == 3)

    assert await threads.run(lambda: "other", key="other", limit=urgent(10)) == "other"
    assert (hold.most, threads.waiting) == (3, 2)
    hold.let_go()
    await asyncio.gather(*calls)
    assert (hold.most, threads.waiting) == (3, 0)
    threads.close()


async def test_a_function_whose_share_is_stuck_is_refused_at_once(hold: Hold) -> None:
    threads = Threads("test", size=8, spare=0, share=3)
    await time_out(threads, hold, 3, "form")

    with pytest.raises(NoThreadFree):
        await threads.run(hold.block, key="form", limit=urgent(10))
    assert await threads.run(lambda: "other", key="other", limit=urgent(10)) == "other"
    hold.let_go()
    await becomes(lambda: threads.stuck == 0)
    assert await threads.run(lambda: "again", key="form", limit=urgent(10)) == "again"
    threads.close()


async def test_a_call_that_ended_just_before_its_caller_gave_up_counts_as_ended(threads: Threads) -> None:
    ended = threading.Event()
    call = asyncio.create_task(threads.run(ended.set))
    await asyncio.sleep(0)
    ended.wait(60)
    time.sleep(0.05)  # noqa: ASYNC251 - the outcome is there, and this loop has not seen it

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert threads.stuck == 0


async def test_a_stuck_function_is_logged_with_its_name_and_its_place(
    threads: Threads, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    while not threads.stuck:  # on a busy machine the time may be over before the function begins
        with pytest.raises(TimedOut):
            await threads.run(hold.block, limit=urgent(), name="step 'Reload'")

    assert "step 'Reload'" in caplog.text
    assert "holds.py" in caplog.text
    assert "in block" in caplog.text


async def test_closed_threads_end_and_take_no_call(hold: Hold) -> None:
    threads = Threads("test", size=2, spare=0)
    await asyncio.gather(*(threads.run(lambda: time.sleep(0.01)) for _ in range(2)))

    threads.close()

    await becomes(lambda: threads.count == 0)
    with pytest.raises(NoThreadFree):
        await threads.run(lambda: None)
