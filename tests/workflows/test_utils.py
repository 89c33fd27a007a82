"""The ready-made kinds of workflow: the standard steps and pages around those of the author."""

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.stage import Play, Stage

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.domain import SubscriptionModel, products, register_product
from orchestrator_gql.forms import FormPage, NextPage, PageInvalid
from orchestrator_gql.process import Process
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import NotFound, SubscriptionLocked
from orchestrator_gql.workflow import Workflow
from orchestrator_gql.workflows.steps import set_status
from orchestrator_gql.workflows.utils import (
    create_workflow,
    ensure_provisioning_status,
    modify_workflow,
    reconcile_workflow,
    task,
    terminate_workflow,
    validate_workflow,
)


class LineInactive(SubscriptionModel, is_base=True):
    speed: int | None = None


class Line(LineInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    speed: int


LINE = register_product(name="Leased line", model=Line)
FIBRE = register_product(name="Leased fibre", model=Line)
BOTH = (LINE.name, FIBRE.name)


class Lamp(SubscriptionModel, is_base=True):
    watts: int = 7


LAMP = register_product(name="Leased lamp", model=Lamp)


class OrderPage(FormPage):
    speed: int


def order_form() -> FormGenerator:
    answer = yield OrderPage
    return {"speed": answer.speed}


async def async_order_form() -> AsyncGenerator[Any, Any]:
    answer = yield OrderPage
    yield answer.model_dump()


async def page_later() -> type[FormPage]:
    return OrderPage


def lone_page() -> type[FormPage]:
    return OrderPage


FORMS = [order_form, async_order_form, lone_page, page_later]


@step("Construct")
def construct(product: UUID, speed: int, product_name: str) -> State:
    line = LineInactive.from_product_id(product, "Surf", speed=speed, note=product_name)
    return {"subscription": line, "subscription_id": line.subscription_id}


@step("Change the speed")
def change_speed(subscription: Line, speed: int) -> State:
    subscription.speed = speed
    return {"subscription": subscription}


@step("Look")
def look(subscription: LineInactive) -> State:
    return {"seen": [subscription.status, subscription.insync]}


@inputstep("Ask again")
def ask_again() -> FormGenerator:
    yield FormPage
    return {}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


def creation(form: Callable[..., Any] | None = order_form, products: tuple[str, ...] = (LINE.name,)) -> Workflow:
    @create_workflow("Create a line", initial_input_form=form, products=products)
    def create_line() -> StepList:
        return begin >> construct

    return create_line


def names_of(workflow: Workflow) -> list[str]:
    return [step.name for step in workflow.steps]


async def created(play: Play) -> str:
    process = await play.run("create_line", {"speed": 10})
    assert process.status is ProcessStatus.COMPLETED, process.failure
    found: str = process.state["subscription_id"]
    return found


async def test_a_create_workflow_leaves_an_active_subscription_in_sync(stage: Stage) -> None:
    workflow = creation()

    async with stage(workflow) as play:
        line = await play.subscription(await created(play))

    assert workflow.target is Target.CREATE
    assert names_of(workflow) == ["Start", "Construct", "Set subscription to 'active'", "Unlock subscription", "Done"]
    assert (line["status"], line["insync"], line["speed"]) == ("active", True, 10)


async def test_a_create_workflow_may_end_in_another_status_after_more_steps(stage: Stage) -> None:
    @create_workflow("Create", order_form, SubscriptionLifecycle.PROVISIONING, begin >> look, products=[LINE.name])
    def create_line() -> StepList:
        return begin >> construct

    async with stage(create_line) as play:
        process = await play.run("create_line", {"speed": 10})
        line = await play.subscription(process.state["subscription_id"])

    assert names_of(create_line)[1:4] == ["Construct", "Look", "Set subscription to 'provisioning'"]
    assert process.state["seen"] == ["initial", False]
    assert line["status"] == "provisioning"


async def test_a_workflow_of_one_product_does_not_ask_for_the_product(stage: Stage) -> None:
    async with stage(creation()) as play:
        first_page = await play.begin("create_line")
        process = await play.run("create_line", {"speed": 10})

    assert isinstance(first_page, NextPage)
    assert list(first_page.page.schema["properties"]) == ["speed"]
    assert (process.state["product"], process.state["product_name"]) == (str(LINE.product_id), "Leased line")


@pytest.mark.parametrize("form", FORMS)
async def test_a_workflow_of_two_products_asks_for_the_product_before_any_kind_of_form(
    stage: Stage, form: Callable[..., Any]
) -> None:
    chosen = {"product": str(FIBRE.product_id)}

    async with stage(creation(form, BOTH)) as play:
        first = await play.begin("create_line")
        second = await play.begin("create_line", chosen)
        wrong = await play.begin("create_line", {"product": "none"})
        process = await play.run("create_line", chosen, {"speed": 10})

    assert isinstance(first, NextPage)
    assert isinstance(second, NextPage)
    assert isinstance(wrong, PageInvalid)
    assert first.page.title == "Which product?"
    assert list(second.page.schema["properties"]) == ["speed"]
    assert [error.path for error in wrong.errors] == [("product",)]
    assert process.status is ProcessStatus.COMPLETED
    assert process.state["subscription"]["note"] == "Leased fibre"


@pytest.mark.parametrize("is_async", [False, True])
async def test_the_authors_form_gets_the_chosen_product_and_may_have_no_page(stage: Stage, is_async: bool) -> None:
    def form(product_name: str, product: UUID, workflow_name: str) -> State:
        return {"speed": len(product_name), "asked": [product, workflow_name]}

    async def async_form(product_name: str, product: UUID, workflow_name: str) -> State:
        return form(product_name, product, workflow_name)

    async with stage(creation(async_form if is_async else form, BOTH)) as play:
        process = await play.run("create_line", {"product": str(LINE.product_id)})

    assert process.state["speed"] == len("Leased line")
    assert process.state["asked"] == [str(LINE.product_id), "create_line"]


async def test_an_async_form_of_several_pages_runs_to_its_end(stage: Stage) -> None:
    async def form(product_name: str) -> AsyncGenerator[Any, Any]:
        first = yield OrderPage
        second = yield OrderPage
        yield {"speed": first.speed + second.speed}

    async with stage(creation(form, BOTH)) as play:
        third = await play.begin("create_line", {"product": str(LINE.product_id)}, {"speed": 1})
        process = await play.run("create_line", {"product": str(LINE.product_id)}, {"speed": 1}, {"speed": 2})

    assert isinstance(third, NextPage)
    assert process.state["speed"] == 3


async def test_a_modify_workflow_asks_for_the_subscription_and_keeps_it_out_of_sync(stage: Stage) -> None:
    @inputstep("Confirm")
    def confirm() -> FormGenerator:
        yield FormPage
        return {}

    @modify_workflow("Change", initial_input_form=order_form)
    def change_line() -> StepList:
        return begin >> change_speed >> confirm

    async with stage(creation(), change_line) as play:
        line_id = await created(play)
        first_page = await play.begin("change_line")
        waiting = await play.run("change_line", {"subscription_id": line_id}, {"speed": 20})
        held = await play.subscription(line_id)
        with pytest.raises(SubscriptionLocked, match="is held by process 'Leased line'"):
            await play.begin("change_line", {"subscription_id": line_id}, {"speed": 30})
        await play.submit(waiting, {})
        freed = await play.subscription(line_id)

    assert isinstance(first_page, NextPage)
    assert first_page.page.title == "Which product subscription?"
    assert (held["insync"], held["speed"]) == (False, 20)
    assert (freed["insync"], freed["speed"]) == (True, 20)
    assert change_line.target is Target.MODIFY
    assert names_of(change_line)[:3] == ["Start", "Create process subscription relation", "Lock subscription"]


async def test_a_terminate_workflow_ends_the_subscription(stage: Stage) -> None:
    @terminate_workflow("Terminate", additional_steps=begin >> look)
    def end_line() -> StepList:
        return begin

    async with stage(creation(), end_line) as play:
        line_id = await created(play)
        process = await play.run("end_line", {"subscription_id": line_id})
        line = await play.subscription(line_id)

    assert process.status is ProcessStatus.COMPLETED
    assert process.state["seen"] == ["active", False]
    assert (line["status"], line["insync"]) == ("terminated", True)
    assert line["end_date"] is not None
    assert end_line.target is Target.TERMINATE


@pytest.mark.parametrize("is_good", [True, False])
async def test_a_validation_takes_no_lock_and_writes_nothing(stage: Stage, is_good: bool) -> None:
    seen: list[bool] = []

    @step("Compare with the network")
    def compare(subscription: Line) -> State:
        seen.append(subscription.insync)
        if not is_good:
            raise RuntimeError("the network says otherwise")
        return {"subscription": subscription}

    @validate_workflow("Check")
    def check_line() -> StepList:
        return begin >> compare

    async with stage(creation(), check_line) as play:
        line_id = await created(play)
        before = await play.subscription(line_id)
        process = await play.run("check_line", {"subscription_id": line_id})
        line = await play.subscription(line_id)

    assert process.status is (ProcessStatus.COMPLETED if is_good else ProcessStatus.FAILED)
    assert seen == [True]
    assert line == before
    assert check_line.target is Target.VALIDATE
    assert names_of(check_line) == [
        "Start",
        "Create process subscription relation",
        "Compare with the network",
        "Done",
    ]


async def test_a_reconciliation_holds_the_subscription_and_asks_for_nothing_else(stage: Stage) -> None:
    @reconcile_workflow("Configure again", additional_steps=begin >> look)
    def mend_line() -> StepList:
        return begin >> ask_again

    async with stage(creation(), mend_line) as play:
        line_id = await created(play)
        before = await play.subscription(line_id)
        waiting = await play.run("mend_line", {"subscription_id": line_id})
        held = await play.subscription(line_id)
        await play.submit(waiting, {})
        line = await play.subscription(line_id)

    assert mend_line.target is Target.RECONCILE
    assert names_of(mend_line) == [
        "Start",
        "Create process subscription relation",
        "Lock subscription",
        "Ask again",
        "Look",
        "Unlock subscription",
        "Done",
    ]
    assert held["insync"] is False
    assert line == before


async def test_a_task_runs_between_start_and_done_and_needs_no_form(stage: Stage) -> None:
    @task("Sweep", additional_steps=begin >> step("After")(lambda: {"after": True}))
    def sweep() -> StepList:
        return begin >> step("Sweep")(lambda: {"swept": 3})

    async with stage(sweep) as play:
        process = await play.run("sweep")

    assert names_of(sweep) == ["Start", "Sweep", "After", "Done"]
    assert sweep.target is Target.SYSTEM
    assert process.state == {"swept": 3, "after": True}


def test_steps_may_run_between_provisioning_and_active() -> None:
    steps = ensure_provisioning_status(begin >> look)

    assert [step.name for step in steps] == [
        "Set subscription to 'provisioning'",
        "Look",
        "Set subscription to 'active'",
    ]


async def test_a_step_gets_the_stored_subscription_and_not_the_copy_in_the_state(stage: Stage) -> None:
    @step("Compare")
    def compare(subscription_id: UUID, subscription: Line, maybe: Line | None, many: list[Line]) -> State:
        assert subscription.subscription_id == subscription_id
        return {"found": [subscription.speed, maybe, [each.speed for each in many]]}

    @step("Name it in several ways")
    def name_it(subscription_id: str) -> State:
        stale = {"subscription_id": subscription_id, "speed": -1}
        return {"subscription": stale, "maybe": None, "many": [stale, subscription_id]}

    process = await _after_creation(stage, name_it >> compare)

    assert process.state["found"] == [10, None, [10, 10]]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("6f0b3f6e-0000-4000-8000-000000000000", "There is no product subscription 6f0b3f6e-"),
        ({"speed": 1}, "The state's 'subscription' names no product subscription"),
        ("my line", "The state's 'subscription' names no product subscription"),
    ],
)
async def test_a_missing_subscription_fails_the_step(stage: Stage, reference: Any, message: str) -> None:
    @step("Name it")
    def name_it() -> State:
        return {"subscription": reference}

    process = await _after_creation(stage, name_it >> look)

    assert process.failure is not None
    assert process.failure.code == "bad-argument"
    assert message in process.failure.message


