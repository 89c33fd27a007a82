"""The OpenAPI document; it is made once at the start, because the workflows of a server do not change."""

import hashlib
from collections.abc import Iterable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator_gql.rest.openapi import responses as response_table
from orchestrator_gql.rest.openapi.audit import export
from orchestrator_gql.rest.openapi.contracts import contract_schemas
from orchestrator_gql.rest.openapi.jobs import DRY_RUN, callback, jobs, operation, webhook
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
from orchestrator_gql.utils.json.redaction import Redactor
from orchestrator_gql.version import __version__
from orchestrator_gql.workflow.model import Workflow

_GUIDE = """\
For teams whose services do jobs for this orchestrator.

An order contains one callback URL. Send the result of the job to this URL once, as JSON. The response 200 means that
the result is stored; the same result again gets the same receipt. Before the result, you may report progress at
`URL/progress` as often as you like. If the job failed, report the failure at `URL/fail` instead of a result. The
section `webhooks` describes what each step expects, with the name WORKFLOW.STEP. To test a delivery without using up
the URL, add `?dryRun=true`. After 408, 429, 503 or no response, send the same request again. After 409 or 410, do not
send again: the operator has your result. After any other 4xx, correct the request and send it again.
"""

_PARAMETERS: dict[str, Json] = {
    "ProcessId": {
        "name": "process_id",
        "in": "path",
        "required": True,
        "description": "Part of the URL in the order.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "Token": {
        "name": "token",
        "in": "path",
        "required": True,
        "description": "Part of the URL in the order. It is the credential of the URL: do not log it.",
        "schema": {"type": "string", "minLength": 1},
    },
    "Service": {
        "name": "service",
        "in": "path",
        "required": True,
        "description": "The name of the remote service in the configuration of this orchestrator.",
        "schema": {"type": "string", "minLength": 1},
    },
    "Ref": {
        "name": "ref",
        "in": "path",
        "required": True,
        "description": "The name that the service gave to the job in its response to the order.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "DryRun": {
        "name": "dryRun",
        "in": "query",
        "description": "Check the delivery like a real delivery, and store nothing.",
        "schema": {"type": "boolean", "default": False},
    },
    "Receipt": {
        "name": "receipt",
        "in": "path",
        "required": True,
        "description": "The receipt of a delivery.",
        "schema": {"type": "string", "format": "uuid"},
    },
}

_JOB_PARAMETERS = [{"$ref": "#/components/parameters/Service"}, {"$ref": "#/components/parameters/Ref"}]
_URL_PARAMETERS = [{"$ref": "#/components/parameters/ProcessId"}, {"$ref": "#/components/parameters/Token"}]
_SECURITY: Json = [{"Credential": []}, {"Signature": []}]
_SECURITY_SCHEMES: dict[str, Json] = {
    "Credential": {
        "type": "http",
        "scheme": "bearer",
        "description": "The credential of the service, agreed with the operators.",
    },
    "Token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a person or machine with the permission `READ_AUDIT`.",
    },
    "Signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "By Standard Webhooks, with `webhook-id` and `webhook-timestamp`; required for some services.",
    },
}
_SCHEMAS: dict[str, Json] = {
    **response_table.SCHEMAS,
    "Result": {"description": "A result that fits the contract of the step."},
}


def openapi_routes(runtime: Runtime) -> list[Route]:
    """``GET /openapi.json``, with an ETag of its content; a client with the current document gets 304."""
    document = openapi_document(runtime.registry, runtime.settings.base_url, runtime.redact)
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "no-cache"}

    async def openapi(request: Request) -> Response:
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if known & {headers["ETag"], "*"}:
            return Response(None, 304, headers)
        return Response(content, 200, headers, media_type="application/json")

    return [Route("/openapi.json", openapi, methods=["GET"])]


