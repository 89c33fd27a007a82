"""The command `orchestrator-gql`: takes the arguments, runs the command, turns refusals into a sentence and a code."""

import argparse
import gc
import sys
from collections.abc import Sequence

from orchestrator_gql.cli.arguments import PROGRAM, parser
from orchestrator_gql.cli.terminal import drop_output
from orchestrator_gql.utils.errors import OrchestratorError

DONE = 0
DECLINED = 1
"""The server understood an operator's verb and says no: look at the process again."""
REFUSED = 2
"""What argparse answers a wrong argument with, too: mend the command or the settings, then try again."""
INTERRUPTED = 130
CLOSED = 141
"""128 and SIGPIPE: whoever read our output has stopped reading."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name and return the exit code."""
    asked = parser().parse_args(arguments)
    try:
        return _run(asked)
    except OrchestratorError as refused:
        print(f"{PROGRAM}: {refused.message}", file=sys.stderr)
        return DECLINED if refused.code == "verb-refused" else REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return CLOSED


def _run(asked: argparse.Namespace) -> int:
    """Import the one command that is asked for: `--version` needs no server, and `tail` no database."""
    match asked.command:
        case "serve" | "worker":
            gc.disable()  # nothing that is imported is garbage, and looking for it costs a seventh of the start
            from orchestrator_gql.cli.serve import serve

            serve(
                asked.workflows,
                host=asked.host,
                port=asked.port,
                database=asked.database,
                public=asked.public_url,
                role="worker" if asked.command == "worker" else asked.role,
            )
        case "demo":
            gc.disable()
            from orchestrator_gql.cli.demo import demo

            demo(port=asked.port, proxy_port=asked.proxy_port, work=asked.work)
        case "migrate":
            from orchestrator_gql.cli.migrate import migrate

            migrate(asked.database)
        case "backup":
            from orchestrator_gql.cli.backup import backup

            backup(asked.file, database=asked.database)
        case "schema":
            from orchestrator_gql.cli.schema import schema

            schema(asked.output)
        case "tail":
            from orchestrator_gql.cli.tail import tail

            tail(asked.url, after=asked.after, process_id=asked.process, is_json=asked.json)
        case "pause" | "resume":
            from orchestrator_gql.cli.pause import set_engine

            set_engine(asked.url, paused=asked.command == "pause", reason=asked.reason)
        case "audit":
            return _audit(asked)
        case _:
            _act(asked)
    return DONE


def _audit(asked: argparse.Namespace) -> int:
    """What is asked of the audit log; 1 where it is not whole."""
    match asked.what:
        case "verify":
            from orchestrator_gql.cli.audit import verify

            anchor = verify.anchor_of(asked.anchor) if asked.anchor else None
            is_whole = verify.verify_files(asked.file, anchor) if asked.file else verify.verify(asked.url, anchor)
            return DONE if is_whole else DECLINED
        case "export":
            from orchestrator_gql.cli.audit.export import export

            export(asked.url, output=asked.output, after=asked.after)
        case _:
            from orchestrator_gql.cli.audit.listing import show

            show(asked.url, process_id=asked.process, actions=asked.action, is_json=asked.json)
    return DONE


def _act(asked: argparse.Namespace) -> None:
    """One of the operator's verbs."""
    match asked.command:
        case "waits":
            from orchestrator_gql.cli.operator.waits import waits

            waits(asked.url, overdue=asked.overdue, mine=asked.mine, assignee=asked.assignee, is_json=asked.json)
        case "show":
            from orchestrator_gql.cli.operator.show import show

            show(asked.url, asked.id, is_json=asked.json)
        case "start" | "confirm":
            _fill_in(asked)
        case "claim" | "release":
            from orchestrator_gql.cli.operator import decisions

            getattr(decisions, asked.command)(asked.url, asked.id)
        case "assign":
            from orchestrator_gql.cli.operator.decisions import assign

            assign(asked.url, asked.id, asked.name)
        case "notifications":
            from orchestrator_gql.cli.operator.notifications import notifications

            notifications(asked.url, dead=asked.dead, is_json=asked.json)
        case "resend":
            from orchestrator_gql.cli.operator.notifications import resend

            resend(asked.url, asked.id)
        case name:
            from orchestrator_gql.cli.operator import verbs

            options = {key: value for key, value in vars(asked).items() if key not in ("command", "url", "id")}
            getattr(verbs, name)(asked.url, asked.id, **options)


def _fill_in(asked: argparse.Namespace) -> None:
    """What is answered page by page, or refused."""
    given = {"fields": asked.set, "pages": asked.pages, "is_agreed": asked.yes}
    if asked.command == "start":
        from orchestrator_gql.cli.operator.start import start

        start(asked.url, asked.workflow, key=asked.idempotency_key, is_json=asked.json, **given)
    elif asked.reject or asked.send_back is not None:
        from orchestrator_gql.cli.operator.decisions import reject

        answers = [*asked.set, *filter(None, [asked.pages])]
        reject(
            asked.url, asked.id, comment=asked.comment, back_to=asked.send_back, is_agreed=asked.yes, answers=answers
        )
    else:
        from orchestrator_gql.cli.operator.confirm import confirm

        confirm(asked.url, asked.id, comment=asked.comment, **given)
