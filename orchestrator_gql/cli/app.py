"""The command line as a Cyclopts application: it reads the arguments and calls the function of the command."""

import re
import sys
from collections.abc import Sequence
from types import MethodType

from cyclopts import (
    App,
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from orchestrator_gql.cli import catalog, help_text
from orchestrator_gql.cli.catalog import PROGRAM, entries
from orchestrator_gql.cli.commands.lists import products
from orchestrator_gql.cli.failure import REFUSED
from orchestrator_gql.cli.nearest import near_names
from orchestrator_gql.cli.terminal import printable

DEFAULTS = Parameter(negative=(), allow_repeating=True, show_default=False)
"""Of an option that is given several times the last value counts."""

UNSUGGESTED = ("--yes",)
"""Options that no message suggests: who follows the suggestion would not be asked any more."""

SUGGESTION = re.compile(r' Did you mean "[^"]*"\?')
"""The suggestion in a message of the library."""


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
    groups = {name: App(name=name, help=text, default_parameter=DEFAULTS) for name, text in catalog.GROUPS.items()}
    groups["products"].default(products)
    for group in groups.values():
        app.command(group)
    for entry in entries():
        parent, _, name = entry.name.rpartition(" ")
        if entry.name not in groups:
            above = groups[parent] if parent else app
            above.command(entry.target, name=name, help=entry.summary, default_parameter=DEFAULTS)
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
    """The message of the error. The library suggests names that are far away, so the suggestions are ours."""
    text, word, names, quote = printable(" ".join(str(error).split())), "", list[str](), '"'
    match error:
        case UnknownOptionError():
            given = error.token.keyword or error.token.value
            text, word, quote = f"Unknown option: {printable(given)}", given.partition("=")[0], ""
            names = [name for each in error.argument_collection if each.parse for name in each.names]
        case UnknownCommandError() if error.unused_tokens:
            word, names = error.unused_tokens[0], _names_beside(error)
            text = f'Unknown command "{printable(word)}"'
            if not error.command_chain and (meant := catalog.OTHER_WORDS.get(word.casefold())):
                return f'{text}. Did you mean "{meant}"?'
        case CoercionError() if error.token is not None and error.argument is not None:
            word, names = error.token.value, list(error.argument.get_choices() or ())
            text = SUGGESTION.sub("", text)
        case MissingArgumentError() if error.argument is not None:
            text = _lacking(error, error.argument.name)
        case UnusedCliTokensError() if error.unused_tokens:
            text = f"One argument too many: {printable(error.unused_tokens[0])!r}"
    text = text if text.endswith((".", "?", "!")) else f"{text}."
    near = near_names(word, [name for name in names if name not in UNSUGGESTED], 1)
    return f"{text} Did you mean {quote}{near[0]}{quote}?" if near else text


def _lacking(error: MissingArgumentError, name: str) -> str:
    if error.keyword is not None or f"parameter {name} requires at least" in str(error):
        return f"{error.keyword or name} needs a value"
    options = [each for each in error.unused_tokens or () if each.startswith("-") and near_names(each, [name])]
    meant = f": did you mean that by {options[0]}?" if options else ""
    return f"{' '.join(error.command_chain or ())} needs {name}{meant}"


def _names_beside(error: CycloptsError) -> list[str]:
    """The commands that may stand where the unknown command stands."""
    parent = " ".join(error.command_chain or ())
    if parent:
        return [entry.name.removeprefix(f"{parent} ") for entry in entries() if entry.name.startswith(f"{parent} ")]
    return list(dict.fromkeys([*catalog.GROUPS, *(entry.name for entry in entries() if " " not in entry.name)]))
