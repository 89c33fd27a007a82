"""What people do with a form besides answering it: refuse it, take it, give it back, or give it to another team."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.operator import forms
from orchestrator_gql.cli.operator.dialogue import demand_somebody
from orchestrator_gql.cli.operator.requests import claimed, open_request, refuse_if_blocked, refused
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.json import Json

TEAMS = """\
{ viewer { assignees { key name } } workflows(first: 200) { nodes { steps { assignee { key name } } } } }
"""


def reject(
    url: str, id: UUID, *, comment: str | None, back_to: str | None, is_agreed: bool, answers: Sequence[str] = ()
) -> None:
    """Refuse the open form of the process, or send it back to the step; print where the process stands."""
    if not (comment and comment.strip()):
        raise OperationRefused("Whoever rejects says why: give --comment TEXT, too.")
    if answers:
        raise OperationRefused("Whoever rejects answers nothing: leave --set and --pages out.")
    asked = open_request(url, id, pages=())
    refuse_if_blocked(asked)
    if not asked["canReject"]:
        raise VerbRefused("It asks what to do about an answer that did not come: one of its choices is to abort.")
    target = asked["sendBackTo"]
    if back_to is not None and back_to.casefold() != (target or "").casefold():
        if target is None:
            raise VerbRefused("This form can be confirmed or rejected (--reject), but not sent back to a step.")
        raise VerbRefused(printable(f"It cannot be sent back to {back_to!r}: it goes back to {target!r} only."))
    if not is_agreed:
        _ask(asked, f"Send it back to {target!r}" if back_to is not None else "Reject it")
    given = {"comment": comment, "sendBack": back_to is not None, "expectedVersion": asked["version"]}
    process, _ = _done(url, "rejectInputRequest", asked, **given)
    what = f"sent back to {target!r}" if back_to is not None else "rejected"
    print(printable(f"{id} is {process['status']}: {what}"))


def claim(url: str, id: UUID) -> None:
    """Take the open form of the process: nobody else may decide it then."""
    asked = open_request(url, id)
    refuse_if_blocked(asked)
    _, after = _done(url, "claimInputRequest", asked)
    print(printable(f"{id} asks {asked['title']!r}, {claimed(after, '{}')}"))


def release(url: str, id: UUID) -> None:
    """Give the open form of the process back, so that others may decide it."""
    asked = open_request(url, id)
    _, after = _done(url, "releaseInputRequest", asked)
    print(printable(f"{id} asks {asked['title']!r}, free for {after['assignee']['name']}"))


def assign(url: str, id: UUID, name: str) -> None:
    """Give the open form of the process to another team, by its key or by what people call it."""
    asked = open_request(url, id)
    _, after = _done(url, "assignInputRequest", asked, assigneeKey=_key(url, name))
    print(printable(f"{id} asks {asked['title']!r}, assigned to {after['assignee']['name']}"))


def _ask(asked: dict[str, Any], question: str) -> None:
    if asked["form"]["__typename"] == "FormPage":
        for line in forms.shown(asked["step"]["name"], asked["form"], {}):
            print(line)
    demand_somebody()
    if forms.reply(printable(f"{question}? [y/N] ")).lower() not in ("y", "yes"):
        raise VerbRefused("Nothing was decided.")


def _done(url: str, verb: str, asked: dict[str, Any], **given: Json) -> tuple[dict[str, Any], dict[str, Any]]:
    """The process and the input request after the mutation; `VerbRefused` where the server says no."""
    document = f"""mutation Decide($input: {verb[0].upper()}{verb[1:]}Input!) {{ {verb}(input: $input) {{ __typename
      ... on InputRequestActionSuccess {{ process {{ status }}
        inputRequest {{ assignee {{ name }} claimedBy {{ name }} claimedAt }} }}
      ... on PayloadInvalidError {{ errors {{ pointer message }} }}
      ... on ConflictError {{ by {{ name }} at }}
      ... on UserError {{ code message }} }} }}"""
    said = request(url, document, {"input": {"inputRequestId": asked["id"], **given}})[verb]
    if said["__typename"] != "InputRequestActionSuccess":
        raise refused(said)
    return said["process"], said["inputRequest"]


def _key(url: str, name: str) -> str:
    """The key of the team: the name itself, unless a team that the server tells of is called so."""
    told = request(url, TEAMS, {})
    steps = (step for workflow in told["workflows"]["nodes"] for step in workflow["steps"])
    teams = [*told["viewer"]["assignees"], *(step["assignee"] for step in steps if step["assignee"])]
    keys = {team["key"] for team in teams}
    called = {team["key"] for team in teams if team["name"].casefold() == name.casefold()}
    return called.pop() if name not in keys and len(called) == 1 else name
