"""What people are asked and what they decided, as the operator's verbs tell it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.times import age, is_past, moment
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.json import Json

DECISIONS = "decisions { by { id name } policy at verdict comment }"
STANDING = f"assignee {{ key name }} dueAt claimedBy {{ id name }} claimedAt approvalsNeeded canSubmit {DECISIONS}"
"""Whom it is for, who has it, and how many have said yes."""

PAGE = "index title description schema initialData submitLabel digest"
OPEN = f"""\
query Open($id: ID!, $pages: [JSON!]!, $isForm: Boolean!) {{ process(id: $id) {{ id status
  openInputRequest {{ id version title step {{ name }} {STANDING} blockedReason canReject sendBackTo
    answers: decisions {{ pages }}
    form(pages: $pages) @include(if: $isForm) {{ __typename ... on FormPage {{ {PAGE} }}
      ... on FormInvalid {{ pageIndex errors {{ path pointer type message }} page {{ {PAGE} }} }} }} }}
  steps {{ name inputRequest {{ {DECISIONS} }} }} }} }}
"""
VERDICTS = {"APPROVED": "approved", "REJECTED": "rejected", "SENT_BACK": "sent back"}


def open_request(url: str, id: UUID, *, pages: Sequence[Json] | None = None) -> dict[str, Any]:
    """What the process asks people now, with a turn of its form where pages are given, even none.

    `VerbRefused` where it asks nothing; where somebody decided what it did ask, the sentence says who, and when.
    """
    given = {"id": str(id), "pages": list(pages or ()), "isForm": pages is not None}
    process = request(url, OPEN, given)["process"]
    if process is None:
        raise VerbRefused(f"There is no process {id}, or it is not visible to you.")
    asked: dict[str, Any] | None = process["openInputRequest"]
    if asked is None:
        raise VerbRefused(printable(f"The process is {process['status']}: it asks nobody.{_last(process['steps'])}"))
    if pages is not None and asked["form"] is None:
        raise VerbRefused("This server does not offer its workflow, so nobody can be shown its form.")
    return asked


def refuse_if_blocked(asked: dict[str, Any]) -> None:
    """Raise `VerbRefused` where the server says beforehand that this person may not decide it."""
    if not asked["canSubmit"]:
        why = asked["blockedReason"] or "You may not decide it."
        raise VerbRefused(printable(f"{why}{claimed(asked, ' ({})')}"))


def refused(said: dict[str, Any]) -> VerbRefused:
    """A typed refusal as a sentence: what is wrong and where, or who was first and when, and what to do."""
    words = [said["message"], *(f"{one['pointer']}: {one['message']}" for one in said.get("errors", ()))]
    by, at = said.get("by"), said.get("at")
    if said.get("code") == "CLAIMED_BY_OTHER":
        words.append(claimed({"claimedBy": by, "claimedAt": at}, "({})"))
    elif by or at:
        who = f"by {by['name']}" if by and not said["message"].startswith(by["name"]) else ""
        words.append(f"({' '.join(filter(None, (who, f'at {moment(at)}' if at else '')))})")
    elif said.get("code") == "STALE_VERSION":
        words.append("Nothing was decided: look at it again, then decide anew.")
    return VerbRefused(printable(" ".join(filter(None, words))))


def claimed(asked: dict[str, Any], form: str) -> str:
    """Who has taken it and since when, put into the form; nothing where nobody has."""
    if not asked["claimedBy"]:
        return ""
    since = f" since {moment(asked['claimedAt'])}" if asked["claimedAt"] else ""
    return form.format(f"claimed by {asked['claimedBy']['name']}{since}")


def approvals(asked: dict[str, Any]) -> str:
    """How many of those who must have said yes, and who, where one does not do; else nothing."""
    if asked["approvalsNeeded"] == 1:
        return ""
    names = ", ".join(_who(one) for one in asked["decisions"])
    return f"{len(asked['decisions'])} of {asked['approvalsNeeded']} approvals{f' ({names})' if names else ''}"


def missing(asked: dict[str, Any]) -> str:
    """What is still needed, and of whom."""
    left = asked["approvalsNeeded"] - len(asked["decisions"])
    return f"{left} more approval{'' if left == 1 else 's'}, of {asked['assignee']['name']}"


def due(asked: dict[str, Any], now: datetime) -> str:
    """Whether it is late, or how long there is, where it has a due date; else nothing."""
    if not asked["dueAt"]:
        return ""
    time = age(asked["dueAt"], now)
    return f"overdue by {time}" if is_past(asked["dueAt"], now) else f"due in {time}"


def decided(one: dict[str, Any]) -> str:
    """One decision in a line.

    >>> decided({"by": None, "policy": "small", "verdict": "APPROVED", "at": "2026-03-02T09:00Z", "comment": None})
    'policy small approved it at 2026-03-02 09:00:00 UTC'
    """
    said = f": {one['comment']}" if one["comment"] else ""
    verdict = VERDICTS.get(one["verdict"], one["verdict"])
    what = "sent it back" if verdict == "sent back" else f"{verdict} it"
    return f"{_who(one)} {what} at {moment(one['at'])}{said}"


def _who(one: dict[str, Any]) -> str:
    return str(one["by"]["name"]) if one["by"] else f"policy {one['policy']}"


def _last(steps: Iterable[dict[str, Any]]) -> str:
    made = [
        (one["at"], step["name"], one)
        for step in steps
        if step["inputRequest"]
        for one in step["inputRequest"]["decisions"]
    ]
    if not made:
        return ""
    _, name, one = max(made, key=lambda each: each[0])
    return f" {name!r} is decided: {decided(one)}"
