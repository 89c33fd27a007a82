"""A coroutine that begins at once, ahead of its task, behaves as in an ordinary task, wherever it is cancelled."""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, TypeAlias

import anyio
import pytest

from orchestrator_gql.utils.author_tasks import EarlyCoroutine

Log: TypeAlias = list[str]
Body: TypeAlias = Callable[[Log], Awaitable[None]]
Pauses: TypeAlias = tuple[int, ...]

seen: ContextVar[str] = ContextVar("seen", default="nothing")


def current() -> "asyncio.Task[Any]":
    task = asyncio.current_task()
    assert task is not None
    return task


async def returns(log: Log) -> None:
    log.append("done")


async def starts_a_task(log: Log) -> None:
    task = asyncio.create_task(returns(log))
    await asyncio.sleep(0)
    log.append(f"the task has had its turn: {task.done()}")


async def gives_way(log: Log) -> None:
    for turn in range(3):
        log.append(f"turn {turn}")
        await asyncio.sleep(0)


async def has_one_task(log: Log) -> None:
    before, name = current(), current().get_name()
    await asyncio.sleep(0)
    middle = current()
    await asyncio.sleep(0.001)
    log.append(f"{name} {before is middle is current()} {current() in asyncio.all_tasks()}")


async def has_one_context(log: Log) -> None:
    log.append(seen.get())
    seen.set("changed")
    await asyncio.sleep(0)
    child = asyncio.create_task(asyncio.sleep(0, seen.get()))
    log.append(f"{seen.get()} {await child}")


async def cancels_itself(log: Log) -> None:
    current().cancel("enough")
    log.append(f"goes on {current().cancelling()}")
    await asyncio.sleep(60)


async def cancels_itself_and_goes_on(log: Log) -> None:
    current().cancel("enough")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError as error:
        log.append(f"{error.args} {current().uncancel()}")
    await asyncio.sleep(0)
    log.append("goes on")


async def cancels_itself_at_a_child(log: Log) -> None:
    async def child() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            log.append("child ends")

    task = asyncio.create_task(child())
    await asyncio.sleep(0)
    current().cancel()
    await task


async def times_out(log: Log) -> None:
    try:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(60)
    except TimeoutError:
        log.append(f"late {current().cancelling()}")


async def has_timed_out_already(log: Log) -> None:
    try:
        async with asyncio.timeout(-1):
            log.append("inside")
            await asyncio.sleep(60)
    except TimeoutError:
        log.append(f"late {current().cancelling()}")


async def groups(log: Log) -> None:
    async def fails() -> None:
        raise ValueError("no")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await asyncio.sleep(60)
    except ExceptionGroup as raised:
        log.append(f"{raised.exceptions} {current().cancelling()}")


async def waits_for(log: Log) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.sleep(60), 0.001)
    log.append("late")
    log.append(str(await asyncio.wait_for(asyncio.sleep(0, "in time"), 60)))


async def awaits_what_is_done(log: Log) -> None:
    future = asyncio.get_running_loop().create_future()
    future.set_result("done")
    log.append(await future)


async def awaits_what_fails(log: Log) -> None:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_exception, ValueError("no"))
    try:
        await future
    except ValueError as error:
        log.append(repr(error))


async def awaits_two_tasks(log: Log) -> None:
    results = await asyncio.gather(asyncio.sleep(0, 1), returns(log), asyncio.sleep(0.001, 2))
    log.append(str(results))


async def shields(log: Log) -> None:
    async def inner() -> None:
        await asyncio.sleep(0.01)
        log.append("inner ends")

    task = asyncio.create_task(inner())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def moves_on(log: Log) -> None:
    with anyio.move_on_after(0) as scope:
        await anyio.sleep(60)
    log.append(f"moved on {scope.cancelled_caught} {current().cancelling()}")


async def moves_on_later(log: Log) -> None:
    with anyio.move_on_after(0.001) as scope:
        await anyio.Event().wait()
    log.append(f"moved on {scope.cancelled_caught}")
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 0)
        group.cancel_scope.cancel()
    log.append("left the group")


async def cleans_up_slowly(log: Log) -> None:
    try:
        await asyncio.sleep(0.002)
    finally:
        await asyncio.sleep(0.001)
        log.append("cleaned up")


async def ignores_cancellation(log: Log) -> None:
    for _ in range(2):
        try:
            await asyncio.sleep(0.002)
        except asyncio.CancelledError as error:
            log.append(f"ignored {error.args}")


async def notes_its_end(log: Log) -> None:
    current().add_done_callback(lambda task: log.append(f"ended {task.cancelled()}"))
    await asyncio.sleep(0)


async def yields_what_is_no_future(log: Log) -> None:
    class Odd:
        def __await__(self) -> Any:
            yield 7

    try:
        await Odd()
    except RuntimeError as error:
        log.append(str(error).partition("<")[0])


