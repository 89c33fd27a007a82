"""The commands that repair a process or many, send a notification again, and pause the engine."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator_gql.cli.commands import completers
from orchestrator_gql.cli.commands.parameters import (
    AsJson,
    CallbackName,
    NeededReason,
    PartId,
    Reason,
    Url,
    Yes,
    process_of,
    read_id,
    read_span,
)
from orchestrator_gql.cli.commands.selection import EVERY, Selection
from orchestrator_gql.cli.credentials import server_of
from orchestrator_gql.cli.failure import DONE

_ONE = "the process; without it, the options select many"
FailedOrMany = Annotated[str | None, Parameter(metavar="ID", converter=read_id, completer=completers.failed, help=_ONE)]
LivingOrMany = Annotated[str | None, Parameter(metavar="ID", converter=read_id, completer=completers.living, help=_ONE)]
DryRun = Annotated[bool, Parameter(name="--dry-run", help="show what would be done, and do nothing")]


def retry(
    id: FailedOrMany = None,
    /,
    *,
    selection: Selection = EVERY,
    dry_run: DryRun = False,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Run the failed step again. A failed validation checks the stored result again, and calls no remote service.

      orchestrator-gql retry ID
      orchestrator-gql retry --failure step-timeout --since 2h --dry-run
      orchestrator-gql retry --workflow create_vpn --failure step-raised --yes

    Without ID the options select the processes, as those of `processes` do; they are listed and counted, and the
    command asks. Exit code 1: the server refuses, at least for one process; each refusal is a line on standard error.
    """
    from orchestrator_gql.cli.operator.many import Many

    return Many("retry", url, selection, None, is_dry=dry_run, is_json=json, is_agreed=yes).run(id)


def abort(
    id: LivingOrMany = None,
    /,
    *,
    reason: Reason = None,
    selection: Selection = EVERY,
    dry_run: DryRun = False,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """End a process: its callback URLs end, its form is closed, and its clean-up steps run.

      orchestrator-gql abort ID --reason "The order was cancelled."
      orchestrator-gql abort --workflow create_vpn --status FAILED --until 7d --dry-run
      orchestrator-gql abort --search ticket-4711 --reason "A test." --yes

    Without ID the options select the processes, as those of `processes` do; they are listed and counted, and the
    command asks. Exit code 1: the server refuses, at least for one process; each refusal is a line on standard error.
    """
    from orchestrator_gql.cli.operator.many import Many

    return Many("abort", url, selection, reason, is_dry=dry_run, is_json=json, is_agreed=yes).run(id)


def adopt(
    id: Annotated[
        str,
        Parameter(
            metavar="ID",
            converter=read_id,
            completer=completers.with_callback,
            help="the process, or the delivery itself",
        ),
    ],
    /,
    *,
    reason: NeededReason,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Make a late or refused delivery the result of its callback; the remote service is not called. ID is a process
    that has one such delivery, or the delivery itself, as `show` lists it.

      orchestrator-gql adopt ID --reason "The service was slow; its result is right."
    """
    from orchestrator_gql.cli.operator import verbs

    verbs.adopt(*process_of(url, id), reason, is_json=json)
    return DONE


def reissue(
    id: PartId,
    /,
    *,
    name: CallbackName = None,
    reason: Reason = None,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Run the action of the open or failed callback again, with a fresh URL.
    The old URL ends.

      orchestrator-gql reissue ID --reason "The service lost the job."
      orchestrator-gql reissue ID --name router-a
    """
    from orchestrator_gql.cli.operator import verbs

    verbs.reissue(*process_of(url, id), name, reason, is_json=json)
    return DONE


def reawait(
    id: PartId,
    /,
    *,
    seconds: Annotated[
        float, Parameter(name="--for", metavar="TIME", converter=read_span, help="how long: 30s, 15m, 2h, 1d")
    ],
    name: CallbackName = None,
    reason: Reason = None,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Wait longer for the same job, at the same URL.
    The remote service is not called.

      orchestrator-gql reawait ID --for 2h
      orchestrator-gql reawait ID --name router-a --for 30m
    """
    from orchestrator_gql.cli.operator import verbs

    verbs.reawait(*process_of(url, id), name, seconds, reason, is_json=json)
    return DONE


def continue_now(
    id: Annotated[
        str, Parameter(metavar="ID", converter=read_id, completer=completers.waiting_for_a_time, help="the process")
    ],
    /,
    *,
    reason: NeededReason,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Let a process go on before the time for which it waits,
    such as the begin of its maintenance window.

      orchestrator-gql continue ID --reason "The customer agreed to a change at noon."
    """
    from orchestrator_gql.cli.operator import verbs

    verbs.continue_now(*process_of(url, id), reason, is_json=json)
    return DONE


def complete(
    id: PartId,
    /,
    *,
    result: Annotated[
        Path,
        Parameter(name="--result", metavar="FILE", help="the JSON; - reads standard input", allow_leading_hyphen=True),
    ],
    name: CallbackName = None,
    reason: NeededReason,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Type in the result of a callback, as JSON
    from a file or, with -, from standard input.

      orchestrator-gql complete ID --result result.json --reason "The service cannot call back."
      echo '{"ok": true}' | orchestrator-gql complete ID --result - --reason "Checked by hand."
      orchestrator-gql complete ID --name router-a --result a.json --reason "It was upgraded at the console."

    If several results of a step are missing, complete them one after the other, by their names.
    """
    from orchestrator_gql.cli.operator import verbs

    verbs.complete(*process_of(url, id), name, result, reason, is_json=json)
    return DONE


def resend(
    id: Annotated[str, Parameter(metavar="ID", converter=read_id, help="the notification; a short id will do")],
    /,
    *,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Send a notification again that was given up, or that got lost after it arrived.
    `notifications` lists the IDs.

      orchestrator-gql resend ID
    """
    from orchestrator_gql.cli.operator.ids import notification_id
    from orchestrator_gql.cli.operator.notifications import resend as send_again

    base = server_of(url)
    send_again(base, notification_id(base, id), is_json=json)
    return DONE


def pause(
    *,
    reason: Annotated[
        str | None,
        Parameter(name="--reason", metavar="TEXT", help="why, for other people; at most 1,000 characters"),
    ] = None,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """No new step starts, on any machine; running steps finish. Meanwhile starts and retries are refused. Callbacks and
    forms are still accepted, and take effect when the engine is resumed.

      orchestrator-gql pause --reason "The core router is replaced."
    """
    return _set_engine(url, paused=True, reason=reason, is_json=json)


def resume(
    *,
    reason: Annotated[
        str | None,
        Parameter(name="--reason", metavar="TEXT", help="why, for the event log; at most 1,000 characters"),
    ] = None,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Start steps again:
    everything goes on by itself.

      orchestrator-gql resume
    """
    return _set_engine(url, paused=False, reason=reason, is_json=json)


def _set_engine(url: str | None, *, paused: bool, reason: str | None, is_json: bool) -> int:
    from orchestrator_gql.cli.pause import set_engine

    set_engine(server_of(url), paused=paused, reason=reason, is_json=is_json)
    return DONE
