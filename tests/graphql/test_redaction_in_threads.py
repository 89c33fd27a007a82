"""What is large is redacted in a thread, one operation at a time, and the event loop goes on meanwhile."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type
from support.database import sqlite_url
from support.remote import Remote, answer
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.graphql.redaction import AT_ONCE, Redaction, Shown, weight
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.types import Json, ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.utils.json.redaction import MASK, Redactor, Shape
from orchestrator_gql.workflow import workflow

CANARY = "canary-hunter2"
HOSTILE = f"password={CANARY} token {'a:' * 20_000}"


class Watched(Redactor):
    """Notes how many characters were searched on the thread of the event loop, and how many on others."""

    def __init__(self) -> None:
        super().__init__(["*password*", "token"])
        self.loop_thread = threading.get_ident()
        self.on_the_loop = self.elsewhere = 0

    def text(self, text: str) -> str:
        if threading.get_ident() == self.loop_thread:
            self.on_the_loop += len(text)
        else:
            self.elsewhere += len(text)
        return super().text(text)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    redact = Watched()
    monkeypatch.setattr("orchestrator_gql.app.Redactor", lambda *_: redact)
    return redact


def unseen(site: Site, received: Json) -> bool:
    return CANARY not in json.dumps(received)


async def test_a_large_state_a_failure_and_a_result_are_searched_off_the_loop(tmp_path: Path, watched: Watched) -> None:
    remote = Remote()

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        raise ProcessFailureError(HOSTILE[:60_000], details={"why": HOSTILE})

    @workflow("Job")
    def job() -> Any:
        return begin >> callback_step("Job", remote.action(), judge)

    async with site_of(sqlite_url(tmp_path), job) as site:
        process_id = await site.engine.start(job)
        await answer(site.engine.runtime, await remote.asked(), {"log": HOSTILE, "more": [HOSTILE]})
        await site.engine.reaches(process_id, ProcessStatus.FAILED)
        received = await site.ask(
            "{ processes { nodes { state failure { message details traceback } steps { failure { message } }"
            " callbacks { result resultPreview resultText { text } } } } }"
        )

    assert unseen(site, received)
    assert json.dumps(received).count(MASK) >= 6
    assert watched.on_the_loop <= 16 * 1024
    assert watched.elsewhere > 2 * len(HOSTILE)


async def test_many_small_values_are_searched_off_the_loop_too(tmp_path: Path, watched: Watched) -> None:
    @step("Work")
    def work() -> State:
        return {"log": f"password={CANARY} " * 50}

    @workflow("Work")
    def works() -> Any:
        return begin >> work

    async with site_of(sqlite_url(tmp_path), works) as site:
        for _ in range(40):
            await site.engine.reaches(await site.engine.start(works), ProcessStatus.COMPLETED)
        received = await site.ask("{ processes(first: 100) { nodes { state } } }")

    assert unseen(site, received)
    assert json.dumps(received).count(MASK) == 40 * 50
    assert watched.on_the_loop <= 16 * 1024


def test_every_field_of_json_is_redacted_before_it_is_written() -> None:
    fields = {
        f"{kind.name}.{name}": field.resolve
        for kind in build_schema()._schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name == "JSON"
    }

    assert len(fields) > 15
    assert [name for name, resolve in fields.items() if not hasattr(resolve, "__wrapped__")] == []


async def test_of_two_operations_with_much_to_redact_one_uses_the_thread_at_a_time() -> None:
    running, most = 0, 0

    class Slow(Redactor):
        def remembered(self, value: Json) -> Json:
            nonlocal running, most
            running += 1
            most = max(most, running)
            sum(range(100_000))  # long enough for another thread to have its turn
            running -= 1
            return super().remembered(value)

    redact, turn = Slow(["*password*"]), asyncio.Lock()
    large = {"password": "x", "log": "a" * (AT_ONCE + 1)}

    shown = await asyncio.gather(*[_awaited(Redaction(redact, turn)(large)) for _ in range(20)])

    assert [one["password"] for one in shown] == [MASK] * 20
    assert most == 1


async def _awaited(value: Any) -> Any:
    return await value


def test_a_shape_keeps_its_keys_and_nothing_is_shown_twice() -> None:
    redaction = Redaction(Redactor(["*password*"]), asyncio.Lock())

    shown = redaction(Shape({"properties": {"password": {"type": "string", "default": CANARY}}}))

    assert shown == {"properties": {"password": {"type": "string"}}}
    assert Shown(shown).value is shown


@pytest.mark.parametrize(
    "value", ["x" * 100, ["x"] * 100, {str(at): at for at in range(50)}, [[[]]] * 100, list(range(50))]
)
def test_a_large_value_is_weighed_no_further_than_needed(value: Json) -> None:
    assert weight(value, 40) > 40
    assert weight(value, 10_000) <= 10_000
