"""No sequence of actions of people, services and the clock runs the step after a form without its approvals.

Random histories run on a real engine. The checker uses no code of the engine: it reads the event log from the
beginning, and keeps its own account of the assignee, of the claim and of the approvals.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.engine import BEGINNING
from support.sizes import size

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.callback_operator_actions import complete_callback, reissue_callback
from orchestrator_gql.commands.input_request_assignees import (
    assign_input_request,
    claim_input_request,
    release_input_request,
)
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.principals import Team
from orchestrator_gql.events.stream import follow
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.reads.audit import audit_list, verify_audit
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage import callbacks, input_requests
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.testing import Kit
from orchestrator_gql.testing.run import Run
from orchestrator_gql.types import Event, EventKind, FormGenerator, Json
from orchestrator_gql.utils.errors import OrchestratorError, ProcessFailureError
from orchestrator_gql.workflow import workflow

HISTORIES = size(100, 10_000)
NEEDED = 2
MEMBERS = {"NOC": {"ada", "bob", "cay"}, "LEADS": {"cay", "dan"}}
EVERYBODY = ("ada", "bob", "cay", "dan", "eve")
STARTER = "ada"
HANDS = frozenset(Permission) - {Permission.MANAGE_ENGINE}


@step("Call")
def call(callback_route: str) -> None:
    """The history delivers the result."""


@step("Judge")
def judge(callback_result: Json) -> None:
    if callback_result == "bad":
        raise ProcessFailureError("bad")


@inputstep(
    "Approve",
    assignee=Assignee("NOC"),
    approvals=NEEDED,
    allow_self_approval=False,
    on_reject="Run",
    remind=60,
    escalate=[(600, Assignee("LEADS"))],
    expire=3600,
)
def approve(callback_result: Json) -> FormGenerator:
    class Result(FormPage):
        result: ReadOnly[str] = str(callback_result)
        minutes: int = 5

    answer = yield Result
    return {"minutes": answer.minutes}


@step("Act")
def act() -> None:
    """The step that needs the approvals."""


@workflow("Approve")
def approving() -> Any:
    return begin >> callback_step("Run", call, judge) >> approve >> act


def person(name: str) -> Principal:
    teams = frozenset(key for key, members in MEMBERS.items() if name in members)
    return Principal(name, name, permissions=HANDS, teams=teams)


_BLANK = Event(EventKind.PROCESS_CREATED, datetime(2026, 3, 2, tzinfo=UTC))


@dataclass(slots=True)
class World:
    """One process, and the actions of a history on it; a refused action is allowed."""

    kit: Kit
    run: Run

    @property
    def runtime(self) -> Runtime:
        return self.kit._runtime

    async def request_id(self) -> UUID:
        """The id of the newest input request, open or not: an action on a decided request is tried, too."""
        requests = await self.runtime.database.read(lambda conn: input_requests.of_processes(conn, [self.run.id]))
        return requests[self.run.id][-1].id if requests else self.run.id

    async def callback_id(self) -> UUID:
        by_process = await self.runtime.database.read(lambda conn: callbacks.of_processes(conn, [self.run.id]))
        return by_process[self.run.id][-1].id

    async def answer(self, result: str) -> None:
        await self.run.callbacks[-1].answer(result)

    async def submit(self, by: str, minutes: int) -> None:
        pages = [{"minutes": minutes}]
        await submit_form(self.runtime, person(by), input_request_id=await self.request_id(), pages=pages)

    async def at_once(self, minutes: int) -> None:
        """All people approve at the same time."""
        results = await asyncio.gather(*(self.submit(name, minutes) for name in EVERYBODY), return_exceptions=True)
        assert all(result is None or isinstance(result, OrchestratorError) for result in results), results

    async def reject(self, by: str, is_back: bool) -> None:
        id = await self.request_id()
        await reject_input_request(self.runtime, person(by), input_request_id=id, comment="no", to_earlier_step=is_back)

    async def claim(self, by: str) -> None:
        await claim_input_request(self.runtime, person(by), input_request_id=await self.request_id())

    async def release(self, by: str) -> None:
        await release_input_request(self.runtime, person(by), input_request_id=await self.request_id())

    async def assign(self, by: str, to: str) -> None:
        id = await self.request_id()
        await assign_input_request(self.runtime, person(by), input_request_id=id, assignee_key=to)

    async def retry(self, by: str) -> None:
        await retry_process(self.runtime, person(by), process_id=self.run.id)

    async def abort(self, by: str) -> None:
        await abort_process(self.runtime, person(by), process_id=self.run.id)

    async def reissue(self, by: str) -> None:
        await reissue_callback(self.runtime, person(by), callback_id=await self.callback_id())

    async def complete(self, by: str) -> None:
        await complete_callback(
            self.runtime, person(by), callback_id=await self.callback_id(), result="typed", reason="seen"
        )

    async def turn(self, seconds: int) -> None:
        await self.kit.turn(seconds=seconds)


Action = tuple[str, tuple[Any, ...]]

people = st.sampled_from(EVERYBODY)
actions = st.one_of(
    st.tuples(st.just("answer"), st.tuples(st.sampled_from(["good", "bad"]))),
    st.tuples(st.just("answer"), st.tuples(st.just("good"))),
    st.tuples(st.just("submit"), st.tuples(people, st.sampled_from([5, 6]))),
    st.tuples(st.just("submit"), st.tuples(people, st.just(5))),
    st.tuples(st.just("at_once"), st.tuples(st.just(5))),
    st.tuples(st.just("reject"), st.tuples(people, st.booleans())),
    st.tuples(st.just("claim"), st.tuples(people)),
    st.tuples(st.just("release"), st.tuples(people)),
    st.tuples(st.just("assign"), st.tuples(people, st.sampled_from(["NOC", "LEADS"]))),
    st.tuples(st.just("retry"), st.tuples(people)),
    st.tuples(st.just("abort"), st.tuples(people)),
    st.tuples(st.just("reissue"), st.tuples(people)),
    st.tuples(st.just("complete"), st.tuples(people)),
    st.tuples(st.just("turn"), st.tuples(st.sampled_from([61, 601, 3601]))),
)
histories = st.lists(actions, min_size=3, max_size=14)


@dataclass(slots=True)
class Account:
    """The checker's account of the newest input request."""

    assignee: str
    claimed_by: str | None = None
    approved_by: list[str] = field(default_factory=list)
    is_open: bool = True

    def apply(self, event: Event) -> None:
        payload = event.payload
        if event.kind is EventKind.INPUT_REQUEST_CHANGED:
            self.assignee = payload["assignee"]
            if payload["change"] != "REMINDED":
                self.claimed_by = event.actor if payload["change"] == "CLAIMED" else None
            self.is_open = self.is_open and payload["change"] != "CLOSED"
            return
        assert self.is_open, "a form that was closed was decided"
        assert event.actor in MEMBERS[self.assignee], f"{event.actor} is not in {self.assignee}"
        assert event.actor != STARTER, "the starter decided"
        assert self.claimed_by in (None, event.actor), f"{self.claimed_by} has claimed it, not {event.actor}"
        if payload["verdict"] == "APPROVED":
            assert event.actor not in self.approved_by, "one person counted twice"
            self.approved_by.append(event.actor)
            self.claimed_by = None
            self.is_open = len(self.approved_by) < NEEDED
        else:
            self.is_open = False


