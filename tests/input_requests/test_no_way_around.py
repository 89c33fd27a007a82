"""Whatever people, remote services and the clock do: behind the form nothing runs that was not approved as it must be.

Histories are made up at random and played on a real engine. The judge knows none of its code: it reads the event log
from the beginning, and keeps an account of its own of whose the form was, who had taken it and who said yes.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.engine import BEGINNING

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
from orchestrator_gql.reads.audit import audit_page, verify_audit
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

HISTORIES = int(os.environ.get("ORCHESTRATOR_TEST_HISTORIES", "200"))
NEEDED = 2
MEMBERS = {"NOC": {"ada", "bob", "cay"}, "LEADS": {"cay", "dan"}}
EVERYBODY = ("ada", "bob", "cay", "dan", "eve")
STARTER = "ada"
HANDS = frozenset(Permission) - {Permission.MANAGE_ENGINE}


@step("Call")
def call(callback_route: str) -> None:
    """The history answers."""


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
    """What must not happen unapproved."""


@workflow("Approve")
def approving() -> Any:
    return begin >> callback_step("Run", call, judge) >> approve >> act


def person(name: str) -> Principal:
    teams = frozenset(key for key, members in MEMBERS.items() if name in members)
    return Principal(name, name, permissions=HANDS, teams=teams)


_BLANK = Event(EventKind.PROCESS_CREATED, datetime(2026, 3, 2, tzinfo=UTC))


@dataclass(slots=True)
class World:
    """One process, and what the history may do to it; refusals are as good as successes."""

    kit: Kit
    run: Run

    @property
    def runtime(self) -> Runtime:
        return self.kit._runtime

    async def request_id(self) -> UUID:
        """The newest input request, open or not: what is decided already is tried again, too."""
        asked = await self.runtime.database.read(lambda conn: input_requests.of_processes(conn, [self.run.id]))
        return asked[self.run.id][-1].id if asked else self.run.id

    async def callback_id(self) -> UUID:
        boxes = await self.runtime.database.read(lambda conn: callbacks.of_processes(conn, [self.run.id]))
        return boxes[self.run.id][-1].id

    async def answer(self, result: str) -> None:
        await self.run.callbacks[-1].answer(result)

    async def submit(self, by: str, minutes: int) -> None:
        pages = [{"minutes": minutes}]
        await submit_form(self.runtime, person(by), input_request_id=await self.request_id(), pages=pages)

    async def at_once(self, minutes: int) -> None:
        """Everybody says yes in the same moment."""
        said = await asyncio.gather(*(self.submit(name, minutes) for name in EVERYBODY), return_exceptions=True)
        assert all(one is None or isinstance(one, OrchestratorError) for one in said), said

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


Deed = tuple[str, tuple[Any, ...]]

somebody = st.sampled_from(EVERYBODY)
deeds = st.one_of(
    st.tuples(st.just("answer"), st.tuples(st.sampled_from(["good", "bad"]))),
    st.tuples(st.just("answer"), st.tuples(st.just("good"))),
    st.tuples(st.just("submit"), st.tuples(somebody, st.sampled_from([5, 6]))),
    st.tuples(st.just("submit"), st.tuples(somebody, st.just(5))),
    st.tuples(st.just("at_once"), st.tuples(st.just(5))),
    st.tuples(st.just("reject"), st.tuples(somebody, st.booleans())),
    st.tuples(st.just("claim"), st.tuples(somebody)),
    st.tuples(st.just("release"), st.tuples(somebody)),
    st.tuples(st.just("assign"), st.tuples(somebody, st.sampled_from(["NOC", "LEADS"]))),
    st.tuples(st.just("retry"), st.tuples(somebody)),
    st.tuples(st.just("abort"), st.tuples(somebody)),
    st.tuples(st.just("reissue"), st.tuples(somebody)),
    st.tuples(st.just("complete"), st.tuples(somebody)),
    st.tuples(st.just("turn"), st.tuples(st.sampled_from([61, 601, 3601]))),
)
histories = st.lists(deeds, min_size=3, max_size=14)


@dataclass(slots=True)
class Account:
    """What the judge knows of the form that was asked last."""

    assignee: str
    taken_by: str | None = None
    approved_by: list[str] = field(default_factory=list)
    is_open: bool = True

    def hears(self, event: Event) -> None:
        told = event.payload
        if event.kind is EventKind.INPUT_REQUEST_CHANGED:
            self.assignee = told["assignee"]
            if told["change"] != "REMINDED":
                self.taken_by = event.actor if told["change"] == "CLAIMED" else None
            self.is_open = self.is_open and told["change"] != "CLOSED"
            return
        assert self.is_open, "a form that was closed was decided"
        assert event.actor in MEMBERS[self.assignee], f"{event.actor} is none of {self.assignee}"
        assert event.actor != STARTER, "the starter decided"
        assert self.taken_by in (None, event.actor), f"{self.taken_by} had taken it from {event.actor}"
        if told["verdict"] == "APPROVED":
            assert event.actor not in self.approved_by, "one person counted twice"
            self.approved_by.append(event.actor)
            self.taken_by = None
            self.is_open = len(self.approved_by) < NEEDED
        else:
            self.is_open = False


def judged(events: list[Event]) -> int:
    """How often the step behind the form ran; `AssertionError` where it ran unapproved."""
    account: Account | None = None
    runs = 0
    for event in events:
        if event.kind is EventKind.INPUT_REQUESTED:
            account = Account(event.payload["assignee"])
        elif event.kind in (EventKind.INPUT_DECIDED, EventKind.INPUT_REQUEST_CHANGED):
            assert account is not None
            account.hears(event)
        elif event.kind is EventKind.STEP_CHANGED and event.payload["step_name"] == "Act":
            assert account is not None, "nobody was asked"
            assert len(account.approved_by) == NEEDED, f"only {account.approved_by} approved"
            runs += event.payload["to"] == "RUNNING"
    return runs


async def play(kit: Kit, history: list[Deed]) -> None:
    run = await kit.start(approving, by=person(STARTER))
    await run.rests()
    world = World(kit, run)
    for name, arguments in history:
        verb: Callable[..., Coroutine[Any, Any, None]] = getattr(world, name)
        with suppress(OrchestratorError):
            await verb(*arguments)
        await run.rests()
    events = await log(world.runtime, run.id)
    assert judged(events) <= 1
    await matches_the_audit(world.runtime, run.id, events)


async def log(runtime: Runtime, process_id: UUID) -> list[Event]:
    found: list[Event] = []
    wanted = EventFilter(process_ids=(process_id,))
    async with aclosing(follow(runtime.database, runtime.notifier, after=BEGINNING, wanted=wanted)) as batches:
        async for batch in batches:
            found += batch.events
            if batch.caught_up:
                break
    return found


async def matches_the_audit(runtime: Runtime, process_id: UUID, events: list[Event]) -> None:
    """Every decision that the log tells of stands in the audit log, and no other."""
    page = await audit_page(runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(200))
    deciding = ("submitForm", "rejectInputRequest")
    entries = [(e.actor, e.details["verdict"]) for _, e in reversed(page.items) if e.action in deciding]
    assert entries == [(e.actor, e.payload["verdict"]) for e in events if e.kind is EventKind.INPUT_DECIDED]


def test_no_history_leads_past_the_form_without_the_approvals_that_it_needs() -> None:
    teams = tuple(Team(key=key, users=tuple(sorted(members))) for key, members in MEMBERS.items())
    kit = Kit(approving, teams=teams)
    with asyncio.Runner() as runner:
        runner.run(kit.__aenter__())

        @settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(histories)
        def every(history: list[Deed]) -> None:
            runner.run(play(kit, history))

        try:
            every()
            whole = runner.run(verify_audit(kit._runtime, LOCAL_OPERATOR, after=None, first=100_000))
            assert whole.fault is None
        finally:
            runner.run(kit.__aexit__(None, None, None))


def decided(by: str, verdict: str = "APPROVED") -> Event:
    return replace(_BLANK, kind=EventKind.INPUT_DECIDED, actor=by, payload={"verdict": verdict})


def test_the_judge_finds_what_must_not_be() -> None:
    asked = replace(_BLANK, kind=EventKind.INPUT_REQUESTED, payload={"assignee": "NOC"})
    ran = replace(_BLANK, kind=EventKind.STEP_CHANGED, payload={"step_name": "Act", "to": "RUNNING"})
    claim = {"change": "CLAIMED", "assignee": "NOC"}
    claimed = replace(_BLANK, kind=EventKind.INPUT_REQUEST_CHANGED, actor="cay", payload=claim)
    wrong = [
        [asked, decided("bob"), ran],
        [asked, decided("bob"), decided("bob"), ran],
        [asked, decided("ada")],
        [asked, decided("eve")],
        [asked, claimed, decided("bob")],
        [asked, decided("bob", "REJECTED"), decided("cay")],
        [asked, decided("bob"), decided("cay"), asked, ran],
        [ran],
    ]

    found = []
    for history in wrong:
        try:
            judged(history)
        except AssertionError as fault:
            found.append(str(fault))

    assert len(found) == len(wrong)
    assert judged([asked, claimed, decided("cay"), decided("bob"), ran]) == 1
