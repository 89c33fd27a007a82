"""`show` prints the trace of a failed step to those who may read it."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import orchestrator, serving, until
from support.pseudo_terminal import on_terminal

from orchestrator_gql.cli.catalog import entries
from orchestrator_gql.cli.operator.show import (
    COMMANDS,
    NOTE,
    SHOWN,
    TRACE_LINES,
    TRACE_WIDTH,
    _actions,
    _attempt,
    _details,
    _form,
    _step,
    _trace,
    lines,
)
from orchestrator_gql.process.actions import ProcessAction

BROKEN = """
from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow


@step("Ask the inventory")
def ask():
    raise LookupError("no such \\x1b[31mdevice; login with password=hunter2 failed")


@workflow("Broken")
def broken():
    return begin >> ask
"""

PEOPLE = {"ada": "admin", "vic": "viewer"}
START = 'mutation { startWorkflow(input: {workflowName: "broken"}) { ... on StartWorkflowSuccess { process { id } } } }'


def ask(address: str, query: str) -> Any:
    response = httpx.post(
        f"{address}/graphql", json={"query": query}, headers={"authorization": "Bearer secret-of-ada"}, trust_env=False
    ).json()
    assert "errors" not in response, response
    return next(iter(response["data"].values()))


def test_a_trace_is_shown_to_those_who_may_read_it_and_is_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    tokens = [
        {"name": name, "sha256": hashlib.sha256(f"secret-of-{name}".encode()).hexdigest(), "roles": [role]}
        for name, role in PEOPLE.items()
    ]
    with serving(tmp_path, "--workflows", "broken.py", ORCHESTRATOR_API_TOKENS=json.dumps(tokens)) as server:
        id = ask(server.address, START)["process"]["id"]
        look = f'{{ process(id: "{id}") {{ status }} }}'
        until(lambda: True if ask(server.address, look)["status"] == "FAILED" else None)
        shown = {
            name: orchestrator(
                tmp_path, "show", id, "--url", server.address, ORCHESTRATOR_TOKEN=f"secret-of-{name}"
            ).stdout
            for name in PEOPLE
        }
        log = server.err.read_text()

    place = f'      |   File "{tmp_path / "broken.py"}", line 8, in ask'
    text = "LookupError: no such \\x1b[31mdevice; login with password=[redacted] failed"
    assert place in shown["ada"].splitlines()
    assert f"      | {text}" in shown["ada"].splitlines()
    assert "Traceback" not in shown["vic"]
    assert "FAILED" in shown["vic"]
    assert f"    | {text}" in log.splitlines()
    assert "hunter2" not in "".join(shown.values()) + log


REFUSING = """
from orchestrator_gql import begin, step
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow


@step("Ask the inventory")
def ask():
    raise ProcessFailureError("The port is taken.", details={"port": "ge-0/0/1\\x1b", "password": "hunter2"})


@workflow("Refusing")
def refusing():
    return begin >> ask
