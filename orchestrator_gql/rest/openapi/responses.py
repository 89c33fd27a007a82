"""Every answer that a remote service can get, with an example made by the code that answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from orchestrator_gql.rest.bodies import BodyIncomplete
from orchestrator_gql.rest.problems import RETRY_AFTER, problem, problem_of
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import (
    AddressForbidden,
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
    UnsupportedMediaType,
)

RECEIPT = "01934c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """One answer: the name it is referred to by, what it means to the sender, and what it looks like."""

    name: str
    status: int
    meaning: str
    examples: tuple[Json, ...]
    schema: str = "Problem"
    headers: tuple[str, ...] = ()

    @property
    def reference(self) -> dict[str, Json]:
        """This answer among an operation's responses."""
        return {str(self.status): {"$ref": f"#/components/responses/{self.name}"}}


def _said(*errors: OrchestratorError) -> tuple[Json, ...]:
    return tuple(orjson.loads(bytes(problem_of(error).body)) for error in errors)


def _problem(status: int, title: str, code: str, detail: str, **more: Any) -> tuple[Json, ...]:
    return (orjson.loads(bytes(problem(status, title, code, detail, **more).body)),)


_PLACE = {"pointer": "/output/1", "detail": "Input should be a valid string", "type": "string_type"}
_TWICE = FieldError(("return_code",), "is given more than once", "duplicate-key")

ACCEPTED = DocumentedResponse(
    "Accepted",
    200,
    "It is stored, durably; what comes of it is told under the receipt. The same body again is answered so again.",
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
    "It is logged, and the URL is as good as before. Each report counts: the same again is logged again.",
    ({"status": "accepted"}, {"status": "accepted", "dryRun": True}),
    schema="Accepted",
)
MALFORMED = DocumentedResponse(
    "Malformed",
    400,
    "The body is not JSON, or JSON that is not stored: NaN, NUL, a name twice, half a surrogate pair, more than 64 "
    "levels. Nothing is used up: mend it and send it again.",
    _said(
        NotJson("The body is not JSON: Expecting value at line 1, column 1."),
        PayloadInvalid("Refused JSON: /return_code is given more than once.", [_TWICE]),
    ),
)
UNAUTHENTICATED = DocumentedResponse(
    "Unauthenticated",
    401,
    "The signature or credential that this service has to send is missing or wrong. Nothing is used up.",
    _said(Unauthenticated("No signature fits the body and an active key.")),
    headers=("WWW-Authenticate",),
)
FORBIDDEN = DocumentedResponse(
    "Forbidden",
    403,
    "This service is not expected to call from this address. Nothing is used up.",
    _said(AddressForbidden()),
)
UNCLAIMED = DocumentedResponse(
    "Unclaimed",
    202,
    "It is stored, and no action has told of this job yet: it is used when one does, within an hour.",
    ({"receipt": RECEIPT, "status": "unclaimed"},),
    schema="Accepted",
)
UNKNOWN = DocumentedResponse(
    "Unknown", 404, "Nothing listens here: send it to the URL as it was handed out.", _said(CallbackUnknown())
)
NO_RECEIPT = DocumentedResponse("ReceiptUnknown", 404, "No letter has this receipt.", _said(ReceiptUnknown()))
WRONG_METHOD = DocumentedResponse(
    "WrongMethod",
    405,
    "Another method was used; nothing is used up by a link preview.",
    _problem(405, "Method not allowed", "method-not-allowed", "This is asked for in another way: see Allow."),
    headers=("Allow",),
)
TOO_SLOW = DocumentedResponse(
    "TooSlow", 408, "The body did not arrive whole within 30 seconds.", _said(BodyIncomplete())
)
CONFLICT = DocumentedResponse(
    "Conflict",
    409,
    "Another result, or a failure report, was accepted before. This one is kept for the operator: leave it.",
    _said(CallbackConflict("Another result was accepted before this one.")),
)
GONE = DocumentedResponse(
    "Gone",
    410,
    "The deadline is over, or the wait was withdrawn. This one is kept for the operator: leave it.",
    _said(
        CallbackClosed("This came after the deadline.", is_expired=True),
        CallbackClosed("This callback was withdrawn."),
    ),
)
TOO_LARGE = DocumentedResponse(
    "TooLarge", 413, "The body is over the limit. Nothing is used up.", _said(PayloadTooLarge(10_485_760))
)
WRONG_TYPE = DocumentedResponse(
    "WrongType",
    415,
    "The body is compressed, or of a media type that is not read here. Nothing is used up.",
    _said(UnsupportedMediaType("Send the result as application/json, uncompressed.")),
)
BROKEN = DocumentedResponse(
    "ContractBroken",
    422,
    "The body is not what the step expects: `errors` names the places by JSON pointers (RFC 6901). Nothing is used up.",
    _problem(
        422,
        "Contract broken",
        "payload-invalid",
        "The body does not fit the contract of this callback.",
        errors=[_PLACE],
    ),
)
TOO_OFTEN = DocumentedResponse(
    "TooOften",
    429,
    "Too many wrong addresses came from yours; right ones are served all the same.",
    _problem(429, "Too many requests", "rate-limited", "Too many wrong addresses."),
    headers=("Retry-After",),
)
UNAVAILABLE = DocumentedResponse(
    "Unavailable",
    503,
    f"It cannot be stored now, and was not: send it again, in {RETRY_AFTER} seconds or as Retry-After says.",
    _said(StorageUnavailable()),
    headers=("Retry-After",),
)
FATE = DocumentedResponse(
    "Fate",
    200,
    "What became of the letter: `accepted` until it is judged, then `validated` or `rejected`.",
    tuple({"receipt": RECEIPT, "status": status} for status in ("accepted", "validated", "rejected")),
    schema="Fate",
)

