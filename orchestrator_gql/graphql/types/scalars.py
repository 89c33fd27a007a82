"""The two scalars that are not GraphQL's own."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NewType

import strawberry

from orchestrator_gql.utils.errors import PayloadInvalid

if TYPE_CHECKING:
    Json = Any
else:
    Json = NewType("Json", object)  # something of its own that the schema can map to the scalar


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_instant(value: Any) -> datetime:
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError) as wrong:
        raise PayloadInvalid(f"{value!r} is no ISO 8601 date and time.") from wrong
    if read.tzinfo is None:
        raise PayloadInvalid(f"{value!r} names no time zone: add Z or an offset.")
    return read


JSON = strawberry.scalar(
    name="JSON",
    description="Any JSON value: only for data whose shape is not ours, such as callback results, form data and state.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)
DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="An instant: ISO 8601 in UTC, such as 2026-11-24T09:30:00Z. An offset is understood.",
    serialize=_instant,
    parse_value=_read_instant,
)

SCALARS: dict[object, Any] = {Json: JSON, datetime: DATE_TIME}
"""Which Python type is which scalar, for the schema's configuration."""
