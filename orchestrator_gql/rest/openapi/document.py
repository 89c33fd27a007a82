"""The document: made once, when the server is, for its workflows do not change while it runs."""

import hashlib
from collections.abc import Iterable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator_gql.rest.openapi import responses as response_table
from orchestrator_gql.rest.openapi.audit import export
from orchestrator_gql.rest.openapi.jobs import DRY_RUN, callback, jobs, operation, schema, webhook
from orchestrator_gql.rest.openapi.responses import (
    TO_A_FAILURE,
    TO_A_QUESTION,
    TO_A_REPORT,
    TO_A_RESULT,
    UNAVAILABLE,
    UNCLAIMED,
    responses,
)
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Json
from orchestrator_gql.version import __version__
from orchestrator_gql.workflow.model import Workflow

_GUIDE = """\
For teams whose services do jobs for this orchestrator.

An order carries one URL. Send the result there, once, as JSON: 200 means that it is stored, and whoever sends the same
again gets the same receipt. Until then you may report progress at `URL/progress` as often as you like; where the job
failed, say so at `URL/fail` instead. What each step expects stands under `webhooks`, named WORKFLOW.STEP. To try a
delivery without using the URL up, add `?dryRun=true`. Send again what was answered with 408, 429 or 503, or not at all;
mend what was answered with another 4xx; leave it at 409 and 410, for the operator has what you sent.
"""

_PARAMETERS: dict[str, Json] = {
    "ProcessId": {
        "name": "process_id",
        "in": "path",
        "required": True,
        "description": "Part of the URL that was handed out.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "Token": {
        "name": "token",
        "in": "path",
        "required": True,
        "description": "Part of the URL that was handed out, and its credential: keep it out of logs.",
        "schema": {"type": "string", "minLength": 1},
    },
    "Service": {
        "name": "service",
        "in": "path",
        "required": True,
        "description": "The remote service, as this orchestrator's configuration names it.",
        "schema": {"type": "string", "minLength": 1},
    },
    "Ref": {
        "name": "ref",
        "in": "path",
        "required": True,
        "description": "The service's own name for the job, as its answer to the order said it.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "DryRun": {
        "name": "dryRun",
        "in": "query",
        "description": "Judge the delivery as if it were real, and change nothing.",
        "schema": {"type": "boolean", "default": False},
    },
    "Receipt": {
        "name": "receipt",
        "in": "path",
        "required": True,
        "description": "As it was given.",
        "schema": {"type": "string", "format": "uuid"},
    },
}

_OF_A_JOB = [{"$ref": "#/components/parameters/Service"}, {"$ref": "#/components/parameters/Ref"}]
_IN_A_URL = [{"$ref": "#/components/parameters/ProcessId"}, {"$ref": "#/components/parameters/Token"}]
_SECURITY: Json = [{"Credential": []}, {"Signature": []}]
_SECURITY_SCHEMES: dict[str, Json] = {
    "Credential": {"type": "http", "scheme": "bearer", "description": "The service's own, agreed with the operators."},
    "Token": {"type": "http", "scheme": "bearer", "description": "Of a person or machine that may READ_AUDIT."},
    "Signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "As in Standard Webhooks, with webhook-id and webhook-timestamp; demanded of some services.",
    },
}
_SCHEMAS: dict[str, Json] = {**response_table.SCHEMAS, "Result": {"description": "What the step's contract asks for."}}


def openapi_routes(runtime: Runtime) -> list[Route]:
    """``GET /openapi.json``; whoever has the current one is told so, for its ETag is made of what it holds."""
    document = openapi_document(runtime.registry, runtime.settings.base_url)
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "no-cache"}

    async def openapi(request: Request) -> Response:
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if known & {headers["ETag"], "*"}:
            return Response(None, 304, headers)
        return Response(content, 200, headers, media_type="application/json")

    return [Route("/openapi.json", openapi, methods=["GET"])]


