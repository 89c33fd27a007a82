"""Any exception is described within limits, and the description helps the author."""

import asyncio
import time
from typing import Any, NoReturn

import pytest
from support.odd import IN_TASKS, ODD, POLITE, Mute, Panic

from orchestrator_gql.utils.author_calls import AuthorRaised, Returned, attempt, attempt_async, returned_by, value_of
from orchestrator_gql.utils.errors import ProcessFailureError, StepError
from orchestrator_gql.utils.exception_text import MESSAGE, SPEECHLESS, TRACE, Description, describe, frames_of
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.flaws import FORBIDDEN_CHARACTER
from orchestrator_gql.utils.tokens import new_token

SYNC = [kind for kind in ODD if kind not in IN_TASKS]


def raised_by(function: Any) -> Description:
    outcome = attempt(function)
    assert isinstance(outcome, AuthorRaised)
    return outcome.described


@pytest.mark.parametrize("kind", SYNC)
def test_the_description_of_an_odd_exception_is_bounded(kind: str) -> None:
    description = raised_by(ODD[kind])

    assert description.is_polite == (kind in POLITE)
    assert description.message or not description.is_polite
    assert 0 < len(str(description)) <= MESSAGE
    assert 0 < len(description.trace) <= TRACE
    assert not FORBIDDEN_CHARACTER.search(str(description) + description.trace)
    assert encode(description.details).isascii() or encode(description.details).encode()


def test_an_ordinary_exception_is_described_as_python_does() -> None:
    def outer() -> NoReturn:
        try:
            raise ValueError("no digits: seven")
        except ValueError as cause:
            raise LookupError("no such number") from cause

    description = raised_by(outer)

    assert str(description) == "LookupError: no such number"
    assert (description.code, description.details, description.is_polite) == ("step-raised", None, False)
    first, second = description.trace.split(
        "\nThe above exception was the direct cause of the following exception:\n\n"
    )
    assert first.endswith("ValueError: no digits: seven\n")
    assert first.startswith("Traceback (most recent call last):\n")
    assert 'raise LookupError("no such number") from cause' in second
    assert second.endswith("LookupError: no such number\n")


@pytest.mark.parametrize(
    ("message", "text"),
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
def test_a_polite_message_that_is_no_text_is_converted_to_text(message: Any, text: str) -> None:
    assert str(describe(ProcessFailureError(message))) == text


def test_a_polite_exception_keeps_its_code_and_details() -> None:
    class Away(ProcessFailureError):
        code = "router-away"

    description = describe(Away("The router is away.", details={"node": "ams-1"}))

    assert (description.code, description.message, description.details) == (
        "router-away",
        "The router is away.",
        {"node": "ams-1"},
    )
    assert describe(StepError("no", "bad-result")).code == "bad-result"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), ValueError(), TimeoutError("")])
def test_an_exception_without_a_text_is_described_by_its_name(error: BaseException) -> None:
    assert str(describe(error)) == type(error).__name__


def test_members_of_a_group_are_in_the_trace() -> None:
    description = describe(ExceptionGroup("two", [ValueError("one"), ExceptionGroup("more", [KeyError("two")])]))

    assert str(description) == "ExceptionGroup: two (2 sub-exceptions): ValueError: one; KeyError: 'two'"
    assert "  | ValueError: one\n" in description.trace
    assert "  |   | KeyError: 'two'\n" in description.trace


def nested(levels: int) -> ExceptionGroup[Exception]:
    group: ExceptionGroup[Exception] = ExceptionGroup("deep", [ValueError("inmost")])
    for _ in range(levels):
        group = ExceptionGroup("deep", [group])
    return group


GROUPS = {
    "one": (ExceptionGroup("g", [ValueError()]), "g (1 sub-exception): ValueError"),
    "many": (
        ExceptionGroup("g", [ValueError(number) for number in range(100_000)]),
        f"'g', [{', '.join(f'ValueError({number})' for number in range(6))}, ...]: "
        "ValueError: 0; ValueError: 1; ValueError: 2",
    ),
    "speechless": (BaseExceptionGroup("g", [Panic(), Mute()]), f"g (2 sub-exceptions): Panic; Mute: {SPEECHLESS}"),
    "polite": (
        ExceptionGroup("g", [ProcessFailureError("The router is away")]),
        "g (1 sub-exception): ProcessFailureError: The router is away",
    ),
    "fatal": (BaseExceptionGroup("g", [SystemExit(3)]), "g (1 sub-exception): SystemExit: 3"),
    "deep": (nested(3), "deep (1 sub-exception): ValueError: inmost"),
    "too deep": (nested(500), "deep (1 sub-exception)"),
    "large": (ExceptionGroup("g", [ValueError("x " * MESSAGE)] * 3), "g (3 sub-exceptions): ValueError: x x x"),
}


