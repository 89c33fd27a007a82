"""The clients of the page about GraphQL clients work as they are printed: those in Python and curl are run."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from graphql import build_schema, parse, validate
from support.command_line import SECONDS, environment_of, serving, until
from support.tree import ROOT

from orchestrator_gql.graphql.schema import printed

PAGE = (ROOT / "docs/howto/connect-a-graphql-client.md").read_text()
START, FOLLOW_BY_SOCKET, FOLLOW_BY_SSE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
CURL_START, CURL_FOLLOW = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
DOCUMENTS = re.findall(r'gql`(.*?)`|"""\n(.*?)"""', PAGE, re.DOTALL)
ONE = 'mutation { startWorkflow(input: {workflowName: "greeting"}) { __typename } }'
FOLLOWERS = {"socket": FOLLOW_BY_SOCKET, "sse": FOLLOW_BY_SSE, "curl": CURL_FOLLOW}

SENDERS_OF_CLOSE_CODES = (
    "orchestrator_gql/graphql/transport_ws.py",
    "orchestrator_gql/graphql/transport/frames.py",
    "orchestrator_gql/cli/serving/websocket_protocol.py",
)


def test_the_page_lists_each_close_code_that_the_server_sends_and_no_other() -> None:
    sources = "".join((ROOT / name).read_text() for name in SENDERS_OF_CLOSE_CODES)
    sent = set(re.findall(r"(?:BadFrame|close|_closing or )\(+(\d{4})", sources))
    sent |= {
        code for line in re.findall(r"^[A-Z_, ]+ = ([\d, ]+)$", sources, re.M) for code in re.findall(r"1\d{3}", line)
    }

    assert {"1001", "1007", "1009", "1011", "4400", "4429"} <= sent
    assert set(re.findall(r"^\| (\d{4}) \|", PAGE, re.M)) == sent


def command_of(text: str, address: str) -> list[str]:
    """The example as a command, for our server and its only workflow."""
    text = text.replace("http://127.0.0.1:8000", address).replace("ws://127.0.0.1:8000", address.replace("http", "ws"))
    text = text.replace("configure_node", "greeting").replace('[{"node": "ams-1"}]', "[]")
    return ["bash", "-c", f"exec {text}"] if text.startswith("curl") else [sys.executable, "-c", text]


@contextmanager
def following(text: str, address: str, out: Path) -> Iterator[None]:
    """The example runs until the block ends."""
    with ExitStack() as stack:
        file = stack.enter_context(out.open("wb"))
        client = subprocess.Popen(
            command_of(text, address), stdout=file, stderr=subprocess.STDOUT, env=environment_of({"NO_PROXY": "*"})
        )
        stack.callback(client.wait, SECONDS)
        stack.callback(client.kill)
        yield


@pytest.mark.parametrize("text", [START, CURL_START], ids=["httpx", "curl"])
def test_an_example_starts_a_process(tmp_path: Path, text: str) -> None:
    with serving(tmp_path) as server:
        result = subprocess.run(
            command_of(text, server.address),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=environment_of({"NO_PROXY": "*"}),
        )
        shown = httpx.post(
            f"{server.address}/graphql", json={"query": "{ processes(first: 2) { nodes { id } } }"}, trust_env=False
        ).json()["data"]["processes"]["nodes"]

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(shown) == 1 and shown[0]["id"] in result.stdout


@pytest.mark.parametrize("name", FOLLOWERS)
def test_an_example_follows_the_events(tmp_path: Path, name: str) -> None:
    out = tmp_path / "followed.txt"
    with serving(tmp_path) as server, following(FOLLOWERS[name], server.address, out):

        def seen() -> bool | None:
            httpx.post(f"{server.address}/graphql", json={"query": ONE}, trust_env=False)  # it may not follow yet
            return "ProcessCreatedEvent" in out.read_text() or None

        assert until(seen), out.read_text()


def test_the_example_over_a_socket_goes_on_after_the_last_event_when_the_server_was_away(tmp_path: Path) -> None:
    out = tmp_path / "followed.txt"
    with ExitStack() as client:
        with serving(tmp_path) as first:
            client.enter_context(following(FOLLOW_BY_SOCKET, first.address, out))

            def seen() -> bool | None:
                httpx.post(f"{first.address}/graphql", json={"query": ONE}, trust_env=False)
                return "ProcessCreatedEvent" in out.read_text() or None

            until(seen)
            port = first.address.rpartition(":")[2]
        with serving(tmp_path, "--port", port) as again:
            query = {
                "query": 'mutation { startWorkflow(input: {workflowName: "greeting"}) { '
                "... on StartWorkflowSuccess { process { id } } } }"
            }
            answer = httpx.post(f"{again.address}/graphql", json=query, trust_env=False).json()
            id = answer["data"]["startWorkflow"]["process"]["id"]
            until(lambda: f"ProcessCreatedEvent {id}" in out.read_text() or None)

    lines = [line for line in out.read_text().splitlines() if line.startswith("ProcessCreatedEvent")]
    assert len(lines) == len(set(lines)) >= 2


@pytest.mark.parametrize("document", ["".join(found) for found in DOCUMENTS])
def test_the_documents_of_the_examples_are_valid(document: str) -> None:
    assert validate(build_schema(printed()), parse(document)) == []


def test_every_client_has_an_example() -> None:
    assert len(DOCUMENTS) == 6
    assert {"## curl", "## Python", "## urql", "## Apollo Client"} <= set(PAGE.splitlines())
