"""What a callback's body must look like, from the model that its step names."""

import logging
from collections.abc import Iterator
from functools import lru_cache
from secrets import token_hex
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import DEFAULT_REF_TEMPLATE
from pydantic_core import core_schema

from orchestrator_gql.types import Json
from orchestrator_gql.utils.author_calls import AuthorRaised, attempt
from orchestrator_gql.utils.errors import FieldError, WorkflowDefinitionError
from orchestrator_gql.utils.exception_text import frames_of
from orchestrator_gql.utils.json import preview, to_json
from orchestrator_gql.utils.json.secrets import MarkingSchema

logger = logging.getLogger(__name__)

NAMED = 50
"""Places that are named; nobody reads more of them."""

COUNTED = 10_000
"""Places up to which a body is worth a closer look: one of ten million wrong items would cost seconds and gigabytes."""

_ECHOING = {
    "value_error": "does not follow a rule of the contract",
    "assertion_error": "does not follow a rule of the contract",
    "union_tag_invalid": "is of no kind that the contract knows",
    "uuid_parsing": "Input should be a valid UUID",
    "url_parsing": "Input should be a valid URL",
    "url_syntax_violation": "Input should be a valid URL",
    "json_invalid": "Input should be valid JSON",
    "bytes_invalid_encoding": "Input should be bytes in the right encoding",
    "get_attribute_error": "does not follow a rule of the contract",
}
"""Kinds whose own message may repeat what was sent, which may be a secret, and what is said instead."""

_KNOWN = frozenset(get_args(core_schema.ErrorType))


@lru_cache(maxsize=256)
def schema(contract: type[BaseModel], ref_template: str = DEFAULT_REF_TEMPLATE) -> Json:
    """The JSON Schema (2020-12) of the bodies that fit; ``ref_template`` says where its ``$defs`` will stand."""
    made = attempt(
        contract.model_json_schema, mode="validation", ref_template=ref_template, schema_generator=MarkingSchema
    )
    if isinstance(made, AuthorRaised):
        raise WorkflowDefinitionError(f"The contract {_name_of(contract)!r} has no JSON Schema: {made}")
    return made.value


def schema_or_nothing(contract: type[BaseModel], ref_template: str = DEFAULT_REF_TEMPLATE) -> Json:
    """The same; an empty one where the model has none, which fails the step that would hand out the URL."""
    try:
        return schema(contract, ref_template)
    except WorkflowDefinitionError:
        return {}


def violations(contract: type[BaseModel] | None, payload: Json) -> tuple[FieldError, ...]:
    """Where the letter breaks the contract, at most 50 places and a count; empty where it fits or there is none."""
    if contract is None:
        return ()
    judged = attempt(_judged, contract, payload)
    if isinstance(judged, AuthorRaised):
        # A validator is an author's code, and a letter of a shape that it did not think of must not be a 500. Its
        # message is not logged: it may repeat what was sent.
        error_id = token_hex(8)
        facts = {"contract": _name_of(contract), "error": judged.described.kind, "error_id": error_id}
        logger.error("a contract failed instead of refusing\n%s", frames_of(judged.error), extra=facts)
        message = f"The contract cannot judge a body of this shape (error {error_id} in the server's log)."
        return (FieldError((), message, "contract-failed"),)
    return judged.value


def _judged(contract: type[BaseModel], payload: Json) -> tuple[FieldError, ...]:
    try:
        contract.model_validate(payload)
    except ValidationError as broken:
        return tuple(_named(broken, payload))
    return ()


def _name_of(contract: type[BaseModel]) -> str:
    return str(contract.__name__)


def _named(broken: ValidationError, payload: Json) -> Iterator[FieldError]:
    count = broken.error_count()
    if count > COUNTED:
        yield FieldError((), f"breaks the contract in {count} places", "too-many-errors")
        return
    for error in broken.errors(include_url=False, include_input=False)[:NAMED]:
        kind = error["type"]
        says_it_itself = kind in _KNOWN and kind not in _ECHOING
        message = error["msg"] if says_it_itself else _ECHOING.get(kind, _ECHOING["value_error"])
        context = error.get("ctx", {}) if says_it_itself else {}
        yield FieldError(
            path=_place(error["loc"], payload, is_missing=kind == "missing"),
            message=message,
            type=kind,
            context=to_json({name: str(value) for name, value in context.items()}, where="context") or None,
        )
    if count > NAMED:
        yield FieldError((), f"and {count - NAMED} more places", "too-many-errors")


def _place(location: tuple[int | str, ...], payload: Any, *, is_missing: bool) -> tuple[str, ...]:
    """The place in the letter: pydantic's own, without what it says of unions, tags and functions on the way."""
    path: list[str] = []
    for number, key in enumerate(location):
        is_within = key in payload if isinstance(payload, dict) else _is_index(key, payload)
        if is_within:
            payload = payload[key]
        elif not (is_missing and number == len(location) - 1):
            continue
        path.append(preview(str(key), 200))  # names are the sender's own, and may be megabytes long
    return tuple(path)


def _is_index(key: int | str, payload: Any) -> bool:
    return isinstance(payload, list) and isinstance(key, int) and key < len(payload)
