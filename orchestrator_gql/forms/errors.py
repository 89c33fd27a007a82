"""What pydantic says about an answer, as field errors that a client can place beside its fields."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python
from pydantic_forms.core.shared import validation_error
from pydantic_forms.core.translations import translations
from pydantic_forms.exceptions import FormValidationError

from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError

MAX_ERRORS = 100
MAX_MESSAGE_LENGTH = 1_000
MAX_KEY_LENGTH = 200
LONGEST_HEADER = 1_000

PAGE_ITSELF = "__root__"  # the library's place for what is wrong with a model as a whole
DEFAULT_LOCALE = "en_US"

_ABSENT = object()


def locale_of(accept_language: str | None) -> str:
    """The best of the languages that the library knows, by an ``Accept-Language`` header (RFC 9110, section 12.5.4)."""
    wanted: list[tuple[float, str]] = []
    for part in (accept_language or "")[:LONGEST_HEADER].split(","):
        language, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), language.partition("-")[0].lower()))
        except ValueError:
            continue
    for order, spoken in sorted(wanted, key=lambda one: one[0]):
        found = next((name for name in translations if name.partition("_")[0] == spoken), None)
        if found is not None and order < 0:
            return str(found)
    return DEFAULT_LOCALE


def field_errors(
    page: type[BaseModel], error: ValidationError | FormValidationError, *, answer: Json, locale: str = DEFAULT_LOCALE
) -> tuple[FieldError, ...]:
    """The errors of an answer to a page, in the words of ``locale`` where the library knows them.

    At most ``MAX_ERRORS`` are told, and that there are more.
    """
    return bounded(_field_error(detail, answer) for detail in _details(page, error, locale))


def bounded(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """The first ``MAX_ERRORS`` errors and, where there are more, one that says so: a hostile answer may have many."""
    told = tuple(islice(errors, MAX_ERRORS + 1))
    if len(told) <= MAX_ERRORS:
        return told
    return (*told[:MAX_ERRORS], FieldError((), "There are more errors than these.", "too_many_errors"))


def clipped(text: str, length: int) -> str:
    """Text of a client's own, short and free of lone surrogates, which no answer could carry as UTF-8."""
    short = text if len(text) <= length else text[: length - 1] + "…"
    return short.encode("utf-8", "replace").decode("utf-8")


def _field_error(detail: ErrorDetails, answer: Json) -> FieldError:
    return FieldError(
        path=tuple(clipped(str(key), MAX_KEY_LENGTH) for key in _place(detail, answer)),
        message=clipped(detail["msg"].removeprefix("Value error, "), MAX_MESSAGE_LENGTH),
        type=detail["type"],
        context=_context(detail),
    )


def _details(page: type[BaseModel], error: ValidationError | FormValidationError, locale: str) -> list[ErrorDetails]:
    if isinstance(error, FormValidationError):
        return error.errors
    raw = error.errors(include_url=False, include_input=False)
    if len(raw) > MAX_ERRORS or not all(_is_translatable(detail["msg"]) for detail in raw):
        return raw  # thousands of errors are nobody's typing, and translating them would take seconds
    return validation_error(page, error, locale if locale in translations else DEFAULT_LOCALE).errors


def _is_translatable(message: str) -> bool:
    # The translator hands messages to str.format. A validator that quotes its input would let a client write the
    # format string: a KeyError at best, gigabytes of padding at worst.
    return "{" not in message and "}" not in message


def _place(detail: ErrorDetails, answer: Json) -> list[str | int]:
    loc = detail["loc"]
    if loc and loc[-1] == PAGE_ITSELF and detail["type"] != "extra_forbidden":  # a client may well send that key
        loc = loc[:-1]
    return _without_branches(loc, answer, is_missing=detail["type"] == "missing")


def _without_branches(loc: tuple[str | int, ...], answer: Json, *, is_missing: bool) -> list[str | int]:
    """Drop what pydantic puts into a path that is no key of the answer, such as the name of a union's branch."""
    path: list[str | int] = []
    here = answer
    for depth, key in enumerate(loc):
        below = _below(here, key)
        is_missing_key = is_missing and depth == len(loc) - 1
        if below is not _ABSENT or here is _ABSENT or depth == 0 or is_missing_key:
            path.append(key)
            here = below
    return path


def _below(value: Json, key: str | int) -> Json:
    match value, key:
        case dict(), _ if key in value:
            return value[key]
        case list(), int() if key < len(value):
            return value[key]
        case _:
            return _ABSENT


def _context(detail: ErrorDetails) -> dict[str, Json] | None:
    # `error` is the exception itself, whose text is the message.
    limits: dict[str, Any] = {key: value for key, value in detail.get("ctx", {}).items() if key != "error"}
    return to_jsonable_python(limits, fallback=str) or None
