"""Describe any exception as text, within limits of size and work, and without raising.

An author's exception contains code of the author. Its ``__str__`` may raise, return no text or megabytes of text; its
causes may form a circle; its class may have a metaclass. So the code here reads it only through the interpreter's own
descriptors, or catches every error.
"""

import logging
import stat
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from reprlib import Repr
from typing import Any, TypeVar

from pydantic import ValidationError

from orchestrator_gql.utils.errors import ProcessFailureError, StepError
from orchestrator_gql.utils.json.boundary import to_json
from orchestrator_gql.utils.json.flaws import FORBIDDEN_CHARACTER
from orchestrator_gql.utils.json.text import Json, encode

__all__ = ["RAISED", "Description", "beginning", "describe", "frames_of", "is_a", "log_trace"]

RAISED = "step-raised"
"""The failure code for an exception without a code."""

MESSAGE = 10_000
"""Characters of a message that are kept: the beginning."""

TRACE = 20_000
"""Characters of a trace that are kept: the end, which shows the cause."""

NAME = 200
CODE = 64
FRAMES = 50
"""Frames of one exception that are kept: the last frames, which raised it."""

EXCEPTIONS = 20
"""The most exceptions in one trace, with causes and members of groups."""

LEAVES = 3
"""The most members of a group that its message names; the trace has more."""

NOTES = 5
LARGEST_SOURCE = 2_000_000
"""The largest source file, in bytes, whose lines are shown."""

LONGEST_SECRET = 600
"""Characters that are dropped before a cut, back to the last space if there is one: otherwise half of a token could
stay, and a search for the whole token would not find it."""

MANY = 1_000
"""The most members of a value whose whole text is made; for more, only the first members are shown."""

SPEECHLESS = "(it cannot be described: its text failed)"
"""The message of an exception whose text cannot be read."""

UNSAID = "(no message)"
"""The message of a polite exception without a message."""

T = TypeVar("T")

_NAME, _QUALNAME, _MODULE = (vars(type)[name] for name in ("__name__", "__qualname__", "__module__"))
_ARGS, _CAUSE, _CONTEXT, _IS_SUPPRESSED, _TRACEBACK = (
    vars(BaseException)[name] for name in ("args", "__cause__", "__context__", "__suppress_context__", "__traceback__")
)
_MEMBERS = vars(BaseExceptionGroup)["exceptions"]
_BECAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"


@dataclass(frozen=True, slots=True)
class Description:
    """The description of an exception for people: texts without NUL and lone surrogates.

    ``kind`` is the name of its class. A polite exception (`ProcessFailureError`, `StepError`) has its own ``code``; a
    `ProcessFailureError` also has ``details``. ``trace`` holds the last characters of the trace.
    """

    kind: str
    code: str
    message: str
    details: Json
    trace: str
    is_polite: bool

    def __str__(self) -> str:
        return self.message if self.is_polite else beginning(_named(self.kind, self.message), MESSAGE)


def describe(error: BaseException) -> Description:
    """Return the description of any exception; never raises."""
    unknown = Description("exception", RAISED, SPEECHLESS, None, "", is_polite=False)
    return _attempt(lambda: _described(error), unknown)


def _described(error: BaseException) -> Description:
    kind = _attempt(lambda: _name_of(type(error)), "exception")
    trace = _attempt(lambda: _trace(error), "")
    if is_a(error, ProcessFailureError):
        code = _attempt(lambda: _code(getattr(error, "code", None)), ProcessFailureError.code)
        details = _attempt(lambda: _details(error), {"unreadable": SPEECHLESS})
        return Description(kind, code, _polite(error), details, trace, is_polite=True)
    if is_a(error, StepError):
        code = _attempt(lambda: _code(getattr(error, "failure_code", None)), StepError.code)
        return Description(kind, code, _polite(error), None, trace, is_polite=True)
    return Description(kind, RAISED, _attempt(lambda: _with_leaves(error), SPEECHLESS), None, trace, is_polite=False)


def frames_of(error: BaseException) -> str:
    """Return the frames of the exception without its text, which may repeat input from a stranger."""
    return _attempt(lambda: _end(_frames(error), TRACE), "")


