"""The options and arguments that several commands have, and how their values are read."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from cyclopts import Parameter, Token

from orchestrator_gql.cli.catalog import LOCAL_SERVER, PROGRAM
from orchestrator_gql.cli.commands import completers
from orchestrator_gql.cli.credentials import server_of
from orchestrator_gql.cli.nearest import near_names

SHORTEST = 4
"""The fewest digits of a short id; the server searches no shorter text in ids."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

DATABASE = "sqlite+aiosqlite:///FILE or postgresql+psycopg://...; wins over ORCHESTRATOR_DATABASE_URL"


def read_id(type_: Any, tokens: Sequence[Token]) -> str:
    """A whole id in its usual form, or a short id as it is; raises `ValueError` for another text."""
    text = tokens[0].value.strip().removeprefix("…").lower()
    try:
        return str(UUID(text))
    except ValueError:
        pass
    digits = text.replace("-", "")
    if re.fullmatch(r"[0-9a-f-]+", text) and SHORTEST <= len(digits) < 32:
        return text
    message = f"{tokens[0].value!r} is not an id. Give the id, or at least {SHORTEST} digits of it"
    raise ValueError(f"{message}, as `{PROGRAM} processes` prints it.")


def read_span(type_: Any, tokens: Sequence[Token]) -> float:
    """The seconds of a time such as ``30s``, ``15m``, ``2h``, ``1d`` or ``2w``; raises `ValueError` for another
    text."""
    return span(tokens[0].value)


def span(text: str) -> float:
    """The seconds of a time such as ``30s``.

    >>> span("1.5h")
    5400.0
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhdw])", text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration: a duration looks like 30s, 15m, 2h or 1d")
    return float(match[1]) * UNITS[match[2]]


def read_moment(type_: Any, tokens: Sequence[Token]) -> str:
    """A moment as ISO 8601: the text is a time before now such as ``2h``, or a date with or without a time."""
    text = tokens[0].value
    if re.fullmatch(r"[\d.]+[a-z]", text):
        seconds = span(text)
        try:
            return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
        except OverflowError:
            raise ValueError(f"{text!r} is before the first year.") from None
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a moment: it looks like 2h, 7d, 2026-03-02 or 2026-03-02T09:00") from None


def read_days(type_: Any, tokens: Sequence[Token]) -> float:
    """A number of days from 0 to `LONGEST`; raises `ValueError` for another text."""
    text = tokens[0].value
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= LONGEST:
        raise ValueError(f"{text!r} is not a number of days from 0 to {LONGEST:,}")
    return days


def read_limit(type_: Any, tokens: Sequence[Token]) -> int:
    """A number of rows from 1; raises `ValueError` for another text."""
    text = tokens[0].value
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise ValueError(f"{text!r} is not a number of rows from 1")
    return int(text)


def read_choices(type_: Any, tokens: Sequence[Token]) -> tuple[str, ...]:
    """The choices in upper case, as people may type them in lower case; raises `ValueError` for another text."""
    choices: tuple[str, ...] = get_args(get_args(type_)[0])
    for token in tokens:
        if token.value.upper() not in choices:
            near = near_names(token.value, choices, 1)
            advice = f'. Did you mean "{near[0]}"?' if near else ""
            raise ValueError(f"{token.value!r} is none of {', '.join(choices)}{advice}")
    return tuple(token.value.upper() for token in tokens)


LONGEST = 36_500
"""The most days of `prune --older-than`: a hundred years."""

Url = Annotated[
    str | None, Parameter(name="--url", metavar="URL", help=f"the server (ORCHESTRATOR_URL, or {LOCAL_SERVER})")
]
Yes = Annotated[
    bool, Parameter(name="--yes", help="do not ask; every command that acts takes it, also one that asks nothing")
]
AsJson = Annotated[bool, Parameter(name="--json", help="the result as a JSON object, for scripts")]
JsonLines = Annotated[bool, Parameter(name="--json", help="each row as a line of JSON, for scripts")]
Reason = Annotated[
    str | None, Parameter(name="--reason", metavar="TEXT", help="why, for the audit log; at most 10,000 characters")
]
NeededReason = Annotated[
    str, Parameter(name="--reason", metavar="TEXT", help="why, for the audit log; at most 10,000 characters")
]


def _process(completer: Callable[..., dict[str, str]], help: str = "the process; a short id will do") -> Parameter:
    return Parameter(metavar="ID", converter=read_id, completer=completer, help=help)


ProcessId = Annotated[str, _process(completers.processes)]
FormId = Annotated[str, _process(completers.with_form)]
"""A process that waits for a person."""

PartId = Annotated[str, _process(completers.with_callback, "the process, or the callback itself")]
CallbackName = Annotated[
    str | None,
    Parameter(name="--name", metavar="NAME", help="the callback with this name, if the step has several"),
]
Database = Annotated[str | None, Parameter(name="--database", metavar="URL", help=DATABASE)]

WorkflowTarget = Literal["CREATE", "MODIFY", "TERMINATE", "VALIDATE", "RECONCILE", "SYSTEM"]


def several(name: str, metavar: str, help: str, **more: Any) -> Parameter:
    """An option that takes several values behind it, and may be repeated."""
    return Parameter(name=name, metavar=metavar, help=help, consume_multiple=1, **more)


Workflows = Annotated[
    tuple[str, ...], several("--workflow", "NAME", "only of these workflows", completer=completers.workflows)
]
Targets = Annotated[
    tuple[WorkflowTarget, ...],
    several("--target", "TARGET", "only of these targets, such as CREATE", converter=read_choices),
]


def process_of(url: str | None, id: str) -> tuple[str, UUID]:
    """The server of the option ``--url``, and the whole id of the process there, for a whole or a short id."""
    from orchestrator_gql.cli.operator.ids import process_id  # only here: the help needs no client

    base = server_of(url)
    return base, process_id(base, id)
