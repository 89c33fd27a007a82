"""A step shows the values that its keys had before it, and a callback shows whose job it waits for."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from stories import AWAITING, COMPLETED
from support.database import sqlite_url
from support.playbooks import judge
from support.web import site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow

STEPS = "query ($id: ID!) { process(id: $id) { steps { status stateDelta stateBefore } } }"
CALLBACKS = "query ($id: ID!) { process(id: $id) { callbacks { service externalId } } }"
SERVICES = {"proxy": {"credential_sha256": sha256(b"s3cret-of-the-proxy").hexdigest()}}


class Vlan(FormPage):
    vlan: int = 7


def asks_vlan() -> FormGenerator:
    answer = yield Vlan
    return {"vlan": answer.vlan}


@step("Choose")
def choose() -> State:
    return {"vlan": 8, "port": {"name": "ge-0"}}


@step("Change")
def change() -> State:
    return {"port": {"name": "ge-1"}, "is_up": True}


@step("Order")
def order(callback_route: str) -> State:
    return {"remote_ref": "job-7"}


@workflow("Change a port", initial_input_form=asks_vlan)
def changes_port() -> Any:
    return begin >> choose >> change


@workflow("Order")
def orders() -> Any:
    return begin >> change >> callback_step("Job", order, judge, service="proxy", timeout=1800)


async def test_the_values_before_a_step_come_from_the_start_form_and_the_steps_before(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), changes_port) as site:
        process_id = await site.engine.start(changes_port, {"vlan": 7})
        await site.engine.reaches(process_id, COMPLETED)
        first, second = (await site.ask(STEPS, id=str(process_id)))["process"]["steps"]

    assert first["stateDelta"] == {"vlan": 8, "port": {"name": "ge-0"}}
    assert first["stateBefore"] == {"vlan": 7}
    assert second["stateDelta"] == {"port": {"name": "ge-1"}, "is_up": True}
    assert second["stateBefore"] == {"port": {"name": "ge-0"}}


async def test_a_step_that_is_not_reached_changed_nothing_and_a_callback_names_its_job(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), orders, services=SERVICES) as site:
        process_id = await site.engine.start(orders)
        await site.engine.reaches(process_id, AWAITING)
        steps = (await site.ask(STEPS, id=str(process_id)))["process"]["steps"]
        callbacks = (await site.ask(CALLBACKS, id=str(process_id)))["process"]["callbacks"]

    assert (steps[-1]["status"], steps[-1]["stateBefore"]) == ("PENDING", None)
    assert callbacks == [{"service": "proxy", "externalId": "job-7"}]
