"""The demo workflows' HTTP client of the Ansible proxy."""

import os
from typing import Any

import httpx


def proxy_address() -> str:
    """The base URL of the Ansible proxy; it may also be the URL of a lightweight service orchestrator (LSO)."""
    return os.environ.get("ANSIBLE_PROXY_URL", "http://127.0.0.1:8001").rstrip("/")


def ask_proxy(method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send a request and return the JSON of the response; raises ``httpx.HTTPError`` for an error or no response."""
    # The proxy is near: requests must not go through a web proxy of the environment.
    response = httpx.request(method, proxy_address() + path, json=body, timeout=10, trust_env=False)
    response.raise_for_status()
    return dict(response.json())
