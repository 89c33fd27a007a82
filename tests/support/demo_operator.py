"""A person who operates a running demo, and who uses only GraphQL."""

from pathlib import Path
from typing import Any

import httpx

from support.command_line import running, until
from support.ports import free_port

PLAYBOOK_SECONDS = 300.0
"""The time for two playbooks on a busy machine, with a wide margin."""

PAUSE = 0.2
"""Seconds between two looks at a process: a playbook takes some seconds, and each look takes time from it."""

PORTS = {"port_a": "paris-1:ge-0/0/1", "port_b": "lyon-1:ge-0/0/2"}
START = """mutation($name: String!, $pages: [JSON!]!) { startWorkflow(input: {workflowName: $name, pages: $pages}) {
  __typename ... on StartWorkflowSuccess { process { id } } ... on UserError { code message } } }"""
FORM = """query($name: String!, $pages: [JSON!]!) { startForm(workflowName: $name, pages: $pages) {
  __typename ... on FormPage { schema } ... on FormInvalid { errors { message } } } }"""
PROCESS = """query($id: ID!) { process(id: $id) { status state note failure { code message details }
  openInputRequest { id } callbacks { status isEarly progressLog { totalCount } } } }"""
CONFIRM = """mutation($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) {
  __typename ... on UserError { message } } }"""


class Operator:
    """A person who uses only GraphQL."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        response = httpx.post(
            f"{self._address}/graphql", json={"query": query, "variables": variables}, timeout=30
        ).json()
        assert "errors" not in response, response
        data: dict[str, Any] = next(iter(response["data"].values()))
        return data

    def start(self, **more: Any) -> str:
        """Order a circuit; the id of its process."""
        return self.begin("create_l2vpn", PORTS, {"vlan": 100, "service_speed": "1000", **more})

    def begin(self, workflow: str, *pages: dict[str, Any]) -> str:
        """Start the workflow; the id of its process."""
        started = self.ask(START, name=workflow, pages=pages)
        assert started["__typename"] == "StartWorkflowSuccess", started
        id: str = started["process"]["id"]
        return id

    def form(self, workflow: str, *pages: dict[str, Any]) -> dict[str, Any]:
        """The next page of the start form, or the errors of the last one."""
        return self.ask(FORM, name=workflow, pages=pages)

    def refused(self, workflow: str, *pages: dict[str, Any]) -> tuple[str, str]:
        """The code and the message with which the start is refused."""
        answer = self.ask(START, name=workflow, pages=pages)
        assert answer["__typename"] != "StartWorkflowSuccess", answer
        return answer["code"], answer["message"]

    def complete(self, id: str) -> dict[str, Any]:
        """Confirm every form of the process until it is completed."""

        def look() -> dict[str, Any] | None:
            process = self.ask(PROCESS, id=id)
            assert process["status"] not in ("FAILED", "ABORTED"), process
            if process["openInputRequest"] is not None:
                self.ask(CONFIRM, id=process["openInputRequest"]["id"])
            return process if process["status"] == "COMPLETED" else None

        return until(look, seconds=PLAYBOOK_SECONDS, pause=PAUSE)

    def wait_for_status(self, id: str, status: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            process = self.ask(PROCESS, id=id)
            assert process["status"] != "FAILED" or status == "FAILED", process
            return process if process["status"] == status else None

        return until(look, seconds=PLAYBOOK_SECONDS, pause=PAUSE)

    def confirm(self, process: dict[str, Any]) -> None:
        response = self.ask(CONFIRM, id=process["openInputRequest"]["id"])
        assert response["__typename"] == "SubmitFormSuccess", response


def demo(folder: Path, *options: str, **environment: str) -> Any:
    """A running demo in the folder, without examples and without pauses in its playbooks."""
    options = options or ("--no-examples",)
    ports = ("--port", free_port(), "--proxy-port", free_port())
    return running(folder, "demo", *ports, *options, **{"ANSIBLE_PROXY_DELAY": "0"} | environment)