def openapi_document(workflows: Iterable[Workflow], base_url: str, redact: Redactor) -> dict[str, Json]:
    """The REST API of this server as OpenAPI 3.1. Everybody may read it, so the contracts show no values of secrets."""
    deployed = jobs(workflows)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Workflow orchestrator: callbacks", "version": __version__, "description": _GUIDE},
        "servers": [{"url": base_url}],
        "tags": [
            {"name": "callbacks", "description": "The results and reports of remote services."},
            {"name": "jobs", "description": "The jobs that the workflows order, and the results that they expect."},
            {"name": "audit", "description": "The audit log, for auditors."},
            {"name": "health", "description": "Health checks, for the operators of the server."},
        ],
        "paths": _paths(),
        "webhooks": {job.key: webhook(job) for job in deployed},
        "components": {
            "schemas": _SCHEMAS | contract_schemas(deployed, _SCHEMAS, redact),
            "parameters": _PARAMETERS,
            "securitySchemes": _SECURITY_SCHEMES,
            "responses": response_table.described(),
            "callbacks": {job.key: callback(job) for job in deployed},
            "pathItems": {
                "Progress": {
                    "parameters": [DRY_RUN],
                    "post": operation("progress", "Report the progress of the job", "Progress", TO_A_REPORT),
                },
                "Failure": {
                    "parameters": [DRY_RUN],
                    "post": operation("failure", "Report that the job failed", "FailureReport", TO_A_FAILURE),
                },
            },
        },
    }


def _paths() -> dict[str, Json]:
    url = "/api/processes/{process_id}/callback/{token}"
    by_url = {
        url: operation("deliverResult", "Deliver the result of a job", "Result", TO_A_RESULT),
        f"{url}/progress": operation("reportProgress", "Report the progress of a job", "Progress", TO_A_REPORT),
        f"{url}/fail": operation("reportFailure", "Report that a job failed", "FailureReport", TO_A_FAILURE),
    }
    job = "/api/callbacks/by-ref/{service}/{ref}"
    by_job = {
        job: operation(
            "deliverJobResult", "Deliver the result of a job by its name", "Result", (*TO_A_RESULT, UNCLAIMED)
        ),
        f"{job}/progress": operation(
            "reportJobProgress", "Report the progress of a job by its name", "Progress", TO_A_REPORT
        ),
        f"{job}/fail": operation(
            "reportJobFailure", "Report that a job failed, by its name", "FailureReport", (*TO_A_FAILURE, UNCLAIMED)
        ),
    }
    return {
        **{path: {"parameters": [*_URL_PARAMETERS, DRY_RUN], "post": operation} for path, operation in by_url.items()},
        **{
            path: {"parameters": [*_JOB_PARAMETERS, DRY_RUN], "post": {**operation, "security": _SECURITY}}
            for path, operation in by_job.items()
        },
        "/api/receipts/{receipt}": {"get": _receipt()},
        "/api/audit/export": {"get": export()},
        "/health/live": {"get": _health("isLive", "Is the server alive?", "live")},
        "/health/ready": {"get": _health("isReady", "Can the server do its work?", "ready", UNREADY)},
    }


def _receipt() -> dict[str, Json]:
    return {
        "operationId": "askReceipt",
        "tags": ["callbacks"],
        "summary": "Ask for the status of a delivery",
        "parameters": [{"$ref": "#/components/parameters/Receipt"}],
        "responses": responses(TO_A_QUESTION),
    }


UNREADY = ("storage-unavailable", "event-log-restored", "schema-outdated", "work-ended")


def _health(operation: str, summary: str, status: str, unready: tuple[str, ...] = ()) -> dict[str, Json]:
    def response(values: tuple[str, ...], description: str) -> dict[str, Json]:
        property_schema = {"type": "string", "enum": list(values)}
        properties = {"status": property_schema, "detail": {"type": "string"}}
        body = {"type": "object", "required": ["status"], "properties": properties}
        return {"description": description, "content": {"application/json": {"schema": body}}}

    health_responses: dict[str, Json] = {"200": response((status,), "Yes.")}
    if unready:
        health_responses[str(UNAVAILABLE.status)] = response(unready, "Not now.")
    return {"operationId": operation, "tags": ["health"], "summary": summary, "responses": health_responses}