def log_trace(logger: logging.Logger, level: int, text: str, trace: str, **facts: Any) -> None:
    """Log the text with the trace below it, on lines of its own; ``facts`` are the ``extra`` of the record.

    The trace is already text, without what a log must not have. As `exc_info`, the exception would be described again,
    by any formatter of the application and without these limits.
    """
    if logger.isEnabledFor(level):
        file, line, function, _ = logger.findCaller(stacklevel=2)
        record = logger.makeRecord(logger.name, level, file, line, text, (), None, function, facts)
        record.exc_text = trace.rstrip("\n") or None
        logger.handle(record)


def is_a(error: BaseException, *kinds: type[BaseException]) -> bool:
    """Do `isinstance` by the real class: an exception may set ``__class__`` to another class."""
    return issubclass(type(error), kinds)


def _attempt(work: Callable[[], T], instead: T) -> T:
    try:
        return work()
    except BaseException:  # this may be code of an author, too
        return instead


def _polite(error: BaseException) -> str:
    """Return the message that the author gave, converted to text if it is none."""
    value = _attempt(lambda: getattr(error, "message", None), None)
    message = "" if value is None else _attempt(lambda: beginning(_as_text(value), MESSAGE), SPEECHLESS)
    return message or _text_of(error) or UNSAID


def _as_text(value: Any) -> str:
    kind = type(value)
    if issubclass(kind, str):
        return _plain(value)
    if issubclass(kind, BaseException):
        return f"{_name_of(kind)}: {_text_of(value)}"
    if issubclass(kind, dict | list | tuple | set | frozenset):
        if len(value) > MANY:
            return _plain(_short().repr(value))
        try:
            return encode(to_json(value, where="message"))
        except StepError:
            return _plain(repr(value))
    return _plain(str(value))


def _details(error: BaseException) -> Json:
    try:
        return to_json(getattr(error, "details", None), where="details")
    except StepError as problem:
        return {"unreadable": beginning(_plain(problem.message), MESSAGE)}


def _code(code: Any) -> str:
    text = _plain(code)[:CODE]  # a value that is no text raises; then the code of the class counts
    if not text.strip():
        raise ValueError(text)
    return text


def _text_of(error: BaseException) -> str:
    return _attempt(lambda: beginning(_plain(_text(error)), MESSAGE), SPEECHLESS)


def _text(error: BaseException) -> str:
    kind = type(error)
    if issubclass(kind, ValidationError):
        count = error.error_count()  # type: ignore[attr-defined]
        if count > MANY:
            return f"{count} validation errors for {error.title}"  # type: ignore[attr-defined]
    else:
        arguments: Sequence[Any] = _ARGS.__get__(error)
        if any(_is_many(argument) for argument in arguments):
            return ", ".join(map(_short().repr, arguments))
    return str(error)


def _with_leaves(error: BaseException) -> str:
    """Return the text, and behind that of a group those of its first members: "unhandled errors" alone says nothing."""
    leaves = [_named(_name_of(type(leaf)), _leaf_text(leaf)) for leaf in islice(_leaves(error), LEAVES)]
    return beginning(": ".join(filter(None, (_text_of(error), "; ".join(leaves)))), MESSAGE)


def _named(kind: str, text: str) -> str:
    return f"{kind}: {text}" if text else kind


def _leaf_text(leaf: BaseException) -> str:
    return _polite(leaf) if is_a(leaf, ProcessFailureError, StepError) else _text_of(leaf)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    left = deque([error])
    for _ in range(EXCEPTIONS):
        if not left:
            return
        exception = left.popleft()
        if is_a(exception, BaseExceptionGroup):
            left.extendleft(reversed(_MEMBERS.__get__(exception)[:EXCEPTIONS]))
        elif exception is not error:
            yield exception


def _is_many(value: Any) -> bool:
    """Return whether the value's text may have megabytes: to make it blocks every other thread."""
    return issubclass(type(value), dict | list | tuple | set | frozenset | bytes | bytearray) and len(value) > MANY


def _short() -> Repr:
    short = Repr()
    short.maxstring = short.maxother = short.maxlong = NAME
    return short


def _plain(text: str) -> str:
    """Return the beginning of the text as a plain ``str``, without characters that a database refuses."""
    kept: str = str.__getitem__(text, slice(0, MESSAGE + 2 * LONGEST_SECRET))
    return FORBIDDEN_CHARACTER.sub("\ufffd", kept)


