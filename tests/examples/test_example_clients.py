"""The example `clients`: each client starts a workflow, watches it and confirms its result, without losing an event."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect
from support.browser import launched
from support.command_line import SECONDS, until
from support.example_project import EXAMPLES, Project, commands_of, is_reached, project
from support.ports import free_port

MODULES = EXAMPLES / "clients" / "node_modules"
CLIENTS = commands_of("clients")[1:-1]

WAITED = "ProcessStatusChangedEvent AWAITING_CALLBACK"
"""Printed if the process waited: the service may deliver before the step that asked it has ended."""

STEPS = [
    "StepChangedEvent Start the job SUCCESS",
    "ProcessStatusChangedEvent SUSPENDED",
    "ProcessStatusChangedEvent COMPLETED",
]
"""What each client prints, among other lines."""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The server, the remote service and the clients, with the packages that `make test` has installed for Node."""
    if not MODULES.is_dir():
        pytest.fail("The packages of examples/clients are missing: run `npm ci` there. `make test` does.")
    origin = f"http://127.0.0.1:{free_port()}"
    with project(tmp_path_factory.mktemp("clients"), "clients", ORCHESTRATOR_ALLOWED_ORIGINS=origin) as running:
        (running.folder / "node_modules").symlink_to(MODULES)
        yield running


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_starts_watches_and_confirms(example: Project, client: str) -> None:
    if client == "./with_curl" and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    lines = [" ".join(line.split()) for line in example.enter(client.replace("npm ci && ", "")).splitlines()]

    printed = [line for line in lines if line in (*STEPS, WAITED)]
    assert printed in (STEPS, [STEPS[0], WAITED, *STEPS[1:]]), lines
    assert "confirmed: SubmitFormSuccess" in lines


def test_the_clients_in_typescript_have_the_right_types() -> None:
    if shutil.which("node") is None:
        pytest.fail("Node.js is missing. Install Node 20 or later.")
    command = [str(MODULES / ".bin" / "tsc"), "--noEmit"]

    checked = subprocess.run(
        command, cwd=EXAMPLES / "clients", capture_output=True, text=True, check=False, timeout=SECONDS
    )

    assert checked.returncode == 0, checked.stdout


def test_there_are_four_clients_and_a_page() -> None:
    assert len(CLIENTS) == 4
    assert "http.server" in commands_of("clients")[-1]


@contextmanager
def served_page(example: Project) -> Iterator[str]:
    """The page at the origin that the server allows, as the last command of the README serves it."""
    origin = example.environment["ORCHESTRATOR_ALLOWED_ORIGINS"]
    *command, _ = commands_of("clients")[-1].split()
    with subprocess.Popen(
        [sys.executable, *command[1:], origin.rpartition(":")[2], "--bind", "127.0.0.1"],
        cwd=example.folder,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            until(lambda: True if is_reached(origin) else None)
            yield f"{origin}/page.html?server={example.address}"
        finally:
            server.terminate()


def test_the_page_of_another_origin_starts_watches_and_confirms(example: Project) -> None:
    with served_page(example) as url, launched() as browser, browser.new_context() as context:
        page = context.new_page()
        page.goto(url)
        page.get_by_role("button", name="Start").click()
        page.locator("#task button").click()
        expect(page.locator("#log")).to_contain_text("ProcessStatusChangedEvent COMPLETED")
        lines = page.locator("#log li").all_text_contents()

    assert "SubmitFormSuccess" in lines
