"""However an operation ends, no coroutine of it is left that nobody awaited."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import strawberry
from stories import Story, telling
from support.sizes import size
from toy_face import RUNTIME

from orchestrator_gql.graphql import coroutines, planned_executor, slow_lane
from orchestrator_gql.graphql.context import Context, Shared
from orchestrator_gql.graphql.coroutines import Coroutines
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, ExecutionResponse
from orchestrator_gql.graphql.http import GraphQLApp
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.graphql.weighing_executor import WeighingExecutor
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.events import BEGINNING
from orchestrator_gql.types import Json

TURNS = range(0, 50, size(2, 1))
"""Turns of the loop after which the client leaves."""

FIELDS = """id status state note steps { name status stateDelta executions { startedAt attempt } failure { message } }
  openInputRequest { id title } callbacks { id status result resultPreview }"""
EVERYTHING = f"""subscription {{ processEvents(after: "{BEGINNING}") {{ cursor caughtUp events {{ id actor {{ name }}
  process {{ {FIELDS} }} ... on StepChangedEvent {{ stateDelta }} ... on CallbackReceivedEvent {{ result resultPreview
  callback {{ id result }} }} }} }} }}"""
LIST = f"{{ processes(first: 50) {{ totalCount nodes {{ {FIELDS} }} }} }}"
OPERATIONS = {"replay": (Kind.SUBSCRIPTION, EVERYTHING), "query": (Kind.QUERY, LIST)}


pytestmark = pytest.mark.usefixtures("little_to_look_through")


@contextmanager
def no_warning() -> Iterator[None]:
    """Fail if something in the block warns, or leaves garbage that does."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(each.message) for each in noted] == []


@asynccontextmanager
async def worked(folder: Path) -> AsyncIterator[Story]:
    """A server with some processes that have state, steps and a callback with a result."""
    async with telling(folder) as story:
        for _ in range(3):
            _, token = await story.waits()
            await story.say("receiveCallback", token=token, result={"rc": 0, "lines": ["x"] * 20})
        yield story


def started(story: Story, query: str, kind: Kind, *, timeout: float = 30) -> "asyncio.Task[list[ExecutionResponse]]":
    """The operation in a task, with its responses until it has caught up."""
    app: GraphQLApp = story.site.app.state.graphql
    runner = Execution(app.execution.schema, is_development=True, timeout=timeout)
    context = Context(story.site.engine.runtime, LOCAL_OPERATOR, shared=Shared(lane=app.lane, documents=app.documents))

    async def run() -> list[ExecutionResponse]:
        found = []
        async with aclosing(runner.responses(GraphQLRequest(query, {}, None), context, kind=kind)) as responses:
            async for response in responses:
                found.append(response)
                if kind is not Kind.SUBSCRIPTION or context.caught_up:
                    break
        return found

    return asyncio.create_task(run())


@pytest.mark.parametrize("at_once", [0, slow_lane.AT_ONCE], ids=["in slices", "in one piece"])
@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_client_may_leave_at_any_turn_of_the_loop(
    name: str, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "AT_ONCE", at_once)
    kind, query = OPERATIONS[name]
    async with worked(tmp_path) as story:
        await started(story, query, kind)  # its document is known from now on
        ended = dict.fromkeys(("left", "complete"), 0)
        with no_warning():
            for turns in TURNS:
                operation = started(story, query, kind)
                for _ in range(turns):
                    await asyncio.sleep(0)
                ended["complete" if operation.done() else "left"] += 1
                operation.cancel()
                await asyncio.gather(operation, return_exceptions=True)
            del operation
            gc.collect()

    assert ended["left"] >= 10


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_value_that_fails_ends_its_neighbours(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The value cannot be null, so its object fails, and the coroutines of the other values of the object are over."""
    kind, query = OPERATIONS[name]
    async with worked(tmp_path) as story:
        whole = WeighingExecutor.complete_leaf_value
        for failing in range(0, 60, 4):
            written = 0

            def complete(self: Any, return_type: Any, result: Any, failing: int = failing) -> Any:
                nonlocal written
                written += 1
                if written > failing:
                    raise LookupError
                return whole(self, return_type, result)

            with no_warning(), monkeypatch.context() as patch:
                patch.setattr(WeighingExecutor, "complete_leaf_value", complete)
                patch.setattr(planned_executor, "_written", lambda *_: planned_executor._LEFT)
                responses = await started(story, query, kind)
                assert "errors" in responses[-1].payload


@strawberry.type
class Nested:
    @strawberry.field
    async def below(self) -> "Nested":
        return Nested()

    @strawberry.field
    async def fails(self, after: int) -> int:
        for _ in range(after):
            await asyncio.sleep(0)
        raise LookupError


@pytest.mark.parametrize("after", range(12))
async def test_an_object_that_fails_at_any_turn_leaves_nothing_of_its_neighbours(after: int) -> None:
    schema = strawberry.Schema(Nested, execution_context_class=WeighingExecutor)
    neighbour = "__typename"
    for _ in range(8):
        neighbour = f"below {{ {neighbour} }} also: below {{ __typename }}"
    request = GraphQLRequest(f"{{ below {{ {neighbour} fails(after: {after}) }} }}", {}, None)
    context = Context(RUNTIME, LOCAL_OPERATOR)

    with no_warning():
        runner = Execution(schema, is_development=True, timeout=30)
        responses = [response async for response in runner.responses(request, context, kind=Kind.QUERY)]

    assert len(responses[0].payload["errors"]) == 1


async def test_an_operation_that_takes_too_long_leaves_nothing(tmp_path: Path) -> None:
    async with worked(tmp_path) as story:
        with no_warning():
            responses = await started(story, LIST, Kind.QUERY, timeout=0)

    assert "EXECUTION_TIMEOUT" in str(responses[0].payload)


async def test_what_is_kept_of_a_large_operation_is_bounded_and_what_has_begun_is_let_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coroutines, "KEPT", 20)
    kept, may_end = Coroutines(), asyncio.Event()
    note = kept.noting(lambda _: False)

    async def value(text: str) -> Json:
        await may_end.wait()
        return text

    for number in range(200):
        begun = asyncio.create_task(value(str(number)))
        assert note(begun.get_coro())
        await asyncio.sleep(0)
        begun.cancel()
        await asyncio.wait([begun])
    assert len(kept._found) <= 21
    waiting = asyncio.create_task(value("good"))
    assert note(waiting.get_coro())
    await asyncio.sleep(0)

    with no_warning():
        assert note(value("new"))
        kept.close()
        kept.close()

    may_end.set()
    assert await waiting == "good"
    assert not note(may_end)
    assert kept._found == []