def count_approved_runs(events: list[Event]) -> int:
    """How often the step after the form ran; raises `AssertionError` if it ran without its approvals."""
    account: Account | None = None
    runs = 0
    for event in events:
        if event.kind is EventKind.INPUT_REQUESTED:
            account = Account(event.payload["assignee"])
        elif event.kind in (EventKind.INPUT_DECIDED, EventKind.INPUT_REQUEST_CHANGED):
            assert account is not None
            account.apply(event)
        elif event.kind is EventKind.STEP_CHANGED and event.payload["step_name"] == "Act":
            assert account is not None, "there was no input request"
            assert len(account.approved_by) == NEEDED, f"only {account.approved_by} approved"
            runs += event.payload["to"] == "RUNNING"
    return runs


async def play(kit: Kit, history: list[Action]) -> None:
    run = await kit.start(approving, by=person(STARTER))
    await run.rests()
    world = World(kit, run)
    for name, arguments in history:
        verb: Callable[..., Coroutine[Any, Any, None]] = getattr(world, name)
        with suppress(OrchestratorError):
            await verb(*arguments)
        await run.rests()
    events = await log(world.runtime, run.id)
    assert count_approved_runs(events) <= 1
    await assert_audit_log_matches(world.runtime, run.id, events)


async def log(runtime: Runtime, process_id: UUID) -> list[Event]:
    events: list[Event] = []
    wanted = EventFilter(process_ids=(process_id,))
    async with aclosing(follow(runtime.database, runtime.notifier, after=BEGINNING, wanted=wanted)) as batches:
        async for batch in batches:
            events += batch.events
            if batch.caught_up:
                break
    return events


