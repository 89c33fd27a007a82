"""The addresses that a server issues and accepts: IPv6, and a path that a proxy removes."""

import json
import os
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from support.command_line import FLOWS, SECONDS, Running, command, environment_of, orchestrator, serving, until
from test_journey import CALLING, completed, post, start_process
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from orchestrator_gql.cli.client import SUBPROTOCOL
from orchestrator_gql.cli.credentials import base_of, hint


@pytest.mark.parametrize("end", ["", "/", "/graphql", "/graphql/", "/?a=b"])
@pytest.mark.parametrize("base", ["http://orchestrator.example", "https://[::1]:8000/under/a/path"])
def test_the_address_of_the_api_or_of_the_dashboard_is_an_address_of_the_server(base: str, end: str) -> None:
    assert base_of(base + end) == base


@pytest.mark.parametrize(
    ("usual", "base", "options"),
    [
        ("", "http://127.0.0.1:8000", ""),
        ("http://a.example", "http://a.example", ""),
        ("http://a.example", "http://ada:secret@b.example", " --url http://b.example"),
    ],
)
def test_a_hint_names_the_server_unless_it_is_the_usual_one(
    monkeypatch: pytest.MonkeyPatch, usual: str, base: str, options: str
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_URL", usual)

    assert hint(base, "show", "ID") == f"orchestrator-gql show ID{options}"


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_on_ipv6_the_urls_are_well_formed_and_callbacks_and_sockets_work(tmp_path: Path, host: str) -> None:
    (tmp_path / "calls.py").write_text(CALLING)
    with serving(tmp_path, "--workflows", "calls", "--host", host) as server:
        address = server.address
        url = start_process(server, tmp_path)
        socket_url = address.replace("http", "ws") + "/graphql"
        with connect(socket_url, subprotocols=[SUBPROTOCOL], proxy=None) as socket:
            socket.send('{"type": "connection_init"}')
            acknowledged = json.loads(socket.recv(SECONDS))
        accepted = post(url, {"rc": 0})
        until(lambda: completed(server))

    assert address.startswith("http://[::1]:")
    assert url.startswith(f"{address}/api/processes/")
    assert acknowledged["type"] == "connection_ack"
    assert accepted == 200


@pytest.mark.parametrize(
    ("public", "host"),
    [
        ("https://orchestrator.example/automation/", "orchestrator.example"),
        ("https://Orchestrator.example:8443/a/b", "orchestrator.example:8443"),
        ("http://[2001:db8::7]:8000", "[2001:db8::7]:8000"),
        ("http://[2001:db8::7]/automation", "[2001:db8::7]"),
    ],
)
def test_a_proxy_may_remove_a_path_and_pass_on_the_host_or_its_own_host(tmp_path: Path, public: str, host: str) -> None:
    (tmp_path / "calls.py").write_text(CALLING)
    base = public.lower().rstrip("/")
    with serving(tmp_path, "--workflows", "calls", "--public-url", public) as server:
        for headers in ({"host": host}, dict[str, str]()):
            options: Any = {"headers": headers, "trust_env": False, "timeout": SECONDS}
            path = start_process(server, tmp_path).removeprefix(base)
            responses = {
                place: httpx.get(server.address + place, **options) for place in ("/health/ready", "/openapi.json", "/")
            }
            accepted = httpx.post(server.address + path, json={"rc": 0}, **options)
            until(lambda: completed(server))
            (tmp_path / "url").unlink()

            assert path.startswith("/api/processes/"), headers
            assert {response.status_code for response in responses.values()} == {200}, headers
            assert responses["/openapi.json"].json()["servers"] == [{"url": base}], headers
            assert accepted.status_code == 200, headers


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ORCHESTRATOR_PUBLIC_URL", "http://::1:8000", "ORCHESTRATOR_PUBLIC_URL: has an IPv6 address without brackets"),
        ("ORCHESTRATOR_PUBLIC_URL", "https://ada:s3cret@a.example", "ORCHESTRATOR_PUBLIC_URL: contains a user name"),
        (
            "ORCHESTRATOR_ALLOWED_HOSTS",
            '["a.example", "https://s3cret"]',
            "ORCHESTRATOR_ALLOWED_HOSTS: entry 2 is not a host",
        ),
        ("ORCHESTRATOR_ALLOWED_ORIGINS", '["a.example"]', "ORCHESTRATOR_ALLOWED_ORIGINS: entry 1 must be absolute"),
        ("ORCHESTRATOR_HOST", "127.0.0.1:8000", "ORCHESTRATOR_HOST: is not an address or a name"),
    ],
)
def test_an_address_that_cannot_work_is_refused_at_the_start(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)

    refused = orchestrator(tmp_path, "serve", "--workflows", "flows", "--port", "0", **{name: value})

    assert refused.returncode == 2
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "s3cret" not in refused.stderr


