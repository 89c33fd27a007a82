"""An exception in words: whatever it is, bounded, and with what helps its author."""

import asyncio
import time
from typing import Any, NoReturn

import pytest
from support.odd import IN_TASKS, ODD, POLITE, Mute, Panic

from orchestrator_gql.utils.author_calls import AuthorRaised, Returned, attempt, attempt_async, returned_by, value_of
from orchestrator_gql.utils.errors import ProcessFailureError, StepError
from orchestrator_gql.utils.exception_text import MESSAGE, TRACE, Description, describe, frames_of
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.flaws import FORBIDDEN_CHARACTER
from orchestrator_gql.utils.tokens import new_token

SYNC = [kind for kind in ODD if kind not in IN_TASKS]


def raised_by(function: Any) -> Description:
    came = attempt(function)
    assert isinstance(came, AuthorRaised)
    return came.described


@pytest.mark.parametrize("kind", SYNC)
def test_it_is_described_and_bounded(kind: str) -> None:
    told = raised_by(ODD[kind])

    assert told.is_polite == (kind in POLITE)
    assert told.message or not told.is_polite
    assert 0 < len(str(told)) <= MESSAGE
    assert 0 < len(told.trace) <= TRACE
    assert not FORBIDDEN_CHARACTER.search(str(told) + told.trace)
    assert encode(told.details).isascii() or encode(told.details).encode()


def test_an_ordinary_one_is_told_as_python_tells_it() -> None:
    def outer() -> NoReturn:
        try:
            raise ValueError("no digits: seven")
        except ValueError as cause:
            raise LookupError("no such number") from cause

    told = raised_by(outer)

    assert str(told) == "LookupError: no such number"
    assert (told.code, told.details, told.is_polite) == ("step-raised", None, False)
    first, second = told.trace.split("\nThe above exception was the direct cause of the following exception:\n\n")
    assert first.endswith("ValueError: no digits: seven\n")
    assert first.startswith("Traceback (most recent call last):\n")
    assert 'raise LookupError("no such number") from cause' in second
    assert second.endswith("LookupError: no such number\n")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"rc": 1}, '{"rc":1}'),
        (["a", "b"], '["a","b"]'),
        (ValueError("inner"), "ValueError: inner"),
        (Mute(), "Mute: (it cannot be described: its text failed)"),
        (7, "7"),
        ("plain", "plain"),
        (None, "The process cannot go on."),
        ("", "The process cannot go on."),
        ({"at": Panic}, "{'at': <class 'support.odd.Panic'>}"),
    ],
)
def test_a_polite_one_whose_message_is_no_text_is_told_as_far_as_it_goes(message: Any, told: str) -> None:
    assert str(describe(ProcessFailureError(message))) == told


def test_a_polite_one_keeps_its_code_and_details() -> None:
    class Away(ProcessFailureError):
        code = "router-away"

    told = describe(Away("The router is away.", details={"node": "ams-1"}))

    assert (told.code, told.message, told.details) == ("router-away", "The router is away.", {"node": "ams-1"})
    assert describe(StepError("no", "bad-result")).code == "bad-result"


def test_members_of_a_group_are_told() -> None:
    told = describe(ExceptionGroup("two", [ValueError("one"), ExceptionGroup("more", [KeyError("two")])]))

    assert str(told) == "ExceptionGroup: two (2 sub-exceptions)"
    assert "  | ValueError: one\n" in told.trace
    assert "  |   | KeyError: 'two'\n" in told.trace


def test_no_half_of_a_token_is_left_where_a_text_is_cut() -> None:
    """Whoever conceals a token looks for the whole of it."""
    for before in range(MESSAGE - 200, MESSAGE + 50, 3):
        token = new_token()
        told = str(describe(ValueError("x" * (before - 12) + token + "y" * 5_000)))
        assert token in told or token[:8] not in told
        trace = describe(ValueError(token + "y" * 30_000)).trace
        assert token in trace or token[-8:] not in trace


def test_megabytes_are_described_in_no_time() -> None:
    began = time.perf_counter()

    for error in (
        ValueError("x" * 50_000_000),
        ValueError([0] * 5_000_000),
        ProcessFailureError("no", {"a": ["x"] * 900_000}),
    ):
        told = describe(error)
        assert len(str(told)) <= MESSAGE
        assert len(told.trace) <= TRACE

    assert time.perf_counter() - began < 10


def test_of_a_value_with_very_many_members_the_first_are_told() -> None:
    assert str(describe(ValueError([0] * 5_000_000))) == "ValueError: [0, 0, 0, 0, 0, 0, ...]"
    assert len(str(describe(KeyError(b"x" * 5_000)))) < 500


def test_where_it_was_raised_is_told_without_its_text() -> None:
    came = attempt(ODD["forbidden"])
    assert isinstance(came, AuthorRaised)

    assert "in body" in frames_of(came.error)
    assert "needs the permission" not in frames_of(came.error)


def test_a_source_without_an_end_is_not_read() -> None:
    code = compile("raise ValueError('x')", "/dev/zero", "exec")

    told = raised_by(lambda: exec(code, {}))

    assert 'File "/dev/zero", line 1, in <module>' in told.trace


def test_what_is_returned_is_an_outcome_too() -> None:
    assert attempt(int, "7") == Returned(7)
    assert returned_by(int, "7") == 7
    with pytest.raises(AuthorRaised, match="ValueError: invalid literal"):
        value_of(attempt(int, "seven"))


async def test_a_task_that_cancels_itself_does_not_cancel_whoever_asked() -> None:
    async def body() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)

    came = await attempt_async(body)

    mine = asyncio.current_task()
    assert isinstance(came, AuthorRaised)
    assert came.described.kind == "CancelledError"
    assert mine is not None
    assert mine.cancelling() == 0


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), Panic("no")])
async def test_what_an_async_function_begins_does_not_end_the_loop(error: BaseException) -> None:
    async def bad() -> None:
        await asyncio.sleep(0)
        raise error

    async def gathers() -> None:
        await asyncio.gather(bad(), asyncio.sleep(0))

    async def groups() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(bad())

    async def forgets() -> str:
        task = asyncio.create_task(bad(), name="forgotten")
        await asyncio.wait([task])
        return f"{task.get_name()}: {type(task.exception()).__name__}"

    for body in (gathers, groups):
        came = await attempt_async(body)
        assert isinstance(came, AuthorRaised)
        assert type(error).__name__ in came.described.trace
    forgotten = await attempt_async(forgets)
    assert isinstance(forgotten, Returned)
    assert forgotten.value.startswith("forgotten: ")


async def test_the_engines_own_tasks_are_left_as_they_are() -> None:
    async def nothing() -> None: ...

    await attempt_async(nothing)

    async def mine() -> None:
        await asyncio.sleep(0)

    task = asyncio.create_task(mine())
    assert type(task.get_coro()).__name__ == "coroutine"
    await task


async def test_an_async_generator_that_was_left_behind_does_not_end_the_loop() -> None:
    async def left() -> Any:
        try:
            yield 1
        finally:
            raise SystemExit(3)

    async def body() -> None:
        async for _ in left():
            break

    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    came = await attempt_async(body)
    for _ in range(10):
        await asyncio.sleep(0)

    assert came == Returned(None)
    assert [type(context["exception"]).__name__ for context in told] == ["AuthorRaised"]
