"""The code of the documentation page, run unchanged: one test for each of its eight promises."""

import ast
import builtins
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from difflib import ndiff
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_proxy import AnsibleProxy, proxy
from callbacks_page import ASSIGNED, EARLY, WRITTEN, load, runnable
from reader import NAMES
from story import ORDER, Story, serving_story

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.events import stream
from orchestrator_gql.forms import NextPage
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event, EventKind, ProcessStatus, StepStatus
from orchestrator_gql.workflow import StepList, workflow

pytestmark = pytest.mark.filterwarnings("ignore:Support for class-based `config` is deprecated")  # the page's own words

GOOD = {"job_id": "3f0e", "output": ["PLAY [all]", "ok=2"], "return_code": 0, "status": "successful"}
BAD = GOOD | {"return_code": 2, "status": "failed"}


@pytest.fixture
def page() -> ModuleType:
    """The page's code as a loaded module."""
    return load()


@pytest.fixture
def ansible(monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsibleProxy]:
    """The remote service `http://ansible-proxy`, reached through an HTTP proxy that is the service itself."""
    with proxy() as server:
        monkeypatch.setenv("http_proxy", server.address)
        for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield server


@pytest.fixture
async def story(tmp_path: Path, page: ModuleType, ansible: AnsibleProxy) -> AsyncIterator[Story]:
    """A server that offers the page's workflow."""
    async with serving_story(tmp_path, page.create_l2vpn) as story:
        yield story


def test_the_page_runs_as_written_except_for_the_package_name_and_a_line_that_is_too_early() -> None:
    changes = [line for line in ndiff(WRITTEN.splitlines(True), runnable(WRITTEN).splitlines(True)) if line[0] in "-+"]

    renamed = [line for line in changes if line[2:].startswith("from orchestrator")]
    assert len(renamed) == 2 * WRITTEN.count("from orchestrator") == 18
    assert [line for line in changes if line not in renamed] == ["- " + EARLY, "+ " + EARLY]
    assert runnable(WRITTEN).index(EARLY) > runnable(WRITTEN).index(ASSIGNED)


