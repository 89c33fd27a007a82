"""`orchestrator-gql show`: print one process for an operator."""

import json
import re
import shutil
import sys
import textwrap
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.requests import DECISIONS, STANDING, approvals, claimed, decided, due
from orchestrator_gql.cli.operator.standstill import NEED_A_WORKER, standstill
from orchestrator_gql.cli.operator.times import age, deadline, duration, moment
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.style import STATUSES, is_colored, styled
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.cli.values import is_nothing, lines_of

DOCUMENT = f"""\
query Show($id: ID!) {{ process(id: $id) {{
  id version status workflowName subject note startedAt availableActions lockKeys
  failure {{ code message details }} whyWaiting {{ kind message since until lastReportAt }}
  steps {{ index name kind status attempt durationSeconds failure {{ code message details traceback }}
    inputRequest {{ id status title {DECISIONS} }} }}
  callbacks {{ id name step {{ index }} status round source tokenHint issuedAt expiresAt receivedAt resultBytes
    progress {{ percent message reportedAt }} validation {{ outcome message }}
    attempts(first: 200) {{ totalCount nodes {{ id at outcome bytes peer isAdoptable replaced error bodyPreview }} }} }}
  openInputRequest {{ id version title createdAt {STANDING} remindedAt escalatedAt blockedReason canReject
    sendBackTo }} }} }}
"""
DECIDED = f"""\
query Decided($id: ID!, $after: String) {{ process(id: $id) {{ events(first: 200, after: $after) {{
  nodes {{ ... on InputDecidedEvent {{ inputRequest {{ id step {{ index }} {DECISIONS} }} }} }}
  pageInfo {{ hasNextPage endCursor }} }} }} }}
"""
STATUS = re.compile(rf"\b({'|'.join(STATUSES)})\b")
HEADINGS = ("Steps", "Callbacks")

COMMANDS = {
    "SUBMIT_FORM": "confirm",
    "RETRY": "retry",
    "CONTINUE": "continue",
    "ABORT": "abort",
    "REISSUE_CALLBACK": "reissue",
    "REAWAIT_CALLBACK": "reawait",
    "COMPLETE_CALLBACK": "complete",
    "ADOPT_CALLBACK_ATTEMPT": "adopt",
}
"""The command of each action of a process, except for `NOTE`."""

UNANSWERED = ("PENDING", "EXPIRED", "HEARTBEAT_LOST")
"""The statuses of a callback whose service has said nothing final."""

NOTE = "EDIT_NOTE"
ENDED = ("COMPLETED", "ABORTED")

SHOWN = 200
"""Characters of a refused body that are shown."""

DETAILS = 1_000
"""Characters of the details of a failure that are shown."""

NARROWEST = 40
"""Columns for which lines are folded at least."""

TRACE = "      | "
"""The beginning of a line of a trace."""

TRACE_LINES = 40
TRACE_WIDTH = 300
"""The end of a trace that is shown: the lines, and the characters of each line."""

Decisions: TypeAlias = dict[int, list[dict[str, Any]]]
"""The decisions by the index of their step, in the order of time."""


