"""The example `clients`: each client starts a workflow, watches it and confirms its result, without losing an event."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from support.command_line import SECONDS
from support.example_project import EXAMPLES, Project, commands_of, project

MODULES = EXAMPLES / "clients" / "node_modules"
CLIENTS = commands_of("clients")[1:]

STEPS = [
    "StepChangedEvent Start the job SUCCESS",
    "ProcessStatusChangedEvent AWAITING_CALLBACK",
    "ProcessStatusChangedEvent SUSPENDED",
    "ProcessStatusChangedEvent COMPLETED",
]
"""What each client prints, among other lines."""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The server, the remote service and the clients, with the packages that `make test` has installed for Node."""
    if not MODULES.is_dir():
        pytest.fail("The packages of examples/clients are missing: run `npm ci` there. `make test` does.")
    with project(tmp_path_factory.mktemp("clients"), "clients") as running:
        (running.folder / "node_modules").symlink_to(MODULES)
        yield running


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_starts_watches_and_confirms(example: Project, client: str) -> None:
    if client == "./with_curl" and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    lines = [" ".join(line.split()) for line in example.enter(client.replace("npm ci && ", "")).splitlines()]

    printed = [line for line in lines if line in STEPS]
    assert printed == STEPS, lines
    assert "confirmed: SubmitFormSuccess" in lines


def test_the_clients_in_typescript_have_the_right_types() -> None:
    if shutil.which("node") is None:
        pytest.fail("Node.js is missing. Install Node 20 or later.")
    command = [str(MODULES / ".bin" / "tsc"), "--noEmit"]

    checked = subprocess.run(
        command, cwd=EXAMPLES / "clients", capture_output=True, text=True, check=False, timeout=SECONDS
    )

    assert checked.returncode == 0, checked.stdout


def test_there_are_four_clients() -> None:
    assert len(CLIENTS) == 4
