"""Upgrade several devices at the same time: in one process, or with a process for each device."""

import os
from typing import Any

import httpx
from pydantic import SecretStr

from orchestrator_gql import StepList, begin, callback_step, step
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

DEVICES = os.environ.get("DEVICE_SERVICE", "http://127.0.0.1:8001")
SERVER = os.environ.get("ORCHESTRATOR_URL", "http://127.0.0.1:8000")


def which_devices() -> FormGenerator:
    """Ask for the names of the devices."""

    class DevicesPage(SubmitFormPage):
        devices: list[str]
        version: str

    answer = yield DevicesPage
    return {**answer.model_dump()}


def names(devices: list[str]) -> list[str]:
    """The names of the callbacks: one for each device."""
    return devices


# One process. Each device has a URL of its own, and they all work at the same time.


@step("Upgrade the devices")
def upgrade_all(version: str, callback_urls: dict[str, str]) -> None:
    """Order the upgrades; after a failure only the devices that are tried again are in ``callback_urls``."""
    for device, url in callback_urls.items():
        order(device, version, url)


@step("Look at the results")
def look(callback_result: dict[str, dict[str, Any]]) -> State:
    """Keep the version of each device."""
    return {"versions": {device: result["version"] for device, result in callback_result.items()}}


@workflow("Upgrade devices", initial_input_form=which_devices, title="Upgrade {devices} to {version}")
def upgrade_devices() -> StepList:
    """Upgrade the devices in one process, which fails if a device fails."""
    return begin >> callback_step("Upgrade", upgrade_all, look, expect=names, timeout=600)


# A process for each device, so that each has steps, failures and retries of its own. The parent waits for all of them.

START = """mutation($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  __typename ... on StartWorkflowSuccess { process { id } } ... on UserError { message } } }"""


@step("Start a process for each device")
def start_each(version: str, callback_urls: dict[str, str], idempotency_key: str) -> State:
    """Start the processes. If this step runs again, the same keys start nothing twice."""
    processes = {}
    for device, url in callback_urls.items():
        pages = [{"device": device, "version": version, "answer_to": url}]
        start = {"workflowName": "upgrade_device", "pages": pages, "idempotencyKey": f"{idempotency_key}-{device}"}
        answer = httpx.post(f"{SERVER}/graphql", json={"query": START, "variables": {"input": start}}, timeout=10)
        started = answer.raise_for_status().json()["data"]["startWorkflow"]
        if started["__typename"] != "StartWorkflowSuccess":
            raise ProcessFailureError(f"The upgrade of {device} was not started: {started['message']}")
        processes[device] = started["process"]["id"]
    return {"processes": processes}


@workflow("Upgrade the network", initial_input_form=which_devices, title="Upgrade {devices} to {version}")
def upgrade_network() -> StepList:
    """Upgrade each device in a process of its own, and wait for all of them."""
    return begin >> callback_step("Upgrades", start_each, look, expect=names, timeout=86400)


def which_device() -> FormGenerator:
    """The order of the parent."""

    class DevicePage(SubmitFormPage):
        device: str
        version: str
        answer_to: SecretStr  # nobody else may see the one-time URL

    answer = yield DevicePage
    return {**answer.model_dump()}


@step("Upgrade the device")
def upgrade_one(device: str, version: str, callback_url: str) -> None:
    """Order the upgrade."""
    order(device, version, callback_url)


@step("Look at the result")
def look_at_one(callback_result: dict[str, Any]) -> State:
    """Keep the version of the device."""
    return {"new_version": callback_result["version"]}


@step("Answer the parent")
def answer_parent(answer_to: SecretStr, new_version: str) -> None:
    """Deliver the result to the callback of the parent."""
    httpx.post(answer_to.get_secret_value(), json={"version": new_version}, timeout=10).raise_for_status()


@workflow("Upgrade a device", initial_input_form=which_device, title="Upgrade {device} to {version}")
def upgrade_device() -> StepList:
    """Upgrade one device, then answer the parent."""
    return begin >> callback_step("Upgrade", upgrade_one, look_at_one, timeout=600) >> answer_parent


def order(device: str, version: str, callback_url: str) -> None:
    """Ask the service to upgrade a device."""
    job = {"device": device, "version": version, "callback": callback_url}
    httpx.post(f"{DEVICES}/upgrades", json=job, timeout=10).raise_for_status()
