"""The verbs `reject`, `claim`, `release` and `assign` on the open form of a process."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.nearest import did_you_mean
from orchestrator_gql.cli.operator import forms
from orchestrator_gql.cli.operator.dialogue import require_terminal
from orchestrator_gql.cli.operator.mutations import mutate
from orchestrator_gql.cli.operator.requests import claimed, open_request, refuse_if_blocked
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.json import Json

TEAMS = """\
{ viewer { assignees { key name } } workflows(first: 200) { nodes { steps { assignee { key name } } } } }
"""


def reject(
    url: str,
    id: UUID,
    *,
    comment: str | None,
    back_to: str | None,
    is_agreed: bool,
    answers: Sequence[str] = (),
    is_json: bool = False,
) -> None:
    """Reject the open form of the process, or send the process back to a step; print the status of the process."""
    if not (comment and comment.strip()):
        raise OperationRefused("A rejection needs a reason: give --comment TEXT, too.")
    if answers:
        raise OperationRefused("A rejection has no answers: leave --set and --pages out.")
    input_request = open_request(url, id, pages=())
    refuse_if_blocked(input_request)
    if not input_request["canReject"]:
        raise VerbRefused("The form asks what to do about an answer that did not come: one of its choices is to abort.")
    target = input_request["sendBackTo"]
    if back_to is not None and back_to.casefold() != (target or "").casefold():
        if target is None:
            raise VerbRefused("This form can be confirmed or rejected (--reject), but not sent back to a step.")
        raise VerbRefused(printable(f"It cannot be sent back to {back_to!r}: only to {target!r}."))
    if not is_agreed:
        _ask(input_request, f"Send it back to {target!r}" if back_to is not None else "Reject it")
    variables = {"comment": comment, "sendBack": back_to is not None, "expectedVersion": input_request["version"]}
    process, after = _decide(url, "rejectInputRequest", input_request, **variables)
    what = f"sent back to {target!r}" if back_to is not None else "rejected"
    _print(f"{id} is {process['status']}: {what}", id, process, after, is_json)


def claim(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Claim the open form of the process: nobody else may decide it then."""
    input_request = open_request(url, id)
    refuse_if_blocked(input_request)
    process, after = _decide(url, "claimInputRequest", input_request)
    _print(f"{id} asks {input_request['title']!r}, {claimed(after, '{}')}", id, process, after, is_json)


def release(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Release the open form of the process, so that others may decide it."""
    input_request = open_request(url, id)
    process, after = _decide(url, "releaseInputRequest", input_request)
    text = f"{id} asks {input_request['title']!r}, free for {after['assignee']['name']}"
    _print(text, id, process, after, is_json)


def assign(url: str, id: UUID, name: str, *, is_json: bool = False) -> None:
    """Assign the open form of the process to another team; ``name`` is the team's key or its name."""
    input_request, teams = open_request(url, id), teams_of(url)
    try:
        process, after = _decide(url, "assignInputRequest", input_request, assigneeKey=key_of(teams, name))
    except VerbRefused as refused:
        names = {text for team in teams for text in team.values()}
        near = did_you_mean(name, names) if name not in names and repr(name) in refused.message else ""
        raise VerbRefused(f"{refused.message}{printable(near)}") from None
    text = f"{id} asks {input_request['title']!r}, assigned to {after['assignee']['name']}"
    _print(text, id, process, after, is_json)


def _print(text: str, id: UUID, process: dict[str, Any], input_request: dict[str, Any], is_json: bool) -> None:
    """Print the text; or, for scripts, the process and its input request after the decision."""
    if is_json:
        print(json.dumps({"id": str(id), "status": process["status"], "inputRequest": input_request}))
    else:
        print(printable(text))


def _ask(input_request: dict[str, Any], question: str) -> None:
    if input_request["form"]["__typename"] == "FormPage":
        for line in forms.shown(input_request["step"]["name"], input_request["form"], {}):
            print(line)
    require_terminal()
    if forms.reply(printable(f"{question}? [y/N] ")).lower() not in ("y", "yes"):
        raise VerbRefused("Nothing was decided.")


def _decide(
    url: str, verb: str, input_request: dict[str, Any], **variables: Json
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The process and the input request after the mutation; raises `VerbRefused` if the server refuses."""
    success = """InputRequestActionSuccess { process { status }
        inputRequest { assignee { name } claimedBy { name } claimedAt } }"""
    response = mutate(url, verb, success, {"inputRequestId": input_request["id"], **variables})
    return response["process"], response["inputRequest"]


Teams = list[dict[str, str]]
"""The key and the name of each team."""


def teams_of(url: str) -> Teams:
    """The teams of the caller and of the workflows; the server may know more."""
    response = request(url, TEAMS, {})
    steps = (step for workflow in response["workflows"]["nodes"] for step in workflow["steps"])
    return [*response["viewer"]["assignees"], *(step["assignee"] for step in steps if step["assignee"])]


def key_of(teams: Teams, name: str) -> str:
    """The key of the team: of the team with this name if exactly one has it, else ``name`` itself."""
    keys = {team["key"] for team in teams}
    matches = {team["key"] for team in teams if team["name"].casefold() == name.casefold()}
    return matches.pop() if name not in keys and len(matches) == 1 else name
