"""Reads what a test sends as the server reads a body of JSON."""

import json

from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json.reading import read


def sent(value: Json) -> Json:
    """The value as the server reads it; raises `PayloadInvalid` if it is no JSON, or if the server refuses it.

    >>> sent({"nodes": ("ams-1", "lon-1")})
    {'nodes': ['ams-1', 'lon-1']}
    >>> sent({"load": float("nan")})
    Traceback (most recent call last):
    orchestrator_gql.utils.errors.PayloadInvalid: Refused JSON: /load is not a finite number.
    """
    try:
        body = json.dumps(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadInvalid(f"A test sends JSON, and this value is none: {error}.") from None
    return read(body)


def sent_text(text: str | None) -> str | None:
    """As `sent`, for a text of a person."""
    return None if text is None else str(sent(text))
