"""The OpenAPI operation of the audit export."""

from orchestrator_gql.rest.openapi.responses import TO_AN_AUDITOR, responses
from orchestrator_gql.types import Json

_DESCRIPTION = """\
Each line is one JSON object. A line of `kind` `seal` comes before its entries, which have `kind` `entry` and are
ordered by chain. Entries without a seal come last, and their `seal` is null. The last line has `kind` `end` and the
numbers of entries and seals, so that an incomplete download can be recognized. A digest is the hex SHA-256, or
HMAC-SHA-256 with the key of the deployment, of canonical JSON (RFC 8785):
`[previous, id, chain, seq, at, actor, action, details, address, method]` for an entry (without the last two if both are
null, as in entries of earlier releases), and `["seal", previous, seq, at, entries, heads]` for a seal. The heads of a
seal are `[chain, first seq, last seq, digest of the last entry]`. If retention removed the process of an entry, the
details are `{"pruned": digest}` instead, with the digest of `["pruned", rest]`, where `rest` stands for the elements
`digest, previous, id, chain, seq, at, actor, action, address, method`. The last entry of such a chain has the action
`pruneProcesses`, and its `covers` is the digest of `["covers", covers of the entry before, rest of the entry before]`,
and so on back to 64 zeros before the first entry. A server without configured API tokens asks for no
token.
"""


def export() -> dict[str, Json]:
    """The operation, in OpenAPI."""
    lines = {"schema": {"type": "string"}}
    return {
        "operationId": "exportAudit",
        "tags": ["audit"],
        "summary": "Export the audit log as NDJSON",
        "description": _DESCRIPTION,
        "security": [{"Token": []}, {}],  # a server without configured tokens has no sign-in
        "parameters": [
            {
                "name": "after",
                "in": "query",
                "description": "A cursor from a seal or from the end of an export: only later lines are exported.",
                "schema": {"type": "string"},
            }
        ],
        "responses": {
            "200": {"description": "The log, line by line.", "content": {"application/x-ndjson": lines}},
            **responses(TO_AN_AUDITOR),
        },
    }
