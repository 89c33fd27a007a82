"""A decision that meets a change which was committed after its form was read, and the round trips of a decision."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import Offer
from support.engine import Engine
from support.operator import ADA, BOB, open_request

from orchestrator_gql import begin, inputstep
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.input_request_assignees import assign_input_request, claim_input_request
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process, update_process_note
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.principals import Team
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.engine.input_requests import decisions
from orchestrator_gql.engine.input_requests.decisions import OpenRequest
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import audit, input_requests, processes
from orchestrator_gql.types import EventKind, FormGenerator, ProcessStatus
from orchestrator_gql.utils.errors import (
    AlreadyDecided,
    ClaimedByOther,
    InputRequestClosed,
    OrchestratorError,
    StaleForm,
)
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

COMPLETED = ProcessStatus.COMPLETED


class Window(FormPage):
    minutes: int = 30


@inputstep("Choose a window", assignee=Assignee.NOC)
def choose() -> FormGenerator:
    answer = yield Window
    return {"minutes": answer.minutes}


@workflow("Maintain")
def maintain() -> Any:
    return begin >> choose


NOC_ADA, NOC_BOB = (replace(each, teams=frozenset({"NOC"})) for each in (ADA, BOB))

Change = Callable[[Engine, InputRequest], Awaitable[object]]


async def note(engine: Engine, request: InputRequest) -> object:
    return await update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=request.process_id, note="a new note")


async def audit_entry(engine: Engine, request: InputRequest) -> object:
    """The audit chain grows, and no version does."""
    runtime = engine.runtime

    def write(conn: Any) -> None:
        processes.hold(conn, request.process_id)
        now = runtime.clock.now()
        write_down(conn, runtime, request.process_id, actor="x", action="look", now=now)

    return await runtime.database.transaction(write)


async def note_alone(engine: Engine, request: InputRequest) -> object:
    """The process changes, but neither its audit chain nor the request: only the version of the process tells it."""

    def write(conn: Any) -> None:
        processes.hold(conn, request.process_id)
        process = processes.load(conn, request.process_id)
        assert process is not None
        processes.set_note(conn, process, "a new note", engine.runtime.clock.now())

    return await engine.runtime.database.transaction(write)


async def assignment_alone(engine: Engine, request: InputRequest) -> object:
    """The request changes, but neither its process nor the audit chain: only the version of the request tells it."""

    def write(conn: Any) -> None:
        processes.hold(conn, request.process_id)
        input_requests.assign(conn, request.id, "MANAGERS")

    return await engine.runtime.database.transaction(write)


async def escalation(engine: Engine, request: InputRequest) -> object:
    """As a timer does it: the request and the process change, and the audit chain does not."""
    now = engine.runtime.clock.now()

    def write(conn: Any) -> None:
        processes.hold(conn, request.process_id)
        input_requests.escalate(conn, request.id, "MANAGERS", now)
        processes.assign(conn, [request.process_id], "MANAGERS", now)

    return await engine.runtime.database.transaction(write)


async def decision(engine: Engine, request: InputRequest) -> object:
    pages = [{"minutes": 5}]
    return await submit_form(engine.runtime, NOC_BOB, input_request_id=request.id, pages=pages)


async def claim(engine: Engine, request: InputRequest) -> object:
    return await claim_input_request(engine.runtime, NOC_BOB, input_request_id=request.id)


async def assignment(engine: Engine, request: InputRequest) -> object:
    return await assign_input_request(
        engine.runtime, LOCAL_OPERATOR, input_request_id=request.id, assignee_key="MANAGERS"
    )


async def abort(engine: Engine, request: InputRequest) -> object:
    return await abort_process(engine.runtime, LOCAL_OPERATOR, process_id=request.process_id)


async def pause(engine: Engine, _: InputRequest) -> object:
    return await set_engine_state(engine.runtime, LOCAL_OPERATOR, paused=True)


@pytest.mark.each_pair
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (note, None),
        (audit_entry, None),
        (note_alone, None),
        (assignment_alone, StaleForm),
        (escalation, StaleForm),
        (decision, AlreadyDecided),
        (claim, ClaimedByOther),
        (assignment, StaleForm),
        (abort, InputRequestClosed),
        (pause, None),
    ],
)
async def test_a_decision_sees_what_changed_after_its_form_was_read(
    change: Change, refusal: type[OrchestratorError] | None, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams = (Team(key="NOC", users=("ada", "bob")), Team(key="MANAGERS", users=("cay",)))
    engine = await offer(maintain, teams=teams)
    process_id = await engine.start(maintain)
    request = await open_request(engine, process_id)
    load, versions = decisions.load_open_request, list[int]()

    async def load_and_change(*arguments: Any) -> OpenRequest:
        opened = await load(*arguments)
        monkeypatch.setattr(decisions, "load_open_request", load)
        await change(engine, request)
        versions.append((await engine.process(process_id)).version)
        return opened

    monkeypatch.setattr(decisions, "load_open_request", load_and_change)
    submission = submit_form(engine.runtime, NOC_ADA, input_request_id=request.id, pages=[{"minutes": 10}])
    if refusal is not None:
        with pytest.raises(refusal):
            await submission
    else:
        result = await submission
        assert isinstance(result, DecisionResult)
        assert result.process.version > versions[0]
        if change is pause:
            await set_engine_state(engine.runtime, LOCAL_OPERATOR, paused=False)
        ended = await engine.reaches(process_id, COMPLETED)
        assert ended.state == {"minutes": 10}
        assert ended.note == ("a new note" if change in (note, note_alone) else None)
    decided = await engine.events(process_id, EventKind.INPUT_DECIDED)
    actors = [BOB.id] if refusal is AlreadyDecided else [ADA.id] if refusal is None else []
    assert [event.actor for event in decided] == actors
    chain = (await engine.read(lambda conn: audit.chains(conn, [process_id])))[process_id]
    assert [entry.seq for entry in chain] == list(range(1, len(chain) + 1))
