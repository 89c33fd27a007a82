"""What is said of the audit log's export."""

from orchestrator_gql.rest.openapi.responses import TO_AN_AUDITOR, responses
from orchestrator_gql.types import Json

_WORDS = """\
One JSON object a line. A line whose `kind` is `seal` is followed by its entries, each of `kind` `entry`, chain by
chain; what is not sealed yet comes last, with `seal` null. The line of `kind` `end` says how many there were, so that a
broken download shows. Digests are SHA-256, or HMAC-SHA-256 with the deployment's key, in hex, of canonical JSON (RFC
8785): of `[previous, id, chain, seq, at, actor, action, details]` for an entry, and of
`["seal", previous, seq, at, entries, heads]` for a seal, whose heads are `[chain, first seq, last seq, digest of the
last]`.
"""


def export() -> dict[str, Json]:
    """The operation."""
    lines = {"schema": {"type": "string"}}
    return {
        "operationId": "exportAudit",
        "tags": ["audit"],
        "summary": "Export the audit log as NDJSON",
        "description": _WORDS,
        "security": [{"Token": []}],
        "parameters": [
            {
                "name": "after",
                "in": "query",
                "description": "The cursor of a seal or of an export's end: what comes behind it.",
                "schema": {"type": "string"},
            }
        ],
        "responses": {
            "200": {"description": "The log, line by line.", "content": {"application/x-ndjson": lines}},
            **responses(TO_AN_AUDITOR),
        },
    }
