"""An inbox wakes its loop once for all that wait, and loses nothing."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from orchestrator_gql.utils.author_handover import Inbox, Limit, inbox_of


async def test_a_hundred_functions_wake_the_loop_once_and_are_called_in_order() -> None:
    loop = asyncio.get_running_loop()
    wakes, called = list[object](), list[int]()
    real = loop.call_soon_threadsafe

    def counted(callback: object, *args: object) -> asyncio.Handle:
        wakes.append(callback)
        return real(callback, *args)  # type: ignore[arg-type]

    loop.call_soon_threadsafe = counted  # type: ignore[assignment, method-assign]
    inbox = Inbox(loop)
    for number in range(100):
        inbox.put(partial(called.append, number))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert (called, len(wakes)) == (list(range(100)), 1)


async def test_nothing_is_lost_if_several_threads_put_while_the_loop_takes() -> None:
    inbox, called = Inbox(asyncio.get_running_loop()), list[tuple[int, int]]()

    def put_many(thread: int) -> None:
        for number in range(2_000):
            inbox.put(partial(called.append, (thread, number)))

    threads = [threading.Thread(target=put_many, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    async with asyncio.timeout(20):
        while len(called) < 8_000:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    assert len(called) == 8_000
    for index in range(4):
        assert [number for thread, number in called if thread == index] == list(range(2_000))


async def test_a_function_that_is_put_by_a_function_is_called_too() -> None:
    inbox, called = inbox_of(asyncio.get_running_loop()), list[str]()

    inbox.put(lambda: inbox.put(lambda: called.append("second")))
    await asyncio.sleep(0.01)

    assert called == ["second"]


async def test_the_loop_is_woken_again_for_what_comes_later() -> None:
    inbox, called = inbox_of(asyncio.get_running_loop()), list[int]()

    for number in range(3):
        inbox.put(partial(called.append, number))
        await asyncio.sleep(0.01)

    assert called == [0, 1, 2]


class PutAtTheEnd(deque[Callable[[], object]]):
    """A queue into which another thread puts a function just after the loop has seen that it is empty."""

    then: Callable[[], None] | None = None

    def __bool__(self) -> bool:
        is_empty = len(self) == 0
        if is_empty and self.then is not None:
            then, self.then = self.then, None
            then()
        return not is_empty


async def test_a_function_that_is_put_just_after_the_last_look_wakes_the_loop_again() -> None:
    inbox, called = Inbox(asyncio.get_running_loop()), list[str]()
    inbox._functions = functions = PutAtTheEnd()
    functions.then = lambda: inbox.put(lambda: called.append("late"))

    inbox.put(lambda: called.append("first"))
    await asyncio.sleep(0.01)

    assert called == ["first", "late"]


def test_a_closed_loop_takes_nothing_and_raises_nothing() -> None:
    loop = asyncio.new_event_loop()
    inbox = Inbox(loop)
    loop.close()

    inbox.put(lambda: None)
    inbox.put(lambda: None)


def test_a_limit_counts_from_the_begin_of_the_function_and_an_urgent_limit_from_now() -> None:
    patient, urgent = Limit(10.0), Limit(10.0, is_urgent=True)

    time.sleep(0.02)
    assert patient.left() == 10.0
    assert urgent.left() < 10.0

    patient.begin()
    began = patient.left()
    time.sleep(0.02)
    patient.begin()  # the second function of the same call does not begin anew
    assert patient.left() < began