SIGN_IN = DocumentedResponse(
    "SignIn",
    401,
    "The token is missing, or none of this server's.",
    _said(Unauthenticated("The token is not one of this server's: send `Authorization: Bearer TOKEN`.")),
    headers=("WWW-Authenticate",),
)
MAY_NOT = DocumentedResponse("MayNot", 403, "Who asks may not READ_AUDIT.", _said(Forbidden("READ_AUDIT")))
NO_CURSOR = DocumentedResponse("NoCursor", 400, "`after` is no cursor of a seal.", _said(CursorInvalid()))

TO_ANYBODY = (UNKNOWN, WRONG_METHOD, TOO_SLOW, TOO_OFTEN, UNAVAILABLE)
_TO_A_BODY = (MALFORMED, UNAUTHENTICATED, FORBIDDEN, CONFLICT, GONE, TOO_LARGE, WRONG_TYPE, *TO_ANYBODY)
TO_A_REPORT = (LOGGED, *_TO_A_BODY)
TO_A_FAILURE = (ACCEPTED, *_TO_A_BODY)
TO_A_RESULT = (*TO_A_FAILURE, BROKEN)
TO_AN_AUDITOR = (NO_CURSOR, SIGN_IN, MAY_NOT, WRONG_METHOD, UNAVAILABLE)
TO_A_QUESTION = (FATE, NO_RECEIPT, WRONG_METHOD, TOO_OFTEN, UNAVAILABLE)

_HEADERS: dict[str, Json] = {
    "Allow": {"description": "What this address takes.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to show who you are.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
}

SCHEMAS: dict[str, Json] = {
    "Accepted": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "receipt": {"type": "string", "format": "uuid", "description": "Ask by it what became of the letter."},
            "status": {"enum": ["accepted", "unclaimed"]},
            "duplicate": {"const": True, "description": "The same was accepted before."},
            "dryRun": {"const": True, "description": "It was judged and not stored."},
        },
    },
    "Fate": {
        "type": "object",
        "required": ["receipt", "status"],
        "properties": {
            "receipt": {"type": "string", "format": "uuid"},
            "status": {"enum": ["accepted", "validated", "rejected"]},
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
            "code": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "The end of `type`; it stays."},
            "detail": {"type": "string", "description": "For people."},
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
            "code": {"description": "For programs: a text, kept to 100 characters."},
            "message": {"type": "string", "minLength": 1, "description": "For people; kept to 10,000 characters."},
            "retryable": {"description": "True where trying again may help; anything else says no."},
            "details": {"description": "Any JSON."},
        },
        "examples": [{"code": "unreachable", "message": "ams-1 does not answer", "retryable": True}],
    },
    "Progress": {
        "description": "Any JSON. Of an object these are understood; a text is the message.",
        "properties": {
            "percent": {"description": "From 0 to 100."},
            "message": {"description": "For people; kept to 10,000 characters."},
            "progress": {"description": "Lines, as an LSO sends them; the last one becomes the message."},
        },
        "examples": [{"percent": 40, "message": "writing ams-1"}, {"progress": ["TASK [write]", "ok: [ams-1]"]}],
    },
}


def responses(answers: Iterable[DocumentedResponse]) -> dict[str, Json]:
    """The responses of an operation, by status."""
    in_order = sorted(answers, key=lambda answer: answer.status)
    return {status: response for answer in in_order for status, response in answer.reference.items()}


def described() -> dict[str, Json]:
    """All answers, by name."""
    known = (*TO_A_RESULT, UNCLAIMED, *TO_A_REPORT, *TO_A_QUESTION, *TO_AN_AUDITOR)
    return {answer.name: _described(answer) for answer in known}


def _described(answer: DocumentedResponse) -> dict[str, Json]:
    media_type = "application/problem+json" if answer.schema == "Problem" else "application/json"
    examples = {f"example{number}": {"value": value} for number, value in enumerate(answer.examples, 1)}
    told: dict[str, Json] = {
        "description": answer.meaning,
        "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{answer.schema}"}, "examples": examples}},
    }
    if answer.headers:
        told["headers"] = {name: _HEADERS[name] for name in answer.headers}
    return told
