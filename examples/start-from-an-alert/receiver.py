"""Receive the webhook of Alertmanager, and start a workflow for each alert that fires.

The idempotency key is the fingerprint of the alert with the time at which it began. Alertmanager repeats an alert
while it fires: only the first time starts a process. When the alert fires anew, the time is another one.
"""

import os
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

SERVER = os.environ.get("ORCHESTRATOR_URL", "http://127.0.0.1:8000")
TOKEN = os.environ.get("ORCHESTRATOR_TOKEN")
TRY_LATER = {"ENGINE_PAUSED", "NO_ANSWER"}

START = """mutation($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  __typename
  ... on StartWorkflowSuccess { created process { id } }
  ... on UserError { code message } } }"""


async def receive(request: Request) -> JSONResponse:
    """Start the workflows. Alertmanager sends all alerts again after 5xx, and gives up after 4xx."""
    try:
        alerts = (await request.json())["alerts"]
        results = [await start(alert) for alert in alerts if alert["status"] == "firing"]
    except (ValueError, KeyError, TypeError) as error:
        return JSONResponse({"message": f"This is no alert of Alertmanager: {error!r}"}, status_code=400)
    codes = {result["code"] for result in results if "code" in result}
    status = 200 if not codes else 503 if codes & TRY_LATER else 422
    return JSONResponse({"results": results}, status_code=status)


async def start(alert: dict[str, Any]) -> dict[str, Any]:
    """The answer of the orchestrator to the start for this alert."""
    labels = alert["labels"]
    page = {
        "alert": labels["alertname"],
        "instance": labels.get("instance", ""),
        "severity": labels.get("severity", "warning"),
    }
    order = {
        "workflowName": "handle_alert",
        "pages": [page],
        "idempotencyKey": f"alert-{alert['fingerprint']}-{alert['startsAt']}",
    }
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    body = {"query": START, "variables": {"input": order}}
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            response = await client.post(f"{SERVER}/graphql", json=body, headers=headers)
            answer: dict[str, Any] = response.raise_for_status().json()["data"]["startWorkflow"]
    except (httpx.HTTPError, TypeError) as error:  # there is no server, or it refuses the whole request
        return {"code": "NO_ANSWER", "message": type(error).__name__}
    return answer


app = Starlette(routes=[Route("/alerts", receive, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8001")), log_level="warning")
