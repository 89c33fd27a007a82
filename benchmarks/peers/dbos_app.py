"""The measured lifecycle as an application of DBOS; its own Python runs it, since it needs other packages than ours.

A step; a step that hands the callback URL to the remote service; the wait for the callback; the validation; the wait
for a person; two steps. The workflow tells by an event where it is, and the operator polls that.
"""

import argparse
import hashlib
import hmac
import json
from typing import Any

import httpx
import uvicorn
from dbos import DBOS, DBOSConfig
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

DAY = 86_400
SECRET = b"the secret of the benchmark"

_client = httpx.Client(timeout=10, trust_env=False)


def token_of(process_id: str) -> str:
    """The token of the callback URL; it is not stored, which is the cheapest way that is safe."""
    return hmac.new(SECRET, process_id.encode(), hashlib.sha256).hexdigest()


@DBOS.step()
def prepare(node: str) -> dict[str, Any]:
    """A step before the callback."""
    return {"prepared": node}


@DBOS.step()
def ask(remote: str, route: str) -> None:
    """Hand the URL to the remote service."""
    _client.post(remote, json={"callback": route}).raise_for_status()


@DBOS.step()
def judge(result: dict[str, Any]) -> dict[str, Any]:
    """Fail unless the return code is 0."""
    if result["return_code"] != 0:
        raise ValueError("It failed")
    return {"judged": True}


@DBOS.step()
def apply() -> dict[str, Any]:
    """A step after the confirmation."""
    return {"applied": True}


@DBOS.step()
def report() -> dict[str, Any]:
    """The last step."""
    return {"reported": True}


@DBOS.workflow()
def lifecycle(node: str, remote: str) -> dict[str, Any]:
    """The whole lifecycle."""
    state: dict[str, Any] = prepare(node)
    process_id = DBOS.workflow_id
    ask(remote, f"/api/processes/{process_id}/callback/{token_of(process_id)}")
    DBOS.set_event("stage", {"status": "AWAITING_CALLBACK"})
    result = DBOS.recv("callback", timeout_seconds=DAY)
    state |= judge(result)
    DBOS.set_event("stage", {"status": "SUSPENDED", "form": {"result": result}})
    DBOS.recv("form", timeout_seconds=DAY)
    state |= apply()
    state |= report()
    DBOS.set_event("stage", {"status": "COMPLETED"})
    return state


async def start(request: Request) -> JSONResponse:
    """Start a process."""
    asked = await request.json()
    handle = await run_in_threadpool(DBOS.start_workflow, lifecycle, asked["node"], asked["remote"])
    return JSONResponse({"id": handle.workflow_id}, 201)


async def stage(request: Request) -> JSONResponse:
    """Where the process is, and the form if there is one."""
    process_id = request.path_params["id"]
    found = await run_in_threadpool(DBOS.get_event, process_id, "stage", 0)
    return JSONResponse(found or {"status": "RUNNING"})


async def receive(request: Request) -> JSONResponse:
    """Take the result of the remote service, once."""
    process_id, token = request.path_params["id"], request.path_params["token"]
    if not hmac.compare_digest(token, token_of(process_id)):
        return JSONResponse({"status": "unknown"}, 404)
    body = json.loads(await request.body())
    await run_in_threadpool(DBOS.send, process_id, body, "callback", idempotency_key=f"{process_id}-callback")
    return JSONResponse({"status": "accepted"})


async def confirm(request: Request) -> JSONResponse:
    """Take the confirmation of a person, once."""
    process_id = request.path_params["id"]
    await run_in_threadpool(DBOS.send, process_id, {}, "form", idempotency_key=f"{process_id}-form")
    return JSONResponse({"status": "confirmed"})


async def ready(_: Request) -> JSONResponse:
    """Answer as soon as the application runs."""
    return JSONResponse({})


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    options = parser.parse_args()
    config: DBOSConfig = {"name": "lifecycle", "system_database_url": options.database, "log_level": "ERROR"}
    DBOS(config=config)
    DBOS.launch()
    app = Starlette(
        routes=[
            Route("/health/ready", ready),
            Route("/api/processes", start, methods=["POST"]),
            Route("/api/processes/{id}", stage),
            Route("/api/processes/{id}/callback/{token}", receive, methods=["POST"]),
            Route("/api/processes/{id}/form", confirm, methods=["POST"]),
        ]
    )
    try:
        uvicorn.run(app, port=options.port, log_level="error", access_log=False, http="httptools")
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    main()
