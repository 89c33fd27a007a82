"""A running server has loaded no library that its role never needs: each takes megabytes and a part of the start."""

import os
from contextlib import nullcontext
from pathlib import Path
from signal import SIGUSR1

import httpx
import pytest
from support.command_line import FLOWS, get, started, until
from support.database import PostgresServer
from support.ports import free_port

WITH_CLIENT = f"""
import httpx, os, signal, structlog, sys

def note(*_):
    with open("noted", "w") as file:
        file.write(" ".join(sys.modules))
    os.rename("noted", "modules")

signal.signal(signal.SIGUSR1, note)
{FLOWS}"""
"""Workflows of a site whose steps call a remote service."""

NEVER = {"aiosmtplib", "alembic", "httpcore", "mako", "pygments", "rich", "sqlalchemy.orm"}
SERVERS = {
    "all": (("serve",), NEVER | {"procrastinate", "psycopg", "sqlalchemy.dialects.postgresql"}),
    "api": (("serve", "--role", "api"), NEVER),
    "worker": (("worker", "--public-url", "http://127.0.0.1:1"), NEVER | {"graphql", "strawberry"}),
}
"""The roles: their commands, with the packages that they must not load. `all` has a SQLite file."""


@pytest.mark.parametrize("role", SERVERS)
def test_an_idle_server_has_loaded_only_what_it_needs(role: str, tmp_path: Path, postgres: PostgresServer) -> None:
    words, unwanted = SERVERS[role]
    (tmp_path / "flows.py").write_text(WITH_CLIENT)
    port = free_port()
    with nullcontext("") if role == "all" else postgres.database() as url:
        extra = {"ORCHESTRATOR_DATABASE_URL": url} if url else {}
        arguments = (*words, "--workflows", "flows", "--port", port)
        with started(arguments, extra, is_new=True, cwd=tmp_path) as server:
            try:
                until(lambda: _is_ready(port) or None)
                os.kill(server.pid, SIGUSR1)
                until(lambda: (tmp_path / "modules").exists() or None)
            finally:
                server.terminate()

    loaded = set((tmp_path / "modules").read_text().split())
    assert {"orchestrator_gql.app", "httpx", "structlog", "sqlalchemy"} <= loaded
    assert not loaded & unwanted


def _is_ready(port: str) -> bool:
    try:
        return bool(get(f"http://127.0.0.1:{port}/health/ready").is_success)
    except httpx.TransportError:
        return False
