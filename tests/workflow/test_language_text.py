"""What an author's function gets is JSON, unless its annotation asks for another type."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.network import ACTIVE, NODE, NodeInactive
from support.stage import Stage, named

from orchestrator_gql import StepList, begin, callback_step, conditional, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.domain.base import SubscriptionModel
from orchestrator_gql.forms import FormPage
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, UUIDstr
from orchestrator_gql.workflow import focussteps
from orchestrator_gql.workflows.steps import set_status
from orchestrator_gql.workflows.utils import create_workflow


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


ID = "5ed2d6c7-6c7c-4f9c-9e6e-2b6b0f0a7a01"


async def test_an_id_is_text_unless_the_annotation_is_another_type(stage: Stage) -> None:
    @step("Look")
    def look(process_id: UUIDstr, subscription_id: UUIDstr, product: UUIDstr, workflow_target: str) -> None:
        stage.seen.append((process_id, subscription_id, product, workflow_target))

    @step("Look at objects")
    def look_at_objects(process_id: UUID, subscription_id: UUID, product: UUID, workflow_target: Target) -> None:
        stage.seen.append((process_id, subscription_id, product, workflow_target))

    @step("Look at all")
    def look_at_all(process_id, subscription_id, product, workflow_target) -> None:  # type: ignore[no-untyped-def]
        stage.seen.append((process_id, subscription_id, product, workflow_target))

    process = await stage.play(look >> look_at_objects >> look_at_all, subscription_id=ID, product=ID)

    assert process.failure is None
    text = (str(process.id), ID, ID, "SYSTEM")
    assert stage.seen == [text, (process.id, UUID(ID), UUID(ID), Target.SYSTEM), text]
    assert [type(value) for value in (*stage.seen[0], *stage.seen[2])] == [str] * 8


def _seen_by_a_step(note: Callable[[State], Any]) -> StepList:
    @step("Look")
    def look(state: State) -> None:
        note(state)

    return begin >> look


def _seen_by_a_predicate(note: Callable[[State], Any]) -> StepList:
    return begin >> conditional(lambda s: note(s) is not None)(_seen_by_a_step(lambda state: None))


def _seen_by_a_form(note: Callable[[State], Any]) -> StepList:
    @inputstep("Ask")
    def ask(state: State) -> FormGenerator:
        note(state)
        yield FormPage
        return {}

    return begin >> ask


def _seen_through_a_focus(note: Callable[[State], Any]) -> StepList:
    return focussteps("order")(_seen_by_a_step(note))


def _seen_by_an_action(note: Callable[[State], Any]) -> StepList:
    @step("Call")
    def call(state: State) -> None:
        note(state)
        raise ValueError("that is enough")

    return callback_step("Configure", call, step("Validate")(lambda callback_result: None))


SEEN = [_seen_by_a_step, _seen_by_a_predicate, _seen_by_a_form, _seen_through_a_focus, _seen_by_an_action]


@pytest.mark.parametrize("steps", SEEN)
async def test_json_writes_the_state_that_an_author_gets(stage: Stage, steps: Callable[..., StepList]) -> None:
    @step("Return objects")
    def return_objects() -> State:
        return {"id": UUID(ID), "target": Target.CREATE, "order": {"ids": [UUID(ID)]}}

    await stage.play(return_objects >> steps(lambda state: stage.seen.append(json.dumps(state))))

    assert stage.seen and all(ID in text for text in stage.seen)


async def test_json_writes_the_state_of_a_step_on_a_subscription(stage: Stage) -> None:
    @step("Construct")
    def construct(product: UUIDstr) -> State:
        node = NodeInactive.from_product_id(product, "uva")
        node.node.node_name = "ams-1"
        return {"subscription": node, "subscription_id": node.subscription_id}

    @step("Look")
    def look(state: State, subscription: SubscriptionModel) -> None:
        stage.seen.append((json.loads(json.dumps(state)), subscription))

    @create_workflow("Create", products=[NODE.name])
    def create() -> StepList:
        return begin >> construct >> set_status(ACTIVE) >> look

    async with stage(create) as play:
        process = await play.run("create")

    assert process.failure is None
    state, subscription = stage.seen[0]
    assert (state["subscription_id"], state["product"]) == (str(subscription.subscription_id), str(NODE.product_id))
    assert state["subscription"]["subscription_id"] == state["subscription_id"]


@dataclass
class Vlan:
    """A class around a plain value."""

    number: int

    def unwrap(self) -> int:
        """The plain value."""
        return self.number


class Speed(int):
    """A subclass of a plain type that wraps it."""

    def unwrap(self) -> str:
        """The plain value."""
        return f"{int(self)}G"


class Odd:
    """A class that takes odd numbers only."""

    def __init__(self, number: int) -> None:
        if not number % 2:
            raise ValueError(f"{number} is even")
        self.number = number

    def unwrap(self) -> int:
        """The plain value."""
        return self.number


async def test_a_wrapper_is_made_of_the_plain_value_and_stored_as_the_plain_value(stage: Stage) -> None:
    @step("Take wrappers")
    def take(
        vlan: Vlan,
        vlans: list[Vlan],
        spare: Vlan | None,
        by_name: dict[str, Vlan],
        none: Vlan | str | None,
        number: int,
    ) -> State:
        stage.seen.append((vlan, vlans, spare, by_name, none, number))
        return {"vlan": Vlan(vlan.number + 1), "vlans": vlans, "nested": {"inner": [vlan]}, "speed": Speed(10)}

    process = await stage.play(take, vlan=10, vlans=[1, 2], spare=3, by_name={"a": 4}, none=None, number=5)

    assert process.failure is None
    assert stage.seen == [(Vlan(10), [Vlan(1), Vlan(2)], Vlan(3), {"a": Vlan(4)}, None, 5)]
    kept = {key: process.state[key] for key in ("vlan", "vlans", "nested", "speed")}
    assert kept == {"vlan": 11, "vlans": [1, 2], "nested": {"inner": [10]}, "speed": "10G"}


async def test_a_wrapper_that_refuses_its_value_fails_the_step_with_the_parameter(stage: Stage) -> None:
    @step("Take it")
    def take(numbers: list[Odd]) -> None: ...

    process = await stage.play(take, numbers=[1, 2])

    assert process.failure is not None
    assert process.failure.code == "bad-argument"
    assert "`numbers`" in process.failure.message and "numbers[1]: Value error, 2 is even" in process.failure.message


async def test_a_wrapper_that_unwraps_to_itself_fails_the_step(stage: Stage) -> None:
    class Endless:
        def unwrap(self) -> "Endless":
            return self

    @step("Return it")
    def give() -> State:
        return {"deep": [Endless()]}

    process = await stage.play(give)

    assert process.failure is not None
    assert process.failure.code == "not-json"
    assert "`result.deep[0]`" in process.failure.message


def test_the_teams_of_the_family_are_names_of_the_class() -> None:
    teams = (Assignee.SYSTEM, Assignee.NOC, Assignee.CHANGES, Assignee.KLANTSUPPORT)

    assert [team.key for team in teams] == ["SYSTEM", "NOC", "CHANGES", "KLANTSUPPORT"]
    assert Assignee("SYSTEM") == Assignee.SYSTEM


async def test_a_step_for_the_system_may_be_answered_by_everybody(stage: Stage) -> None:
    @inputstep("Confirm", assignee=Assignee.SYSTEM)
    def confirm() -> FormGenerator:
        yield FormPage
        return {}

    async with stage(named("play", begin >> confirm)) as play:
        process = await play.run("play", {})
        assert (process.status, process.assignee) == (ProcessStatus.SUSPENDED, "SYSTEM")
        process = await play.submit(process, {})

    assert process.status is ProcessStatus.COMPLETED


@dataclass
class Hop:
    """A part of a payload."""

    router: str
    since: datetime | None = None


@dataclass
class Trace:
    """The payload of a remote service."""

    hops: list[Hop]
    job_id: UUID


async def test_a_payload_may_be_a_dataclass_in_every_place(stage: Stage) -> None:
    @step("Call")
    def call(callback_route: str, wanted: Trace) -> State:
        stage.seen.append((callback_route, wanted))
        return {"asked": wanted}

    @step("Judge")
    def judge(callback_result: Trace) -> State:
        stage.seen.append(callback_result)
        return {"trace": callback_result, "hops": {hop.router: hop for hop in callback_result.hops}}

    wanted = {"hops": [{"router": "ams-1"}], "job_id": ID}
    async with stage(named("play", callback_step("Trace", call, judge))) as play:
        process = await play.run("play", {"wanted": wanted})
        route = stage.seen[0][0]
        await play.answer(route, wanted | {"hops": [{"router": "ams-1", "since": "2026-01-01T00:00:00Z"}]})
        process = await play.rest(process.id, ProcessStatus.AWAITING_CALLBACK)

    assert process.failure is None
    assert stage.seen[0][1] == Trace([Hop("ams-1")], UUID(ID))
    assert stage.seen[1].hops[0].since == datetime(2026, 1, 1, tzinfo=UTC)
    assert process.state["asked"] == {"hops": [{"router": "ams-1", "since": None}], "job_id": ID}
    assert process.state["hops"]["ams-1"]["router"] == "ams-1"