def openapi_document(workflows: Iterable[Workflow], base_url: str) -> dict[str, Json]:
    """What this server offers to remote services, as OpenAPI 3.1."""
    offered = jobs(workflows)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Workflow orchestrator: callbacks", "version": __version__, "description": _GUIDE},
        "servers": [{"url": base_url}],
        "tags": [
            {"name": "callbacks", "description": "What a remote service says of its job."},
            {"name": "jobs", "description": "What the workflows order, and the answers they await."},
            {"name": "audit", "description": "For auditors, who decided what."},
            {"name": "health", "description": "For whoever keeps the server running."},
        ],
        "paths": _paths(),
        "webhooks": {job.key: webhook(job) for job in offered},
        "components": {
            "schemas": _SCHEMAS | {job.key: schema(job) for job in offered},
            "parameters": _PARAMETERS,
            "securitySchemes": _SECURITY_SCHEMES,
            "responses": response_table.described(),
            "callbacks": {job.key: callback(job) for job in offered},
            "pathItems": {
                "Progress": {
                    "parameters": [DRY_RUN],
                    "post": operation("progress", "How far the job is", "Progress", TO_A_REPORT),
                },
                "Failure": {
                    "parameters": [DRY_RUN],
                    "post": operation("failure", "The job failed", "FailureReport", TO_A_FAILURE),
                },
            },
        },
    }


def _paths() -> dict[str, Json]:
    url = "/api/processes/{process_id}/callback/{token}"
    doors = {
        url: operation("deliverResult", "Deliver the result of a job", "Result", TO_A_RESULT),
        f"{url}/progress": operation("reportProgress", "Say how far a job is", "Progress", TO_A_REPORT),
        f"{url}/fail": operation("reportFailure", "Say that a job failed", "FailureReport", TO_A_FAILURE),
    }
    job = "/api/callbacks/by-ref/{service}/{ref}"
    by_job = {
        job: operation(
            "deliverJobResult", "Deliver the result of a job by its name", "Result", (*TO_A_RESULT, UNCLAIMED)
        ),
        f"{job}/progress": operation("reportJobProgress", "Say how far a job is, by its name", "Progress", TO_A_REPORT),
        f"{job}/fail": operation(
            "reportJobFailure", "Say that a job failed, by its name", "FailureReport", (*TO_A_FAILURE, UNCLAIMED)
        ),
    }
    return {
        **{path: {"parameters": [*_IN_A_URL, DRY_RUN], "post": operation} for path, operation in doors.items()},
        **{
            path: {"parameters": [*_OF_A_JOB, DRY_RUN], "post": {**operation, "security": _SECURITY}}
            for path, operation in by_job.items()
        },
        "/api/receipts/{receipt}": {"get": _receipt()},
        "/api/audit/export": {"get": export()},
        "/health/live": {"get": _health("isLive", "Is the server alive?", "live")},
        "/health/ready": {"get": _health("isReady", "Can the server do its work?", "ready", "storage-unavailable")},
    }


def _receipt() -> dict[str, Json]:
    return {
        "operationId": "askReceipt",
        "tags": ["callbacks"],
        "summary": "Ask what became of a letter",
        "parameters": [{"$ref": "#/components/parameters/Receipt"}],
        "responses": responses(TO_A_QUESTION),
    }


def _health(operation: str, summary: str, well: str, ill: str | None = None) -> dict[str, Json]:
    def told(status: str, description: str) -> dict[str, Json]:
        body = {"type": "object", "required": ["status"], "properties": {"status": {"const": status}}}
        return {"description": description, "content": {"application/json": {"schema": body}}}

    found: dict[str, Json] = {"200": told(well, "Yes.")}
    if ill is not None:
        found[str(UNAVAILABLE.status)] = told(ill, "Not now.")
    return {"operationId": operation, "tags": ["health"], "summary": summary, "responses": found}
