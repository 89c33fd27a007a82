"""The start and the end of the demo: one command runs two processes."""

import json
import os
import re
import signal
import socket
from pathlib import Path

from graphql import build_schema, parse, validate
from support.command_line import SECONDS, get, orchestrator, running, until
from support.ports import free_port

from orchestrator_gql.cli import demo_advice
from orchestrator_gql.graphql.schema import printed


def is_listening(port: str) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", int(port))) == 0


def test_the_demo_runs_a_server_and_a_proxy_ends_both_and_runs_again(tmp_path: Path) -> None:
    port, proxy_port = free_port(), free_port()
    for end in (signal.SIGTERM, signal.SIGINT):
        with running(tmp_path, "demo", "--port", port, "--proxy-port", proxy_port) as demo:
            assert get(demo.address + "/health/ready").status_code == 200
            until(lambda: True if is_listening(proxy_port) else None)

            code = demo.end(end)

            assert code == 0
            assert "Traceback" not in demo.err.read_text()
            assert "INFO" not in demo.err.read_text()  # the links to click stay on the screen
            assert not is_listening(port)
            assert not is_listening(proxy_port)
    assert (tmp_path / ".demo" / "orchestrator.db").is_file()


def test_a_demo_that_is_killed_leaves_no_proxy_behind(tmp_path: Path) -> None:
    port, proxy_port = free_port(), free_port()
    with running(tmp_path, "demo", "--no-examples", "--port", port, "--proxy-port", proxy_port) as demo:
        until(lambda: True if is_listening(proxy_port) else None)

        demo.end(signal.SIGKILL)

        until(lambda: None if is_listening(proxy_port) else True)


def test_the_demo_prints_what_to_click_and_what_to_try(tmp_path: Path) -> None:
    port, proxy_port = free_port(), free_port()
    with running(
        tmp_path,
        "demo",
        "--no-examples",
        "--port",
        port,
        "--proxy-port",
        proxy_port,
        "--work",
        "elsewhere",
        "--verbose",
    ) as demo:
        assert demo.address == f"http://127.0.0.1:{port}"
        advice = until(lambda: text if "tail --url" in (text := demo.out.read_text()) else None)
        get(demo.address + "/openapi.json")
        until(lambda: True if "INFO" in demo.err.read_text() else None)

    assert "Workflows  check_node_reachability, create_l2vpn" in advice
    assert f"Playbooks  http://127.0.0.1:{proxy_port}, its log in elsewhere/ansible-proxy.log" in advice
    assert advice.count(f"curl -s http://127.0.0.1:{port}/graphql") == 3


def test_the_commands_of_the_advice_fit_the_schema() -> None:
    schema = build_schema(printed())
    bodies = re.findall(r"-d '(.*)'", demo_advice.advice("http://here", "there"))

    assert len(bodies) == 3
    for body in bodies:
        assert validate(schema, parse(json.loads(body)["query"])) == []


def test_a_proxy_that_dies_is_logged_and_the_server_goes_on(tmp_path: Path) -> None:
    port, proxy_port = free_port(), free_port()
    with running(tmp_path, "demo", "--no-examples", "--port", port, "--proxy-port", proxy_port) as demo:
        until(lambda: True if is_listening(proxy_port) else None)
        os.kill(only_child(demo.process.pid), signal.SIGKILL)

        log = until(lambda: text if "proxy ended" in (text := demo.err.read_text()) else None)

        assert "exit_code=-9" in log
        assert get(demo.address + "/health/ready").status_code == 200
        assert demo.end() == 0


def only_child(process_id: int) -> int:
    (child,) = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return int(child)


def test_a_taken_port_of_the_proxy_is_refused(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])

        refused = orchestrator(tmp_path, "demo", "--port", port, "--proxy-port", taken)

    assert refused.returncode == 2
    assert f"The Ansible proxy cannot listen on port {taken}, which is taken" in refused.stderr


def test_a_taken_port_of_the_server_is_refused_and_no_proxy_stays_behind(tmp_path: Path) -> None:
    proxy_port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])

        refused = orchestrator(tmp_path, "demo", "--port", taken, "--proxy-port", proxy_port)

    assert refused.returncode == 2
    assert f"port {taken}: Address already in use" in refused.stderr
    assert not is_listening(proxy_port)


def test_a_service_of_the_user_replaces_the_proxy(tmp_path: Path) -> None:
    port, proxy_port = free_port(), free_port()
    own = "http://lso.example:8080"
    with running(
        tmp_path, "demo", "--no-examples", "--port", port, "--proxy-port", proxy_port, ANSIBLE_PROXY_URL=own
    ) as demo:
        assert get(demo.address + "/health/ready").status_code == 200

        assert f"Playbooks  {own}\n" in demo.out.read_text()
        assert not Path(tmp_path, ".demo", "ansible-proxy.log").exists()
        assert Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text() == ""
        assert demo.process.poll() is None
        demo.process.terminate()
        demo.process.wait(SECONDS)