def beginning(text: str, limit: int) -> str:
    """Return the beginning of the text, without half of a word at its end."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    space = max(kept.rfind(" ", limit - LONGEST_SECRET), kept.rfind("\n", limit - LONGEST_SECRET))
    return (kept[:space] if space >= 0 else kept[: limit - LONGEST_SECRET]) + "…"


def _end(text: str, limit: int) -> str:
    """Return the end of the text, without half of a word at its beginning."""
    if len(text) <= limit:
        return text
    kept = text[1 - limit :]
    line = kept.find("\n", 0, LONGEST_SECRET)
    return "…" + (kept[line:] if line >= 0 else kept[LONGEST_SECRET:])


def _name_of(kind: type) -> str:
    return _plain(_NAME.__get__(kind))[:NAME]


def _full_name_of(kind: type) -> str:
    name = _plain(_QUALNAME.__get__(kind))[:NAME]
    module = _attempt(lambda: _plain(_MODULE.__get__(kind))[:NAME], "builtins")
    return name if module in ("builtins", "__main__") else f"{module}.{name}"


def _trace(error: BaseException) -> str:
    remaining = [EXCEPTIONS]
    return _end("".join(_traced(error, remaining, 0)), TRACE)


def _traced(error: BaseException, remaining: list[int], depth: int) -> Iterator[str]:
    """Yield the text of the causes, the first cause first, then of the exception.

    ``remaining`` holds the number of exceptions that may still be described.
    """
    for exception, link in reversed(_links(error, remaining)):
        if frames := _attempt(partial(_frames, exception), ""):
            yield f"Traceback (most recent call last):\n{frames}"
        name, text = _attempt(partial(_full_name_of, type(exception)), "exception"), _text_of(exception)
        yield f"{name}: {text}\n" if text else f"{name}\n"
        yield _attempt(partial(_notes, exception), "")
        if is_a(exception, BaseExceptionGroup):
            yield from _members(exception, remaining, depth)
        yield link


def _links(error: BaseException, remaining: list[int]) -> list[tuple[BaseException, str]]:
    """Return the exception and its causes, each with the line that links it to the exception before it in the list."""
    chain, known_ids, link = list[tuple[BaseException, str]](), set[int](), ""
    exception: BaseException | None = error
    while exception is not None and id(exception) not in known_ids and remaining[0] > 0:
        chain.append((exception, link))
        known_ids.add(id(exception))
        remaining[0] -= 1
        cause = _CAUSE.__get__(exception)
        is_context = cause is None and not _IS_SUPPRESSED.__get__(exception)
        exception, link = (_CONTEXT.__get__(exception), _DURING) if is_context else (cause, _BECAUSE)
    return chain


def _members(group: BaseException, remaining: list[int], depth: int) -> Iterator[str]:
    members: Sequence[BaseException] = _MEMBERS.__get__(group)
    for number, member in enumerate(members, start=1):
        if remaining[0] <= 0 or depth >= 3:
            yield f"  | and {len(members) - number + 1} more\n"
            return
        trace = "".join(_traced(member, remaining, depth + 1))
        yield f"  +- {number} of {len(members)}\n" + "".join(f"  | {line}\n" for line in trace.splitlines())


def _notes(error: BaseException) -> str:
    notes: Iterable[str] = getattr(error, "__notes__", ())
    return "".join(f"{beginning(_plain(note), 1_000)}\n" for note in islice(notes, NOTES))


def _frames(error: BaseException) -> str:
    trace = _TRACEBACK.__get__(error)
    last = deque(traceback.walk_tb(trace), maxlen=FRAMES)
    if all(map(_is_readable, {frame.f_code.co_filename for frame, _ in last})):
        return "".join(traceback.extract_tb(trace, limit=-FRAMES).format())
    return "".join(
        f'  File "{_plain(frame.f_code.co_filename)[:NAME]}", line {line}, in {_plain(frame.f_code.co_name)[:NAME]}\n'
        for frame, line in last
    )


def _is_readable(path: str) -> bool:
    """Return whether to read the file's lines: a pipe has no end, and a generated file may have megabytes."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return len(path) <= NAME  # such as <string>: there is nothing to read
    return stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_SOURCE
