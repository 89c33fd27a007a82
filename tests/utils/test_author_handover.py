"""An inbox wakes its loop once for all that wait, and loses nothing."""

import asyncio
import gc
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, ContextVar
from functools import partial
from pathlib import Path

import pytest
from support.until import becomes

from orchestrator_gql.utils.author_handover import Inbox, Limit, inbox_of


@pytest.fixture(params=["eventfd", "self-pipe"], autouse=True)
def wake_up(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How an inbox wakes its loop; the self-pipe of asyncio does it where the system has no eventfd."""
    kind: str = request.param
    if kind == "self-pipe":
        monkeypatch.delattr(os, "eventfd")
    return kind


def count(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[object]:
    """Count the calls of the method, which goes on to do its work."""
    real, called = getattr(owner, name), list[object]()

    def counted(*args: object) -> object:
        called.append(args)
        return real(*args)

    monkeypatch.setattr(owner, name, counted)
    return called


async def test_a_hundred_functions_wake_the_loop_once_and_are_called_in_order(
    wake_up: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    events = count(monkeypatch, os, "eventfd_write")
    pipes = count(monkeypatch, loop, "call_soon_threadsafe")
    inbox, called = Inbox(loop), list[int]()
    for number in range(100):
        inbox.put(partial(called.append, number))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert called == list(range(100))
    assert (len(events), len(pipes)) == ((1, 0) if wake_up == "eventfd" else (0, 1))


async def test_a_loop_that_takes_no_descriptor_is_woken_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, called = asyncio.get_running_loop(), list[str]()

    def refuse(*_: object) -> None:
        raise NotImplementedError  # as the loop of Windows does

    monkeypatch.setattr(loop, "add_reader", refuse)
    gc.collect()  # the loops of tests before have descriptors, too
    before = open_descriptors()
    inbox = Inbox(loop)
    inbox.put(lambda: called.append("woken"))
    await becomes(lambda: len(called) == 1)

    assert called == ["woken"]
    assert open_descriptors() - before == set()


def test_loops_that_have_ended_leave_no_descriptor_and_no_loop() -> None:
    async def use() -> None:
        inbox_of(asyncio.get_running_loop()).put(lambda: None)
        await asyncio.sleep(0)
        loops.append(weakref.ref(asyncio.get_running_loop()))

    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []
    gc.collect()
    before = open_descriptors()
    for _ in range(5):
        asyncio.run(use())
    gc.collect()

    assert open_descriptors() - before == set()
    assert [loop() for loop in loops] == [None] * 5


class Value:
    """The value of a context variable."""


async def test_an_inbox_keeps_no_value_of_the_request_that_made_it() -> None:
    variable = ContextVar[Value]("variable")

    def make(loop: asyncio.AbstractEventLoop) -> "tuple[Inbox, weakref.ref[Value]]":
        variable.set(Value())
        return Inbox(loop), weakref.ref(variable.get())

    inbox, value = Context().run(make, asyncio.get_running_loop())
    gc.collect()

    assert value() is None, inbox


def open_descriptors() -> set[str]:
    """What this process has open, by number and kind; what tests before close meanwhile hides nothing that is new."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder that is read here
            found.add(f"{path.name} {path.readlink()}")
    return found


async def test_nothing_is_lost_if_several_threads_put_while_the_loop_takes() -> None:
    inbox, called = Inbox(asyncio.get_running_loop()), list[tuple[int, int]]()

    def put_many(thread: int) -> None:
        for number in range(2_000):
            inbox.put(partial(called.append, (thread, number)))

    threads = [threading.Thread(target=put_many, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    await becomes(lambda: len(called) >= 8_000)

    assert len(called) == 8_000
    for index in range(4):
        assert [number for thread, number in called if thread == index] == list(range(2_000))


async def test_a_function_that_is_put_by_a_function_is_called_too() -> None:
    inbox, called = inbox_of(asyncio.get_running_loop()), list[str]()

    inbox.put(lambda: inbox.put(lambda: called.append("second")))
    await becomes(lambda: len(called) == 1)

    assert called == ["second"]


async def test_the_loop_is_woken_again_for_what_comes_later() -> None:
    inbox, called = inbox_of(asyncio.get_running_loop()), list[int]()

    for number in range(3):
        inbox.put(partial(called.append, number))
        await becomes(lambda: called[-1:] == [number])  # noqa: B023 - called at once

    assert called == [0, 1, 2]


class PutAtTheEnd(deque[Callable[[], object]]):
    """A queue into which another thread puts a function just after the loop has looked how many there are."""

    then: Callable[[], None] | None = None

    def __len__(self) -> int:
        count = super().__len__()
        if self.then is not None:
            then, self.then = self.then, None
            then()
        return count


async def test_a_function_that_is_put_just_after_the_last_look_wakes_the_loop_again() -> None:
    inbox, called = Inbox(asyncio.get_running_loop()), list[str]()
    inbox._functions = functions = PutAtTheEnd()
    functions.then = lambda: inbox.put(lambda: called.append("late"))

    inbox.put(lambda: called.append("first"))
    await becomes(lambda: len(called) == 2)

    assert called == ["first", "late"]


async def test_functions_that_never_cease_leave_the_other_tasks_their_turns(wake_up: str) -> None:
    loop = asyncio.get_running_loop()
    inbox, called = Inbox(loop), list[str]()

    def put_the_next() -> None:
        called.append("function")
        if len(called) < 1_000 and "task" not in called:
            inbox.put(put_the_next)

    put_the_next()
    loop.call_later(0, called.append, "task")
    await becomes(lambda: "task" in called)

    assert called.index("task") < 100


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
