"""Values that Python takes for equal and JSON does not: True, 1 and 1.0."""

from pathlib import Path
from typing import Any

import pytest
from support.stage import Stage, named

from orchestrator_gql import begin, focussteps, step, steplens
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.domain.documents import documents_of
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json import encode

CHANGES = [(1, True), (True, 1), (0, False), (1, 1.0), ({"on": 1}, {"on": True}), ([{"on": [0]}], [{"on": [False]}])]


class AnyBlock(ProductBlockModel, product_block_name="EqualValues"):
    """A block whose field takes all JSON."""

    value: Any = None


class AnyProduct(SubscriptionModel, is_base=True):
    """A product with that block."""

    block: AnyBlock


class TwoProduct(SubscriptionModel, is_base=True):
    """A product with two of those blocks."""

    one: AnyBlock
    other: AnyBlock


EQUAL_VALUES = register_product(name="EqualValues", model=AnyProduct)
TWO_VALUES = register_product(name="TwoEqualValues", model=TwoProduct)


@pytest.mark.parametrize(("before", "after"), CHANGES)
async def test_a_step_stores_what_it_returns_though_python_takes_it_for_equal(
    tmp_path: Path, before: Json, after: Json
) -> None:
    @step("Change")
    def change() -> State:
        return {"value": after}

    def part_of(state: State) -> State:
        return dict(state["part"])

    lens = steplens(part_of, lambda state: lambda part: {**state, "part": part})
    steps = begin >> change >> focussteps("part")(change) >> lens(change)
    process = await Stage(tmp_path).play(steps, value=before, part={"value": before})

    assert encode(process.state) == encode({"value": after, "part": {"value": after}})


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_product_is_changed_by_a_value_that_python_takes_for_equal(before: Json, after: Json) -> None:
    made = AnyProduct.from_product_id(EQUAL_VALUES.product_id, "SURF")
    made.block.value = before
    loaded = AnyProduct.load(made.dump())
    (untouched,) = documents_of([loaded])

    loaded.block.value = after
    (document,) = documents_of([loaded])

    assert (untouched.is_changed, document.is_changed) == (False, True)


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_block_with_two_values_that_python_takes_for_equal_is_refused(before: Json, after: Json) -> None:
    made = TwoProduct.from_product_id(TWO_VALUES.product_id, "SURF")
    made.one.value = before
    made.other = made.one.model_copy(update={"value": after})

    with pytest.raises(StepError, match="are the same block"):
        documents_of([made])


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_foreign_block_is_changed_by_a_value_that_python_takes_for_equal(before: Json, after: Json) -> None:
    owner = AnyProduct.from_product_id(EQUAL_VALUES.product_id, "SURF")
    owner.block.value = before
    user = TwoProduct.from_product_id(TWO_VALUES.product_id, "SURF")
    user.other = owner.block
    loaded = TwoProduct.load(user.dump(), {owner.subscription_id: owner.dump()})

    loaded.other.value = after

    with pytest.raises(StepError, match="other was changed, but it belongs to subscription"):
        documents_of([loaded])
    owner.block.value = after
    assert documents_of([loaded, owner])[1].is_changed


async def test_the_limit_of_a_step_counts_values_that_python_takes_for_equal(tmp_path: Path) -> None:
    @step("Change")
    def change() -> State:
        return {"value": [True] * 1000}

    async with Stage(tmp_path)(named("play", begin >> change), max_step_bytes=4000) as engine:
        process = await engine.run("play", {"value": [1] * 1000})

    assert process.failure is not None and process.failure.code == "result-too-large"
