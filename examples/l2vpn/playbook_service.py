"""The remote service: it runs an Ansible playbook, and POSTs the result to the callback URL of the order."""

import json
import os
import subprocess
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

FOLDER = Path(__file__).parent


async def accept(request: Request) -> JSONResponse:
    """Answer at once; the playbook runs in a thread."""
    order = await request.json()
    job_id = str(uuid4())
    Thread(target=run, args=(job_id, order)).start()
    return JSONResponse({"job_id": job_id}, status_code=201)


def run(job_id: str, order: dict[str, Any]) -> None:
    """Run the playbook to its end, and deliver the result."""
    (FOLDER / "devices").mkdir(exist_ok=True)
    with NamedTemporaryFile("w", suffix=".ini") as inventory:
        inventory.write(order["inventory"] + "\n")
        inventory.flush()
        playbook = FOLDER / Path(order["playbook_name"]).name
        variables = json.dumps(order["extra_vars"])
        done = subprocess.run(
            ["ansible-playbook", "-i", inventory.name, str(playbook), "-e", variables, "--diff"],
            env={**os.environ, "LC_ALL": "C.UTF-8"},  # Ansible demands UTF-8
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    result = {
        "job_id": job_id,
        "output": (done.stdout + done.stderr).splitlines(),
        "return_code": done.returncode,
        "status": "successful" if done.returncode == 0 else "failed",
    }
    deliver(order["callback"], result)


def deliver(url: str, result: dict[str, Any]) -> None:
    """POST the result until the orchestrator has stored it: the same result may be sent again."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=5), timeout=30) as client:
        response = client.post(url, json=result)
    print(f"delivered: {response.status_code} {response.text}", flush=True)


app = Starlette(routes=[Route("/api/playbook/", accept, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8001")), log_level="warning")