@pytest.mark.parametrize("is_filled", [True, False])
async def test_a_stricter_class_than_that_of_the_status_is_given_once_the_values_fit_it(
    stage: Stage, is_filled: bool
) -> None:
    @step("Construct it empty")
    def construct_empty(product: UUID) -> State:
        line = LineInactive.from_product_id(product, "Surf")
        return {"subscription": line, "subscription_id": line.subscription_id}

    @create_workflow("Create", initial_input_form=order_form, products=[LINE.name])
    def create_early() -> StepList:
        return begin >> (construct if is_filled else construct_empty) >> change_speed

    async with stage(create_early) as play:
        process = await play.run("create_early", {"speed": 10})

    if is_filled:
        assert process.status is ProcessStatus.COMPLETED
        return
    assert process.failure is not None
    assert process.failure.code == "lifecycle-mismatch"
    assert "is no `Line`: in the status initial it is a `LineInactive`" in process.failure.message
    assert "As a `Line`" in process.failure.message
    assert "speed is not set" in process.failure.message


async def test_in_a_union_the_class_of_the_stored_status_comes_first(stage: Stage) -> None:
    @step("Look at the class")
    def look_at_class(subscription: Line | LineInactive) -> State:
        return {"seen": type(subscription).__name__}

    @create_workflow("Create", initial_input_form=order_form, products=[LINE.name])
    def create_line() -> StepList:
        return begin >> construct >> look_at_class

    async with stage(create_line) as play:
        process = await play.run("create_line", {"speed": 10})

    assert process.state["seen"] == "LineInactive"


