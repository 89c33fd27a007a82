"""Read a GraphQL request; HTTP and WebSocket use the same format."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from orchestrator_gql.types import Json
from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json.flaws import MAX_DEPTH

PARAMETERS = ("query", "variables", "operationName", "extensions")
"""The parameters of a request."""

ENVELOPE_DEPTH = 5
"""JSON levels around the value of a field in a request: payload, variables, input, the pages, and the page."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of a request (GraphQL over HTTP, section 5.1).

    ``is_stranger`` is true if there is sign-in and the caller has no credential.
    """

    query: str
    variables: Mapping[str, Json]
    operation_name: str | None = None
    is_stranger: bool = False


def read_json(body: bytes) -> Json:
    """The value of the body, read by the strict JSON reader. Raises `PayloadInvalid`.

    A result that the REST API accepts must also be accepted here, also in a page, with the levels around it. A value
    with fewer levels around it may be deeper, so what takes it demands its depth.
    """
    return json.read(body, max_depth=MAX_DEPTH + ENVELOPE_DEPTH)


def read(value: Json, *, is_stranger: bool = False) -> GraphQLRequest:
    """The parameters in a JSON value. Raises `PayloadInvalid` with the fault in their structure."""
    if not isinstance(value, dict):
        raise PayloadInvalid("A GraphQL request is a JSON object.")
    query, variables, name = value.get("query"), value.get("variables"), value.get("operationName")
    extensions = value.get("extensions")
    if query is None and isinstance(extensions, dict) and "persistedQuery" in extensions:
        # Apollo and urql send the hash of a document alone; at this message they send the document.
        raise PayloadInvalid("PersistedQueryNotSupported")
    if not isinstance(query, str) or not query.strip():
        raise PayloadInvalid("`query` must be a GraphQL document, as text.")
    if not isinstance(variables, dict | None):
        raise PayloadInvalid("`variables` must be an object or null.")
    if not isinstance(name, str | None):
        raise PayloadInvalid("`operationName` must be text or null.")
    if not isinstance(extensions, dict | None):
        raise PayloadInvalid("`extensions` must be an object or null.")
    # An empty name counts as none (GraphQL over HTTP, section 5.3); some clients always send one.
    return GraphQLRequest(query, variables or {}, name or None, is_stranger)


def read_query_string(query_string: bytes, *, is_stranger: bool = False) -> GraphQLRequest:
    """The parameters in a query string (GraphQL over HTTP, section 5.3). Raises `PayloadInvalid`.

    As in a body, a parameter that is given twice is refused, and bytes that are no UTF-8: else the server would answer
    another question than a proxy or a log in front of it has seen.
    """
    try:
        pairs = parse_qsl(query_string.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise PayloadInvalid("The query string is not UTF-8.") from None
    given = Counter(name for name, _ in pairs)
    for name in PARAMETERS:
        if given[name] > 1:
            raise PayloadInvalid(f"`{name}` is given more than once.")
    parameters = dict(pairs)
    members: dict[str, Json] = {name: parameters[name] for name in ("query", "operationName") if name in parameters}
    for name in ("variables", "extensions"):
        if text := parameters.get(name):
            members[name] = json.read(text.encode(), max_depth=MAX_DEPTH + ENVELOPE_DEPTH, name=f"`{name}`")
    return read(members, is_stranger=is_stranger)