def test_the_page_leaves_out_exactly_the_names_that_its_reader_supplies() -> None:
    names = [node for node in ast.walk(ast.parse(WRITTEN)) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in ast.walk(ast.parse(WRITTEN)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.alias(name=name) | ast.arg(arg=name):
                bound.add(name)

    assert read - bound - set(dir(builtins)) == set(NAMES)


async def test_1_the_action_is_given_the_callback_route(story: Story, ansible: AnsibleProxy) -> None:
    process = await story.start()

    assert ansible.callback.startswith(f"http://orchestrator/api/processes/{process.id}/callback/")
    assert ansible.jobs[0].url == "http://ansible-proxy/api/playbook/"
    assert ansible.jobs[0].order["inventory"] == "paris-1\nlyon-1"
    assert ansible.jobs[0].order["extra_vars"]["vlan"] == 205


async def test_1_or_an_absolute_callback_url_if_the_action_asks_for_it(tmp_path: Path) -> None:
    urls: list[str] = []

    @step("Order")
    def order(callback_url: str) -> None:
        urls.append(callback_url)

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> None: ...

    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("Order", order, judge)

    async with serving_story(tmp_path, ordering, public_url="https://orchestrator.example") as story:
        process = await story.start("ordering", pages=[])

    assert urls[0].startswith(f"https://orchestrator.example/api/processes/{process.id}/callback/")


async def test_2_the_action_ends_at_once_and_a_waiting_process_holds_no_thread(
    tmp_path: Path, page: ModuleType, ansible: AnsibleProxy
) -> None:
    async with serving_story(tmp_path, page.create_l2vpn, step_threads=1, concurrency=1) as story:
        waiting = [await story.start() for _ in range(3)]
        statuses = {(await story.rest(process)).status for process in waiting}
        log = {record.name: record.status for record in await story.log(waiting[0])}

    assert statuses == {ProcessStatus.AWAITING_CALLBACK}
    assert len(ansible.jobs) == 3
    assert log["Execute an ansible playbook"] is StepStatus.SUCCESS
    assert log["Execute an ansible playbook - Await callback"] is StepStatus.AWAITING_CALLBACK


async def test_3_the_validation_runs_with_exactly_the_json_that_was_posted(story: Story, ansible: AnsibleProxy) -> None:
    process = await story.start()

    answer = await story.call_back(ansible.callback, GOOD)

    after_validation = await story.rest(process)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert after_validation.state["callback_result"] == GOOD
    assert ("Evaluate callback result", StepStatus.SUCCESS) in [
        (execution.name, execution.status) for execution in await story.log(process)
    ]


async def test_4_a_used_url_accepts_no_other_result_and_repeats_nothing(story: Story, ansible: AnsibleProxy) -> None:
    process = await story.start()
    first = await story.call_back(ansible.callback, GOOD)
    before = await story.rest(process)

    other = await story.call_back(ansible.callback, BAD)
    same = await story.call_back(ansible.callback, GOOD)

    assert other.status_code == 409
    assert same.json() == first.json() | {"duplicate": True}
    assert await story.rest(process) == before
    assert len(ansible.jobs) == 1


async def test_5_a_failed_validation_stops_the_process_and_keeps_the_result(
    story: Story, ansible: AnsibleProxy
) -> None:
    process = await story.start()

    await story.call_back(ansible.callback, BAD)

    stopped = await story.rest(process)
    log = await story.log(process)
    assert stopped.status is ProcessStatus.FAILED
    assert (log[-1].name, log[-1].status) == ("Evaluate callback result", StepStatus.FAILED)
    assert stopped.failure is not None
    assert (stopped.failure.message, stopped.failure.details) == ("Callback failure", BAD)
    assert stopped.state["callback_result"] == BAD
    assert await story.question(process) is None


async def test_6_after_a_good_result_the_operator_sees_it_and_is_asked_to_confirm(
    story: Story, ansible: AnsibleProxy
) -> None:
    process = await story.start()

    await story.call_back(ansible.callback, GOOD)

    suspended = await story.rest(process)
    question = await story.question(process)
    assert suspended.status is ProcessStatus.SUSPENDED
    assert question is not None
    assert question.assignee == "SYSTEM"
    form_page = await story.shown(question)
    assert form_page.title == "Execution for L2VPN completed."
    assert form_page.initial_data == {"run_status": "successful", "run_results": json.dumps(GOOD, indent=4)}


async def test_7_once_confirmed_the_process_goes_on_to_its_end(story: Story, ansible: AnsibleProxy) -> None:
    process = await story.start()
    await story.call_back(ansible.callback, GOOD)
    question = await story.question(await story.rest(process))
    assert question is not None

    ended = await story.confirm(question, process)

    assert ended.status is ProcessStatus.COMPLETED
    assert "run_results" not in ended.state
    subscription = await story.subscription(ended)
    assert (subscription["status"], subscription["insync"], subscription["customer_id"]) == ("active", True, "Surf")


async def test_8_every_transition_and_the_result_reach_a_client_that_only_listens(
    story: Story, ansible: AnsibleProxy
) -> None:
    runtime = story.engine.runtime
    everything = stream.follow(runtime.database, runtime.notifier, after=None, wanted=EventFilter())
    events: list[Event] = []
    async with aclosing(everything) as live:
        await anext(live)
        process = await story.start()
        await story.call_back(ansible.callback, GOOD)
        question = await story.question(await story.rest(process))
        assert question is not None
        await story.confirm(question, process)
        while not events or events[-1].payload.get("to") != ProcessStatus.COMPLETED:
            events += (await anext(live)).events

    statuses = [event.payload["to"] for event in events if event.kind is EventKind.PROCESS_STATUS_CHANGED]
    results = [
        event.payload["state_delta"]
        for event in events
        if "callback_result" in (event.payload.get("state_delta") or {})
    ]
    assert statuses == ["RUNNING", "AWAITING_CALLBACK", "RUNNING", "SUSPENDED", "RUNNING", "COMPLETED"]
    assert results == [{"callback_result": GOOD}]
    assert [event.kind for event in events if event.kind.startswith(("CALLBACK", "INPUT"))] == [
        EventKind.CALLBACK_ISSUED,
        EventKind.CALLBACK_RECEIVED,
        EventKind.CALLBACK_VALIDATED,
        EventKind.INPUT_REQUESTED,
        EventKind.INPUT_DECIDED,
    ]


async def test_a_form_that_returns_before_its_page_asks_nobody(
    tmp_path: Path, page: ModuleType, ansible: AnsibleProxy
) -> None:
    @workflow()
    def nothing_to_show() -> StepList:
        return StepList([page._show_callback_results])

    async with serving_story(tmp_path, nothing_to_show) as story:
        ended = await story.start("nothing_to_show", pages=[])
        log = await story.log(ended)

    assert ended.status is ProcessStatus.COMPLETED
    assert [record.status for record in log] == [StepStatus.SUCCESS]


async def test_the_products_page_comes_first_and_then_the_readers_own(story: Story) -> None:
    runtime, name = story.engine.runtime, "create_l2vpn"

    first = await start_workflow(runtime, LOCAL_OPERATOR, workflow_name=name, pages=[])
    second = await start_workflow(runtime, LOCAL_OPERATOR, workflow_name=name, pages=[ORDER[0]])

    assert isinstance(first, NextPage)
    assert isinstance(second, NextPage)
    assert first.page.title == "Which product?"
    assert second.page.initial_data["customer"] == "A customer of L2VPN"