def show(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Print the process; raises `VerbRefused` if there is no such process."""
    process = load_process(url, id)
    if is_json:
        print(json.dumps(process, indent=2))
        return
    halt = standstill(url) if process["status"] in NEED_A_WORKER else None
    for line in lines(process, datetime.now(UTC), earlier_decisions(url, process), halt):
        is_plain = True
        for part in _folded(printable(line)):
            shown = _painted(part) if is_plain else part
            is_plain = shown == part
            print(shown)


def _folded(line: str) -> list[str]:
    """The line as a terminal shows it: what is too long goes on below, indented; no word, such as an id, is cut."""
    if not sys.stdout.isatty() or line.startswith(TRACE):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    columns = max(NARROWEST, shutil.get_terminal_size().columns)
    if len(line) <= columns:
        return [line]
    return textwrap.wrap(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _painted(line: str) -> str:
    """The line with its first status in its colour; a heading is bold, and a trace is dim. Text of others is plain."""
    if not is_colored(sys.stdout):
        return line
    if line.startswith(TRACE):
        return styled(line, "dim", sys.stdout)
    if line.startswith(" " * 6):
        return line
    if line in HEADINGS:
        return styled(line, "bold", sys.stdout)
    return STATUS.sub(lambda found: styled(found[0], STATUSES.get(found[0]), sys.stdout), line, count=1)


def load_process(url: str, id: UUID) -> dict[str, Any]:
    """Read the process from the server; raises `VerbRefused` if there is no such process."""
    process: dict[str, Any] | None = request(url, DOCUMENT, {"id": str(id)})["process"]
    if process is None:
        raise VerbRefused(f"There is no process {id}, or it is not visible to you.")
    return process


def earlier_decisions(url: str, process: dict[str, Any]) -> Decisions:
    """The earlier decisions of steps that asked several times; the process itself holds the last request only."""
    asking_steps = [step for step in process["steps"] if step["inputRequest"]]
    if not asking_steps or all(step["attempt"] < 2 for step in process["steps"]):
        return {}
    latest_ids = {step["inputRequest"]["id"] for step in asking_steps}
    requests: dict[str, tuple[int, list[dict[str, Any]]]] = {}
    after, has_more = None, True
    while has_more:
        page = request(url, DECIDED, {"id": process["id"], "after": after})["process"]["events"]
        input_requests = [event["inputRequest"] for event in page["nodes"] if event]
        requests |= {
            row["id"]: (row["step"]["index"], row["decisions"]) for row in input_requests if row["id"] not in latest_ids
        }
        has_more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    decisions: Decisions = {}
    for index, step_decisions in requests.values():
        decisions.setdefault(index, []).extend(step_decisions)
    return decisions


def lines(process: dict[str, Any], now: datetime, before: Decisions, halt: str | None = None) -> list[str]:
    """The process as lines; ``before`` holds the result of `earlier_decisions`, ``halt`` that of `standstill`."""
    began = age(process["startedAt"], now)
    rows = [f"{process['workflowName']} {process['id']} is {process['status']}, started {began} ago"]
    if process["subject"]:
        rows.append(f"  about: {process['subject']}")
    if process["note"]:
        rows.append(f"  note: {process['note']}")
    if process["lockKeys"]:
        rows.append(f"  lock: {', '.join(process['lockKeys'])}")
    if why := process["whyWaiting"]:
        rows.append(f"  {why['message']}{_until(process, now)}")
    if halt:
        rows.append(f"  {halt}")
    if process["failure"]:
        rows.append(f"  {process['failure']['code']}: {process['failure']['message']}")
        if not any(_is_same(step["failure"], process["failure"]) for step in process["steps"]):
            rows += _details(process["failure"], "    ")
    rows.append("Steps")
    for step in process["steps"]:
        rows += _step(step, before.get(step["index"], []))
    if process["callbacks"]:
        rows.append("Callbacks")
    for callback in process["callbacks"]:
        rows += _callback(callback, now)
    if input_request := process["openInputRequest"]:
        rows += _form(input_request, now)
    rows.append(_actions(process))
    return rows


def _until(process: dict[str, Any], now: datetime) -> str:
    """How long the process waits; with the time of the clock if it goes on by itself then, such as in its window."""
    why = process["whyWaiting"]
    if not (until := why["until"]):
        return f" (for {age(why['since'], now)}, since {moment(why['since'])})" if why["kind"] == "WORKER" else ""
    return f" ({deadline(until, now)}{f', until {moment(until)}' if process['status'] == 'WAITING' else ''})"


def _actions(process: dict[str, Any]) -> str:
    """The actions of the caller, by the names of their commands; a note has none and is edited on the dashboard."""
    offered = process["availableActions"]
    commands = sorted(COMMANDS[action] for action in offered if action in COMMANDS)
    note = "edit its note on the dashboard" if NOTE in offered else ""
    if commands:
        return f"You may: {', '.join(commands)}{f'; and {note}' if note else ''}"
    ended = "It has ended. " if process["status"] in ENDED else ""
    return f"{ended}You may {note or 'do nothing now'}"


def _step(step: dict[str, Any], before: list[dict[str, Any]]) -> list[str]:
    is_again = step["attempt"] > 1
    # A restart of the server begins another attempt, but no new time; and nobody knows when a machine died.
    is_interrupted = step["failure"] is not None and step["failure"]["code"] == "interrupted"
    since = " since it began" if is_again or is_interrupted else ""
    took = f", {duration(step['durationSeconds'])}{since}" if step["durationSeconds"] is not None else ""
    again = f", attempt {step['attempt']}" if is_again else ""
    why = f": {step['failure']['message']}" if step["failure"] else ""
    decisions = [*before, *(step["inputRequest"]["decisions"] if step["inputRequest"] else ())]
    return [
        f"  {step['index'] + 1:>3} {step['status']:<17} {step['name']}{again}{took}{why}",
        *(_details(step["failure"], "      ") if step["failure"] else ()),
        *(_trace(step["failure"]["traceback"]) if step["failure"] else ()),
        *(f"      {decided(decision)}" for decision in decisions),
    ]


def _is_same(failure: dict[str, Any] | None, other: dict[str, Any]) -> bool:
    """True if both are one failure; a step also has its trace."""
    return failure is not None and all(failure[key] == other[key] for key in other)


def _details(failure: dict[str, Any], indent: str) -> list[str]:
    """The details that the author, or the remote service, gave to the failure; none if there are none."""
    if is_nothing(failure["details"]):
        return []
    lines, left = [f"{indent}details:"], DETAILS
    for line in lines_of(failure["details"]):
        if left < len(line):
            return [*lines, f"{indent}  {line[: max(left, 0)]} … more: see --json"]
        lines.append(f"{indent}  {line}")
        left -= len(line)
    return lines


def _trace(trace: str | None) -> list[str]:
    """The last lines of the trace of a failed step; none if there is no trace, or if the caller may not read it."""
    all_lines = (trace or "").splitlines()
    left_out = len(all_lines) - TRACE_LINES
    cut = [f"      | … {left_out} more lines: see --json"] if left_out > 0 else []
    return cut + [f"      | {line[:TRACE_WIDTH]}" for line in all_lines[-TRACE_LINES:]]


def _form(input_request: dict[str, Any], now: datetime) -> list[str]:
    """The open form: its team, its claim, and whether the caller may decide it, or why not."""
    team = input_request["assignee"]["name"]
    heading = (f"Form {input_request['title']!r} for {team}", approvals(input_request), due(input_request, now))
    lines = [", ".join(filter(None, heading))]
    if input_request["claimedBy"]:
        lines.append(claimed(input_request, "  {}"))
    if input_request["escalatedAt"]:
        lines.append(f"  escalated to {team} at {moment(input_request['escalatedAt'])}")
    if input_request["remindedAt"]:
        lines.append(f"  its team was reminded at {moment(input_request['remindedAt'])}")
    if not input_request["canSubmit"]:
        lines.append(f"  You may not decide it: {input_request['blockedReason']}")
    elif input_request["canReject"]:
        back = f", reject it, or send it back to {input_request['sendBackTo']!r}"
        lines.append(f"  You may confirm it{back if input_request['sendBackTo'] else ' or reject it'}")
    return lines


def _callback(callback: dict[str, Any], now: datetime) -> list[str]:
    name = f" {callback['name']}" if callback["name"] else ""
    again = f", issued {callback['round']} times" if callback["round"] > 1 else ""
    source = f" by {callback['source'].lower()}" if callback["source"] not in (None, "CALLBACK") else ""
    asked = f", asked {age(callback['issuedAt'], now)} ago" if callback["status"] in UNANSWERED else ""
    rows = [f"  {callback['id']}{name} is {callback['status']}{source}{asked}, token …{callback['tokenHint']}{again}"]
    if report := callback["progress"]:
        percent = f"{report['percent']:.0f} % " if report["percent"] is not None else ""
        rows.append(
            f"      {percent}{report['message'] or 'progress without a text'} ({age(report['reportedAt'], now)} ago)"
        )
    if validation := callback["validation"]:
        rows.append(f"      {validation['outcome'].lower()}: {validation['message'] or 'fine'}")
    for attempt in callback["attempts"]["nodes"]:
        rows += _attempt(attempt)
    return rows


def _attempt(attempt: dict[str, Any]) -> list[str]:
    can = ", can be adopted" if attempt["isAdoptable"] else ""
    rows = [f"      {attempt['id']} {attempt['outcome']}, {attempt['bytes']} bytes{can}"]
    if attempt["error"]:
        rows.append(f"        {attempt['error']}")
    if attempt["bodyPreview"]:
        cut = " … more: see --json" if len(attempt["bodyPreview"]) > SHOWN else ""
        rows.append(f"        {attempt['bodyPreview'][:SHOWN]}{cut}")
    rows += [f"        adopting it: {sentence}" for sentence in attempt["replaced"]]
    return rows