async def assert_audit_log_matches(runtime: Runtime, process_id: UUID, events: list[Event]) -> None:
    """The audit log has exactly the decisions of the event log."""
    page = await audit_list.page(runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(200))
    deciding = ("submitForm", "rejectInputRequest")
    entries = [(entry.actor, entry.details["verdict"]) for _, entry in reversed(page.items) if entry.action in deciding]
    assert entries == [
        (event.actor, event.payload["verdict"]) for event in events if event.kind is EventKind.INPUT_DECIDED
    ]


def test_no_history_runs_the_step_after_the_form_without_its_approvals() -> None:
    teams = tuple(Team(key=key, users=tuple(sorted(members))) for key, members in MEMBERS.items())
    kit = Kit(approving, teams=teams)
    with asyncio.Runner() as runner:
        runner.run(kit.__aenter__())

        @settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(histories)
        def run_history(history: list[Action]) -> None:
            runner.run(play(kit, history))

        try:
            run_history()
            verification = runner.run(verify_audit(kit._runtime, LOCAL_OPERATOR, after=None, first=100_000))
            assert verification.fault is None
        finally:
            runner.run(kit.__aexit__(None, None, None))


def decision_event(by: str, verdict: str = "APPROVED") -> Event:
    return replace(_BLANK, kind=EventKind.INPUT_DECIDED, actor=by, payload={"verdict": verdict})


def test_the_checker_finds_every_forbidden_history() -> None:
    requested = replace(_BLANK, kind=EventKind.INPUT_REQUESTED, payload={"assignee": "NOC"})
    ran = replace(_BLANK, kind=EventKind.STEP_CHANGED, payload={"step_name": "Act", "to": "RUNNING"})
    claim = {"change": "CLAIMED", "assignee": "NOC"}
    claimed = replace(_BLANK, kind=EventKind.INPUT_REQUEST_CHANGED, actor="cay", payload=claim)
    wrong = [
        [requested, decision_event("bob"), ran],
        [requested, decision_event("bob"), decision_event("bob"), ran],
        [requested, decision_event("ada")],
        [requested, decision_event("eve")],
        [requested, claimed, decision_event("bob")],
        [requested, decision_event("bob", "REJECTED"), decision_event("cay")],
        [requested, decision_event("bob"), decision_event("cay"), requested, ran],
        [ran],
    ]

    faults = []
    for history in wrong:
        try:
            count_approved_runs(history)
        except AssertionError as fault:
            faults.append(str(fault))

    assert len(faults) == len(wrong)
    assert count_approved_runs([requested, claimed, decision_event("cay"), decision_event("bob"), ran]) == 1
