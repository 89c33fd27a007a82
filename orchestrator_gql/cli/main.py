"""The entry point `orchestrator-gql`: it runs the chosen command and turns errors into a sentence and an exit code."""

import errno
import os
import sys
from collections.abc import Sequence

from orchestrator_gql.cli import context, help_text
from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.failure import CLOSED, DONE, INTERRUPTED, REFUSED, UNWRITTEN, report
from orchestrator_gql.cli.terminal import drop_output, prepare_output
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError
from orchestrator_gql.version import __version__


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
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        if given[:1] == [COMPLETE]:
            return _complete(given)
        words, color = _without_color(given)
        options = words[: words.index("--")] if "--" in words else words
        if "--help" in options or "-h" in options or not words:
            sys.stdout.write(help_text.help_of(words))
            return DONE if words else REFUSED
        if options == ["--version"]:
            sys.stdout.write(f"{PROGRAM} {__version__}\n")
            return DONE
        context.begin(words, color)
        return _run(words)
    except OrchestratorError as error:
        return report(error)
    except (UnicodeEncodeError, UnicodeDecodeError):
        message = "An argument or the input is not text in the encoding of this shell: set LC_ALL to C.UTF-8."
        return report(SettingsError(message))
    except OSError as error:
        if error.filename is None:
            raise
        # A folder that this user may not enter, or a name that is too long: even a look whether a file exists fails.
        return report(SettingsError(f"{os.fsdecode(error.filename)!r} cannot be used: {error.strerror}."))
    except KeyboardInterrupt:
        return INTERRUPTED


def _complete(words: Sequence[str]) -> int:
    """Offer the completions that a shell asks for."""
    from orchestrator_gql.cli.app import application

    application()(words)
    return DONE


def _run(words: Sequence[str]) -> int:
    from orchestrator_gql.cli.app import run  # only here: the help needs no library

    if words[0] in _WITHOUT_SERVER:
        return run(words)
    from orchestrator_gql.utils.extras import hidden

    _warn_of_misspelt_variables()
    with hidden("click"):  # httpx would load it with rich for a command line of its own: a tenth of the time
        return run(words)


def _without_color(given: Sequence[str]) -> tuple[list[str], str]:
    """The arguments without the option ``--color``, and its value; every command has this option, at any place."""
    words, color, rest = list[str](), "auto", iter(given)
    for word in rest:
        if word == "--":
            words += [word, *rest]
        elif word == "--color" or word.startswith("--color="):
            color = word.partition("=")[2] if "=" in word else next(rest, "")
            if color not in context.COLORS:
                raise SettingsError(f"{color!r} is not a choice of colours: give --color auto, always or never.")
        else:
            words.append(word)
    return words, color


_WITHOUT_SERVER = ("serve", "worker", "demo", "migrate", "backup", "schema", "port", "completion")
"""The commands that call no server."""

COMPLETE = "__complete"
"""The word by which the script of a shell asks for completions."""

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""The errors of a full disk, or of a broken one; an error about opening a file has the name of the file."""

_OF_CLIENTS = ("ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN", "ORCHESTRATOR_TOKEN_FILE")
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
