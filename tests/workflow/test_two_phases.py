"""A change in two phases: nothing changes before a person has confirmed the dry run, on both databases."""

from typing import Any

import pytest
from conftest import Offer
from support.engine import Engine
from support.operator import ADA
from support.remote import answer, token_of

from orchestrator_gql import begin, dry_run_then_commit, inputstep, step
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import NextPage, SubmitFormPage
from orchestrator_gql.storage import input_requests
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError, WorkflowDefinitionError
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, FAILED, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED, ProcessStatus.COMPLETED
SUSPENDED, ABORTED = ProcessStatus.SUSPENDED, ProcessStatus.ABORTED

Calls = list[tuple[bool, str]]


def changes(calls: Calls, **options: Any) -> Workflow:
    """A workflow that changes a device in two phases; ``calls`` gets the phase and the token of each call."""

    @step("Configure")
    async def configure(vlan: int, dry_run: bool, callback_url: str) -> State:
        calls.append((dry_run, token_of(callback_url)))
        return {"job_id": len(calls)}

    @step("Judge")
    def judge(callback_result: dict[str, Any], dry_run: bool) -> State:
        if callback_result["return_code"] != 0:
            raise ProcessFailureError("The playbook failed.")
        return {"judged_dry" if dry_run else "judged": callback_result["output"]}

    def form() -> Any:
        return {"vlan": 100, "dry_run": "the order's own"}

    @workflow("Change", initial_input_form=form)
    def change() -> Any:
        return begin >> dry_run_then_commit("VLAN", configure, judge, **options)

    return change


async def confirm(engine: Engine, process_id: Any, *pages: Json) -> Any:
    """Submit pages to the open form of the process."""
    await engine.reaches(process_id, SUSPENDED)
    request = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
    assert request is not None
    return await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=list(pages))


async def test_the_change_is_made_after_the_dry_run_was_confirmed(offer: Offer) -> None:
    calls: Calls = []
    engine = await offer(change_workflow := changes(calls))
    process_id = await engine.start(change_workflow)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, calls[0][1], {"return_code": 0, "output": ["+ vlan 100"]})

    shown = await confirm(engine, process_id)
    before = len(calls)
    await confirm(engine, process_id, {})
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, calls[1][1], {"return_code": 0, "output": ["vlan 100 is there"]})
    result = await confirm(engine, process_id)
    done = await confirm(engine, process_id, {})
    ended = await engine.reaches(process_id, COMPLETED)

    assert isinstance(shown, NextPage)
    assert (shown.page.title, shown.page.initial_data) == ("What would be done", {"result": "+ vlan 100"})
    assert isinstance(result, NextPage)
    assert (result.page.title, result.page.initial_data) == ("What was done", {"result": "vlan 100 is there"})
    assert isinstance(done, DecisionResult)
    assert (before, [is_dry for is_dry, _ in calls]) == (1, [True, False])
    assert ended.state == {
        "vlan": 100,
        "dry_run": "the order's own",
        "job_id": 2,
        "dry_run_result": {"return_code": 0, "output": ["+ vlan 100"]},
        "judged_dry": ["+ vlan 100"],
        "callback_result": {"return_code": 0, "output": ["vlan 100 is there"]},
        "judged": ["vlan 100 is there"],
    }


async def test_nothing_is_changed_if_the_dry_run_is_not_confirmed(offer: Offer) -> None:
    calls: Calls = []
    engine = await offer(change_workflow := changes(calls))
    process_id = await engine.start(change_workflow)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, calls[0][1], {"return_code": 0, "output": ["+ vlan 100"]})
    await engine.reaches(process_id, SUSPENDED)

    await abort_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, ABORTED)

    assert [is_dry for is_dry, _ in calls] == [True]


async def test_a_failed_dry_run_changes_nothing(offer: Offer) -> None:
    calls: Calls = []
    engine = await offer(change_workflow := changes(calls))
    process_id = await engine.start(change_workflow)
    await engine.reaches(process_id, AWAITING)

    await answer(engine.runtime, calls[0][1], {"return_code": 2, "output": []})
    await engine.reaches(process_id, FAILED)

    assert [is_dry for is_dry, _ in calls] == [True]


async def test_a_confirmation_of_the_author_gets_the_phase(offer: Offer) -> None:
    phases: list[bool] = []

    @inputstep("Agree")
    def agree(dry_run: bool, callback_result: dict[str, Any]) -> FormGenerator:
        phases.append(dry_run)

        class Page(SubmitFormPage):
            why: str

        page = yield Page
        return {"why_dry" if dry_run else "why": page.why}

    calls: Calls = []
    engine = await offer(change_workflow := changes(calls, confirm_step=agree))
    process_id = await engine.start(change_workflow)
    for place in (0, 1):
        await engine.reaches(process_id, AWAITING)
        await answer(engine.runtime, calls[place][1], {"return_code": 0, "output": []})
        await confirm(engine, process_id, {"why": f"reason {place}"})
    ended = await engine.reaches(process_id, COMPLETED)

    assert (ended.state["why_dry"], ended.state["why"]) == ("reason 0", "reason 1")
    assert set(phases) == {True, False}
    named = [step_row.name for step_row in await engine.steps(process_id) if step_row.name.startswith("Agree")]
    assert named == ["Agree (dry run)", "Agree (commit)"]


def test_an_action_that_does_not_take_the_phase_is_refused() -> None:
    @step("Configure")
    def configure(callback_url: str) -> None: ...

    @step("Judge")
    def judge() -> None: ...

    with pytest.raises(WorkflowDefinitionError, match="dry_run"):
        dry_run_then_commit("VLAN", configure, judge)
    with pytest.raises(WorkflowDefinitionError, match="@inputstep"):
        dry_run_then_commit("VLAN", step("Configure")(lambda state: None), judge, judge)
