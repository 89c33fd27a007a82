"""The help of the command line: of all commands, without any library, and of one command, from its function."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator_gql.cli import catalog
from orchestrator_gql.cli.catalog import PROGRAM, SECTIONS, Entry, entries
from orchestrator_gql.utils.errors import SettingsError

if TYPE_CHECKING:
    from cyclopts import App

WIDEST = 120
NARROWEST = 20
GAP = 2
NAMES = 26
"""Columns of the names of options; a longer name has its text on the next line."""


@dataclass(frozen=True, slots=True)
class Row:
    """An argument or an option in the help: its names with its value, and what it does."""

    label: str
    text: str
    is_required: bool = False


def width() -> int:
    """The columns of the terminal, within bounds."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))


def command_words(arguments: Sequence[str]) -> tuple[str, ...]:
    """The words of the arguments that name a command; empty if they name none."""
    names = {entry.name for entry in entries()}
    if " ".join(arguments[:2]) in names:
        return tuple(arguments[:2])
    return tuple(arguments[:1]) if arguments and arguments[0] in names | catalog.GROUPS.keys() else ()


def help_of(arguments: Sequence[str], columns: int | None = None) -> str:
    """The help of the command that the arguments name, or of all commands."""
    columns = columns or width()
    match command_words(arguments):
        case ():
            return _whole(columns)
        case ("audit",):
            return _audit(columns)
        case words:
            return _command(" ".join(words), columns)


def _whole(columns: int) -> str:
    lines = [f"Usage: {PROGRAM} COMMAND [OPTIONS]", "", *_wrapped(catalog.SUMMARY, columns)]
    for title, section in SECTIONS.items():
        lines += ["", title, *_commands(section, columns)]
    lines += ["", "Options of all commands", *_rows([Row(*each) for each in catalog.EVERYWHERE], columns)]
    closing = (
        f"`{PROGRAM} COMMAND --help` has the options of a command, with examples. ORCHESTRATOR_URL names the server, "
        "ORCHESTRATOR_TOKEN or ORCHESTRATOR_TOKEN_FILE your token."
    )
    return "\n".join([*lines, "", *_wrapped(catalog.EXIT_CODES, columns), "", *_wrapped(closing, columns), ""])


def _commands(section: Sequence[Entry], columns: int) -> Iterator[str]:
    for entry in section:
        yield from _row(Row(entry.name, entry.summary), columns, indent=4, names=16)


def _audit(columns: int) -> str:
    lines = [f"Usage: {PROGRAM} audit WHAT [OPTIONS]", "", *_description(catalog.AUDIT, columns), ""]
    return "\n".join([*lines, "Commands", *_commands(_below("audit"), columns), ""])


def _below(name: str) -> list[Entry]:
    """The commands of two words whose first word is the name."""
    return [entry for entry in entries() if entry.name.startswith(f"{name} ")]


def _command(name: str, columns: int) -> str:
    page = page_of(name)
    arguments = " ".join(row.label if row.is_required else f"[{row.label}]" for row in page.arguments)
    usage = " ".join(filter(None, (f"Usage: {PROGRAM}", name, arguments, "[OPTIONS]")))
    lines = [*_wrapped(usage, columns, hanging="    "), "", *_description(page.text, columns)]
    if page.arguments:
        lines += ["", "Arguments", *_rows(page.arguments, columns)]
    lines += ["", "Options", *_rows([*page.options, Row("--help, -h", "print this help")], columns)]
    if below := _below(name):
        lines += ["", "Commands", *_commands(below, columns)]
    calls_server = any(row.label.startswith("--url ") for row in page.options)
    if calls_server and "xit code" not in page.text:
        lines += ["", *_wrapped(catalog.EXIT_CODES, columns)]
    return "\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class Page:
    """The help of one command: its text, its arguments and its options."""

    text: str
    arguments: tuple[Row, ...]
    options: tuple[Row, ...]


def page_of(name: str) -> Page:
    """The help of the command with this name, from its function; also for the reference page."""
    from inspect import cleandoc

    from orchestrator_gql.cli.app import application

    app: App = application()
    for word in name.split():
        app = app[word]
    if app.default_command is None or not app.default_command.__doc__:
        raise SettingsError(f"The command {name} has no help.")
    arguments, options = list[Row](), list[Row]()
    for argument in app.assemble_argument_collection():
        if not argument.show:
            continue
        parameter = argument.parameter
        names = [each for each in argument.names if each.startswith("-")]
        metavar = parameter.metavar or argument.name.lstrip("-").upper()
        choices = argument.get_choices()
        text = parameter.help or ""
        if choices:
            metavar = parameter.metavar or "|".join(choices)
            text = f"{text}: {', '.join(choices)}" if parameter.metavar else text
        if not names:
            arguments.append(Row(metavar, text, argument.required))
            continue
        many = " ..." if parameter.consume_multiple else ""
        label = ", ".join(names) + ("" if argument.hint is bool else f" {metavar}{many}")
        options.append(Row(label, f"{text} (required)" if argument.required else text, argument.required))
    return Page(cleandoc(app.default_command.__doc__), tuple(arguments), tuple(options))


def _description(text: str, columns: int) -> Iterator[str]:
    """The text with its paragraphs wrapped; an example, which is indented, stays as it is."""
    paragraph = list[str]()
    for line in text.splitlines():
        if line and not line.startswith(" "):
            paragraph.append(line)
            continue
        if paragraph:
            yield from _wrapped(" ".join(paragraph), columns)
            paragraph = []
        yield line
    yield from _wrapped(" ".join(paragraph), columns)


def _rows(rows: Sequence[Row], columns: int) -> Iterator[str]:
    for row in rows:
        yield from _row(row, columns, indent=2, names=NAMES)


def _row(row: Row, columns: int, *, indent: int, names: int) -> Iterator[str]:
    at = indent + names + GAP
    if columns < at + NARROWEST:  # a narrow terminal has no second column
        yield " " * indent + row.label
        yield from _wrapped(row.text, columns, " " * (indent + GAP))
        return
    lines = textwrap.wrap(row.text, columns - at) or [""]
    label = " " * indent + row.label
    if len(label) > at - GAP:
        yield label
    else:
        yield f"{label:<{at}}{lines.pop(0)}".rstrip()
    yield from (" " * at + line for line in lines)


def _wrapped(text: str, columns: int, indent: str = "", *, hanging: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        columns,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
