"""Forms that people answer, on both databases: the first decision wins, and it is about what was shown."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from conftest import Offer
from support.operator import ADA, BOB, confirm, open_request

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.commands.input_request_assignees import assign_input_request, claim_input_request
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage, NextPage, PageInvalid, ReadOnly
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import input_requests
from orchestrator_gql.types import EventKind, FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import (
    AlreadyDecided,
    ClaimedByOther,
    Forbidden,
    InputRequestClosed,
    NotFound,
    StaleForm,
    StaleVersion,
)
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

SUSPENDED, COMPLETED = ProcessStatus.SUSPENDED, ProcessStatus.COMPLETED


class PageArgs(FormPage):
    minutes: int = 30


@inputstep("Choose a window", assignee=Assignee("NOC"))
def choose() -> FormGenerator:
    answer = yield PageArgs
    return {"minutes": answer.minutes}


@inputstep("Look on", assignee=Assignee("SYSTEM"))
def look_on() -> FormGenerator:
    yield PageArgs
    return {}


@workflow("Look on")
def looking_on() -> Any:
    return begin >> look_on


@workflow("Maintain")
def maintain() -> Any:
    return begin >> choose


async def test_of_two_people_who_answer_at_once_one_wins_and_the_other_is_told_who_and_when(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    async def answer(by: Principal, minutes: int) -> object:
        pages = [{"minutes": minutes}]
        try:
            return await submit_form(engine.runtime, by, input_request_id=request.id, pages=pages)
        except AlreadyDecided as decided:
            return decided

    said = await asyncio.gather(answer(ADA, 10), answer(BOB, 20))
    ended = await engine.reaches(process_id, COMPLETED)

    (won,) = (one for one in said if isinstance(one, DecisionResult))
    (lost,) = (one for one in said if isinstance(one, AlreadyDecided))
    (made,) = (await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])))[request.id]
    assert (lost.by, lost.at) == (made.by, made.at)
    assert ended.state == {"minutes": {"ada": 10, "bob": 20}[made.by or ""]}
    assert won.request.version == 2
    assert len(await engine.events(process_id, EventKind.INPUT_DECIDED)) == 1


async def test_a_page_that_is_wrong_or_missing_is_answered_and_harms_nothing(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    asked = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[])
    wrong = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{"minutes": "long"}])
    many = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}, {}])

    assert isinstance(asked, NextPage)
    assert isinstance(wrong, PageInvalid)
    assert isinstance(many, PageInvalid)
    assert await open_request(engine, process_id) == request


async def test_an_answer_names_what_was_shown_and_a_stale_one_is_refused(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    shown = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[])
    assert isinstance(shown, NextPage)
    given: dict[str, Any] = {"input_request_id": request.id, "pages": [{}]}

    with pytest.raises(StaleVersion):
        await submit_form(engine.runtime, ADA, **given, expected_version=7)
    with pytest.raises(StaleForm):
        await submit_form(engine.runtime, ADA, **given, shown_digest="0" * 64)
    said = await submit_form(engine.runtime, ADA, **given, expected_version=1, shown_digest=shown.page.digest)

    assert isinstance(said, DecisionResult)
    await engine.reaches(process_id, COMPLETED)


async def test_a_second_answer_with_the_same_key_is_the_first_one_again(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    given: dict[str, Any] = {"input_request_id": request.id, "pages": [{"minutes": 5}], "idempotency_key": "click-1"}

    first = await submit_form(engine.runtime, ADA, **given)
    second = await submit_form(engine.runtime, ADA, **given)

    assert isinstance(first, DecisionResult)
    assert isinstance(second, DecisionResult)
    assert (second.request, second.process.id) == (first.request, process_id)


async def test_two_equal_answers_with_one_key_at_the_same_time_are_one(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    given: dict[str, Any] = {"input_request_id": request.id, "pages": [{"minutes": 5}], "idempotency_key": "click-1"}

    said = await asyncio.gather(*(submit_form(engine.runtime, ADA, **given) for _ in range(5)))

    assert all(isinstance(one, DecisionResult) and one.request.id == request.id for one in said)
    assert len(await engine.events(process_id, EventKind.INPUT_DECIDED)) == 1


async def test_an_answer_is_bound_to_what_was_shown_on_the_pages_before_the_last_too(offer: Offer) -> None:
    found = {"risk": "low"}

    @inputstep("Approve")
    def approve() -> FormGenerator:
        class Findings(FormPage):
            risk: ReadOnly[str] = found["risk"]

        yield Findings
        yield PageArgs
        return {}

    @workflow("Approve findings")
    def approve_findings() -> Any:
        return begin >> approve

    engine = await offer(approve_findings)
    process_id = await engine.start(approve_findings)
    given: dict[str, Any] = {"input_request_id": (await open_request(engine, process_id)).id}
    shown = await submit_form(engine.runtime, ADA, **given, pages=[{}])
    assert isinstance(shown, NextPage)

    found["risk"] = "high"
    with pytest.raises(StaleForm):
        await submit_form(engine.runtime, ADA, **given, pages=[{}, {}], shown_digest=shown.page.digest)
    found["risk"] = "low"
    await submit_form(engine.runtime, ADA, **given, pages=[{}, {}], shown_digest=shown.page.digest)

    await engine.reaches(process_id, COMPLETED)


async def test_a_key_of_somebody_else_answers_nobody_and_hides_no_approval(offer: Offer) -> None:
    @inputstep("Approve", approvals=2)
    def approve() -> FormGenerator:
        yield PageArgs
        return {}

    @workflow("Approve by two")
    def by_two() -> Any:
        return begin >> approve

    engine = await offer(by_two)
    process_id = await engine.start(by_two)
    request = await open_request(engine, process_id)
    given: dict[str, Any] = {"input_request_id": request.id, "pages": [{}], "idempotency_key": "click-1"}

    await submit_form(engine.runtime, ADA, **given)
    with pytest.raises(Forbidden):
        await submit_form(engine.runtime, Principal("eve", "Eve", permissions=frozenset()), **given)
    await submit_form(engine.runtime, BOB, **given)

    await engine.reaches(process_id, COMPLETED)
    made = await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id]))
    assert [one.by for one in made[request.id]] == [ADA.id, BOB.id]


async def test_whoever_assigns_a_form_takes_it_from_nobody_who_took_it_meanwhile(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await offer(maintain, looking_on)
    request = await open_request(engine, await engine.start(maintain))
    whole, others = engine.runtime.database.transaction, [claim_input_request]

    async def taken_in_between(unit: Any) -> Any:
        if others:
            await others.pop()(engine.runtime, BOB, input_request_id=request.id)
        return await whole(unit)

    monkeypatch.setattr(engine.runtime.database, "transaction", taken_in_between)

    colleague = replace(ADA, permissions=ADA.permissions - {Permission.MANAGE_ENGINE})
    with pytest.raises(ClaimedByOther):
        await assign_input_request(engine.runtime, colleague, input_request_id=request.id, assignee_key="SYSTEM")

    found = await engine.read(lambda conn: input_requests.load(conn, request.id))
    assert found is not None
    assert (found.assignee, found.claimed_by) == ("NOC", BOB.id)


async def test_a_form_of_a_process_that_was_aborted_is_closed(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    await abort_process(engine.runtime, BOB, process_id=process_id)

    with pytest.raises(InputRequestClosed):
        await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    (closed,) = await engine.events(process_id, EventKind.INPUT_REQUEST_CHANGED)
    assert closed.payload["change"] == "CLOSED"


async def test_a_form_without_pages_has_nothing_to_confirm_and_does_not_pause(offer: Offer) -> None:
    @inputstep("Confirm where needed")
    def confirm_where_needed(state: State) -> FormGenerator:
        if state["is_risky"]:
            yield PageArgs
        return {"is_confirmed": True}

    @step("Assess")
    def assess() -> State:
        return {"is_risky": False}

    @workflow("Assess")
    def assessed() -> Any:
        return begin >> assess >> confirm_where_needed

    engine = await offer(assessed)
    process_id = await engine.start(assessed)

    ended = await engine.reaches(process_id, COMPLETED)
    assert ended.state == {"is_risky": False, "is_confirmed": True}
    assert await engine.events(process_id, EventKind.INPUT_REQUESTED) == []


async def test_who_lacks_the_right_or_names_no_request_is_refused(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    with pytest.raises(Forbidden):
        await submit_form(engine.runtime, Principal("eve", "Eve"), input_request_id=request.id, pages=[{}])
    with pytest.raises(NotFound):
        await submit_form(engine.runtime, ADA, input_request_id=new_id(), pages=[{}])
    await confirm(engine, process_id)
    await engine.reaches(process_id, COMPLETED)
