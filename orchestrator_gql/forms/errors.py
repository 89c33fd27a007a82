"""Converts the errors of pydantic to field errors, which a client can show beside the fields."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python
from pydantic_forms.core.shared import validation_error
from pydantic_forms.core.translations import translations
from pydantic_forms.exceptions import FormValidationError

from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.quality_values import quality_values

MAX_ERRORS = 100
MAX_MESSAGE_LENGTH = 1_000
MAX_KEY_LENGTH = 200
LONGEST_HEADER = 1_000

UNSAID = "This value is not accepted."

PAGE_ITSELF = "__root__"  # the library uses this place for an error of the whole model
DEFAULT_LOCALE = "en_US"

_ABSENT = object()


def locale_of(accept_language: str | None) -> str:
    """The locale of the library that fits an ``Accept-Language`` header best (RFC 9110, section 12.5.4).

    The default is ``DEFAULT_LOCALE``.
    """
    return DEFAULT_LOCALE if accept_language is None else _locale_of(accept_language[:LONGEST_HEADER])


@lru_cache(maxsize=64)
def _locale_of(accept_language: str) -> str:
    for tag, quality in sorted(quality_values(accept_language), key=lambda value: -value[1]):
        language = tag.partition("-")[0]
        locale = next((name for name in translations if name.partition("_")[0] == language), None)
        if locale is not None and quality:
            return str(locale)
    return DEFAULT_LOCALE


def field_errors(
    page: type[BaseModel], error: ValidationError | FormValidationError, *, answer: Json, locale: str = DEFAULT_LOCALE
) -> tuple[FieldError, ...]:
    """The errors of a submitted page, in the language of ``locale`` if the library knows that language.

    If there are more than ``MAX_ERRORS`` errors, the last entry says so.
    """
    return bounded(_field_error(detail, answer) for detail in _details(page, error, locale))


def bounded(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """The first ``MAX_ERRORS`` errors. If there are more, a last error says so: a hostile client may cause many."""
    kept = tuple(islice(errors, MAX_ERRORS + 1))
    if len(kept) <= MAX_ERRORS:
        return kept
    return (*kept[:MAX_ERRORS], FieldError((), "There are more errors than these.", "too_many_errors"))


def clipped(text: str, length: int) -> str:
    """A client's text in at most ``length`` characters, without lone surrogates, which UTF-8 cannot encode."""
    short = text if len(text) <= length else text[: length - 1] + "…"
    return short.encode("utf-8", "replace").decode("utf-8")


def _field_error(detail: ErrorDetails, answer: Json) -> FieldError:
    return FieldError(
        path=tuple(clipped(str(key), MAX_KEY_LENGTH) for key in _place(detail, answer)),
        message=_message(detail["msg"]),
        type=detail["type"],
        context=_context(detail),
    )


def _message(text: str) -> str:
    """The words of the author alone; a validator may raise without words, and then the text ends with a comma."""
    words = text.removeprefix("Value error, ").strip()
    return UNSAID if not words or words.endswith(",") else clipped(words, MAX_MESSAGE_LENGTH)


def _details(page: type[BaseModel], error: ValidationError | FormValidationError, locale: str) -> list[ErrorDetails]:
    if isinstance(error, FormValidationError):
        return error.errors
    raw = error.errors(include_url=False, include_input=False)
    if len(raw) > MAX_ERRORS or not all(_is_translatable(detail["msg"]) for detail in raw):
        return raw  # no person causes thousands of errors, and their translation would take seconds
    return validation_error(page, error, locale if locale in translations else DEFAULT_LOCALE).errors


def _is_translatable(message: str) -> bool:
    # The translator passes messages to str.format. If a validator quotes its input, a client could write the format
    # string: the result is a KeyError, or gigabytes of padding.
    return "{" not in message and "}" not in message


def _place(detail: ErrorDetails, answer: Json) -> list[str | int]:
    loc = detail["loc"]
    if loc and loc[-1] == PAGE_ITSELF and detail["type"] != "extra_forbidden":  # a client may send that key
        loc = loc[:-1]
    return _without_branches(loc, answer, is_missing=detail["type"] == "missing")


def _without_branches(location: tuple[str | int, ...], answer: Json, *, is_missing: bool) -> list[str | int]:
    """The path without the parts that are no keys of the submitted page, such as the name of a union's branch."""
    path: list[str | int] = []
    current = answer
    for depth, key in enumerate(location):
        below = _below(current, key)
        is_missing_key = is_missing and depth == len(location) - 1
        if below is not _ABSENT or current is _ABSENT or depth == 0 or is_missing_key:
            path.append(key)
            current = below
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
    # `error` is the exception itself. Its text is already the message.
    limits: dict[str, Any] = {key: value for key, value in detail.get("ctx", {}).items() if key != "error"}
    return to_jsonable_python(limits, fallback=str) or None
