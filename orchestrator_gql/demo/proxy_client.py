"""How the demo's workflows speak with the Ansible proxy."""

import os
from typing import Any

import httpx


def proxy_address() -> str:
    """Where the Ansible proxy is; a lightweight service orchestrator of one's own does as well."""
    return os.environ.get("ANSIBLE_PROXY_URL", "http://127.0.0.1:8001").rstrip("/")


def ask_proxy(method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send a request and give the JSON of its answer; a refusal, or no answer, raises ``httpx.HTTPError``."""
    # The proxy is near: a web proxy of the environment is not for it.
    answer = httpx.request(method, proxy_address() + path, json=body, timeout=10, trust_env=False)
    answer.raise_for_status()
    return dict(answer.json())
