"""`orchestrator-gql show`: one process as an operator wants to see it."""

import json
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.requests import DECISIONS, STANDING, approvals, claimed, decided, due
from orchestrator_gql.cli.operator.times import age, moment
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

DOCUMENT = f"""\
query Show($id: ID!) {{ process(id: $id) {{
  id version status workflowName note startedAt availableActions
  failure {{ code message }} whyWaiting {{ message since until lastReportAt }}
  steps {{ index name kind status attempt durationSeconds failure {{ code message }}
    inputRequest {{ id status title {DECISIONS} }} }}
  callbacks {{ id name status round source tokenHint issuedAt expiresAt receivedAt resultBytes
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
SHOWN = 200
"""Characters of a refused body that are shown."""

Decisions: TypeAlias = dict[int, list[dict[str, Any]]]
"""By the index of the step, in order."""


def show(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Print the process; `VerbRefused` where there is none."""
    process = found(url, id)
    if is_json:
        print(json.dumps(process, indent=2))
        return
    for line in lines(process, datetime.now(UTC), earlier(url, process)):
        print(printable(line))


def found(url: str, id: UUID) -> dict[str, Any]:
    """The process, as the server tells it."""
    process: dict[str, Any] | None = request(url, DOCUMENT, {"id": str(id)})["process"]
    if process is None:
        raise VerbRefused(f"There is no process {id}, or it is not visible to you.")
    return process


def earlier(url: str, process: dict[str, Any]) -> Decisions:
    """What was decided at steps that asked several times, by their index: the process tells the last time alone."""
    asked = [step for step in process["steps"] if step["inputRequest"]]
    if not asked or all(step["attempt"] < 2 for step in process["steps"]):
        return {}
    last, found = {step["inputRequest"]["id"] for step in asked}, dict[str, tuple[int, list[dict[str, Any]]]]()
    after, has_more = None, True
    while has_more:
        page = request(url, DECIDED, {"id": process["id"], "after": after})["process"]["events"]
        told = [event["inputRequest"] for event in page["nodes"] if event]
        found |= {one["id"]: (one["step"]["index"], one["decisions"]) for one in told if one["id"] not in last}
        has_more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    decisions: Decisions = {}
    for index, made in found.values():
        decisions.setdefault(index, []).extend(made)
    return decisions


def lines(process: dict[str, Any], now: datetime, before: Decisions) -> list[str]:
    """What is to be read of the process, line by line; ``before`` is what `earlier` finds."""
    began = age(process["startedAt"], now)
    told = [f"{process['workflowName']} {process['id']} is {process['status']}, started {began} ago"]
    if process["note"]:
        told.append(f"  note: {process['note']}")
    if why := process["whyWaiting"]:
        left = f" ({age(why['until'], now)} left)" if why["until"] else ""
        told.append(f"  {why['message']}{left}")
    if process["failure"]:
        told.append(f"  {process['failure']['code']}: {process['failure']['message']}")
    told.append("Steps")
    for step in process["steps"]:
        told += _step(step, before.get(step["index"], []))
    if process["callbacks"]:
        told.append("Callbacks")
    for callback in process["callbacks"]:
        told += _callback(callback, now)
    if asked := process["openInputRequest"]:
        told += _form(asked, now)
    told.append(f"You may: {', '.join(_actions(process)) or 'nothing now'}")
    return told


def _actions(process: dict[str, Any]) -> list[str]:
    """What whoever looks may do: the process offers its form to anybody, also where they may not decide it."""
    asked = process["openInputRequest"]
    is_theirs = asked is None or asked["canSubmit"]
    offered = [one for one in process["availableActions"] if is_theirs or one != "SUBMIT_FORM"]
    return [one.lower().replace("_", " ") for one in offered]


def _step(step: dict[str, Any], before: list[dict[str, Any]]) -> list[str]:
    took = f", {step['durationSeconds']:.1f} s" if step["durationSeconds"] is not None else ""
    again = f", attempt {step['attempt']}" if step["attempt"] > 1 else ""
    why = f": {step['failure']['message']}" if step["failure"] else ""
    made = [*before, *(step["inputRequest"]["decisions"] if step["inputRequest"] else ())]
    return [
        f"  {step['index'] + 1:>3} {step['status']:<17} {step['name']}{again}{took}{why}",
        *(f"      {decided(one)}" for one in made),
    ]


def _form(asked: dict[str, Any], now: datetime) -> list[str]:
    """The open form: whom it is for, who has it, and whether whoever looks may decide it, or why not."""
    told = filter(None, (f"Form {asked['title']!r} for {asked['assignee']['name']}", approvals(asked), due(asked, now)))
    lines = [", ".join(told)]
    if asked["claimedBy"]:
        lines.append(claimed(asked, "  {}"))
    if asked["escalatedAt"]:
        lines.append(f"  came to {asked['assignee']['name']} by itself at {moment(asked['escalatedAt'])}")
    if asked["remindedAt"]:
        lines.append(f"  its team was reminded at {moment(asked['remindedAt'])}")
    if not asked["canSubmit"]:
        lines.append(f"  You may not decide it: {asked['blockedReason']}")
    elif asked["canReject"]:
        back = f", or send it back to {asked['sendBackTo']!r}" if asked["sendBackTo"] else ""
        lines.append(f"  You may confirm it, reject it{back}")
    return lines


def _callback(callback: dict[str, Any], now: datetime) -> list[str]:
    name = f" {callback['name']}" if callback["name"] else ""
    again = f", issued {callback['round']} times" if callback["round"] > 1 else ""
    source = f" by {callback['source'].lower()}" if callback["source"] not in (None, "CALLBACK") else ""
    told = [f"  {callback['id']}{name} is {callback['status']}{source}, …{callback['tokenHint']}{again}"]
    if report := callback["progress"]:
        percent = f"{report['percent']:.0f} % " if report["percent"] is not None else ""
        told.append(f"      {percent}{report['message'] or ''} ({age(report['reportedAt'], now)} ago)")
    if callback["validation"]:
        told.append(f"      {callback['validation']['outcome'].lower()}: {callback['validation']['message'] or 'fine'}")
    for attempt in callback["attempts"]["nodes"]:
        told += _attempt(attempt)
    return told


def _attempt(attempt: dict[str, Any]) -> list[str]:
    can = ", can be adopted" if attempt["isAdoptable"] else ""
    told = [f"      {attempt['id']} {attempt['outcome']}, {attempt['bytes']} bytes{can}"]
    if attempt["error"]:
        told.append(f"        {attempt['error']}")
    if attempt["bodyPreview"]:
        told.append(f"        {attempt['bodyPreview'][:SHOWN]}")
    told += [f"        adopting it: {one}" for one in attempt["replaced"]]
    return told
