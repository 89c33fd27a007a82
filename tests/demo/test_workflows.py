"""The steps of the demo's workflows: their requests to the proxy, and how they handle its responses."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from orchestrator_gql.callbacks.lso import LsoPlaybookResult
from orchestrator_gql.demo import circuit_steps, playbook_steps, workflows
from orchestrator_gql.demo.forms import SpeedChoice
from orchestrator_gql.demo.products import L2vpnProvisioning
from orchestrator_gql.domain import products
from orchestrator_gql.types import StepKind
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import ActionStep, Step, Workflow

JOB_ID = "9f0c6d0e-6f0b-4a53-9d55-2f6f3f0d6a11"
URLS = {"callback_url": "http://orchestrator/callback", "progress_url": "http://orchestrator/callback/progress"}


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """The requests that a service at the proxy's address received: path and body."""
    requests: list[tuple[str, Any]] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.path, body))
            is_bad = body.get("args") == ["unreachable-1"]
            result = {
                "output": "it says so\n",
                "return_code": int(is_bad),
                "status": "failed" if is_bad else "successful",
            }
            body = json.dumps({"job_id": JOB_ID, "result": result}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("ANSIBLE_PROXY_URL", f"http://127.0.0.1:{server.server_address[1]}/")
        yield requests
        server.shutdown()
        thread.join()


def function_of(step: Step) -> Callable[..., Any]:
    assert isinstance(step, ActionStep)
    return step.function


def ordered_circuit() -> L2vpnProvisioning:
    product = products.by_name("L2VPN").facts.product_id
    state = function_of(workflows.construct_model)(
        product=product, port_a="paris-1:ge-0/0/1", port_b="lyon-1:ge-0/0/2", vlan=20, service_speed=SpeedChoice.FAST
    )
    subscription = state["subscription"]
    assert isinstance(subscription, L2vpnProvisioning)
    return subscription


def kinds(workflow: Workflow) -> list[StepKind]:
    return [step.kind for step in workflow.steps if step.kind is not StepKind.SYSTEM]


def test_an_ordered_circuit_is_being_provisioned_with_both_its_ends() -> None:
    subscription = ordered_circuit()

    circuit = subscription.virtual_circuit
    assert circuit.service_speed == 10_000
    assert [(sap.port.node.node_name, sap.port.port_name, sap.vlan) for sap in circuit.saps] == [
        ("paris-1", "ge-0/0/1", 20),
        ("lyon-1", "ge-0/0/2", 20),
    ]
    assert subscription.description == "L2VPN 20 from paris-1 to lyon-1"


@pytest.mark.parametrize(("step", "is_dry"), [(circuit_steps.run_dry, True), (circuit_steps.run_for_good, False)])
def test_the_proxy_is_ordered_to_run_the_playbook_dry_and_then_for_good(
    orders: list[tuple[str, Any]], step: Step, is_dry: bool
) -> None:
    subscription = ordered_circuit()

    returned = function_of(step)(subscription=subscription, let_playbook_fail=False, **URLS)

    assert list(returned.values()) == [JOB_ID]
    assert orders == [
        (
            "/api/playbook/",
            {
                "playbook_name": "l2vpn.yml",
                "inventory": "paris-1\nlyon-1",
                "extra_vars": {
                    "circuit": str(subscription.subscription_id)[-8:],
                    "vlan": 20,
                    "speed": 10_000,
                    "SiteA": "paris-1",
                    "interfaceA": "ge-0/0/1",
                    "SiteB": "lyon-1",
                    "interfaceB": "ge-0/0/2",
                    "dry_run": is_dry,
                    "fail": False,
                },
                "callback": URLS["callback_url"],
                "progress": URLS["progress_url"],
            },
        )
    ]


@pytest.mark.parametrize(
    ("step", "key"), [(playbook_steps.judge_dry_run, "dry_run_result"), (playbook_steps.judge_run, "callback_result")]
)
def test_a_playbook_that_failed_stops_the_process_with_its_result(step: Step, key: str) -> None:
    good = {"status": "successful", "job_id": JOB_ID, "output": ["ok"], "return_code": 0}

    with pytest.raises(ProcessFailureError) as failure:
        function_of(step)(good | {"return_code": 2})

    assert function_of(step)(good) == {key: good}
    assert failure.value.details == good | {"return_code": 2}
    assert LsoPlaybookResult.model_validate(good).job_id == UUID(JOB_ID)


@pytest.mark.parametrize(
    ("insync", "advice"),
    [(True, "the model: reconcile"), (False, "wait until it ends, then validate again")],
)
def test_a_difference_beside_a_change_does_not_advise_what_is_refused(insync: bool, advice: str) -> None:
    result = {"status": "failed", "job_id": JOB_ID, "output": ["-  vlan 100", "+  vlan 200"], "return_code": 2}
    subscription = SimpleNamespace(insync=insync)

    with pytest.raises(ProcessFailureError, match=advice) as failure:
        function_of(playbook_steps.judge_comparison)(comparison=result, subscription=subscription)

    assert failure.value.details == {"difference": result["output"]}


def test_a_device_that_does_not_answer_fails_its_ping(orders: list[tuple[str, Any]]) -> None:
    ping = function_of(workflows.ping_node)

    with pytest.raises(ProcessFailureError, match="it says so"):
        ping(node_name="unreachable-1")

    assert ping(node_name="paris-1") == {"ping": "it says so"}
    assert orders[-1] == ("/api/execute/", {"executable_name": "ping_node.py", "args": ["paris-1"], "is_async": False})


def test_a_person_is_asked_after_each_run_of_the_playbook() -> None:
    run_and_ask = [StepKind.ACTION, StepKind.AWAIT_CALLBACK, StepKind.VALIDATION, StepKind.INPUT]

    step_kinds = kinds(workflows.create_l2vpn)

    start = step_kinds.index(StepKind.AWAIT_CALLBACK) - 1
    assert step_kinds[start : start + 8] == run_and_ask * 2
