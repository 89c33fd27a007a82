"""The scalars DateTime and JSON."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NewType

import strawberry
from graphql import ValueNode, value_from_ast_untyped

from orchestrator_gql.graphql.plain_fields import JSON_SCALAR
from orchestrator_gql.graphql.redaction import Shown, redacted
from orchestrator_gql.utils.clock import read_instant
from orchestrator_gql.utils.errors import FieldError, PayloadInvalid
from orchestrator_gql.utils.json import read
from orchestrator_gql.utils.json.redaction import Redactor

if TYPE_CHECKING:
    JSON = Any
else:
    JSON = NewType("JSON", object)  # a type of its own, which the schema maps to the scalar


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_instant(value: Any) -> datetime:
    try:
        return read_instant(value)
    except (TypeError, ValueError) as wrong:
        message = f"{value!r:.80} is no ISO 8601 date and time from the year 1 to 9999 with Z or an offset."
        raise PayloadInvalid(message) from wrong


def _read_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    """Read a literal of the document with the strict JSON reader, as the variables are read.

    During the validation the variables inside a literal have no value yet and become null.
    """
    value = value_from_ast_untyped(node, variables)
    return read(json.dumps(value, default=lambda _: None).encode())


def required_json(description: str) -> Any:
    """An input field for any JSON value, also null: its type is nullable, so the resolver must `demand_given` it."""
    return strawberry.field(
        default=strawberry.UNSET, description=f"{description} It must be given, also if it is null."
    )


def demand_given(name: str, value: JSON | None) -> JSON | None:
    """The value of a `required_json` field. Raises `PayloadInvalid` if it is absent."""
    if value is strawberry.UNSET:
        message = f"`{name}` is missing: give its value, or null if its value is null."
        raise PayloadInvalid(message, [FieldError((name,), message, "missing")])
    return value


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A point in time in ISO 8601. Answers are in UTC, such as 2026-11-24T09:30:00Z; inputs need Z or an "
    "offset.",
    serialize=_instant,
    parse_value=_read_instant,
)


def scalars(redact: Redactor) -> dict[object, Any]:
    """The scalars of the Python types, for the configuration of the schema.

    A value that the `Redaction` of the operation has not redacted is redacted here, so that no field can be forgotten.
    """

    def shown(value: Any) -> Any:
        return value.value if isinstance(value, Shown) else redacted(redact, value)

    json_scalar = strawberry.scalar(
        name=JSON_SCALAR,
        description="Any JSON value. It is used only for data whose structure this schema does not define, such as "
        "callback results and state.",
        serialize=shown,
        parse_value=lambda value: value,
        parse_literal=_read_literal,
    )
    return {JSON: json_scalar, datetime: DATE_TIME}