def test_the_server_goes_on_when_nobody_reads_its_output(tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text(CALLING)
    reads, writes = os.pipe()
    arguments = ("serve", "--workflows", "calls", "--port", "0")
    environment = environment_of({"PYTHONUNBUFFERED": "1"})
    process = subprocess.Popen(command(arguments), cwd=tmp_path, env=environment, stdout=writes, stderr=writes)
    os.close(writes)
    server = Running(process, tmp_path / "read", tmp_path / "read")
    try:
        with os.fdopen(reads, "rb") as output:  # as `serve | head` reads: it stops after some lines
            server.out.write_bytes(next(line for line in output if b"Dashboard" in line))
        url = start_process(server, tmp_path)
        accepted = post(url, {"rc": 0})
        until(lambda: completed(server))
    finally:
        code = server.end()

    assert (accepted, code) == (200, 0)


@pytest.mark.parametrize(("trusted", "expected"), [("", [404, 429, 429]), ("127.0.0.1", [404, 404, 404])])
def test_whether_a_header_names_the_client_is_decided_by_the_settings_alone(
    tmp_path: Path, trusted: str, expected: list[int]
) -> None:
    """Uvicorn would believe this machine, and everybody that its own variable names."""
    environment = {
        "ORCHESTRATOR_TRUSTED_PROXIES": trusted,
        "ORCHESTRATOR_MISSES_PER_MINUTE": "1",
        "FORWARDED_ALLOW_IPS": "*",
    }
    with serving(tmp_path, **environment) as server:
        url = f"{server.address}/api/processes/{uuid4()}/callback/wrong"
        statuses = [
            httpx.post(
                url, json={}, headers={"x-forwarded-for": f"203.0.113.{number}"}, trust_env=False, timeout=SECONDS
            ).status_code
            for number in range(3)
        ]

    assert statuses == expected


MISSPELT = (
    ("ORCHESTRATOR_TRUSTED_PROXY", "127.0.0.1", "the nearest name is ORCHESTRATOR_TRUSTED_PROXIES"),
    ("ORCHESTRATOR_TEAMS", '[{"key": "NOC", "user": []}]', "0.user: unknown key; the nearest is 'users'"),
    ("ORCHESTRATOR_SETTINGS_FILE", "nowhere.toml", "'nowhere.toml' cannot be used: No such file"),
)


@pytest.mark.parametrize(
    ("command", "name", "value", "message"),
    [*(("serve", *setting) for setting in MISSPELT), ("worker", *MISSPELT[0]), ("migrate", *MISSPELT[0])],
)
def test_a_misspelt_setting_ends_every_command_of_a_server_at_its_start(
    tmp_path: Path, command: str, name: str, value: str, message: str
) -> None:
    arguments = [] if command == "migrate" else ["--workflows", "flows"]
    refused = orchestrator(tmp_path, command, *arguments, **{name: value})

    assert refused.returncode == 2
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    "origin", ["https://orchestrator.example", "https://evil.example", "http://orchestrator.example"]
)
def test_our_own_page_opens_a_websocket_behind_a_proxy_that_changes_the_host(tmp_path: Path, origin: str) -> None:
    with serving(tmp_path, "--public-url", "https://orchestrator.example/automation") as server:
        url = server.address.replace("http", "ws") + "/automation/graphql"
        refused = None if origin == "https://orchestrator.example" else pytest.raises(InvalidStatus, match="403")
        options: Any = {"subprotocols": [SUBPROTOCOL], "origin": origin, "proxy": None}
        with refused or nullcontext(), connect(url, **options) as socket:
            socket.send('{"type": "connection_init"}')
            acknowledged = json.loads(socket.recv(SECONDS))["type"]

    assert refused or acknowledged == "connection_ack"
