"""Who may decide, and how many approvals are needed: teams, starters, claims, assignments, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest
from conftest import Offer
from support.engine import Engine
from support.operator import ADA, BOB, confirm, open_request

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.commands.input_request_assignees import (
    assign_input_request,
    claim_input_request,
    release_input_request,
)
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.principals import Team
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage, NextPage, ReadOnly
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.reads.input_requests import open_form
from orchestrator_gql.security import LOCAL_OPERATOR, AuthContext, Permission, Principal
from orchestrator_gql.storage import input_requests
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.testing import person
from orchestrator_gql.types import EventKind, FormGenerator, InputRequestStatus, ProcessStatus, Verdict
from orchestrator_gql.utils.errors import (
    AlreadyDecided,
    ClaimedByOther,
    Forbidden,
    InvalidState,
    NotFound,
    SelfApproval,
    StaleForm,
    StaleVersion,
)
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

SUSPENDED, COMPLETED = ProcessStatus.SUSPENDED, ProcessStatus.COMPLETED
CAY, DAN = person("Cay"), person("Dan")
NOC = Team(key="NOC", name="Network operations", users=("ada", "bob"))
MANAGERS = Team(key="MANAGERS", users=("cay",))


def member(principal: Principal, *teams: str) -> Principal:
    return replace(principal, teams=frozenset(teams))


NOC_ADA, NOC_BOB, BOSS = member(ADA, "NOC"), member(BOB, "NOC"), member(CAY, "MANAGERS")


class Change(FormPage):
    minutes: int = 30


def asking(**options: Any) -> Workflow:
    """A workflow with a form, which has these options, and a step after it."""

    @inputstep("Approve the change", **options)
    def approve() -> FormGenerator:
        answer = yield Change
        return {"minutes": answer.minutes}

    @step("Change")
    def change() -> dict[str, bool]:
        return {"is_changed": True}

    @workflow("Change")
    def change_something() -> Any:
        return begin >> approve >> change

    return change_something


async def started_request(engine: Engine, flow: Workflow, by: Principal = LOCAL_OPERATOR) -> InputRequest:
    result = await start_workflow(engine.runtime, by, workflow_name=flow.name, pages=[])
    assert isinstance(result, Started)
    return await open_request(engine, result.process.id)


async def approve(engine: Engine, request: InputRequest, by: Principal, **page: int) -> DecisionResult:
    result = await submit_form(engine.runtime, by, input_request_id=request.id, pages=[page])
    assert isinstance(result, DecisionResult), result
    return result


async def current(engine: Engine, request: InputRequest) -> InputRequest:
    stored = await engine.read(lambda conn: input_requests.load(conn, request.id))
    assert stored is not None
    return stored


async def actions(engine: Engine, request: InputRequest) -> list[tuple[str | None, str]]:
    """The actors and actions of the audit log, in order."""
    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(request.process_id), PageArgs(50))
    return [(entry.actor, entry.action) for _, entry in reversed(page.items)]


async def test_two_approvals_are_needed_and_the_starter_may_not_approve(offer: Offer) -> None:
    flow = asking(approvals=2, allow_self_approval=False)
    engine = await offer(flow)
    request = await started_request(engine, flow, by=ADA)

    with pytest.raises(SelfApproval):
        await approve(engine, request, ADA)
    first = await approve(engine, request, BOB, minutes=10)
    with pytest.raises(AlreadyDecided, match="1 more approval is needed"):
        await approve(engine, request, BOB, minutes=10)
    assert (await engine.process(request.process_id)).status is SUSPENDED
    second = await approve(engine, request, CAY, minutes=10)

    ended = await engine.reaches(request.process_id, COMPLETED)
    assert (first.request.status, second.request.status) == (InputRequestStatus.OPEN, InputRequestStatus.SUBMITTED)
    assert ended.state == {"minutes": 10, "is_changed": True}
    assert await actions(engine, request) == [("ada", "startWorkflow"), ("bob", "submitForm"), ("cay", "submitForm")]
    events = await engine.events(request.process_id, EventKind.INPUT_DECIDED)
    assert [event.actor for event in events] == ["bob", "cay"]


MEANWHILE: dict[str, tuple[Callable[[Engine, InputRequest], Awaitable[object]], type[Exception]]] = {
    "they approved it": (lambda engine, request: approve(engine, request, NOC_ADA), AlreadyDecided),
    "somebody claimed it": (
        lambda engine, request: claim_input_request(engine.runtime, NOC_BOB, input_request_id=request.id),
        ClaimedByOther,
    ),
    "it was assigned": (
        lambda engine, request: assign_input_request(
            engine.runtime, LOCAL_OPERATOR, input_request_id=request.id, assignee_key="MANAGERS"
        ),
        StaleForm,
    ),
}
"""Actions of other people, or of the same person, between the reading of a request and its lock."""

_decides: ContextVar[bool] = ContextVar("decides", default=False)
"""True in the task of the test, and not in those of the engine."""


@pytest.mark.each_pair
@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("verb", ["submit", "reject", "claim"])
async def test_changes_between_the_reading_and_the_lock_are_checked_under_the_lock(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, meanwhile: str, verb: str
) -> None:
    change, refusal = MEANWHILE[meanwhile]
    flow = asking(approvals=2, assignee=Assignee("NOC"), on_reject="fail")
    engine = await offer(flow, teams=(NOC, MANAGERS))
    request = await started_request(engine, flow)
    transaction, changes = engine.runtime.database.transaction, [change]
    token = _decides.set(True)

    async def change_in_between(unit: Any) -> Any:
        if changes and _decides.get():  # the watch, the relay and others have transactions, too
            await changes.pop()(engine, request)
        return await transaction(unit)

    monkeypatch.setattr(engine.runtime.database, "transaction", change_in_between)
    verbs = {
        "submit": lambda: approve(engine, request, NOC_ADA),
        "reject": lambda: reject_input_request(
            engine.runtime, NOC_ADA, input_request_id=request.id, comment="Not tonight."
        ),
        "claim": lambda: claim_input_request(engine.runtime, NOC_ADA, input_request_id=request.id),
    }

    with pytest.raises(refusal):
        await verbs[verb]()

    _decides.reset(token)
    assert not changes
    assert (await current(engine, request)).status is InputRequestStatus.OPEN


async def test_the_first_approval_fixes_the_values_and_later_approvers_see_them(offer: Offer) -> None:
    flow = asking(approvals=2)
    engine = await offer(flow)
    request = await started_request(engine, flow)
    await approve(engine, request, ADA, minutes=10)

    with pytest.raises(StaleForm) as refused:
        await approve(engine, request, BOB, minutes=99)
    decisions = (await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])))[request.id]
    shown = await open_form(engine.runtime, BOB, request, [], decisions=decisions)

    assert refused.value.by == "ada"
    assert isinstance(shown, NextPage)
    assert shown.page.initial_data == {"minutes": 10}
    await approve(engine, request, BOB, minutes=10)
    assert (await engine.reaches(request.process_id, COMPLETED)).state["minutes"] == 10


async def test_every_page_of_a_later_approval_starts_with_the_values_of_the_first_approval(offer: Offer) -> None:
    @inputstep("Plan", approvals=2)
    def plan() -> FormGenerator:
        first = yield Change
        second = yield Change
        return {"minutes": first.minutes + second.minutes}

    @workflow("Plan")
    def planning() -> Any:
        return begin >> plan

    engine = await offer(planning)
    request = await started_request(engine, planning)
    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{"minutes": 5}, {"minutes": 7}])

    turned = await submit_form(engine.runtime, BOB, input_request_id=request.id, pages=[{"minutes": 5}])

    assert isinstance(turned, NextPage)
    assert turned.page.initial_data == {"minutes": 7}


async def test_a_form_that_shows_the_decisions_shows_the_same_to_every_approver(offer: Offer) -> None:
    comments: list[list[str | None]] = []

    @inputstep("Plan", approvals=2)
    def plan(decisions: list[dict[str, Any]]) -> FormGenerator:
        class Shown(FormPage):
            result: ReadOnly[str] = ", ".join(decision["comment"] for decision in decisions) or "nothing"

        yield Shown
        return {}

    @step("Listen")
    def listen(decisions: list[dict[str, Any]]) -> None:
        comments.append([decision["comment"] for decision in decisions])

    @workflow("Plan and listen")
    def planning() -> Any:
        return begin >> plan >> listen

    engine = await offer(planning)
    request = await started_request(engine, planning)
    for by in (ADA, BOB):
        await submit_form(engine.runtime, by, input_request_id=request.id, pages=[{}], comment=f"{by.name} agrees")
    await engine.reaches(request.process_id, COMPLETED)

    assert comments == [["Ada agrees", "Bob agrees"]]


async def test_of_ten_simultaneous_approvals_exactly_the_needed_number_counts(offer: Offer) -> None:
    flow = asking(approvals=3)
    engine = await offer(flow)
    request = await started_request(engine, flow)

    async def try_to(by: Principal) -> object:
        try:
            return await approve(engine, request, by, minutes=5)
        except (AlreadyDecided, StaleForm) as late:
            return late

    results = await asyncio.gather(*(try_to(person(f"P{number}")) for number in range(10)), try_to(person("P0")))

    await engine.reaches(request.process_id, COMPLETED)
    decisions = (await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])))[request.id]
    assert sum(isinstance(result, DecisionResult) for result in results) == 3
    assert len({decision.by for decision in decisions}) == 3


async def test_a_form_of_a_team_is_answered_by_its_members_only(offer: Offer) -> None:
    flow = asking(assignee=Assignee("NOC"))
    engine = await offer(flow, teams=(NOC,))
    request = await started_request(engine, flow)

    with pytest.raises(Forbidden, match="Network operations"):
        await approve(engine, request, BOSS)
    await approve(engine, request, NOC_ADA)

    await engine.reaches(request.process_id, COMPLETED)


async def test_a_team_without_members_is_open_to_everybody_who_may_submit_forms(offer: Offer) -> None:
    flow = asking(assignee=Assignee("SYSTEM"))
    engine = await offer(flow, teams=(NOC,))
    request = await started_request(engine, flow)

    with pytest.raises(Forbidden):
        await approve(engine, request, replace(ADA, permissions=frozenset({Permission.READ})))
    await approve(engine, request, BOSS)

    await engine.reaches(request.process_id, COMPLETED)


async def test_an_authors_rule_replaces_the_team_and_a_rule_that_raises_forbids(offer: Offer) -> None:
    async def only_cay(context: AuthContext) -> bool:
        if context.user.id == "dan":
            raise RuntimeError("the directory is away")
        return context.user.id == "cay"

    flow = asking(assignee=Assignee("NOC"), resume_auth_callback=only_cay)
    engine = await offer(flow, teams=(NOC,))
    request = await started_request(engine, flow)

    with pytest.raises(Forbidden, match="does not allow"):
        await approve(engine, request, NOC_ADA)
    with pytest.raises(Forbidden, match="failed, so it is no"):
        await approve(engine, request, DAN)
    await approve(engine, request, CAY)

    await engine.reaches(request.process_id, COMPLETED)


async def test_a_claimed_form_belongs_to_its_claimer_until_it_is_released(offer: Offer) -> None:
    flow = asking()
    engine = await offer(flow)
    request = await started_request(engine, flow)

    claimed = await claim_input_request(engine.runtime, ADA, input_request_id=request.id, expected_version=1)
    repeated = await claim_input_request(engine.runtime, ADA, input_request_id=request.id)
    with pytest.raises(ClaimedByOther) as refused:
        await approve(engine, request, BOB)
    with pytest.raises(ClaimedByOther):
        await claim_input_request(engine.runtime, BOB, input_request_id=request.id)
    with pytest.raises(ClaimedByOther):
        await release_input_request(engine.runtime, _plain(BOB), input_request_id=request.id)
    with pytest.raises(StaleVersion):
        await release_input_request(engine.runtime, ADA, input_request_id=request.id, expected_version=1)
    released = await release_input_request(engine.runtime, ADA, input_request_id=request.id)
    with pytest.raises(InvalidState, match="Nobody"):
        await release_input_request(engine.runtime, ADA, input_request_id=request.id)

    assert (claimed.request.claimed_by, claimed.request.version, repeated.request) == ("ada", 2, claimed.request)
    assert (refused.value.by, refused.value.at) == ("ada", claimed.request.claimed_at)
    assert (released.request.claimed_by, released.request.version) == (None, 3)
    events = await engine.events(request.process_id, EventKind.INPUT_REQUEST_CHANGED)
    assert [event.payload["change"] for event in events] == ["CLAIMED", "RELEASED"]
    await approve(engine, request, BOB)
    assert [action for _, action in await actions(engine, request)] == [
        "startWorkflow", "claimInputRequest", "releaseInputRequest", "submitForm",
    ]  # fmt: skip


async def test_a_manager_of_the_engine_may_release_the_claim_of_another_person(offer: Offer) -> None:
    flow = asking()
    engine = await offer(flow)
    request = await started_request(engine, flow)
    await claim_input_request(engine.runtime, ADA, input_request_id=request.id)

    released = await release_input_request(engine.runtime, LOCAL_OPERATOR, input_request_id=request.id)

    assert released.request.claimed_by is None


async def test_of_many_simultaneous_claims_a_single_one_succeeds(offer: Offer) -> None:
    flow = asking()
    engine = await offer(flow)
    request = await started_request(engine, flow)

    async def take(by: Principal) -> object:
        try:
            return await claim_input_request(engine.runtime, by, input_request_id=request.id)
        except (ClaimedByOther, StaleVersion) as late:
            return late

    results = await asyncio.gather(*(take(person(f"P{number}")) for number in range(8)))

    (won,) = (result for result in results if isinstance(result, DecisionResult))
    assert (await current(engine, request)).claimed_by == won.request.claimed_by


async def test_a_reassigned_form_belongs_to_the_other_team_and_has_no_claim(offer: Offer) -> None:
    flow = asking(assignee=Assignee("NOC"))
    engine = await offer(flow, teams=(NOC, MANAGERS))
    request = await started_request(engine, flow)
    await claim_input_request(engine.runtime, NOC_ADA, input_request_id=request.id)
    assignment: dict[str, Any] = {"input_request_id": request.id, "assignee_key": "MANAGERS"}

    with pytest.raises(Forbidden):
        await assign_input_request(engine.runtime, _plain(BOSS), **assignment)
    with pytest.raises(NotFound):
        await assign_input_request(engine.runtime, NOC_ADA, input_request_id=request.id, assignee_key="NOBODY")
    assigned = await assign_input_request(engine.runtime, _plain(NOC_ADA), **assignment, expected_version=2)

    assert (assigned.request.assignee, assigned.request.claimed_by, assigned.request.version) == ("MANAGERS", None, 3)
    process = await engine.process(request.process_id)
    assert (process.assignee, process.version) == ("MANAGERS", assigned.process.version)
    with pytest.raises(Forbidden):
        await approve(engine, request, NOC_ADA)
    await approve(engine, request, BOSS)
    await engine.reaches(request.process_id, COMPLETED)


async def test_only_a_manager_of_the_engine_may_assign_a_form_to_a_team_without_members(offer: Offer) -> None:
    flow = asking(assignee=Assignee("NOC"))
    engine = await offer(flow, teams=(NOC, Team(key="EVERYBODY")))
    request = await started_request(engine, flow)
    assignment: dict[str, Any] = {"input_request_id": request.id, "assignee_key": "EVERYBODY"}

    with pytest.raises(Forbidden, match="EVERYBODY has no members"):
        await assign_input_request(engine.runtime, _plain(NOC_ADA), **assignment)
    assigned = await assign_input_request(engine.runtime, NOC_ADA, **assignment)

    assert assigned.request.assignee == "EVERYBODY"


async def test_a_submission_during_a_reassignment_does_not_count(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = asking(assignee=Assignee("NOC"))
    engine = await offer(flow, teams=(NOC, MANAGERS))
    request = await started_request(engine, flow)
    transaction = engine.runtime.database.transaction
    is_first = True

    async def assign_in_between(unit: Any) -> Any:
        nonlocal is_first
        if is_first:
            is_first = False
            await assign_input_request(
                engine.runtime, LOCAL_OPERATOR, input_request_id=request.id, assignee_key="MANAGERS"
            )
        return await transaction(unit)

    monkeypatch.setattr(engine.runtime.database, "transaction", assign_in_between)

    with pytest.raises(StaleForm):
        await approve(engine, request, NOC_ADA)

    assert (await current(engine, request)).status is InputRequestStatus.OPEN


async def test_an_approval_by_the_claimer_releases_the_form_for_others(offer: Offer) -> None:
    flow = asking(approvals=2)
    engine = await offer(flow)
    request = await started_request(engine, flow)
    await claim_input_request(engine.runtime, ADA, input_request_id=request.id)

    await approve(engine, request, ADA, minutes=1)
    await approve(engine, request, BOB, minutes=1)

    await engine.reaches(request.process_id, COMPLETED)


async def test_one_rejection_outweighs_the_approvals_before_it(offer: Offer) -> None:
    flow = asking(approvals=3)
    engine = await offer(flow)
    request = await started_request(engine, flow)
    await approve(engine, request, ADA, minutes=1)

    await reject_input_request(engine.runtime, BOB, input_request_id=request.id, comment="Not in the freeze.")

    failed = await engine.reaches(request.process_id, ProcessStatus.FAILED)
    decisions = (await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])))[request.id]
    assert failed.failure is not None
    assert failed.failure.code == "rejected"
    assert [(decision.by, decision.verdict) for decision in decisions] == [
        ("ada", Verdict.APPROVED),
        ("bob", Verdict.REJECTED),
    ]


async def test_the_values_of_a_form_may_not_exceed_the_limit_of_a_step(offer: Offer) -> None:
    class Essay(FormPage):
        text: str

    @inputstep("Explain")
    def explain() -> FormGenerator:
        answer = yield Essay
        return {"text": answer.text}

    @workflow("Explain")
    def explaining() -> Any:
        return begin >> explain

    engine = await offer(explaining)
    request = await started_request(engine, explaining)

    pages = [{"text": "x" * 1024 * 1024}]
    result = await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=pages)

    assert not isinstance(result, DecisionResult | NextPage)
    assert result.errors[0].type == "too_large"
    assert await current(engine, request) == request
    await confirm(engine, request.process_id, {"text": "short"})


def _plain(principal: Principal) -> Principal:
    """The principal with the permissions to read and to submit forms only."""
    return replace(principal, permissions=frozenset({Permission.READ, Permission.SUBMIT_FORM}))
