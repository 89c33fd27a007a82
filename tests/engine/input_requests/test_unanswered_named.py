"""The form of several missing results: an operator waits longer, issues again, types results in, or aborts."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from pydantic import BaseModel
from support.clock import TurnableClock
from support.engine import Engine, engine_of
from support.operator import ADA, open_request
from support.remote import answer, token_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.callback_operator_actions import complete_callback
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.forms import NextPage, PageInvalid
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import callbacks
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import CallbackStatus, Json, ProcessStatus, State, StepStatus
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

AWAITING, SUSPENDED, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED, ProcessStatus.COMPLETED
ROUTERS = ("router-a", "router b", "result_1")
"""Names that an author may give: none of them is a name of Python, or each is the name of a field."""


class Contract(BaseModel):
    """What each router answers."""

    rc: int


@dataclass(slots=True)
class Routers:
    """The tokens of the routers, in each call of the action."""

    calls: list[dict[str, str]] = field(default_factory=list)


def upgrades(routers: Routers, **options: Any) -> Workflow:
    """A workflow that asks an operator if the routers do not answer."""

    @step("Order")
    async def order(callback_urls: dict[str, str]) -> None:
        routers.calls.append({name: token_of(url) for name, url in callback_urls.items()})

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        return {"answers": callback_result}

    options = {"timeout": 60, "on_timeout": "operator", "contract": Contract, **options}

    @workflow("Upgrade the routers")
    def upgrade() -> Any:
        return begin >> callback_step("Upgrade", order, judge, expect=ROUTERS, **options)

    return upgrade


async def unanswered(engine: Engine, flow: Workflow, routers: Routers, *answered: str) -> UUID:
    """A process whose form asks for the results of the routers that did not answer."""
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    for name in answered:
        await answer(engine.runtime, routers.calls[-1][name], {"rc": 0})
    engine.turn(60)
    await engine.reaches(process_id, SUSPENDED)
    return process_id


async def submit(engine: Engine, process_id: UUID, *pages: Json) -> Any:
    """Submit the pages to the open form of the process."""
    asked = await open_request(engine, process_id)
    return await submit_form(engine.runtime, ADA, input_request_id=asked.id, pages=list(pages))


def typed(*results: Json, reason: str = "seen") -> list[Json]:
    """The pages of an operator who types these results in, in the order of the fields; None leaves a field empty."""
    texts = {f"result_{n}": json.dumps(each) for n, each in enumerate(results, start=1) if each is not None}
    return [{"answer": "complete"}, {**texts, "reason": reason}]


async def test_the_form_says_how_many_results_came_and_names_each_missing_one_in_a_field(offer: Offer) -> None:
    routers = Routers()
    engine = await offer(flow := upgrades(routers))
    process_id = await unanswered(engine, flow, routers, "router b")

    first = await submit(engine, process_id)
    second = await submit(engine, process_id, {"answer": "complete"})

    assert isinstance(first, NextPage) and isinstance(second, NextPage)
    happened = str(first.page.initial_data).split("\\n")
    assert "1 of 3 callbacks were answered; 3 are required." in happened[0]
    assert [line.split(":")[0] for line in happened[1:3]] == ["router-a", "result_1"]
    fields = second.page.schema["properties"]
    assert {key: shown["title"] for key, shown in fields.items()} == {
        "result_1": "router-a",
        "result_2": "result_1",
        "reason": "Why it is typed in",
    }


async def test_an_operator_types_all_missing_results_in_at_once(offer: Offer) -> None:
    routers = Routers()
    engine = await offer(flow := upgrades(routers))
    process_id = await unanswered(engine, flow, routers, "router b")

    await submit(engine, process_id, *typed({"rc": 1}, {"rc": 2}))
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["answers"] == {"router-a": {"rc": 1}, "router b": {"rc": 0}, "result_1": {"rc": 2}}
    assert len(routers.calls) == 1
    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(20))
    entries = [entry for _, entry in page.items if entry.action == "completeCallback"]
    assert sorted(str(entry.details["name"]) for entry in entries) == ["result_1", "router-a"]
    assert {(entry.actor, entry.details["reason"]) for entry in entries} == {("ada", "seen")}


async def test_the_form_asks_again_for_the_results_that_were_left_empty(offer: Offer) -> None:
    routers = Routers()
    engine = await offer(flow := upgrades(routers))
    process_id = await unanswered(engine, flow, routers)
    before = await open_request(engine, process_id)

    await submit(engine, process_id, *typed(None, {"rc": 1}, None))
    await engine.reaches(process_id, SUSPENDED)
    after = await open_request(engine, process_id)
    again = await submit(engine, process_id)
    await submit(engine, process_id, *typed({"rc": 2}, {"rc": 3}))
    done = await engine.reaches(process_id, COMPLETED)

    assert before.id != after.id
    assert "1 of 3 callbacks were answered" in str(again.page.initial_data)
    assert done.state["answers"] == {"router-a": {"rc": 2}, "router b": {"rc": 1}, "result_1": {"rc": 3}}


async def test_one_result_is_enough_for_a_step_that_needs_one(offer: Offer) -> None:
    routers = Routers()
    engine = await offer(flow := upgrades(routers, require="any"))
    process_id = await unanswered(engine, flow, routers)

    await submit(engine, process_id, *typed(None, None, {"rc": 7}))
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["answers"] == {"result_1": {"rc": 7}}


async def test_the_form_comes_again_each_time_that_the_longer_wait_is_over(offer: Offer) -> None:
    routers = Routers()
    engine = await offer(flow := upgrades(routers))
    process_id = await unanswered(engine, flow, routers)

    asked = {(await open_request(engine, process_id)).id}
    for _ in range(2):
        await submit(engine, process_id, {"answer": "wait"}, {"minutes": 1})
        await engine.reaches(process_id, AWAITING)
        engine.turn(60)
        await engine.reaches(process_id, SUSPENDED)
        asked.add((await open_request(engine, process_id)).id)
    for name in ROUTERS:
        waited = await engine.read(lambda conn: callbacks.of_wait(conn, process_id, 1))
        id = next(callback.id for callback in waited if callback.name == name)
        await complete_callback(engine.runtime, ADA, callback_id=id, result={"rc": 0}, reason="seen")
        await engine.reaches(process_id, COMPLETED if name == ROUTERS[-1] else SUSPENDED)

    assert len(asked) == 3
    executions = [execution for execution in await engine.steps(process_id) if execution.step_index == 1]
    assert [(execution.entered_by, execution.attempt, execution.status) for execution in executions] == [
        ("advance", 1, StepStatus.ABORTED),
        ("reawait", 2, StepStatus.ABORTED),
        ("reawait", 3, StepStatus.ABORTED),
        ("complete", 4, StepStatus.ABORTED),
        ("complete", 5, StepStatus.ABORTED),
        ("complete", 6, StepStatus.SUCCESS),
    ]


@pytest.mark.parametrize(
    ("pages", "path", "text"),
    [
        (typed(None, None, None), (), "at least one result"),
        (typed({"rc": 1}, {"rc": "many"}, None), ("result_2",), "/rc"),
        ([{"answer": "complete"}, {"result_1": "{", "reason": "seen"}], ("result_1",), "JSON"),
        (typed({"rc": 1}, reason=" "), ("reason",), "reason"),
    ],
    ids=["none", "against the contract", "no JSON", "blank reason"],
)
async def test_a_wrong_result_is_refused_at_its_field_and_nothing_is_taken(
    offer: Offer, pages: list[Json], path: tuple[str, ...], text: str
) -> None:
    routers = Routers()
    engine = await offer(flow := upgrades(routers))
    process_id = await unanswered(engine, flow, routers)

    refused = await submit(engine, process_id, *pages)

    assert isinstance(refused, PageInvalid)
    assert [error.path for error in refused.errors] == [path]
    assert text in refused.errors[0].message
    waited = await engine.read(lambda conn: callbacks.of_wait(conn, process_id, 1))
    assert {callback.status for callback in waited} == {CallbackStatus.EXPIRED}


@pytest.mark.parametrize(
    ("pages", "calls"),
    [([{"answer": "wait"}, {"minutes": 5}], 1), ([{"answer": "reissue"}], 2)],
    ids=["wait", "reissue"],
)
async def test_the_other_answers_act_on_all_missing_callbacks(offer: Offer, pages: list[Json], calls: int) -> None:
    routers = Routers()
    engine = await offer(flow := upgrades(routers))
    process_id = await unanswered(engine, flow, routers, "router b")

    await submit(engine, process_id, *pages)
    await engine.reaches(process_id, AWAITING)
    for name in ("router-a", "result_1"):
        await answer(engine.runtime, routers.calls[-1][name], {"rc": 5})
    done = await engine.reaches(process_id, COMPLETED)

    assert len(routers.calls) == calls
    assert done.state["answers"]["router-a"] == {"rc": 5}


@pytest.mark.parametrize("is_named", [True, False], ids=["several before", "one before"])
async def test_the_form_is_about_the_callbacks_that_there_are_also_if_a_deployment_changed_the_step(
    storage: str, clock: TurnableClock, is_named: bool
) -> None:
    routers = Routers()

    def flow(*, is_named: bool) -> Workflow:
        @step("Order")
        async def order(callback_url: str) -> None:
            routers.calls.append({"": token_of(callback_url)})

        @step("Judge")
        def judge(callback_result: Json) -> State:
            return {"answers": callback_result}

        @workflow("Upgrade the routers")
        def upgrade() -> Any:
            return begin >> callback_step("Upgrade", order, judge, timeout=60, on_timeout="operator")

        return upgrades(routers) if is_named else upgrade

    async with engine_of(storage, before := flow(is_named=is_named), clock=clock) as engine:
        process_id = await unanswered(engine, before, routers, *(ROUTERS[:1] if is_named else ()))
    async with engine_of(storage, flow(is_named=not is_named), clock=clock) as engine:
        shown = str((await submit(engine, process_id)).page.initial_data)
        await submit(engine, process_id, {"answer": "complete"}, *_texts(is_named))
        done = await engine.reaches(process_id, COMPLETED)

    assert "was withdrawn" not in shown and "None" not in shown
    assert ("1 of 3 callbacks were answered" in shown) is is_named
    routed = {"router-a": {"rc": 0}, "router b": {"rc": 1}, "result_1": {"rc": 2}}
    assert done.state["answers"] == (routed if is_named else {"rc": 1})


def _texts(is_named: bool) -> list[Json]:
    one = {"result": '{"rc": 1}', "reason": "seen"}
    return [{"result_1": '{"rc": 1}', "result_2": '{"rc": 2}', "reason": "seen"} if is_named else one]
