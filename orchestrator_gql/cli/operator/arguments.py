"""What an operator can ask for on the command line."""

import argparse
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

Command = Callable[[str, str, str], argparse.ArgumentParser]
"""Makes the parser of a command of its name, summary and text."""

_PROCESS = "the process"
_ITS_ID = "the process, or the callback where it has several"

_WAITS = """\
List what waits for a remote service or a person, the overdue first, with its age and its deadline.

  orchestrator-gql waits
  orchestrator-gql waits --overdue --json
  orchestrator-gql waits --mine
  orchestrator-gql waits --assignee "Network operations"

A form says who is asked, who has claimed it, and how many of those who must have approved it. Where the server knows
tokens, set ORCHESTRATOR_TOKEN to yours: every command that asks a server signs in by it."""

_SHOW = """\
Show one process: its steps with who decided what there, its callbacks with everything that came to their doors, the
open form and whether you may decide it, and what may be done now."""

_START = """\
Start a workflow. Each page of its start form is printed, and what is missing is asked for, unless --yes says that what
is given will do. WORKFLOW is its name, as the dashboard and `orchestrator-gql tail` call it.

  orchestrator-gql start configure_node
  orchestrator-gql start configure_node --set node=ams-1 --set minutes=30 --yes
  orchestrator-gql start create_vpn --pages '[{"site": "ams"}, {"minutes": 30}]' --yes
  orchestrator-gql start configure_node --set node=ams-1 --yes --idempotency-key ticket-4711 --json

A value is read as JSON where it is JSON, else as text. It prints the process and its status, for `show` and `confirm`.
Exit code 1: the server says no, because there is no such workflow, you may not start it, the engine is paused, or
something is wrong with a field; 2: the command is wrong."""

_CONFIRM = """\
Answer the open form of a process, or reject it. What it shows is printed, and asked for unless --yes says so already.

  orchestrator-gql confirm ID
  orchestrator-gql confirm ID --set remark="looks good" --yes
  orchestrator-gql confirm ID --pages '[{"answer": "wait"}, {"minutes": 30}]' --yes
  orchestrator-gql confirm ID --comment "Checked against the plan." --yes
  orchestrator-gql confirm ID --reject --comment "The window is too short." --yes
  orchestrator-gql confirm ID --send-back Draft --comment "Name the site, please." --yes

At a terminal it asks for what is missing, page by page, and for a page again where something in it is wrong. Where
several people must approve, the next one is shown, and confirms, what the first one answered. Exit code 1: the server
says no, because somebody was first, or has claimed it, or something is wrong with a field; 2: the command is wrong."""

_CLAIM = """\
Take the open form of a process: until you release it, or it is assigned anew, nobody else may decide it.

  orchestrator-gql claim ID
  orchestrator-gql confirm ID"""

_RELEASE = """\
Give a form back that you claimed, so that others may decide it; who may manage the engine gives back anybody's.

  orchestrator-gql release ID"""

_ASSIGN = """\
Give the open form of a process to another team, free of whoever had claimed it. NAME is the team's key, as workflows
call it, or its name.

  orchestrator-gql assign ID FIELD
  orchestrator-gql assign ID "Field engineers" --url https://orchestrator.example"""

_ADOPT = """\
Make a late or refused delivery the result of its callback; the remote service is not called. ID is a process that has
one such delivery, or the delivery itself, as `show` lists it."""

_REISSUE = "Run the action of the open or failed callback again, with a fresh URL; the old one is dead."
_REAWAIT = "Wait longer for the same job, at the same URL; nobody is called."
_COMPLETE = "Type the result of a callback in, as JSON from a file or, with -, from what is piped in."
_RETRY = "Enter again at the step that failed; a failed validation judges the stored result again, and calls nobody."
_NOTIFICATIONS = """\
List what people outside were told, or are to be told, the newest first: by which way, of what, and what came of it.

  orchestrator-gql notifications
  orchestrator-gql notifications --dead"""
_RESEND = (
    "Send a notification again that was given up, or that got lost after it arrived. ID is as `notifications` lists it."
)
_ABORT = "End a process: its URLs are dead, its form is closed, and what cleans up runs."