async def _after_creation(stage: Stage, steps: StepList) -> Process:
    """The process after it made an active line and ran the steps."""

    @create_workflow("Create", initial_input_form=order_form, products=[LINE.name])
    def create_line() -> StepList:
        return begin >> construct >> set_status(SubscriptionLifecycle.ACTIVE) >> steps

    async with stage(create_line) as play:
        return await play.run("create_line", {"speed": 10})


@pytest.mark.parametrize("is_async", [False, True])
async def test_the_start_form_of_a_modification_takes_the_loaded_subscription_and_its_facts_by_name(
    stage: Stage, is_async: bool
) -> None:
    def page_of(subscription: Line) -> type[FormPage]:
        class SpeedPage(FormPage):
            speed: int = subscription.speed

        return SpeedPage

    def form(
        subscription: Line, subscription_id: UUID, product: UUID, product_name: str, customer_id: str, version: int
    ) -> FormGenerator:
        assert subscription.subscription_id == subscription_id
        answer = yield page_of(subscription)
        return {"speed": answer.speed, "asked": [product, product_name, customer_id, version]}

    async def async_form(subscription: Line, customer_id: str) -> AsyncGenerator[Any, Any]:
        answer = yield page_of(subscription)
        yield {"speed": answer.speed, "asked": [customer_id]}

    @modify_workflow("Change", initial_input_form=async_form if is_async else form)
    def change_line() -> StepList:
        return begin >> change_speed

    async with stage(creation(), change_line) as play:
        line_id = await created(play)
        page = await play.begin("change_line", {"subscription_id": line_id})
        process = await play.run("change_line", {"subscription_id": line_id}, {"speed": 30})
        line = await play.subscription(line_id)

    assert isinstance(page, NextPage)
    assert page.page.initial_data == {"speed": 10}
    assert process.state["asked"] == ["Surf"] if is_async else [str(LINE.product_id), "Leased line", "Surf", 2]
    assert line["speed"] == 30
    assert "version" not in process.state


