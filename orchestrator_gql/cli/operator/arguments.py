"""The options of the operator's verbs, with their help texts."""

import argparse
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

Command = Callable[[str, str, str], argparse.ArgumentParser]
"""Creates the parser of a command from its name, summary and description."""

_PROCESS = "the process"
_ITS_ID = "the process, or the callback if the process has several"

_WAITS = """\
List the open callbacks and forms, the overdue first, each with its age and its deadline.

  orchestrator-gql waits
  orchestrator-gql waits --overdue --json
  orchestrator-gql waits --mine
  orchestrator-gql waits --assignee "Network operations"

The line of a form names its team, the person who claimed it, and how many of the needed approvals there are. If the
server demands a sign-in, set ORCHESTRATOR_TOKEN to your token: every command that calls a server signs in with it."""

_SHOW = """\
Show one process: its steps with the decisions of people, its callbacks with every delivery that arrived, the open form
and whether you may decide it, and the actions that are possible now."""

_START = """\
Start a workflow. The command prints each page of the start form and asks for missing values; with --yes it asks
nothing. WORKFLOW is the name that the dashboard and `orchestrator-gql tail` show.

  orchestrator-gql start configure_node
  orchestrator-gql start configure_node --set node=ams-1 --set minutes=30 --yes
  orchestrator-gql start create_vpn --pages '[{"site": "ams"}, {"minutes": 30}]' --yes
  orchestrator-gql start configure_node --set node=ams-1 --yes --idempotency-key ticket-4711 --json

A value is read as JSON if it is JSON, else as text. The command prints the process id, for `show` and `confirm`, and
the status. Exit code 1: the server refuses, because there is no such workflow, you may not start it, the engine is
paused, or a field is wrong; 2: the command is wrong."""

_CONFIRM = """\
Answer the open form of a process, or reject it. The command prints the form and asks you to confirm it, unless you give
--yes.

  orchestrator-gql confirm ID
  orchestrator-gql confirm ID --set remark="looks good" --yes
  orchestrator-gql confirm ID --pages '[{"answer": "wait"}, {"minutes": 30}]' --yes
  orchestrator-gql confirm ID --comment "Checked against the plan." --yes
  orchestrator-gql confirm ID --reject --comment "The window is too short." --yes
  orchestrator-gql confirm ID --send-back Draft --comment "Name the site, please." --yes

At a terminal the command asks for missing values, page by page, and asks for a page again if a field in it is wrong. If
several people must approve, the next person sees and confirms the answers of the first person. Exit code 1: the server
refuses, because somebody was first, or has claimed the form, or a field is wrong; 2: the command is wrong."""

_CLAIM = """\
Claim the open form of a process: until you release it, or it is assigned anew, nobody else may decide it.

  orchestrator-gql claim ID
  orchestrator-gql confirm ID"""

_RELEASE = """\
Give a form back that you claimed, so that others may decide it. A person who may manage the engine can release every
form.

  orchestrator-gql release ID"""

_ASSIGN = """\
Assign the open form of a process to another team; a claim on it ends. NAME is the team's key, as in workflows, or its
name.

  orchestrator-gql assign ID FIELD
  orchestrator-gql assign ID "Field engineers" --url https://orchestrator.example"""

_ADOPT = """\
Make a late or refused delivery the result of its callback; the remote service is not called. ID is a process that has
one such delivery, or the delivery itself, as `show` lists it."""

_REISSUE = "Run the action of the open or failed callback again, with a fresh URL; the old URL ends."
_REAWAIT = "Wait longer for the same job, at the same URL; the remote service is not called."
_COMPLETE = "Type in the result of a callback, as JSON from a file or, with -, from standard input."
_RETRY = "Run the failed step again. A failed validation checks the stored result again, and calls no remote service."
_NOTIFICATIONS = """\
List the notifications, the newest first: the target, the event, and whether it was sent.

  orchestrator-gql notifications
  orchestrator-gql notifications --dead"""
_RESEND = (
    "Send a notification again that was given up, or that got lost after it arrived. `notifications` lists the IDs."
)
_ABORT = "End a process: its callback URLs end, its form is closed, and its clean-up steps run."


YES = "do not ask; every command that acts takes it, also one that asks nothing"
_READING = ("waits", "show", "notifications")