BODIES: list[Body] = [
    returns,
    starts_a_task,
    gives_way,
    has_one_task,
    has_one_context,
    cancels_itself,
    cancels_itself_and_goes_on,
    cancels_itself_at_a_child,
    times_out,
    has_timed_out_already,
    groups,
    waits_for,
    awaits_what_is_done,
    awaits_what_fails,
    awaits_two_tasks,
    shields,
    moves_on,
    moves_on_later,
    cleans_up_slowly,
    ignores_cancellation,
    notes_its_end,
    yields_what_is_no_future,
]


class Stopped(Coroutine[Any, Any, None]):
    """Cancels the task of a coroutine at these pauses of it."""

    def __init__(self, coro: Coroutine[Any, Any, None], pauses: Pauses) -> None:
        self._coro, self._pauses, self._count = coro, pauses, 0

    def send(self, value: Any) -> Any:
        return self._paused(self._coro.send(value))

    def throw(self, *error: Any) -> Any:
        return self._paused(self._coro.throw(*error))

    def close(self) -> None:
        self._coro.close()

    def __await__(self) -> Any:
        return self._coro.__await__()

    def _paused(self, pause: Any) -> Any:
        self._count += 1
        if self._count in self._pauses:
            current().cancel(f"stop {self._count}")
        return pause


async def in_an_ordinary_task(coro: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(coro, name="step")


async def ahead_of_its_task(body: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    loop, context = asyncio.get_running_loop(), copy_context()
    coro = EarlyCoroutine(body)
    task = asyncio.Task(coro, loop=loop, name="step", context=context)
    caller = current()
    coro.begin(task, loop, context)
    assert current() is caller
    return task


async def logged(run: Any, body: Body, pauses: Pauses) -> tuple[Log, Log]:
    """What the body noted, how its task ended, and what the loop had to report."""
    log: Log = []
    errors: Log = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["message"]))

    async def contained() -> None:
        try:
            await body(log)
        except BaseException as error:
            log.append(f"raised {error!r}")
            raise

    seen.set("mine")
    task = await run(Stopped(contained(), pauses))
    await asyncio.wait([task])
    await asyncio.sleep(0)
    log.append(f"cancelled {task.cancelled()} {seen.get()}")
    return log, errors


@pytest.mark.parametrize("pauses", [(), (1,), (2,), (3,), (1, 2), (1, 2, 3)])
@pytest.mark.parametrize("body", BODIES)
async def test_a_coroutine_that_begins_ahead_does_the_same_as_in_a_task(body: Body, pauses: Pauses) -> None:
    ordinary = await logged(in_an_ordinary_task, body, pauses)
    ahead = await logged(ahead_of_its_task, body, pauses)

    assert ahead == ordinary


async def test_a_coroutine_that_is_cancelled_before_the_first_turn_of_its_task_cancels_what_it_awaits() -> None:
    log: Log = []
    task = await ahead_of_its_task(cleans_up_slowly(log))
    task.cancel("stop")

    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["cleaned up"]

    inner = asyncio.create_task(asyncio.sleep(60))

    async def awaits() -> None:
        await inner

    task = await ahead_of_its_task(awaits())
    task.cancel("stop")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert inner.cancelled()


async def test_a_coroutine_without_a_pause_has_ended_before_the_caller_goes_on() -> None:
    log: Log = []

    task = await ahead_of_its_task(returns(log))

    assert log == ["done"]
    assert not task.done()
    await task


async def test_tasks_that_ended_at_once_leave_nothing_to_the_garbage_collector() -> None:
    log: Log = []
    for _ in range(3):
        await (await ahead_of_its_task(returns(log)))
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(200):
            await (await ahead_of_its_task(returns(log)))
        assert len(gc.get_objects()) - before < 200
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["future", "task", "gathered"])
@pytest.mark.parametrize("starts", ["eeo", "oee", "eoe", "ee"])
@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_many_coroutines_wait_for_one_future_whichever_begin_ahead(kind: str, starts: str, turns: int) -> None:
    shared = asyncio.get_running_loop().create_future()
    makes: dict[str, Callable[[], Any]] = {
        "future": lambda: shared,
        "task": lambda: asyncio.create_task(passes_on(shared)),
        "gathered": lambda: asyncio.gather(passes_on(shared)),
    }
    awaited, results = makes[kind](), list[Any]()

    async def waits() -> None:
        try:
            results.append(await awaited)
        except BaseException as error:
            results.append(error)

    ways = {"e": ahead_of_its_task, "o": in_an_ordinary_task}
    tasks = [await ways[start](waits()) for start in starts]
    for _ in range(turns):
        await asyncio.sleep(0)
    shared.set_result("done")
    await asyncio.wait(tasks)

    assert results == [["done"] if kind == "gathered" else "done"] * len(starts)


async def passes_on(future: "asyncio.Future[str]") -> str:
    return await asyncio.shield(future)
