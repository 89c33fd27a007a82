"""Decisions on forms: the first decision wins and counts for the pages that were shown, on both databases."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from conftest import Offer
from pydantic import ConfigDict
from support.operator import ADA, BOB, confirm, open_request
from support.playbooks import of

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


class Window(FormPage):
    minutes: int = 30


@inputstep("Choose a window", assignee=Assignee("NOC"))
def choose() -> FormGenerator:
    answer = yield Window
    return {"minutes": answer.minutes}


@inputstep("Look on", assignee=Assignee("SYSTEM"))
def look_on() -> FormGenerator:
    yield Window
    return {}


@workflow("Look on")
def looking_on() -> Any:
    return begin >> look_on


@workflow("Maintain")
def maintain() -> Any:
    return begin >> choose


async def test_of_two_simultaneous_decisions_the_first_wins_and_the_other_person_learns_by_whom_and_when(
    offer: Offer,
) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    async def submit(by: Principal, minutes: int) -> object:
        pages = [{"minutes": minutes}]
        try:
            return await submit_form(engine.runtime, by, input_request_id=request.id, pages=pages)
        except AlreadyDecided as refusal:
            return refusal

    results = await asyncio.gather(submit(ADA, 10), submit(BOB, 20))
    ended = await engine.reaches(process_id, COMPLETED)

    (won,) = (result for result in results if isinstance(result, DecisionResult))
    (lost,) = (result for result in results if isinstance(result, AlreadyDecided))
    (decision,) = (await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])))[request.id]
    assert (lost.by, lost.at) == (decision.by, decision.at)
    assert ended.state == {"minutes": {"ada": 10, "bob": 20}[decision.by or ""]}
    assert won.request.version == 2
    assert len(await engine.events(process_id, EventKind.INPUT_DECIDED)) == 1


async def test_an_invalid_or_missing_page_is_reported_and_changes_nothing(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    first_page = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[])
    wrong = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{"minutes": "long"}])
    many = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}, {}])

    assert isinstance(first_page, NextPage)
    assert isinstance(wrong, PageInvalid)
    assert isinstance(many, PageInvalid)
    assert await open_request(engine, process_id) == request


async def test_a_submission_for_an_outdated_form_is_refused(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    shown = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[])
    assert isinstance(shown, NextPage)
    submission: dict[str, Any] = {"input_request_id": request.id, "pages": [{}]}

    with pytest.raises(StaleVersion):
        await submit_form(engine.runtime, ADA, **submission, expected_version=7)
    with pytest.raises(StaleForm):
        await submit_form(engine.runtime, ADA, **submission, shown_digest="0" * 64)
    decided = await submit_form(engine.runtime, ADA, **submission, expected_version=1, shown_digest=shown.page.digest)

    assert isinstance(decided, DecisionResult)
    await engine.reaches(process_id, COMPLETED)


async def test_a_second_submission_with_the_same_key_returns_the_first_result(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    submission: dict[str, Any] = {
        "input_request_id": request.id,
        "pages": [{"minutes": 5}],
        "idempotency_key": "click-1",
    }

    first = await submit_form(engine.runtime, ADA, **submission)
    second = await submit_form(engine.runtime, ADA, **submission)

    assert isinstance(first, DecisionResult)
    assert isinstance(second, DecisionResult)
    assert (second.request, second.process.id) == (first.request, process_id)


async def test_simultaneous_submissions_with_the_same_key_count_once(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    submission: dict[str, Any] = {
        "input_request_id": request.id,
        "pages": [{"minutes": 5}],
        "idempotency_key": "click-1",
    }

    results = await asyncio.gather(*(submit_form(engine.runtime, ADA, **submission) for _ in range(5)))

    assert [isinstance(result, DecisionResult) and result.request.id for result in results] == [request.id] * 5
    assert len(await engine.events(process_id, EventKind.INPUT_DECIDED)) == 1


async def test_a_submission_is_bound_to_the_contents_of_the_earlier_pages_too(offer: Offer) -> None:
    finding = {"risk": "low"}

    @inputstep("Approve")
    def approve() -> FormGenerator:
        class Findings(FormPage):
            risk: ReadOnly[str] = finding["risk"]

        yield Findings
        yield Window
        return {}

    @workflow("Approve findings")
    def approve_findings() -> Any:
        return begin >> approve

    engine = await offer(approve_findings)
    process_id = await engine.start(approve_findings)
    submission: dict[str, Any] = {"input_request_id": (await open_request(engine, process_id)).id}
    shown = await submit_form(engine.runtime, ADA, **submission, pages=[{}])
    assert isinstance(shown, NextPage)

    finding["risk"] = "high"
    with pytest.raises(StaleForm):
        await submit_form(engine.runtime, ADA, **submission, pages=[{}, {}], shown_digest=shown.page.digest)
    finding["risk"] = "low"
    await submit_form(engine.runtime, ADA, **submission, pages=[{}, {}], shown_digest=shown.page.digest)

    await engine.reaches(process_id, COMPLETED)


async def test_an_idempotency_key_counts_only_for_its_own_user(offer: Offer) -> None:
    @inputstep("Approve", approvals=2)
    def approve() -> FormGenerator:
        yield Window
        return {}

    @workflow("Approve by two")
    def by_two() -> Any:
        return begin >> approve

    engine = await offer(by_two)
    process_id = await engine.start(by_two)
    request = await open_request(engine, process_id)
    submission: dict[str, Any] = {"input_request_id": request.id, "pages": [{}], "idempotency_key": "click-1"}

    await submit_form(engine.runtime, ADA, **submission)
    with pytest.raises(Forbidden):
        await submit_form(engine.runtime, Principal("eve", "Eve", permissions=frozenset()), **submission)
    await submit_form(engine.runtime, BOB, **submission)

    await engine.reaches(process_id, COMPLETED)
    decisions = await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id]))
    assert [decision.by for decision in decisions[request.id]] == [ADA.id, BOB.id]


async def test_an_assignment_does_not_take_a_form_from_a_person_who_claimed_it_meanwhile(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await offer(maintain, looking_on)
    request = await open_request(engine, await engine.start(maintain))
    transaction, claims = engine.runtime.database.transaction, [claim_input_request]

    async def claim_in_between(unit: Any) -> Any:
        if claims:
            await claims.pop()(engine.runtime, BOB, input_request_id=request.id)
        return await transaction(unit)

    monkeypatch.setattr(engine.runtime.database, "transaction", claim_in_between)

    colleague = replace(ADA, permissions=ADA.permissions - {Permission.MANAGE_ENGINE})
    with pytest.raises(ClaimedByOther):
        await assign_input_request(engine.runtime, colleague, input_request_id=request.id, assignee_key="SYSTEM")

    stored = await engine.read(lambda conn: input_requests.load(conn, request.id))
    assert stored is not None
    assert (stored.assignee, stored.claimed_by) == ("NOC", BOB.id)


async def test_the_form_of_an_aborted_process_is_closed(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    await abort_process(engine.runtime, BOB, process_id=process_id)

    with pytest.raises(InputRequestClosed):
        await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    (closed,) = await engine.events(process_id, EventKind.INPUT_REQUEST_CHANGED)
    assert closed.payload["change"] == "CLOSED"


async def test_a_form_without_pages_does_not_suspend_the_process(offer: Offer) -> None:
    @inputstep("Confirm where needed")
    def confirm_where_needed(state: State) -> FormGenerator:
        if state["is_risky"]:
            yield Window
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


async def test_a_missing_permission_and_an_unknown_request_are_refused(offer: Offer) -> None:
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)

    with pytest.raises(Forbidden):
        await submit_form(engine.runtime, Principal("eve", "Eve"), input_request_id=request.id, pages=[{}])
    with pytest.raises(NotFound):
        await submit_form(engine.runtime, ADA, input_request_id=new_id(), pages=[{}])
    await confirm(engine, process_id)
    await engine.reaches(process_id, COMPLETED)


@pytest.mark.parametrize("title", ["Con\0firm", "Con\ud83dfirm", "x" * 2_000_000])
async def test_a_title_that_cannot_be_stored_is_stored_as_far_as_it_can(offer: Offer, title: str) -> None:
    @inputstep("Confirm")
    def confirm() -> FormGenerator:
        class Page(FormPage):
            model_config = ConfigDict(title=title)

        yield Page
        return {}

    engine = await offer(flow := of(confirm))
    await engine.reaches(process_id := await engine.start(flow), ProcessStatus.SUSPENDED)
    request = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))

    assert request is not None
    assert request.title in ("Con\ufffdfirm", "x" * 1_000)
