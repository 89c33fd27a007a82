"""Input requests and their decisions, as the operator's verbs read and print them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.times import age, is_past, left, moment
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.json import Json

DECISIONS = "decisions { by { id name } policy at verdict comment }"
STANDING = f"assignee {{ key name }} dueAt claimedBy {{ id name }} claimedAt approvalsNeeded canSubmit {DECISIONS}"
"""The team of an input request, the person who claimed it, and its approvals."""

PAGE = "index hasNext title description schema initialData submitLabel digest"
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
    """The open input request of the process; with its form after ``pages``, unless ``pages`` is None.

    Raises `VerbRefused` if no request is open; the message names the last decision, its person and its time.
    """
    variables = {"id": str(id), "pages": list(pages or ()), "isForm": pages is not None}
    process = request(url, OPEN, variables)["process"]
    if process is None:
        raise VerbRefused(f"There is no process {id}, or it is not visible to you.")
    input_request: dict[str, Any] | None = process["openInputRequest"]
    if input_request is None:
        raise VerbRefused(printable(f"The process is {process['status']}: it asks nobody.{_last(process['steps'])}"))
    if pages is not None and input_request["form"] is None:
        raise VerbRefused("This server does not offer the workflow of the process, so it cannot show the form.")
    return input_request


def refuse_if_blocked(input_request: dict[str, Any]) -> None:
    """Raise `VerbRefused` if the server says beforehand that this person may not decide the request."""
    if not input_request["canSubmit"]:
        why = input_request["blockedReason"] or "You may not decide it."
        raise VerbRefused(printable(f"{why}{claimed(input_request, ' ({})')}"))


def claimed(input_request: dict[str, Any], form: str) -> str:
    """The claim of the request (person and time), put into the text ``form``; empty if nobody claimed the request."""
    if not input_request["claimedBy"]:
        return ""
    since = f" since {moment(input_request['claimedAt'])}" if input_request["claimedAt"] else ""
    return form.format(f"claimed by {input_request['claimedBy']['name']}{since}")


def approvals(input_request: dict[str, Any]) -> str:
    """The number of approvals and the people; empty if one approval is enough."""
    needed, decisions = input_request["approvalsNeeded"], input_request["decisions"]
    if needed == 1:
        return ""
    names = ", ".join(_who(decision) for decision in decisions)
    return f"{len(decisions)} of {needed} approvals{f' ({names})' if names else ''}"


def missing(input_request: dict[str, Any]) -> str:
    """The number of approvals that are still needed, and the team."""
    left = input_request["approvalsNeeded"] - len(input_request["decisions"])
    return f"{left} more approval{'' if left == 1 else 's'}, of {input_request['assignee']['name']}"


def due(input_request: dict[str, Any], now: datetime) -> str:
    """The time until the due date or since it; empty if there is no due date."""
    if not input_request["dueAt"]:
        return ""
    due_at = input_request["dueAt"]
    return f"overdue by {age(due_at, now)}" if is_past(due_at, now) else f"due in {left(due_at, now)}"


def decided(decision: dict[str, Any]) -> str:
    """The decision in one line.

    >>> decided({"by": None, "policy": "small", "verdict": "APPROVED", "at": "2026-03-02T09:00Z", "comment": None})
    'policy small approved it at 2026-03-02 09:00:00 UTC'
    """
    comment = f": {decision['comment']}" if decision["comment"] else ""
    verdict = VERDICTS.get(decision["verdict"], decision["verdict"])
    what = "sent it back" if verdict == "sent back" else f"{verdict} it"
    return f"{_who(decision)} {what} at {moment(decision['at'])}{comment}"


def _who(decision: dict[str, Any]) -> str:
    policy = f"policy {decision['policy']}" if decision["policy"] else "somebody"
    return str(decision["by"]["name"]) if decision["by"] else policy


def _last(steps: Iterable[dict[str, Any]]) -> str:
    decisions = [
        (decision["at"], step["name"], decision)
        for step in steps
        if step["inputRequest"]
        for decision in step["inputRequest"]["decisions"]
    ]
    if not decisions:
        return ""
    _, name, decision = max(decisions, key=lambda row: row[0])
    return f" {name!r} is decided: {decided(decision)}"