@pytest.mark.parametrize("kind", GROUPS)
def test_the_message_of_a_group_names_its_first_members(kind: str) -> None:
    group, beginning = GROUPS[kind]
    message = describe(group).message

    assert message.startswith(beginning)
    assert len(message) <= MESSAGE
    assert kind == "large" or message == beginning


def test_a_cut_leaves_no_half_of_a_token() -> None:
    """A search for tokens finds whole tokens only."""
    for before in range(MESSAGE - 200, MESSAGE + 50, 3):
        token = new_token()
        description = str(describe(ValueError("x" * (before - 12) + token + "y" * 5_000)))
        assert token in description or token[:8] not in description
        trace = describe(ValueError(token + "y" * 30_000)).trace
        assert token in trace or token[-8:] not in trace


def test_megabytes_are_described_fast() -> None:
    began = time.perf_counter()

    for error in (
        ValueError("x" * 50_000_000),
        ValueError([0] * 5_000_000),
        ProcessFailureError("no", {"a": ["x"] * 900_000}),
    ):
        description = describe(error)
        assert len(str(description)) <= MESSAGE
        assert len(description.trace) <= TRACE

    assert time.perf_counter() - began < 10


def test_only_the_first_members_of_a_very_large_value_are_shown() -> None:
    assert str(describe(ValueError([0] * 5_000_000))) == "ValueError: [0, 0, 0, 0, 0, 0, ...]"
    assert len(str(describe(KeyError(b"x" * 5_000)))) < 500


def test_the_frames_of_an_exception_do_not_contain_its_text() -> None:
    outcome = attempt(ODD["forbidden"])
    assert isinstance(outcome, AuthorRaised)

    assert "in body" in frames_of(outcome.error)
    assert "needs the permission" not in frames_of(outcome.error)


def test_a_source_file_without_an_end_is_not_read() -> None:
    code = compile("raise ValueError('x')", "/dev/zero", "exec")

    description = raised_by(lambda: exec(code, {}))

    assert 'File "/dev/zero", line 1, in <module>' in description.trace


def test_a_returned_value_is_an_outcome_too() -> None:
    assert attempt(int, "7") == Returned(7)
    assert returned_by(int, "7") == 7
    with pytest.raises(AuthorRaised, match="ValueError: invalid literal"):
        value_of(attempt(int, "seven"))


async def test_a_task_that_cancels_itself_does_not_cancel_the_caller() -> None:
    async def body() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)

    outcome = await attempt_async(body)

    mine = asyncio.current_task()
    assert isinstance(outcome, AuthorRaised)
    assert outcome.described.kind == "CancelledError"
    assert mine is not None
    assert mine.cancelling() == 0


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), Panic("no")])
async def test_a_task_of_an_async_function_does_not_stop_the_loop(error: BaseException) -> None:
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
        outcome = await attempt_async(body)
        assert isinstance(outcome, AuthorRaised)
        assert type(error).__name__ in outcome.described.trace
    forgotten = await attempt_async(forgets)
    assert isinstance(forgotten, Returned)
    assert forgotten.value.startswith("forgotten: ")


async def test_the_tasks_of_the_engine_are_not_wrapped() -> None:
    async def nothing() -> None: ...

    await attempt_async(nothing)

    async def mine() -> None:
        await asyncio.sleep(0)

    task = asyncio.create_task(mine())
    assert type(task.get_coro()).__name__ == "coroutine"
    await task


async def test_an_abandoned_async_generator_does_not_stop_the_loop() -> None:
    async def left() -> Any:
        try:
            yield 1
        finally:
            raise SystemExit(3)

    async def body() -> None:
        async for _ in left():
            break

    contexts: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))
    outcome = await attempt_async(body)
    for _ in range(10):
        await asyncio.sleep(0)

    assert outcome == Returned(None)
    assert [type(context["exception"]).__name__ for context in contexts] == ["AuthorRaised"]
