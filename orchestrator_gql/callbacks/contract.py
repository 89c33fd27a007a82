"""Validates the payload of a delivery against the contract, the pydantic model of its callback step."""

import logging
from collections.abc import Iterator
from functools import lru_cache
from secrets import token_hex
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import DEFAULT_REF_TEMPLATE
from pydantic_core import SchemaValidator, core_schema

from orchestrator_gql.callbacks.issued_contract import validator_of
from orchestrator_gql.types import Json
from orchestrator_gql.utils.author_calls import AuthorRaised, attempt
from orchestrator_gql.utils.errors import FieldError, WorkflowDefinitionError
from orchestrator_gql.utils.exception_text import frames_of, log_trace
from orchestrator_gql.utils.json import decode, encode, preview, to_json
from orchestrator_gql.utils.json.schemas import schema_of
from orchestrator_gql.utils.json.strict_types import json_as

logger = logging.getLogger(__name__)

MAX_PLACES = 50
"""Number of places that an error names; nobody reads more."""

MAX_COUNTED = 10_000
"""Number of errors up to which each is read: a body with ten million errors would cost seconds and gigabytes."""

_MESSAGES_INSTEAD = {
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
"""Error types whose own message may repeat the payload, which may be a secret, and the messages used instead."""

_KNOWN_TYPES = frozenset(get_args(core_schema.ErrorType))


@lru_cache(maxsize=256)
def schema(contract: type[BaseModel], ref_template: str = DEFAULT_REF_TEMPLATE) -> Json:
    """The JSON Schema (2020-12) of the payloads that fit; ``ref_template`` says where its ``$defs`` will be.

    Raises `WorkflowDefinitionError` if the model has no JSON Schema.
    """
    result = attempt(schema_of, contract, mode="validation", ref_template=ref_template)
    if isinstance(result, AuthorRaised):
        raise WorkflowDefinitionError(f"The contract {_name_of(contract)!r} has no JSON Schema: {result}")
    return result.value


def schema_or_nothing(contract: type[BaseModel]) -> Json:
    """As `schema`, but empty if the model has no JSON Schema; then the step that hands out the URL fails."""
    try:
        return schema(contract)
    except WorkflowDefinitionError:
        return {}


def violations(contract: type[BaseModel] | None, payload: Json) -> tuple[FieldError, ...]:
    """The places where the payload breaks the contract: at most 50, and a count. Empty if there is no contract."""
    if contract is None:
        return ()
    result = attempt(_violations_in, contract, payload)
    if isinstance(result, AuthorRaised):
        # A validator is code of an author. A payload of an unexpected shape must not cause a status 500. The message of
        # the exception is not logged: it may repeat the payload.
        error_id = token_hex(8)
        details = {"contract": _name_of(contract), "error": result.described.kind, "error_id": error_id}
        log_trace(logger, logging.ERROR, "a contract failed instead of refusing", frames_of(result.error), **details)
        message = f"The contract cannot judge a body of this shape (error {error_id} in the server's log)."
        return (FieldError((), message, "contract-failed"),)
    return result.value


def violations_of_issued(issued: Json, deployed: type[BaseModel] | None, payload: Json) -> tuple[FieldError, ...]:
    """As `violations`, by the contract that a callback was issued with: ``issued`` is its JSON Schema, None for none.

    The ``deployed`` model judges as long as it has that schema, because it knows more rules than its schema. A
    deployment may change the model while a callback waits; then the schema judges.
    """
    if issued is None:
        return ()
    model = judging_model(issued, deployed)
    if model is not None:
        return violations(model, payload)
    validator = validator_of(issued)
    return tuple(_field_errors_of(validator, payload)) if validator is not None else ()


def judging_model(issued: Json, deployed: type[BaseModel] | None) -> type[BaseModel] | None:
    """The model that judges the payloads of a callback with this contract; None if its JSON Schema judges."""
    if issued is None or deployed is None or schema_as_stored(deployed) == issued:
        return None if issued is None else deployed
    if validator_of(issued) is None:
        logger.warning("the contract of a callback cannot be judged by its JSON Schema; the deployed model judges")
        return deployed
    return None


def late_verdict(reason: str) -> tuple[FieldError, ...]:
    """The verdict if the contract takes too long: the payload is refused, and kept as an attempt."""
    return (FieldError((), f"The contract did not judge this body. {reason}", "contract-timeout"),)


@lru_cache(maxsize=256)
def schema_as_stored(contract: type[BaseModel]) -> Json:
    """The JSON Schema as a callback keeps it; None if there is none."""
    return decode(encode(schema_or_nothing(contract)))


def _field_errors_of(validator: SchemaValidator, payload: Json) -> Iterator[FieldError]:
    try:
        validator.validate_python(payload)
    except ValidationError as error:
        yield from _field_errors(error, payload)


def _violations_in(contract: type[BaseModel], payload: Json) -> tuple[FieldError, ...]:
    try:
        json_as(contract.model_validate, contract.model_validate_json, contract.__pydantic_core_schema__, payload)
    except ValidationError as error:
        return tuple(_field_errors(error, payload))
    return ()


def _name_of(contract: type[BaseModel]) -> str:
    return str(contract.__name__)


def _field_errors(error_set: ValidationError, payload: Json) -> Iterator[FieldError]:
    count = error_set.error_count()
    if count > MAX_COUNTED:
        yield FieldError((), f"breaks the contract in {count} places", "too-many-errors")
        return
    for error in error_set.errors(include_url=False, include_input=False)[:MAX_PLACES]:
        kind = error["type"]
        has_safe_message = kind in _KNOWN_TYPES and kind not in _MESSAGES_INSTEAD
        message = error["msg"] if has_safe_message else _MESSAGES_INSTEAD.get(kind, _MESSAGES_INSTEAD["value_error"])
        context = error.get("ctx", {}) if has_safe_message else {}
        yield FieldError(
            path=_place(error["loc"], payload, is_missing=kind == "missing"),
            message=message,
            type=kind,
            context=to_json({name: str(value) for name, value in context.items()}, where="context") or None,
        )
    if count > MAX_PLACES:
        yield FieldError((), f"and {count - MAX_PLACES} more places", "too-many-errors")


def _place(location: tuple[int | str, ...], payload: Any, *, is_missing: bool) -> tuple[str, ...]:
    """The place in the payload: pydantic's location without the names of unions, tags and functions."""
    path: list[str] = []
    for depth, key in enumerate(location):
        is_within = key in payload if isinstance(payload, dict) else _is_index(key, payload)
        if is_within:
            payload = payload[key]
        elif not (is_missing and depth == len(location) - 1):
            continue
        path.append(preview(str(key), 200))  # the sender chooses the names, which may be megabytes long
    return tuple(path)


def _is_index(key: int | str, payload: Any) -> bool:
    return isinstance(payload, list) and isinstance(key, int) and key < len(payload)