def add_verbs(command: Command, server: str) -> None:
    """Add the operator's verbs to the commands."""

    def verb(
        name: str, summary: str, text: str, *, needs_reason: bool | None = None, is_of: str | None = _ITS_ID
    ) -> argparse.ArgumentParser:
        made = command(name, summary, text)
        if is_of is not None:
            listed_by = "notifications" if name == "resend" else "waits"
            made.add_argument("id", type=partial(whole_id, listed_by=listed_by), metavar="ID", help=is_of)
        if needs_reason is not None:
            made.add_argument("--reason", metavar="TEXT", required=needs_reason, help="why, for the audit log")
        made.add_argument("--url", default=server, help=f"the server ({server})")
        return made

    waits = verb("waits", "list what waits, the overdue first", _WAITS, is_of=None)
    waits.add_argument("--overdue", action="store_true", help="what is past its deadline only")
    waits.add_argument("--mine", action="store_true", help="the forms that you may answer only")
    waits.add_argument("--assignee", metavar="NAME", help="the forms for this team only: its key or its name")
    waits.add_argument("--json", action="store_true", help="each as a line of JSON")
    verb("show", "show one process", _SHOW).add_argument("--json", action="store_true", help="as JSON")
    _add_deciding(verb)
    verb("adopt", "make a late or refused delivery the result", _ADOPT, needs_reason=True)
    verb("reissue", "run the action again with a fresh URL", _REISSUE, needs_reason=False)
    reawait = verb("reawait", "wait longer for the same job", _REAWAIT, needs_reason=False)
    reawait.add_argument("--for", dest="seconds", type=_span, required=True, metavar="TIME", help="30s, 15m, 2h, 1d")
    complete = verb("complete", "type in the result of a callback", _COMPLETE, needs_reason=True)
    complete.add_argument(
        "--result", type=Path, required=True, metavar="FILE", help="the JSON; - reads what is piped in"
    )
    verb("retry", "enter again at the step that failed", _RETRY)
    verb("abort", "end a process", _ABORT, needs_reason=False)
    told = verb("notifications", "list what people outside are told", _NOTIFICATIONS, is_of=None)
    told.add_argument("--dead", action="store_true", help="what was given up only")
    told.add_argument("--json", action="store_true", help="each as a line of JSON")
    verb("resend", "send a notification again", _RESEND, is_of="the notification")


def _add_deciding(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """The verbs by which people start a process, and decide what it asks them."""
    start = verb("start", "start a workflow", _START, is_of=None)
    start.add_argument("workflow", metavar="WORKFLOW", help="its name")
    start.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of the last page")
    start.add_argument("--pages", metavar="JSON", help="all pages, where there are several")
    start.add_argument("--yes", action="store_true", help="do not ask")
    start.add_argument("--idempotency-key", metavar="KEY", help="the same key with the same answers starts once")
    start.add_argument("--json", action="store_true", help="the process as a line of JSON; the pages go to stderr")
    confirm = verb("confirm", "answer the open form of a process, or reject it", _CONFIRM, is_of=_PROCESS)
    confirm.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of the last page")
    confirm.add_argument("--pages", metavar="JSON", help="all pages, where there are several")
    confirm.add_argument("--comment", metavar="TEXT", help="what to say with it")
    how = confirm.add_mutually_exclusive_group()
    how.add_argument("--reject", action="store_true", help="refuse what it asks; --comment must say why")
    how.add_argument("--send-back", metavar="STEP", help="reject it by sending it back to the step that `show` names")
    confirm.add_argument("--yes", action="store_true", help="do not ask")
    verb("claim", "take a form, so that nobody else decides it", _CLAIM, is_of=_PROCESS)
    verb("release", "give a claimed form back", _RELEASE, is_of=_PROCESS)
    verb("assign", "give a form to another team", _ASSIGN, is_of=_PROCESS).add_argument(
        "name", metavar="NAME", help="the team's key or name"
    )


def whole_id(text: str, listed_by: str = "waits") -> UUID:
    """The id, which is never shortened; ``listed_by`` is the command that prints it.

    >>> whole_id("8f3a")
    Traceback (most recent call last):
    ...
    argparse.ArgumentTypeError: '8f3a' is no id. Give the whole id, as `waits` prints it.
    """
    try:
        return UUID(text)
    except ValueError:
        told = f"{text!r} is no id. Give the whole id, as `{listed_by}` prints it."
        raise argparse.ArgumentTypeError(told) from None


def _span(text: str) -> float:
    """Seconds in a time such as ``30s``, ``15m``, ``2h`` or ``1d``.

    >>> _span("1.5h")
    5400.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: it looks like 30s, 15m, 2h or 1d")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
