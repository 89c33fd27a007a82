"""One answer of a client, judged against the page it answers."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_forms.validators import ButtonsConfig

from orchestrator_gql.forms.errors import DEFAULT_LOCALE, MAX_KEY_LENGTH, bounded, clipped, field_errors
from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError

MAX_DEPTH = 64


def judge(
    page: type[BaseModel],
    answer: Json,
    *,
    locale: str = DEFAULT_LOCALE,
    before: Callable[[], tuple[dict[str, Json], dict[str, Json]]] = lambda: ({}, {}),
) -> tuple[BaseModel | None, tuple[FieldError, ...]]:
    """The page filled in and no errors, or nothing and the errors.

    What was sent for a read-only field is not looked at; a field left out takes its initial value. ``before`` says what
    the fields held, and what of it was shown: a mask that comes back is taken for what it hides, and else refused.
    """
    if not isinstance(answer, dict):
        return None, (FieldError((), "A page must be a JSON object.", "dict_type"),)
    sent = _asked(page, answer)
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
    if flaws := bounded(_flaws(asked_values(model))):
        return None, flaws
    return model, ()


def asked_values(model: BaseModel) -> dict[str, Any]:
    """The values of a filled-in page that were asked for, by the key they are sent under; not JSON yet."""
    asked = {name: field for name, field in type(model).model_fields.items() if _is_asked(field)}
    values = model.model_dump(include=set(asked), warnings=False)
    return {_sent_as(name, asked[name]): value for name, value in values.items()}


def _is_asked(field: FieldInfo) -> bool:
    return not field.frozen and field.annotation is not ButtonsConfig


def _sent_as(name: str, field: FieldInfo) -> str:
    match field.validation_alias:
        case str() as alias:
            return alias
        case AliasChoices(choices=[str() as first, *_]):
            return first
        case _:
            return name


def keys(name: str, field: FieldInfo) -> set[str]:
    """Every key under which a client may send a field."""
    aliases = {name} | ({field.alias} if field.alias else set())
    match field.validation_alias:
        case str() as alias:
            aliases.add(alias)
        case AliasPath(path=path):
            aliases.add(str(path[0]))
        case AliasChoices(choices=choices):
            aliases |= {str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices}
        case _:
            pass
    return aliases


def _asked(page: type[BaseModel], answer: dict[str, Json]) -> dict[str, Json]:
    """The answer without what was sent for read-only fields."""
    shown = {key for name, field in page.model_fields.items() if field.frozen for key in keys(name, field)}
    return {key: value for key, value in answer.items() if key not in shown}


def _filled_in(page: type[BaseModel], sent: dict[str, Json]) -> BaseModel:
    # `page(**sent)` would be a TypeError for a client that sends a key `self`.
    model: BaseModel = page.__pydantic_validator__.validate_python(sent, self_instance=page.__new__(page))
    return model


def _flaws(value: Json) -> Iterator[FieldError]:
    """What no database could keep, or no reader could follow without running out of stack.

    Read before validation, and once more after it: pydantic makes a number of the text "nan".
    """
    open_values: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while open_values:
        path, here = open_values.pop()
        match here:
            case dict() | list() if len(path) >= MAX_DEPTH:
                limit = {"max_depth": MAX_DEPTH}
                yield FieldError(path[:1], f"This is nested deeper than {MAX_DEPTH} levels.", "too_deep", limit)
            case dict():
                yield from (_unfit_text(path) for key in here if isinstance(key, str) and not _is_fit(key))
                open_values += (((*path, clipped(str(key), MAX_KEY_LENGTH)), below) for key, below in here.items())
            case list():
                open_values += (((*path, str(index)), below) for index, below in enumerate(here))
            case str() if not _is_fit(here):
                yield _unfit_text(path)
            case float() if not math.isfinite(here):
                yield FieldError(path, "Input should be a finite number", "finite_number")
            case _:
                pass


def _is_fit(text: str) -> bool:
    if "\0" in text:  # PostgreSQL keeps no NUL, not even escaped in JSON
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _unfit_text(path: tuple[str, ...]) -> FieldError:
    return FieldError(path, "Text must be Unicode without NUL and lone surrogates.", "unfit_text")
