"""The behaviours of the family's own tests of the standard steps (`test_steps.py`, `test_utils.py`), under their names.

`docs/decisions/0041-the-language-of-products.md` says where ours differ on purpose.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.network import NODE, Node, begun, create_node, lock_of, made, model_of, rested
from support.stage import Play, Stage, named

from orchestrator_gql import StepList, abort, begin, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow import Workflow
from orchestrator_gql.workflows.steps import store_process_subscription, unsync, unsync_unchecked
from orchestrator_gql.workflows.utils import (
    create_workflow,
    ensure_provisioning_status,
    modify_workflow,
    task,
    terminate_workflow,
    validate_workflow,
)

pytestmark = pytest.mark.one_dispatcher


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


@step("Change it")
def change(subscription: Node) -> State:
    subscription.node.node_name = "utr-1"
    return {"subscription": subscription}


@step("Hold it")
def hold() -> None:
    raise ValueError("it is held")


@modify_workflow("Change and give up", products=[NODE.name])
def give_up() -> StepList:
    return begin >> change >> abort


UNSYNC, UNCHECKED = named("unsync", begin >> unsync), named("unchecked", begin >> unsync_unchecked)


async def _out_of_sync(play: Play) -> str:
    """The id of a node that an aborted process left out of sync."""
    node = await made(play.engine, create_node)
    assert (await rested(play.engine, await begun(play.engine, give_up, subscription_id=node))).status == "ABORTED"
    assert await lock_of(play.engine, node) is not None
    return node


async def _run(play: Play, name: str, node: str) -> Process:
    return await play.run(name, {"subscription_id": node, "subscription": node})


async def test_unsync_already_out_of_sync_fails(stage: Stage) -> None:
    async with stage(create_node, give_up, UNSYNC) as play:
        process = await _run(play, "unsync", await _out_of_sync(play))

    assert process.failure is not None
    assert process.failure.code == "subscription-out-of-sync"


async def test_unsync_unchecked_works_when_already_out_of_sync(stage: Stage) -> None:
    """Also `test_unsync_unchecked_sets_insync_false_…`: the lock is the process's, and given back at its end."""
    async with stage(create_node, give_up, UNCHECKED) as play:
        node = await _out_of_sync(play)
        process = await _run(play, "unchecked", node)
        lock = await lock_of(play.engine, node)

    assert (process.status, lock) == (ProcessStatus.COMPLETED, None)


async def test_unsync_creates_backup_for_model(stage: Stage) -> None:
    """Differs: no backup in the state (`__old_subscriptions__`), because each version of a subscription is kept.

    Also `test_unsync_existing_backup_skips` and `test_unsync_validation_error_fallback`, which are about the backup.
    """
    async with stage(create_node, give_up) as play:
        node = await made(play.engine, create_node)
        process = await rested(play.engine, await begun(play.engine, give_up, subscription_id=node))
        model = await model_of(play.engine, node)

    assert "__old_subscriptions__" not in process.state
    assert (model["version"], model["node"]["node_name"]) == (3, "utr-1")


def test_store_process_subscription_deprecation_warning() -> None:
    """Differs: the argument is accepted in silence, because workflows of the family still pass it."""
    assert store_process_subscription(Target.MODIFY).name == store_process_subscription().name


def _page() -> FormGenerator:
    yield FormPage
    return {}


@step("Work")
def work() -> None: ...


STORE, LOCK, UNLOCK = "Create process subscription relation", "Lock subscription", "Unlock subscription"
SET = "Set subscription to '{}'".format

ORDER: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "test_create_workflow": (create_workflow, ["Start", "Work", "More", SET("active"), UNLOCK, "Done"]),
    "test_modify_workflow": (modify_workflow, ["Start", STORE, LOCK, "Work", "More", UNLOCK, "Done"]),
    "test_terminate_workflow": (
        terminate_workflow,
        ["Start", STORE, LOCK, "Work", "More", SET("terminated"), UNLOCK, "Done"],
    ),
    "test_task_with_initial_input_form": (task, ["Start", "Work", "More", "Done"]),
}
"""The order of the steps; upstream also refreshes a search index at the end, and ours has none."""


@pytest.mark.parametrize("name", ORDER)
def test_order_of_steps(name: str) -> None:
    """Also `test_…_additional_steps`."""
    kind, names = ORDER[name]

    @kind(initial_input_form=_page, additional_steps=begin >> step("More")(lambda: None))  # type: ignore[untyped-decorator]
    def body() -> StepList:
        return begin >> work

    assert [member.name for member in body.steps] == names


def test_validate_workflow() -> None:
    """Differs: a validation takes no lock, so it may run beside a change."""

    @validate_workflow()
    def body() -> StepList:
        return begin >> work

    assert [member.name for member in body.steps] == ["Start", STORE, "Work", "Done"]


@pytest.mark.parametrize("kind", [create_workflow, modify_workflow, terminate_workflow, validate_workflow, task])
def test_workflow_empty_function_steps(kind: Callable[..., Any]) -> None:
    @kind()  # type: ignore[untyped-decorator]
    def body() -> StepList:
        return begin

    assert "Work" not in [member.name for member in body.steps]


@pytest.mark.parametrize("kind", [create_workflow, modify_workflow, terminate_workflow, validate_workflow, task])
def test_workflow_decorated_function_raises(kind: Callable[..., Any]) -> None:
    def body() -> StepList:
        raise RuntimeError("the author's own")

    with pytest.raises(RuntimeError, match="the author's own"):
        kind()(body)


@pytest.mark.parametrize("kind", [create_workflow, modify_workflow, terminate_workflow, validate_workflow, task])
def test_workflow_returns_no_steps(kind: Callable[..., Any]) -> None:
    def body() -> Any:
        return [work]

    with pytest.raises(WorkflowDefinitionError, match="must return a StepList"):
        kind()(body)


def test_empty_description_does_not_emit_warning() -> None:
    """Also `test_deprecated_description_emits_warning`: differs, a description is welcome here."""

    def body() -> StepList:
        return begin >> work

    made_: list[Workflow] = [modify_workflow()(body), modify_workflow("Change it")(body)]

    assert [workflow.description for workflow in made_] == ["", "Change it"]


def test_ensure_provisioning_status() -> None:
    steps = ensure_provisioning_status(begin >> work)

    assert [member.name for member in steps] == [SET("provisioning"), "Work", SET("active")]
    assert SubscriptionLifecycle.PROVISIONING in steps[0].name