@pytest.mark.parametrize("chosen", ["6f0b3f6e-0000-4000-8000-000000000000", "no id"])
async def test_an_unknown_subscription_on_the_first_page_is_refused_before_the_authors_form(
    stage: Stage, chosen: str
) -> None:
    def form(subscription: Line) -> FormGenerator:
        yield OrderPage
        return {}

    @modify_workflow("Change", initial_input_form=form)
    def change_line() -> StepList:
        return begin >> change_speed

    async with stage(creation(), change_line) as play:
        if chosen == "no id":
            refused = await play.begin("change_line", {"subscription_id": chosen})
            assert isinstance(refused, PageInvalid)
            assert [error.path for error in refused.errors] == [("subscription_id",)]
            return
        with pytest.raises(NotFound):
            await play.begin("change_line", {"subscription_id": chosen})


async def test_without_products_the_annotations_say_which_products_a_workflow_creates(stage: Stage) -> None:
    @create_workflow("Create", initial_input_form=order_form)
    def create_unnamed() -> StepList:
        return begin >> construct >> change_speed

    @create_workflow("Create", initial_input_form=order_form)
    def create_anything() -> StepList:
        return begin >> construct

    async with stage(create_unnamed, create_anything) as play:
        page = await play.begin("create_unnamed")
        everything = await play.begin("create_anything")

    assert isinstance(page, NextPage)
    assert isinstance(everything, NextPage)
    assert products_on(page) == {"Leased line", "Leased fibre"}
    assert products_on(everything) >= {"Leased line", "Leased fibre", "Leased lamp"}


def products_on(turn: NextPage) -> set[str]:
    """The names of the products that the page offers."""
    text = json.dumps(turn.page.schema)
    return {product.facts.name for product in products.all() if f'"{product.facts.name}"' in text}
