"""Every response to a remote service, with examples from the code that makes the response."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from orchestrator_gql.rest.bodies import BodyIncomplete
from orchestrator_gql.rest.problems import RETRY_AFTER, problem, problem_of
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    CallbackUnknown,
    CursorInvalid,
    FieldError,
    Forbidden,
    NotJson,
    OrchestratorError,
    PayloadInvalid,
    PayloadTooLarge,
    ReceiptUnknown,
    StorageUnavailable,
    Unauthenticated,
)
from orchestrator_gql.utils.request_errors import AddressForbidden, RateLimited, UnsupportedMediaType

RECEIPT = "01934c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
REPLACED_AT = "2026-03-02T09:00:00+00:00"
STATUSES = ("accepted", "validated", "rejected", "replaced", "unclaimed", "refused")
"""What the sender of a delivery can learn with its receipt."""


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """One response: its name in the document, its meaning for the sender, and its examples."""

    name: str
    status: int
    meaning: str
    examples: tuple[Json, ...]
    schema: str = "Problem"
    headers: tuple[str, ...] = ()

    @property
    def reference(self) -> dict[str, Json]:
        """The response as an entry of the responses of an operation."""
        return {str(self.status): {"$ref": f"#/components/responses/{self.name}"}}


def _problems_of(*errors: OrchestratorError) -> tuple[Json, ...]:
    return tuple(orjson.loads(bytes(problem_of(error).body)) for error in errors)


def _problem(status: int, title: str, code: str, detail: str, **more: Any) -> tuple[Json, ...]:
    return (orjson.loads(bytes(problem(status, title, code, detail, **more).body)),)


_FIELD_PROBLEM = {"pointer": "/output/1", "detail": "Input should be a valid string", "type": "string_type"}
_DUPLICATE_KEY = FieldError(("return_code",), "is given more than once", "duplicate-key")

ACCEPTED = DocumentedResponse(
    "Accepted",
    200,
    "The body is stored durably. Ask for its status with the receipt. The same body again gets the same receipt.",
    (
        {"receipt": RECEIPT, "status": "accepted"},
        {"receipt": RECEIPT, "status": "accepted", "duplicate": True},
        {"status": "accepted", "dryRun": True},
    ),
    schema="Accepted",
)
LOGGED = DocumentedResponse(
    "Logged",
    200,
    "The report is logged, and the URL stays valid. The same report again is logged again.",
    ({"status": "accepted"}, {"status": "accepted", "dryRun": True}),
    schema="Accepted",
)
MALFORMED = DocumentedResponse(
    "Malformed",
    400,
    "The body is not JSON, or it is JSON that is refused: NaN, NUL, a duplicate key, half a surrogate pair, or more "
    "than 64 levels. The URL stays valid: correct the body and send it again.",
    _problems_of(
        NotJson("The body is not JSON: Expecting value at line 1, column 1."),
        PayloadInvalid("Refused JSON: /return_code is given more than once.", [_DUPLICATE_KEY]),
    ),
)
UNAUTHENTICATED = DocumentedResponse(
    "Unauthenticated",
    401,
    "The signature or credential that this service must send is missing or wrong. The URL stays valid.",
    _problems_of(Unauthenticated("No signature fits the body and an active key.")),
    headers=("WWW-Authenticate",),
)
FORBIDDEN = DocumentedResponse(
    "Forbidden",
    403,
    "This service must not send from this address. The URL stays valid.",
    _problems_of(AddressForbidden()),
)
UNCLAIMED = DocumentedResponse(
    "Unclaimed",
    202,
    "The body is stored, but no step has registered this job yet. It is used if a step does so within an hour.",
    ({"receipt": RECEIPT, "status": "unclaimed"},),
    schema="Accepted",
)
UNKNOWN = DocumentedResponse(
    "Unknown", 404, "This URL is unknown: send to exactly the URL in the order.", _problems_of(CallbackUnknown())
)
NO_RECEIPT = DocumentedResponse("ReceiptUnknown", 404, "This receipt is unknown.", _problems_of(ReceiptUnknown()))
WRONG_METHOD = DocumentedResponse(
    "WrongMethod",
    405,
    "The method is not allowed. The URL stays valid, for example after a link preview.",
    _problem(405, "Method not allowed", "method-not-allowed", "Use a method that the Allow header names."),
    headers=("Allow",),
)
TOO_SLOW = DocumentedResponse(
    "TooSlow", 408, "The whole body did not arrive within 30 seconds: send it again.", _problems_of(BodyIncomplete())
)
CONFLICT = DocumentedResponse(
    "Conflict",
    409,
    "Another result or failure report was accepted before. This body is stored for the operator: do not send it again.",
    _problems_of(CallbackConflict("Another result was accepted before this one.")),
)
GONE = DocumentedResponse(
    "Gone",
    410,
    "The deadline is over, or the callback was withdrawn. This body is stored for the operator: do not send it again.",
    _problems_of(
        CallbackClosed("This came after the deadline.", is_expired=True),
        CallbackClosed("This callback was withdrawn."),
    ),
)
TOO_LARGE = DocumentedResponse(
    "TooLarge", 413, "The body is over the limit. The URL stays valid.", _problems_of(PayloadTooLarge(10_485_760))
)
WRONG_TYPE = DocumentedResponse(
    "WrongType",
    415,
    "The body is compressed, or its media type is not accepted. The URL stays valid.",
    _problems_of(UnsupportedMediaType("Send the body as application/json, uncompressed.")),
)
BROKEN = DocumentedResponse(
    "ContractBroken",
    422,
    "The body breaks the contract of the step: `errors` has JSON pointers (RFC 6901). The URL stays valid.",
    _problem(
        422,
        "Contract broken",
        "payload-invalid",
        "The body does not fit the contract of this callback.",
        errors=[_FIELD_PROBLEM],
    ),
)
TOO_OFTEN = DocumentedResponse(
    "TooOften",
    429,
    "Too many wrong credentials or unknown URLs came from your address. Right ones are still accepted.",
    _problems_of(RateLimited()),
    headers=("Retry-After",),
)
UNAVAILABLE = DocumentedResponse(
    "Unavailable",
    503,
    f"The body could not be stored: send it again after {RETRY_AFTER} seconds, or as `Retry-After` says.",
    _problems_of(StorageUnavailable()),
    headers=("Retry-After",),
)
FATE = DocumentedResponse(
    "Fate",
    200,
    "The status of the delivery: `accepted` until the step has validated it, then `validated` or `rejected`. It is "
    "`replaced` if an operator put another result in its place, at `replacedAt`, or waits again after a "
    "failure report. If it "
    "came before its job was known, it is `unclaimed` until then, for an hour; it is `refused` if the callback did not "
    "take it then.",
    tuple(
        {"receipt": RECEIPT, "status": status} | ({"replacedAt": REPLACED_AT} if status == "replaced" else {})
        for status in STATUSES
    ),
    schema="Fate",
)

SIGN_IN = DocumentedResponse(
    "SignIn",
    401,
    "The token is missing or unknown.",
    _problems_of(Unauthenticated("The token is not one of this server's: send `Authorization: Bearer TOKEN`.")),
    headers=("WWW-Authenticate",),
)
MAY_NOT = DocumentedResponse(
    "MayNot", 403, "The token has no permission `READ_AUDIT`.", _problems_of(Forbidden("READ_AUDIT"))
)
NO_CURSOR = DocumentedResponse("NoCursor", 400, "`after` is not a cursor of a seal.", _problems_of(CursorInvalid()))

TO_ANYBODY = (UNKNOWN, WRONG_METHOD, TOO_SLOW, TOO_OFTEN, UNAVAILABLE)
_TO_A_BODY = (MALFORMED, UNAUTHENTICATED, FORBIDDEN, CONFLICT, GONE, TOO_LARGE, WRONG_TYPE, *TO_ANYBODY)
TO_A_REPORT = (LOGGED, *_TO_A_BODY)
TO_A_FAILURE = (ACCEPTED, *_TO_A_BODY)
TO_A_RESULT = (*TO_A_FAILURE, BROKEN)
TO_AN_AUDITOR = (NO_CURSOR, SIGN_IN, MAY_NOT, WRONG_METHOD, TOO_OFTEN, UNAVAILABLE)
TO_A_QUESTION = (FATE, NO_RECEIPT, WRONG_METHOD, TOO_OFTEN, UNAVAILABLE)

_HEADERS: dict[str, Json] = {
    "Allow": {"description": "The allowed methods.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "The ways to authenticate.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
}

SCHEMAS: dict[str, Json] = {
    "Accepted": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "receipt": {
                "type": "string",
                "format": "uuid",
                "description": "Use it to ask for the status of the delivery.",
            },
            "status": {"type": "string", "enum": ["accepted", "unclaimed"]},
            "duplicate": {"type": "boolean", "description": "The same body was accepted before."},
            "dryRun": {"type": "boolean", "description": "A dry run: the body was checked and not stored."},
        },
    },
    "Fate": {
        "type": "object",
        "required": ["receipt", "status"],
        "properties": {
            "receipt": {"type": "string", "format": "uuid"},
            "status": {"type": "string", "enum": list(STATUSES)},
            "replacedAt": {
                "type": "string",
                "format": "date-time",
                "description": "The time of the result that an operator put in its place.",
            },
        },
    },
    "Problem": {
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "pattern": "^urn:orchestrator-gql:problem:[a-z0-9-]+$"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "code": {
                "type": "string",
                "pattern": "^[a-z0-9-]+$",
                "description": "The last part of `type`; it never changes.",
            },
            "detail": {"type": "string", "description": "A message for people."},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "detail", "type"],
                    "properties": {
                        "pointer": {"type": "string", "format": "json-pointer"},
                        "detail": {"type": "string"},
                        "type": {"type": "string"},
                    },
                },
            },
            "limit_bytes": {"type": "integer", "minimum": 1},
        },
    },
    "FailureReport": {
        "type": "object",
        "required": ["message"],
        "properties": {
            "code": {"description": "For programs: a text, cut to 100 characters."},
            "message": {"type": "string", "minLength": 1, "description": "For people; cut to 10,000 characters."},
            "retryable": {"description": "True if a retry may help; any other value means no."},
            "details": {"description": "Any JSON."},
        },
        "examples": [{"code": "unreachable", "message": "ams-1 does not answer", "retryable": True}],
    },
    "Progress": {
        "description": "Any JSON. These keys of an object are read; a text is the message.",
        "properties": {
            "percent": {"description": "From 0 to 100."},
            "message": {"description": "For people; cut to 10,000 characters."},
            "progress": {"description": "Lines, as an LSO sends them; the last line becomes the message."},
        },
        "examples": [{"percent": 40, "message": "writing ams-1"}, {"progress": ["TASK [write]", "ok: [ams-1]"]}],
    },
}


def responses(documented: Iterable[DocumentedResponse]) -> dict[str, Json]:
    """The responses of an operation, by status."""
    in_order = sorted(documented, key=lambda item: item.status)
    return {status: response for item in in_order for status, response in item.reference.items()}


def described() -> dict[str, Json]:
    """All responses, by name."""
    known = (*TO_A_RESULT, UNCLAIMED, *TO_A_REPORT, *TO_A_QUESTION, *TO_AN_AUDITOR)
    return {item.name: _described(item) for item in known}


def _described(documented: DocumentedResponse) -> dict[str, Json]:
    media_type = "application/problem+json" if documented.schema == "Problem" else "application/json"
    examples = {f"example{number}": {"value": value} for number, value in enumerate(documented.examples, 1)}
    content: dict[str, Json] = {
        "description": documented.meaning,
        "content": {
            media_type: {"schema": {"$ref": f"#/components/schemas/{documented.schema}"}, "examples": examples}
        },
    }
    if documented.headers:
        content["headers"] = {name: _HEADERS[name] for name in documented.headers}
    return content
