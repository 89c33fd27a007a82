"""The remote service: it upgrades each device in a thread. A device named ``flaky-…`` fails the first time."""

import os
import time
from collections import Counter
from threading import Thread

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

tries: Counter[str] = Counter()


async def accept(request: Request) -> Response:
    """Answer at once; the upgrade runs in a thread."""
    order = await request.json()
    tries[order["device"]] += 1
    is_good = not (order["device"].startswith("flaky-") and tries[order["device"]] % 2)
    Thread(target=upgrade, args=(order["callback"], order["version"], is_good)).start()
    return Response(status_code=202)


def upgrade(callback: str, version: str, is_good: bool) -> None:
    """Take a moment, report the progress, and then the result or the failure."""
    httpx.post(f"{callback}/progress", json={"message": "copying the image", "percent": 50})
    time.sleep(0.2)
    if is_good:
        httpx.post(callback, json={"version": version})
    else:
        httpx.post(f"{callback}/fail", json={"code": "no-space", "message": "The flash is full", "retryable": False})


app = Starlette(routes=[Route("/upgrades", accept, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8001")), log_level="warning")
