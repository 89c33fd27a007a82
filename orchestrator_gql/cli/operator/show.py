"""`orchestrator-gql show`: one process as an operator wants to see it."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.waits import age
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

DOCUMENT = """\
query Show($id: ID!) { process(id: $id) {
  id version status workflowName note startedAt availableActions
  failure { code message } whyWaiting { message since until lastReportAt }
  steps { index name status attempt durationSeconds failure { code message } }
  callbacks { id name status round source tokenHint issuedAt expiresAt receivedAt resultBytes
    progress { percent message reportedAt } validation { outcome message }
    attempts(first: 200) { totalCount nodes { id at outcome bytes peer isAdoptable replaced error bodyPreview } } }
  openInputRequest { id title assignee { name } dueAt } } }
"""
SHOWN = 200
"""Characters of a refused body that are shown."""


def show(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Print the process; `VerbRefused` where there is none."""
    process = found(url, id)
    if is_json:
        print(json.dumps(process, indent=2))
        return
    for line in lines(process, datetime.now(UTC)):
        print(printable(line))


def found(url: str, id: UUID) -> dict[str, Any]:
    """The process, as the server tells it."""
    process: dict[str, Any] | None = request(url, DOCUMENT, {"id": str(id)})["process"]
    if process is None:
        raise VerbRefused(f"There is no process {id}, or it is not visible to you.")
    return process


def lines(process: dict[str, Any], now: datetime) -> list[str]:
    """What is to be read of the process, line by line."""
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
    told += [_step(step) for step in process["steps"]]
    if process["callbacks"]:
        told.append("Callbacks")
    for callback in process["callbacks"]:
        told += _callback(callback, now)
    if asked := process["openInputRequest"]:
        told.append(f"Form {asked['title']!r} for {asked['assignee']['name'] if asked['assignee'] else 'anybody'}")
    told.append(f"You may: {', '.join(one.lower().replace('_', ' ') for one in process['availableActions'])}")
    return told


def _step(step: dict[str, Any]) -> str:
    took = f", {step['durationSeconds']:.1f} s" if step["durationSeconds"] is not None else ""
    again = f", attempt {step['attempt']}" if step["attempt"] > 1 else ""
    why = f": {step['failure']['message']}" if step["failure"] else ""
    return f"  {step['index'] + 1:>3} {step['status']:<17} {step['name']}{again}{took}{why}"


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