"""


def test_the_details_of_a_failure_are_shown(tmp_path: Path) -> None:
    (tmp_path / "refusing.py").write_text(REFUSING)
    with serving(tmp_path, "--workflows", "refusing.py") as server:
        id = ask(server.address, START.replace("broken", "refusing"))["process"]["id"]
        look = f'{{ process(id: "{id}") {{ status }} }}'
        until(lambda: True if ask(server.address, look)["status"] == "FAILED" else None)
        shown = orchestrator(tmp_path, "show", id, "--url", server.address).stdout

    rows = shown.splitlines()
    assert shown.count("details:") == 1  # the failure of the process is that of its step
    place = rows.index("      details:")
    assert rows[place + 1 : place + 3] == ["        port: ge-0/0/1\\x1b", "        password: [redacted]"]


LONG = "The port ge-0/0/1 of the device milan-1 is taken by another circuit of the same customer."


def test_a_long_line_goes_on_below_its_beginning_at_every_width(tmp_path: Path) -> None:
    (tmp_path / "refusing.py").write_text(
        REFUSING.replace('"The port is taken."', repr(LONG)).replace('"ge-', '"FAILED ge-')
    )
    with serving(tmp_path, "--workflows", "refusing.py") as server:
        id = ask(server.address, START.replace("broken", "refusing"))["process"]["id"]
        look = f'{{ process(id: "{id}") {{ status }} }}'
        until(lambda: True if ask(server.address, look)["status"] == "FAILED" else None)
        whole = orchestrator(tmp_path, "show", id, "--url", server.address).stdout
        drawn = {
            columns: on_terminal(["show", id, "--url", server.address, "--color", color], columns)[1]
            for columns, color in ((60, "never"), (80, "never"), (200, "never"), (61, "always"))
        }

    for columns in (60, 80, 200):
        assert max(map(len, drawn[columns].splitlines())) <= columns
    words = [re.sub(r"started \w+ \w+ ago", "", text).split() for text in (whole, drawn[60], drawn[200])]
    assert words[0] == words[1] == words[2]
    assert any(line.startswith("      ") and "taken by another" in line for line in drawn[60].splitlines())
    assert drawn[61].count("\x1b[31mFAILED") == 2  # of the process and of its step, not in the details of the author


def test_long_details_are_cut_and_a_failure_without_details_has_no_line() -> None:
    *head, line = _details({"details": {"lines": ["x" * 5_000]}}, "  ")

    assert head == ["  details:", "    lines:"]
    assert line.startswith("      xxx")
    assert line.endswith("x … more: see --json")
    assert len(line) < 1_100
    assert _details({"details": None}, "  ") == []


DIFFERENCE = ["@@ -1,3 +1,3 @@", " interface ge-0/0/1", "-  vlan 100", "+  vlan 200"]


@pytest.mark.parametrize(
    ("details", "shown"),
    [
        ({"difference": DIFFERENCE}, ["difference:", *(f"  {line}" for line in DIFFERENCE)]),
        ({"output": "\n".join(DIFFERENCE)}, ["output:", *(f"  {line}" for line in DIFFERENCE)]),
        (
            {"host": {"name": "ams-1", "ports": [1, None, True]}},
            ["host:", "  name: ams-1", "  ports:", "    1", "    -", "    yes"],
        ),
        ({"text": "", "none": []}, ["text: -", "none: -"]),
        (["a", {"b": 1.5}], ["a", "- b: 1.5"]),
        ("refused", ["refused"]),
        (0, ["0"]),
    ],
)
def test_details_have_a_line_for_each_value(details: Any, shown: list[str]) -> None:
    assert _details({"details": details}, "") == ["details:", *(f"  {line}" for line in shown)]


def failure(code: str) -> dict[str, Any]:
    return {"code": code, "message": "The port is taken.", "details": {"port": "ge-0/0/1"}}


@pytest.mark.parametrize(("code", "times"), [("step-raised", 1), ("engine-error", 2)])
def test_a_failure_that_is_not_that_of_a_step_keeps_its_own_details(code: str, times: int) -> None:
    step = {"index": 0, "attempt": 1, "status": "FAILED", "name": "Ask", "durationSeconds": 1.0, "inputRequest": None}
    process: dict[str, Any] = {
        "workflowName": "ask",
        "id": "x",
        "status": "FAILED",
        "startedAt": "2026-03-02T09:00:00+00:00",
    }
    process |= {
        "subject": "ask",
        "note": None,
        "whyWaiting": None,
        "callbacks": [],
        "openInputRequest": None,
        "lockKeys": [],
    }
    process |= {"availableActions": [], "failure": failure("step-raised")}
    process["steps"] = [step | {"failure": failure(code) | {"traceback": None}}]

    text = "\n".join(lines(process, datetime(2026, 3, 2, 10, tzinfo=UTC), {}))
    assert text.count("port: ge-0/0/1") == times


def test_the_time_of_a_step_is_in_two_units_and_says_since_when_if_it_began_again() -> None:
    step = {"index": 0, "status": "RUNNING", "name": "Ask", "durationSeconds": 63.04, "failure": None}
    step |= {"inputRequest": None}

    assert _step(step | {"attempt": 1}, []) == ["    1 RUNNING           Ask, 1 min 3 s"]
    assert _step(step | {"attempt": 2}, []) == ["    1 RUNNING           Ask, attempt 2, 1 min 3 s since it began"]


def test_the_time_of_a_step_whose_machine_died_is_not_called_its_work() -> None:
    failure = {"code": "interrupted", "message": "The machine died.", "details": None, "traceback": None}
    step = {"index": 0, "status": "FAILED", "name": "Reboot", "attempt": 1, "durationSeconds": 28_800.0}
    step |= {"failure": failure, "inputRequest": None}

    assert _step(step, []) == ["    1 FAILED            Reboot, 8 h since it began: The machine died."]


def test_the_end_of_a_long_trace_is_shown() -> None:
    lines = _trace("\n".join(f"{n} {'x' * 1_000}" for n in range(100)))

    assert len(lines) == TRACE_LINES + 1
    assert lines[0].endswith(f"{100 - TRACE_LINES} more lines: see --json")
    assert lines[-1].startswith("      | 99 x")
    assert max(map(len, lines)) == TRACE_WIDTH + len("      | ")
    assert _trace(None) == _trace("") == []


def test_each_action_of_a_process_is_shown_by_its_command_and_a_note_as_one_of_the_dashboard() -> None:
    names = {entry.name for entry in entries()}
    without = {action for action in ProcessAction if action not in COMMANDS}

    assert set(COMMANDS.values()) <= names
    assert without == {NOTE}


@pytest.mark.parametrize(
    ("status", "actions", "shown"),
    [
        ("FAILED", ["RETRY", "EDIT_NOTE", "ABORT"], "You may: abort, retry; and edit its note on the dashboard"),
        ("FAILED", ["RETRY"], "You may: retry"),
        ("COMPLETED", ["EDIT_NOTE"], "It has ended. You may edit its note on the dashboard"),
        ("ABORTED", [], "It has ended. You may do nothing now"),
        ("SUSPENDED", ["SUBMIT_FORM"], "You may: confirm"),
    ],
)
def test_a_process_says_what_its_reader_may_do(status: str, actions: list[str], shown: str) -> None:
    process = {"status": status, "availableActions": actions}

    assert _actions(process) == shown


@pytest.mark.parametrize(("length", "is_cut"), [(SHOWN, False), (SHOWN + 1, True)])
def test_a_cut_body_says_so(length: int, is_cut: bool) -> None:
    attempt = {"id": "x", "outcome": "LATE", "bytes": length, "isAdoptable": False, "error": None, "replaced": []}

    body = _attempt(attempt | {"bodyPreview": "x" * length})[-1]

    assert body.endswith(" … more: see --json") is is_cut


@pytest.mark.parametrize(
    ("can_reject", "send_back_to", "shown"),
    [
        (True, None, ["  You may confirm it or reject it"]),
        (True, "Draft", ["  You may confirm it, reject it, or send it back to 'Draft'"]),
        (False, None, []),
    ],
)
def test_a_form_says_which_decisions_there_are(can_reject: bool, send_back_to: str | None, shown: list[str]) -> None:
    request: dict[str, Any] = {
        "title": "Confirm",
        "assignee": {"name": "NOC"},
        "canSubmit": True,
        "canReject": can_reject,
        "sendBackTo": send_back_to,
        "approvalsNeeded": 1,
        "decisions": [],
        **dict.fromkeys(("claimedBy", "escalatedAt", "remindedAt", "dueAt")),
    }

    assert _form(request, datetime(2026, 3, 2, tzinfo=UTC))[1:] == shown
