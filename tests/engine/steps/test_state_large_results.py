"""Results of megabytes are stored once and validated whole, and the state only refers to them, on both databases."""

from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import String, cast, func, select
from support.engine import Engine
from support.operator import ADA
from support.remote import Remote, answer, fail, token_of

from orchestrator_gql import begin, callback_step, conditional, focussteps, inputstep, step
from orchestrator_gql.callbacks.progress import read_report
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage, NextPage, ReadOnly
from orchestrator_gql.storage import input_requests
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

AWAITING, SUSPENDED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED, ProcessStatus.FAILED
COMPLETED = ProcessStatus.COMPLETED
LINES = [f"ok: [ams-1] => line {number} of a long playbook" for number in range(4_000)]
LARGE: dict[str, Json] = {"rc": 0, "output": LINES}
SIZE = len(encode(LARGE))


async def bytes_of(engine: Engine, process_id: UUID) -> dict[str, int]:
    """The bytes that each table holds, except the table of payloads."""

    def count(conn: Any) -> dict[str, int]:
        sizes_of = {}
        for table in metadata.sorted_tables:
            if table.name != "payloads":
                sizes = [func.coalesce(func.sum(func.length(cast(column, String))), 0) for column in table.columns]
                sizes_of[table.name] = sum(int(size) for size in conn.execute(select(*sizes)).one())
        return sizes_of

    return await engine.read(count)


def plays(remote: Remote, observed: list[Any]) -> Any:
    """A workflow that validates the result, asks a person, and works with the result."""

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        observed.append(len(callback_result["output"]))
        return {"callback_result": callback_result, "is_good": True}

    @inputstep("Confirm")
    def confirm(callback_result: dict[str, Any]) -> FormGenerator:
        class Result(FormPage):
            output: ReadOnly[str] = "\n".join(callback_result["output"])

        yield Result
        return {"callback_result": callback_result}

    @step("Look again")
    def look(state: State) -> State:
        observed.append(len(state["callback_result"]["output"]))
        return {**state, "is_done": True}

    @step("Look elsewhere")
    def elsewhere(is_done: bool) -> State:
        return {"is_elsewhere": is_done}

    @workflow("Play")
    def played() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge) >> confirm >> look >> elsewhere

    return played


async def test_a_large_result_is_stored_once_even_if_steps_return_it_again(offer: Offer) -> None:
    remote, observed = Remote(), list[Any]()
    engine = await offer(played := plays(remote, observed))
    process_id = await engine.start(played)
    await answer(engine.runtime, await remote.asked(), LARGE)
    await engine.reaches(process_id, SUSPENDED)
    request = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
    assert request is not None
    shown = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[])
    decision = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    done = await engine.reaches(process_id, COMPLETED)
    sizes = await bytes_of(engine, process_id)

    assert isinstance(shown, NextPage)
    assert len(shown.page.initial_data["output"]) < 110_000
    assert shown.page.initial_data["output"].endswith("more characters]")
    assert isinstance(decision, DecisionResult)
    assert observed == [4_000, 4_000]
    assert isinstance(done.state["callback_result"], Stored)
    assert done.state["callback_result"].size == SIZE
    assert sum(sizes.values()) < 40_000, sizes


async def test_a_large_result_that_a_step_changes_is_refused_like_any_large_change(offer: Offer) -> None:
    remote = Remote()

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        return {"callback_result": {**callback_result, "seen": True}}

    @workflow("Play")
    def played() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    engine = await offer(played, max_step_bytes=100_000)
    process_id = await engine.start(played)
    await answer(engine.runtime, await remote.asked(), LARGE)
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "result-too-large"


async def test_several_results_that_are_large_together_are_stored_in_their_own_row_and_not_in_the_state(
    offer: Offer,
) -> None:
    tokens: dict[str, str] = {}

    @step("Ask")
    async def ask(callback_urls: dict[str, str]) -> None:
        tokens.update({name: token_of(url) for name, url in callback_urls.items()})

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        return {"lines": sum(len(result["output"]) for result in callback_result.values())}

    @workflow("Ask both")
    def both() -> Any:
        return begin >> callback_step("Both", ask, judge, expect=["a", "b"])

    engine = await offer(both)
    process_id = await engine.start(both)
    await engine.reaches(process_id, AWAITING)
    for name in ("a", "b"):
        await answer(engine.runtime, tokens[name], LARGE)
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["lines"] == 8_000
    assert isinstance(done.state["callback_result"], Stored)


async def test_conditions_and_lenses_see_a_large_result_too(offer: Offer) -> None:
    remote, observed = Remote(), list[Any]()

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> None:
        observed.append(len(callback_result["output"]))

    @step("Look")
    def look(rc: int) -> State:
        observed.append(rc)
        return {"is_seen": True}

    @workflow("Play")
    def played() -> Any:
        taken = conditional(lambda state: len(state["callback_result"]["output"]) == 4_000)
        return begin >> callback_step("Playbook", remote.action(), judge) >> taken(focussteps("callback_result")(look))

    engine = await offer(played, max_step_bytes=10_000_000)
    process_id = await engine.start(played)
    await answer(engine.runtime, await remote.asked(), LARGE)
    done = await engine.reaches(process_id, COMPLETED)

    assert observed == [4_000, 0]
    assert done.state["callback_result"]["is_seen"] is True


async def test_the_details_of_a_failure_are_stored_up_to_a_limit(offer: Offer) -> None:
    remote = Remote()

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> None:
        raise ProcessFailureError("It failed", details=callback_result)

    @workflow("Play")
    def played() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    engine = await offer(played)
    process_id = await engine.start(played)
    await answer(engine.runtime, await remote.asked(), LARGE)
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.details["bytes"] == SIZE
    assert sum((await bytes_of(engine, process_id)).values()) < 60_000


async def test_a_long_failure_report_is_stored_whole_as_an_attempt(offer: Offer) -> None:
    remote = Remote()

    @workflow("Play")
    def played() -> Any:
        return begin >> callback_step("Playbook", remote.action(), step("Judge")(lambda callback_result: None))

    engine = await offer(played)
    process_id = await engine.start(played)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await fail(engine.runtime, token, "x" * 50_000)
    failed = await engine.reaches(process_id, FAILED)
    (attempt,) = await engine.attempts(process_id)

    assert failed.failure is not None
    assert failed.failure.message.endswith("x\n[… 40,000 more characters]")
    assert failed.failure.message.count("x") == 10_000
    assert attempt.body is not None and len(attempt.body) > 50_000
    assert not attempt.is_adoptable


@pytest.mark.parametrize("body", [{"progress": LINES, "percent": 5}, {"percent": 5, "log": "x" * 100_000}, LINES])
def test_a_large_progress_report_is_stored_up_to_a_limit(body: Json) -> None:
    report = read_report(body)

    assert len(encode(report.data)) <= 64 * 1024
    if isinstance(body, dict) and "progress" in body:
        assert report.data["progress"][-1] == LINES[-1]
        assert report.data["cut"] + len(report.data["progress"]) == len(LINES)
        assert report.percent == 5