def add_verbs(command: Command, server: str) -> None:
    """Add the operator's verbs to the commands."""

    def verb(
        name: str, summary: str, text: str, *, needs_reason: bool | None = None, is_of: str | None = _ITS_ID
    ) -> argparse.ArgumentParser:
        parser = command(name, summary, text)
        if is_of is not None:
            listed_by = "notifications" if name == "resend" else "waits"
            parser.add_argument("id", type=partial(whole_id, listed_by=listed_by), metavar="ID", help=is_of)
        if needs_reason is not None:
            parser.add_argument("--reason", metavar="TEXT", required=needs_reason, help="why, for the audit log")
        parser.add_argument("--url", default=server, help=f"the server ({server})")
        if name not in _READING:
            parser.add_argument("--yes", action="store_true", help=YES)
        return parser

    waits = verb("waits", "list what waits, the overdue first", _WAITS, is_of=None)
    waits.add_argument("--overdue", action="store_true", help="only what is past its deadline")
    waits.add_argument("--mine", action="store_true", help="only the forms that you may answer")
    waits.add_argument("--assignee", metavar="NAME", help="only the forms of this team: its key or its name")
    waits.add_argument("--json", action="store_true", help="each callback or form as a line of JSON")
    verb("show", "show one process", _SHOW).add_argument("--json", action="store_true", help="as JSON")
    _add_deciding(verb)
    verb("adopt", "make a late or refused delivery the result", _ADOPT, needs_reason=True)
    verb("reissue", "run the action again with a fresh URL", _REISSUE, needs_reason=False)
    reawait = verb("reawait", "wait longer for the same job", _REAWAIT, needs_reason=False)
    reawait.add_argument("--for", dest="seconds", type=_span, required=True, metavar="TIME", help="30s, 15m, 2h, 1d")
    complete = verb("complete", "type in the result of a callback", _COMPLETE, needs_reason=True)
    complete.add_argument("--result", type=Path, required=True, metavar="FILE", help="the JSON; - reads standard input")
    verb("retry", "run the failed step again", _RETRY)
    verb("abort", "end a process", _ABORT, needs_reason=False)
    listing = verb("notifications", "list the notifications to people outside", _NOTIFICATIONS, is_of=None)
    listing.add_argument("--dead", action="store_true", help="only the notifications that were given up")
    listing.add_argument("--json", action="store_true", help="each notification as a line of JSON")
    verb("resend", "send a notification again", _RESEND, is_of="the notification")


def _add_deciding(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the verbs by which people start a process and decide its forms."""
    start = verb("start", "start a workflow", _START, is_of=None)
    start.add_argument("workflow", metavar="WORKFLOW", help="its name")
    start.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of the last page")
    start.add_argument("--pages", metavar="JSON", help="all pages, if there are several")
    start.add_argument("--idempotency-key", metavar="KEY", help="the same key with the same answers starts once")
    start.add_argument("--json", action="store_true", help="the process as a line of JSON; the pages go to stderr")
    confirm = verb("confirm", "answer the open form of a process, or reject it", _CONFIRM, is_of=_PROCESS)
    confirm.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of the last page")
    confirm.add_argument("--pages", metavar="JSON", help="all pages, if there are several")
    confirm.add_argument("--comment", metavar="TEXT", help="a comment on the decision")
    rejection = confirm.add_mutually_exclusive_group()
    rejection.add_argument("--reject", action="store_true", help="reject the form; --comment must say why")
    rejection.add_argument(
        "--send-back", metavar="STEP", help="reject the form and go back to the step that `show` names"
    )
    verb("claim", "claim a form, so that nobody else decides it", _CLAIM, is_of=_PROCESS)
    verb("release", "give a claimed form back", _RELEASE, is_of=_PROCESS)
    verb("assign", "give a form to another team", _ASSIGN, is_of=_PROCESS).add_argument(
        "name", metavar="NAME", help="the team's key or name"
    )


def whole_id(text: str, listed_by: str = "waits") -> UUID:
    """The id, which must be complete; ``listed_by`` is the command that prints such ids.

    >>> whole_id("8f3a")
    Traceback (most recent call last):
    ...
    argparse.ArgumentTypeError: '8f3a' is not an id. Give the whole id, as `waits` prints it.
    """
    try:
        return UUID(text)
    except ValueError:
        message = f"{text!r} is not an id. Give the whole id, as `{listed_by}` prints it."
        raise argparse.ArgumentTypeError(message) from None


def _span(text: str) -> float:
    """Seconds in a time such as ``30s``, ``15m``, ``2h`` or ``1d``.

    >>> _span("1.5h")
    5400.0
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: a duration looks like 30s, 15m, 2h or 1d")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
