"""Workflows whose steps write a line to a journal, and whose action calls the driver's remote service."""

import asyncio
import json
import os
import time
import urllib.request
from collections import Counter
from pathlib import Path
from uuid import UUID

from orchestrator_gql import begin, callback_step, inputstep, retrystep, step
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import StepList, workflow
from orchestrator_gql.workflow.model import ActionStep

FOLDER, REMOTE, SLOW = "CHAOS_FOLDER", "CHAOS_REMOTE", "CHAOS_SLOW"
"""Environment variables of a server: the folder of the journal, the address of the remote service, and the seconds
that a slow step takes, so that a kill interrupts something."""


def journal(folder: Path) -> Counter[tuple[str, str]]:
    """How often the body of each step of each process was called."""
    path = folder / "journal"
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter((line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines)


def _note(process_id: UUID, name: str) -> None:
    """Write that the step was called, in one write that survives the death of this process."""
    file = os.open(Path(os.environ[FOLDER]) / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, f"{process_id} {name}\n".encode())
    finally:
        os.close(file)


def _is_first(process_id: UUID, name: str) -> bool:
    """True for the first call, over all lives of the servers."""
    try:
        (Path(os.environ[FOLDER]) / f"{name}-{process_id}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def start_form() -> FormGenerator:
    """The start form: the driver's number of the process, and how many seconds a step blocks the event loop."""

    class StartPage(FormPage):
        number: int
        busy: float = 0.0

    answer = yield StartPage
    return {"number": answer.number, "busy": answer.busy}


def _plain(name: str) -> ActionStep:
    @step(name)
    async def run(process_id: UUID) -> State:
        _note(process_id, name)
        return {name: 1}

    return run


@step("hog")
async def hog(process_id: UUID, busy: float) -> None:
    """Block the event loop, as a blocking call of an author does; only once, or no worker would finish the step."""
    _note(process_id, "hog")
    if busy and _is_first(process_id, "hog"):
        time.sleep(busy)  # noqa: ASYNC251 - the fault itself


@step("call")
def call(process_id: UUID, number: int, callback_route: str) -> None:
    _note(process_id, "call")
    order = {"route": callback_route, "process_id": str(process_id), "number": number}
    request = urllib.request.Request(os.environ[REMOTE], json.dumps(order).encode(), method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        answer.read()


@step("judge")
def judge(process_id: UUID, number: int, callback_result: State) -> State:
    _note(process_id, "judge")
    if callback_result["number"] != number:
        raise ProcessFailureError("This is the answer of another job.")
    return {"judged": callback_result["number"]}


@inputstep("confirm")
def confirm(state: State) -> FormGenerator:
    """A person looks at the result and confirms it."""

    class Confirm(FormPage):
        result: ReadOnly[str] = str(state["judged"])
        comment: str

    answer = yield Confirm
    return {"comment": answer.comment}


@retrystep("again", attempts=1000, delay=0.05, factor=1.0)
async def again(process_id: UUID) -> None:
    _note(process_id, "again")
    if _is_first(process_id, "again"):
        raise ProcessFailureError("The first try is in vain.")


@step("slow")
async def slow(process_id: UUID) -> None:
    _note(process_id, "slow")
    await asyncio.sleep(float(os.environ.get(SLOW, "0.05")))


@step("stumble")
def stumble(process_id: UUID) -> None:
    """Fail until an operator retries it."""
    _note(process_id, "stumble")
    if _is_first(process_id, "stumble"):
        raise ProcessFailureError("It waits for an operator.")


@workflow("Call, judge, confirm", initial_input_form=start_form)
def journey() -> StepList:
    prepare, report = _plain("prepare"), _plain("report")
    return begin >> prepare >> callback_step("Job", call, judge) >> confirm >> again >> slow >> report


@workflow("Ten steps", initial_input_form=start_form)
def straight() -> StepList:
    steps = begin >> hog
    for number in range(1, 9):
        steps = steps >> _plain(f"step {number}")
    return steps >> slow


@workflow("Fail, be retried, fail again, be aborted", initial_input_form=start_form)
def troubled() -> StepList:
    return begin >> _plain("prepare") >> stumble >> callback_step("Job", call, judge)
