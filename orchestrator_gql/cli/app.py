"""The command line as a Cyclopts application: it reads the arguments and calls the function of the command."""

import sys
from collections.abc import Sequence
from types import MethodType
from typing import Literal

from cyclopts import App, CycloptsError, Parameter

from orchestrator_gql.cli import catalog, help_text
from orchestrator_gql.cli.catalog import PROGRAM, entries
from orchestrator_gql.cli.failure import REFUSED

DEFAULTS = Parameter(negative=(), allow_repeating=True, show_default=False)
"""Of an option that is given several times the last value counts."""


def application() -> App:
    """All commands. The module of a command is imported when the command is used."""
    app = App(
        name=PROGRAM,
        help=catalog.SUMMARY,
        help_flags=[],
        version_flags=[],
        help_format="plaintext",
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
        default_parameter=DEFAULTS,
    )
    audit = App(name="audit", help="read, export and verify who decided what", default_parameter=DEFAULTS)
    app.command(audit)
    for entry in entries():
        parent, _, name = entry.name.rpartition(" ")
        (audit if parent else app).command(entry.target, name=name, help=entry.summary, default_parameter=DEFAULTS)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run the command of the arguments and return its exit code; a wrong argument is reported with the fix."""
    app = application()
    try:
        command, bound, _ = app.parse_args(list(arguments))
    except CycloptsError as error:
        words = help_text.command_words(arguments)
        print(f"{PROGRAM}: {_sentence(error)}", file=sys.stderr)
        print(f"See `{' '.join((PROGRAM, *words, '--help'))}`.", file=sys.stderr)
        return REFUSED
    if isinstance(command, MethodType):  # of the library: it would print the help of a command without a function
        sys.stdout.write(help_text.help_of(arguments))
        return REFUSED
    code: int = command(*bound.args, **bound.kwargs)
    return code


def _sentence(error: CycloptsError) -> str:
    text = " ".join(str(error).split())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def completion_script(shell: Literal["bash", "zsh", "fish"]) -> str:
    """The script that completes the words of this command in the shell."""
    return application().generate_completion(shell=shell)
