"""The command `serve`, from its banner to its exit code."""

import socket
from pathlib import Path

import httpx
import pytest
from support.command_line import FLOWS, SECONDS, get, orchestrator, serving
from websockets.sync.client import connect

from orchestrator_gql.cli.client import SUBPROTOCOL


def test_the_banner_names_the_addresses_and_that_nobody_signs_in(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        banner = server.out.read_text()

    assert f"Dashboard  {server_address(banner)}/\n" in banner
    assert f"GraphiQL   {server_address(banner)}/graphql" in banner
    assert f"Callbacks  {server_address(banner)}/api/processes/" in banner
    assert "Database   orchestrator.db\n" in banner
    assert "Workflows  greeting\n" in banner
    assert "Sign-in    none: development mode" in banner


def server_address(banner: str) -> str:
    return next(line.split()[1].rstrip("/") for line in banner.splitlines() if "Dashboard" in line)


def test_callback_urls_begin_with_the_public_url(tmp_path: Path) -> None:
    with serving(tmp_path, "--public-url", "https://orchestrator.example/") as server:
        banner = server.out.read_text()

    assert "Callbacks  https://orchestrator.example/api/processes/" in banner
    assert "Dashboard  http://127.0.0.1:" in banner


def test_sigterm_is_an_orderly_end_with_code_0(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        code = server.end()

        assert code == 0
        assert "Traceback" not in server.err.read_text()


def test_sigterm_closes_sockets_with_1001(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        address = server.address.replace("http", "ws") + "/graphql"
        with connect(address, subprotocols=[SUBPROTOCOL], proxy=None) as client:
            server.process.terminate()
            for _ in client:
                pass

        assert client.close_code == 1001
        assert server.process.wait(SECONDS) == 0


def test_the_file_can_be_served_again_after_the_server_has_ended(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        first.end()

    with serving(tmp_path) as second:
        assert get(second.address + "/health/live").status_code == 200


def test_a_second_server_on_the_same_file_refuses_and_names_the_first(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        second = orchestrator(tmp_path, "serve", "--workflows", "flows", "--port", "0")

        assert second.returncode == 2
        assert f"Another server (process {first.process.pid}) works on 'orchestrator.db'" in second.stderr
        assert len(second.stderr.splitlines()) == 1
        assert get(first.address + "/health/ready").status_code == 200


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        refused = orchestrator(tmp_path, "serve", "--workflows", "flows", "--port", port)

    assert refused.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in refused.stderr


def test_an_open_address_without_sign_in_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)

    refused = orchestrator(tmp_path, "serve", "--workflows", "flows", "--host", "0.0.0.0", "--port", "0")

    assert refused.returncode == 2
    assert "without sign-in" in refused.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)

    refused = orchestrator(tmp_path, "serve", "--workflows", "flows", ORCHESTRATOR_CALLBACK_TIMEOUT="-1")

    assert refused.returncode == 2
    assert "ORCHESTRATOR_CALLBACK_TIMEOUT: Input should be greater than 0" in refused.stderr


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / "orchestrator.db").write_text("a text, not a database")

    refused = orchestrator(tmp_path, "serve", "--workflows", "flows", "--port", "0")

    assert refused.returncode == 2
    assert "file is not a database" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_unreachable_database_is_reported_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://me:secret@127.0.0.1:{nobody.getsockname()[1]}/processes"

        refused = orchestrator(tmp_path, "serve", "--workflows", "flows", "--port", "0", "--database", url)

    assert refused.returncode == 2
    assert "PostgreSQL server of ORCHESTRATOR_DATABASE_URL cannot be used: connection" in refused.stderr
    assert "secret" not in refused.stderr


def test_the_log_holds_routes_and_never_the_path_with_a_token(tmp_path: Path) -> None:
    path = "/api/processes/00000000-0000-7000-8000-000000000000/callback/s3cr3t-t0ken"
    with serving(tmp_path, ORCHESTRATOR_LOG_LEVEL="DEBUG") as server:
        httpx.post(server.address + path, json={}, trust_env=False)
        httpx.post(server.address + path + "/nowhere", json={}, trust_env=False)
        server.end()

        log = server.err.read_text()

    assert "method=POST route=/api/processes/{process_id}/callback/{token} status=404" in log
    assert "s3cr3t-t0ken" not in log


@pytest.mark.parametrize("module", ["flows", "flows.py", "./flows.py"])
def test_a_module_is_a_name_or_a_file_and_may_be_given_twice(tmp_path: Path, module: str) -> None:
    (tmp_path / "more.py").write_text("from flows import greeting\n")

    with serving(tmp_path, "--workflows", module, "more", "more.py") as server:
        assert "Workflows  greeting\n" in server.out.read_text()
