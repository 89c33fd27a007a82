"""The demo as a person sees it: a real server, a real proxy, and a real playbook that writes files."""

import socket
from pathlib import Path
from typing import Any

import httpx
from support.command_line import running, until

PORTS = {"port_a": "paris-1:ge-0/0/1", "port_b": "lyon-1:ge-0/0/2"}
START = """mutation($pages: [JSON!]!) { startWorkflow(input: {workflowName: "create_l2vpn", pages: $pages}) {
  __typename ... on StartWorkflowSuccess { process { id } } ... on UserError { message } } }"""
PROCESS = """query($id: ID!) { process(id: $id) { status failure { code message details }
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
        started = self.ask(START, pages=[PORTS, {"vlan": 100, "service_speed": "1000", **more}])
        assert started["__typename"] == "StartWorkflowSuccess", started
        id: str = started["process"]["id"]
        return id

    def wait_for_status(self, id: str, status: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            process = self.ask(PROCESS, id=id)
            assert process["status"] != "FAILED" or status == "FAILED", process
            return process if process["status"] == status else None

        return until(look)

    def confirm(self, process: dict[str, Any]) -> None:
        response = self.ask(CONFIRM, id=process["openInputRequest"]["id"])
        assert response["__typename"] == "SubmitFormSuccess", response


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def demo(folder: Path, **environment: str) -> Any:
    ports = ("--port", free_port(), "--proxy-port", free_port())
    return running(folder, "demo", *ports, ANSIBLE_PROXY_DELAY="0", **environment)


def test_a_circuit_is_ordered_confirmed_twice_and_configured_by_a_real_playbook(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        operator = Operator(server.address)
        id = operator.start()

        dry_run = operator.wait_for_status(id, "SUSPENDED")
        written_before = list((tmp_path / ".demo" / "devices").glob("*.cfg"))
        operator.confirm(dry_run)
        until(lambda: True if len(operator.ask(PROCESS, id=id)["callbacks"]) == 2 else None)
        operator.confirm(operator.wait_for_status(id, "SUSPENDED"))
        done = operator.wait_for_status(id, "COMPLETED")

    assert written_before == []
    assert "100" in (tmp_path / ".demo" / "devices" / "paris-1.cfg").read_text()
    assert [callback["status"] for callback in done["callbacks"]] == ["VALIDATED", "VALIDATED"]
    assert [callback["progressLog"]["totalCount"] > 0 for callback in done["callbacks"]] == [True, True]


def test_a_failed_playbook_fails_the_process_with_its_result(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        operator = Operator(server.address)

        failed = operator.wait_for_status(operator.start(let_playbook_fail=True), "FAILED")

    assert failed["failure"]["code"] == "process-failure"
    assert failed["failure"]["details"]["return_code"] == 2
    assert failed["callbacks"][0]["status"] == "REJECTED"
    assert not list((tmp_path / ".demo" / "devices").glob("*.cfg"))


def test_an_answer_that_comes_before_the_action_returns_is_not_lost(tmp_path: Path) -> None:
    with demo(tmp_path, ANSIBLE_PROXY_INLINE="1") as server:
        operator = Operator(server.address)

        waiting = operator.wait_for_status(operator.start(), "SUSPENDED")

    assert [callback["isEarly"] for callback in waiting["callbacks"]] == [True]
    assert waiting["callbacks"][0]["status"] == "VALIDATED"
