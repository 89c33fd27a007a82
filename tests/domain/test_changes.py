"""The changes of a step: the models in its result, and the differences from the stored version."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pydantic import Field

from orchestrator_gql.domain import (
    ProductBlockModel,
    ProductModel,
    SubscriptionModel,
    diff,
    find_models,
    register_product,
)
from orchestrator_gql.utils.errors import StepError


class Garden(SubscriptionModel):
    trees: list[str] = Field(default=[])


def new_garden() -> Garden:
    product = ProductModel(product_id=uuid4(), name="Garden", description="", product_type="Garden", tag="G")
    return Garden(product=product, customer_id="SURF")


def test_models_are_found_at_the_top_and_in_lists_tuples_and_dicts() -> None:
    first, second, third = new_garden(), new_garden(), new_garden()
    returned = {"subscription": first, "others": [{"a": second}, (third,)], "subscription_id": first.subscription_id}

    models = find_models(returned)

    assert [id(model) for model in models] == [id(first), id(second), id(third)]


def test_a_model_that_occurs_twice_is_found_once() -> None:
    garden = new_garden()

    models = find_models({"subscription": garden, "all": [garden]})

    assert len(models) == 1
    assert models[0] is garden


def test_two_copies_of_a_subscription_are_both_found_in_their_order() -> None:
    before = new_garden()
    after = before.model_copy(update={"note": "watered"})

    models = find_models([before, after])

    assert [model.note for model in models] == [None, "watered"]


@pytest.mark.parametrize("value", [None, "text", 1, {}, {"subscription": {"product": {}}}, SubscriptionModel])
def test_nothing_is_found_in_a_value_without_models(value: Any) -> None:
    assert find_models(value) == []


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: (value,), lambda value: {"more": value}])
def test_a_value_deeper_than_python_can_go_is_searched_to_the_depth_of_json(wrap: Callable[[Any], Any]) -> None:
    near: Any = new_garden()
    for _ in range(64):
        near = wrap(near)
    value = near
    for _ in range(100_000):
        value = wrap(value)

    assert len(find_models(near)) == 1
    assert find_models(value) == []


def test_a_dict_that_contains_itself_is_searched_once() -> None:
    garden = new_garden()
    returned: dict[str, Any] = {"subscription": garden}
    returned["self"] = [returned]

    models = find_models(returned)

    assert models == [garden]


def test_a_change_is_listed_by_its_place() -> None:
    before = new_garden()
    after = before.model_copy(update={"trees": ["oak"], "note": "planted"})

    changes = diff(before.dump(), after.dump())

    assert changes == {
        "note": {"from": None, "to": "planted"},
        "trees[0]": {"from": None, "to": "oak"},
    }


def test_a_version_does_not_differ_from_itself() -> None:
    garden = new_garden()

    assert diff(garden.dump(), garden.dump()) == {}


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a.b": {"from": 1, "to": 2}}),
        ({"a": [1, 2]}, {"a": [1]}, {"a[1]": {"from": 2, "to": None}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": {"from": {"b": 1}, "to": None}}),
        ({"a": []}, {"a": {}}, {"a": {"from": [], "to": {}}}),
        ({"a": 1}, {"a": True}, {"a": {"from": 1, "to": True}}),
        ({"a": 1}, {}, {"a": {"from": 1, "to": None}}),
        ({"a": {"rack-unit": 1}}, {"a": {"rack-unit": 2}}, {"a['rack-unit']": {"from": 1, "to": 2}}),
    ],
)
def test_each_kind_of_change_is_listed(old: dict[str, Any], new: dict[str, Any], changes: dict[str, Any]) -> None:
    assert diff(old, new) == changes


class Bed(ProductBlockModel, product_block_name="Bed of a park"):
    roses: int = 1


class Lawn(ProductBlockModel, product_block_name="Lawn of a park"):
    bed: Bed


class Park(SubscriptionModel, is_base=True):
    lawn: Lawn


PARK = register_product(name="Park", model=Park)


@pytest.mark.parametrize("returned_of", [lambda park: {"x": park.lawn}, lambda park: {"x": [(park.lawn.bed,)]}])
def test_a_changed_block_is_refused_without_its_subscription(returned_of: Callable[[Park], Any]) -> None:
    park = Park.load(Park.from_product_id(PARK.product_id, "SURF").dump())
    assert find_models(returned_of(park)) == []

    park.lawn.bed.roses = 2

    with pytest.raises(StepError, match=rf"saved only with its subscription {park.subscription_id}") as refused:
        find_models(returned_of(park))
    assert refused.value.failure_code == "block-alone"
    assert find_models({**returned_of(park), "subscription": park}) == [park]
