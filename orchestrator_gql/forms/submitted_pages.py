"""Validates one submitted page of a client against the page class."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_forms.validators import ButtonsConfig

from orchestrator_gql.forms.errors import DEFAULT_LOCALE, MAX_KEY_LENGTH, bounded, clipped, field_errors
from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.forms.submission_keys import keys, under_submission_keys
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError, StepError
from orchestrator_gql.utils.json.given_back import given_back_as

MAX_DEPTH = 64


def judge(
    page: type[BaseModel],
    answer: Json,
    *,
    locale: str = DEFAULT_LOCALE,
    before: Callable[[], tuple[dict[str, Json], dict[str, Json]]] = lambda: ({}, {}),
) -> tuple[BaseModel | None, tuple[FieldError, ...]]:
    """The filled-in page and no errors, or None and the errors.

    A value for a read-only field is ignored. A missing field gets its initial value. ``before`` returns the original
    values of the fields and the values that were shown: a mask is replaced by the value that it hides, or refused.
    Raises ``StepError`` if a validator of the page returns no page, or if a field is an `Iterable`.
    """
    if not isinstance(answer, dict):
        return None, (FieldError((), "A page must be a JSON object.", "dict_type"),)
    sent = _without_read_only(page, answer)
    if flaws := bounded(_flaws(sent)):
        return None, flaws
    if holds_mask(sent):
        sent, masks = restored(sent, *before())
        if masks:
            return None, bounded(masks)
    try:
        model = _filled_in(page, sent)
    except ValidationError as error:
        return None, field_errors(page, error, answer=sent, locale=locale)
    if flaws := bounded(_flaws(submitted_values(model))):
        return None, flaws
    return model, ()


def submitted_values(model: BaseModel) -> dict[str, Any]:
    """The values of a filled-in page without its read-only fields, by submission key; not JSON yet."""
    fields = {name: field for name, field in type(model).model_fields.items() if _is_submitted(field)}
    # A client can send the values again.
    values: dict[str, Any] = under_submission_keys(
        model.model_dump(include=set(fields), by_alias=True, warnings=False), model
    )
    return values


def _is_submitted(field: FieldInfo) -> bool:
    return not field.frozen and field.annotation is not ButtonsConfig


def _without_read_only(page: type[BaseModel], answer: dict[str, Json]) -> dict[str, Json]:
    """The submitted values without those of read-only fields."""
    read_only = {key for name, field in page.model_fields.items() if field.frozen for key in keys(name, field)}
    return {key: value for key, value in answer.items() if key not in read_only}


def _filled_in(page: type[BaseModel], sent: dict[str, Json]) -> BaseModel:
    # `page(**sent)` would raise a TypeError if a client sends the key `self`.
    validator, core = page.__pydantic_validator__, page.__pydantic_core_schema__
    made: object = given_back_as(
        validator.validate_python, validator.validate_json, core, sent, self_instance=page.__new__(page)
    )
    if not isinstance(made, page):
        problem = f"A validator of {page.__name__} returned {type(made).__name__}, not a {page.__name__}"
        raise StepError(f"{problem}: end it with `return self`.", "form-definition")
    return made


def _flaws(value: Json) -> Iterator[FieldError]:
    """An error for each value that a database cannot store, or that is nested too deep for the stack of a reader.

    This runs before validation and again after it, because pydantic converts the text "nan" to a number.
    """
    pending: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while pending:
        path, current = pending.pop()
        match current:
            case dict() | list() if len(path) >= MAX_DEPTH:
                limit = {"max_depth": MAX_DEPTH}
                yield FieldError(path[:1], f"This is nested deeper than {MAX_DEPTH} levels.", "too_deep", limit)
            case dict():
                yield from (_unfit_text(path) for key in current if isinstance(key, str) and not _is_fit(key))
                pending += (((*path, clipped(str(key), MAX_KEY_LENGTH)), below) for key, below in current.items())
            case list():
                pending += (((*path, str(index)), below) for index, below in enumerate(current))
            case str() if not _is_fit(current):
                yield _unfit_text(path)
            case Iterator():
                problem = f"The field {'.'.join(path)!r} is an Iterable, which can be read only once"
                raise StepError(f"{problem}: write list[…] or Sequence[…].", "form-definition")
            case float() if not math.isfinite(current):
                yield FieldError(path, "Input should be a finite number", "finite_number")
            case _:
                pass


def _is_fit(text: str) -> bool:
    if "\0" in text:  # PostgreSQL cannot store NUL, not even escaped in JSON
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _unfit_text(path: tuple[str, ...]) -> FieldError:
    return FieldError(path, "Text must be Unicode without NUL and lone surrogates.", "unfit_text")
