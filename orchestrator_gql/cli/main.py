"""The entry point `orchestrator-gql`: it runs the chosen command and turns errors into a sentence and an exit code."""

import argparse
import errno
import gc
import os
import sys
from collections.abc import Sequence

from orchestrator_gql.cli.arguments import PROGRAM, parser
from orchestrator_gql.cli.failure import CLOSED, DECLINED, DONE, INTERRUPTED, UNWRITTEN, report
from orchestrator_gql.cli.terminal import drop_output, prepare_output
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name and return the exit code."""
    prepare_output()
    try:
        try:
            return _code_of(arguments)
        finally:
            sys.stdout.flush()  # Python would do it at its exit, and report an error in its own words
    except BrokenPipeError:
        drop_output()
        return CLOSED
    except OSError as error:
        if error.errno not in _UNWRITABLE or error.filename is not None:
            raise
        drop_output()
        print(f"{PROGRAM}: The output cannot be written: {error.strerror}.", file=sys.stderr)
        return UNWRITTEN


def _code_of(arguments: Sequence[str] | None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(given, argparse.Namespace(given=list(given)))
    if hasattr(options, "url"):
        _warn_of_misspelt_variables()
    try:
        return _run(options)
    except OrchestratorError as error:
        return report(error)
    except (UnicodeEncodeError, UnicodeDecodeError):
        message = "An argument or the input is not text in the encoding of this shell: set LC_ALL to C.UTF-8."
        return report(SettingsError(message))
    except KeyboardInterrupt:
        return INTERRUPTED


_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

"""The errors of a full disk, or of a broken one; an error about opening a file has the name of the file."""


def _run(options: argparse.Namespace) -> int:
    """Import and run the chosen command only: `--version` needs no server, and `tail` no database."""
    match options.command:
        case "serve" | "worker" if options.reload:
            from orchestrator_gql.cli.serving.reloading import serve_reloading

            return serve_reloading(options.given, options.workflows, host=options.host, port=options.port)
        case "serve" | "worker":
            gc.disable()  # imports make no garbage, and looking for it costs a seventh of the start time
            from orchestrator_gql.cli.serve import serve

            serve(
                options.workflows,
                host=options.host,
                port=options.port,
                database=options.database,
                public=options.public_url,
                role="worker" if options.command == "worker" else options.role,
            )
        case "demo":
            gc.disable()
            from orchestrator_gql.cli.demo import demo

            has_examples = not options.no_examples
            demo(port=options.port, proxy_port=options.proxy_port, work=options.work, has_examples=has_examples)
        case "migrate":
            from orchestrator_gql.cli.migrate import migrate

            migrate(options.database, after_restore=options.after_restore)
        case "backup":
            from orchestrator_gql.cli.backup import backup

            return backup(options.file, database=options.database)
        case "prune":
            from orchestrator_gql.cli.prune import prune

            return prune(options)
        case "schema":
            from orchestrator_gql.cli.schema import schema

            schema(options.output)
        case "tail":
            from orchestrator_gql.cli.tail import tail

            tail(options.url, after=options.after, process_id=options.process, is_json=options.json)
        case "pause" | "resume":
            from orchestrator_gql.cli.pause import set_engine

            set_engine(options.url, paused=options.command == "pause", reason=options.reason)
        case "audit":
            return _audit(options)
        case _:
            _act(options)
    return DONE


_OF_CLIENTS = ("ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN")
"""The variables of the commands that call a server."""


def _warn_of_misspelt_variables() -> None:
    """Name the variables that the caller of a server may have meant for another one; a server refuses to start."""
    own = {name for name in os.environ if name.upper().startswith("ORCHESTRATOR_")}
    if own <= set(_OF_CLIENTS):
        return  # the settings take a tenth of a second to import
    from orchestrator_gql.config.settings import Settings
    from orchestrator_gql.config.sources import PREFIX, misspelt, nearest, unknown_variables

    for name in unknown_variables(os.environ, Settings.model_fields):
        near = nearest(name, _OF_CLIENTS)
        why = f"is not a setting; the nearest name is {near}" if near else misspelt(Settings, (name,))
        print(f"{PROGRAM}: {PREFIX}{name.upper()} {why}", file=sys.stderr)


def _audit(options: argparse.Namespace) -> int:
    """Run a command on the audit log and return the exit code: 1 if the log was changed."""
    match options.what:
        case "verify":
            from orchestrator_gql.cli.audit import verify

            anchor = verify.anchor_of(options.anchor) if options.anchor else None
            is_whole = verify.verify_files(options.file, anchor) if options.file else verify.verify(options.url, anchor)
            return DONE if is_whole else DECLINED
        case "export":
            from orchestrator_gql.cli.audit.export import export

            export(options.url, output=options.output, after=options.after)
        case _:
            from orchestrator_gql.cli.audit.listing import show

            show(options.url, process_id=options.process, actions=options.action, is_json=options.json)
    return DONE


def _act(options: argparse.Namespace) -> None:
    """Run an operator's verb."""
    match options.command:
        case "waits":
            from orchestrator_gql.cli.operator.waits import waits

            waits(
                options.url, overdue=options.overdue, mine=options.mine, assignee=options.assignee, is_json=options.json
            )
        case "show":
            from orchestrator_gql.cli.operator.show import show

            show(options.url, options.id, is_json=options.json)
        case "start" | "confirm":
            _fill_in(options)
        case "claim" | "release":
            from orchestrator_gql.cli.operator import decisions

            getattr(decisions, options.command)(options.url, options.id)
        case "assign":
            from orchestrator_gql.cli.operator.decisions import assign

            assign(options.url, options.id, options.name)
        case "notifications":
            from orchestrator_gql.cli.operator.notifications import notifications

            notifications(options.url, dead=options.dead, is_json=options.json)
        case "resend":
            from orchestrator_gql.cli.operator.notifications import resend

            resend(options.url, options.id)
        case name:
            from orchestrator_gql.cli.operator import verbs

            keywords = {
                key: value
                for key, value in vars(options).items()
                if key not in ("command", "given", "url", "id", "yes")
            }
            getattr(verbs, name)(options.url, options.id, **keywords)


def _fill_in(options: argparse.Namespace) -> None:
    """Answer or reject a form."""
    form_options = {"fields": options.set, "pages": options.pages, "is_agreed": options.yes}
    if options.command == "start":
        from orchestrator_gql.cli.operator.start import start

        start(options.url, options.workflow, key=options.idempotency_key, is_json=options.json, **form_options)
    elif options.reject or options.send_back is not None:
        from orchestrator_gql.cli.operator.decisions import reject

        answers = [*options.set, *filter(None, [options.pages])]
        reject(
            options.url,
            options.id,
            comment=options.comment,
            back_to=options.send_back,
            is_agreed=options.yes,
            answers=answers,
        )
    else:
        from orchestrator_gql.cli.operator.confirm import confirm

        confirm(options.url, options.id, comment=options.comment, **form_options)
