"""At the Tab key a server offers names if it answers quickly, and otherwise nothing: no error and no long wait."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from test_reachability import behaving, head, sends

from orchestrator_gql import begin, callback_step, inputstep, step, wait_until
from orchestrator_gql.cli.commands import completers
from orchestrator_gql.cli.failure import DONE
from orchestrator_gql.cli.main import main
from orchestrator_gql.cli.operator.many import STATUSES
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import ProcessAction, StepExecution, available_actions, create
from orchestrator_gql.types import FormGenerator, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.workflow import workflow

WORDS = (
    ["start", ""],
    ["show", ""],
    ["confirm", "3f2a"],
    ["products", ""],
    ["processes", "--workflow", ""],
    ["processes", "--team", ""],
    ["abort", "--workflow", "a"],
    ["reissue", ""],
)


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN", "ORCHESTRATOR_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def offered(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], str]:
    code = main(["__complete", *words])
    out, err = capsys.readouterr()
    return code, [line for line in out.splitlines() if line.strip() and not line.startswith("\x1f")], err


def drips(connection: socket.socket) -> None:
    """Answers a byte now and then, so that no time limit for a single read is ever reached."""
    for byte in head("200 OK", "content-type: application/json", length=400) + b"x" * 400:
        connection.sendall(bytes([byte]))
        Event().wait(0.1)  # it is the slowness of the server


@pytest.fixture(params=["page", "drips", "silent", "closed", "wrong address", "no file"])
def trouble(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    behaviours = {"page": sends(head("200 OK")), "drips": drips, "silent": lambda connection: connection.recv(1)}
    if request.param in behaviours:
        with behaving(behaviours[request.param]) as url:
            monkeypatch.setenv("ORCHESTRATOR_URL", url)
            yield
        return
    monkeypatch.setenv("ORCHESTRATOR_URL", "nonsense" if request.param == "wrong address" else "http://127.0.0.1:1")
    if request.param == "no file":
        monkeypatch.setenv("ORCHESTRATOR_TOKEN_FILE", "/nowhere/token")
    yield


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_trouble_at_the_server_offers_nothing_and_says_nothing(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = time.monotonic()

    assert offered(words, capsys) == (DONE, [], "")
    assert completers.SECONDS <= 0.5
    assert time.monotonic() - before < 10 * completers.SECONDS  # a server that drips takes 40 s


@step("Order")
def order(callback_route: str) -> None: ...


@step("Judge")
def judge(callback_result: Any) -> None: ...


@inputstep("Ask")
def ask() -> FormGenerator:
    yield FormPage
    return {}


@workflow("All kinds of steps")
def kinds() -> Any:
    return begin >> callback_step("Order", order, judge) >> ask >> wait_until("Wait", lambda: None)


def allowing(*actions: ProcessAction) -> set[str]:
    """The statuses in which a process allows one of the actions, at a step of some kind."""
    made = create(kinds, id=UUID(int=1), state={}, pages=(), actor=None, now=datetime(2026, 1, 1, tzinfo=UTC)).process
    steps, wanted = kinds.steps, set(actions)
    begun = StepExecution(1, 0, "Order", StepKind.ACTION, None, StepStatus.RUNNING, made.started_at)
    at = (
        replace(made, status=status, position=place, execution=begun)
        for status in ProcessStatus
        for place in range(len(steps))
    )
    return {str(process.status) for process in at if wanted & available_actions(process, steps)}


@pytest.mark.parametrize(
    ("statuses", "actions"),
    [
        (completers.AT_A_FORM, [ProcessAction.SUBMIT_FORM]),
        (completers.AT_A_CALLBACK, [ProcessAction.REAWAIT_CALLBACK, ProcessAction.COMPLETE_CALLBACK]),
        (completers.AT_A_TIME, [ProcessAction.CONTINUE]),
        (completers.FAILED, [ProcessAction.RETRY]),
        (completers.LIVING, [ProcessAction.ABORT]),
        (STATUSES["retry"], [ProcessAction.RETRY]),
        (STATUSES["abort"], [ProcessAction.ABORT]),
    ],
)
def test_a_command_is_about_the_statuses_in_which_a_process_allows_it(
    statuses: tuple[str, ...], actions: list[ProcessAction]
) -> None:
    assert set(statuses) == allowing(*actions)
