"""What an operator can ask for on the command line."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

Command = Callable[[str, str, str], argparse.ArgumentParser]
"""Makes the parser of a command of its name, summary and text."""

_ITS_ID = "the process, or the callback where it has several"

_WAITS = """\
List what waits for a remote service or a person, the overdue first, with its age and its deadline.

  orchestrator-gql waits
  orchestrator-gql waits --overdue --json"""

_SHOW = "Show one process: its steps, its callbacks with everything that came to their doors, and what may be done now."

_CONFIRM = """\
Answer the open form of a process. What it shows is printed, and asked for unless --yes says so already.

  orchestrator-gql confirm ID
  orchestrator-gql confirm ID --set remark="looks good" --yes
  orchestrator-gql confirm ID --pages '[{"answer": "wait"}, {"minutes": 30}]' --yes"""

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
            made.add_argument("id", type=UUID, metavar="ID", help=is_of)
        if needs_reason is not None:
            made.add_argument("--reason", metavar="TEXT", required=needs_reason, help="why, for the audit log")
        made.add_argument("--url", default=server, help=f"the server ({server})")
        return made

    waits = verb("waits", "list what waits, the overdue first", _WAITS, is_of=None)
    waits.add_argument("--overdue", action="store_true", help="what is past its deadline only")
    waits.add_argument("--json", action="store_true", help="each as a line of JSON")
    verb("show", "show one process", _SHOW).add_argument("--json", action="store_true", help="as JSON")
    confirm = verb("confirm", "answer the open form of a process", _CONFIRM)
    confirm.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of the page")
    confirm.add_argument("--pages", metavar="JSON", help="all pages, where there are several")
    confirm.add_argument("--comment", metavar="TEXT", help="what to say with it")
    confirm.add_argument("--yes", action="store_true", help="do not ask")
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


def _span(text: str) -> float:
    """Seconds in a time such as ``30s``, ``15m``, ``2h`` or ``1d``.

    >>> _span("1.5h")
    5400.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: it looks like 30s, 15m, 2h or 1d")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
