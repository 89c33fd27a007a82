"""What a step changed: the models in what it returned, the differences from what was stored."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import Field

from orchestrator_gql.domain import ProductModel, SubscriptionModel, diff, find_models


class Garden(SubscriptionModel):
    trees: list[str] = Field(default=[])


def a_garden() -> Garden:
    product = ProductModel(product_id=uuid4(), name="Garden", description="", product_type="Garden", tag="G")
    return Garden(product=product, customer_id="SURF")


def test_models_are_found_at_the_top_and_in_lists_tuples_and_dicts() -> None:
    first, second, third = a_garden(), a_garden(), a_garden()
    returned = {"subscription": first, "others": [{"a": second}, (third,)], "subscription_id": first.subscription_id}

    found = find_models(returned)

    assert [id(model) for model in found] == [id(first), id(second), id(third)]


def test_a_model_that_was_returned_twice_is_found_once() -> None:
    garden = a_garden()

    found = find_models({"subscription": garden, "all": [garden]})

    assert len(found) == 1
    assert found[0] is garden


def test_two_copies_of_a_subscription_are_both_found_in_their_order() -> None:
    before = a_garden()
    after = before.model_copy(update={"note": "watered"})

    found = find_models([before, after])

    assert [model.note for model in found] == [None, "watered"]


@pytest.mark.parametrize("value", [None, "text", 1, {}, {"subscription": {"product": {}}}, SubscriptionModel])
def test_nothing_is_found_where_there_is_no_model(value: Any) -> None:
    assert find_models(value) == []


def test_a_dict_that_holds_itself_has_an_end() -> None:
    garden = a_garden()
    returned: dict[str, Any] = {"subscription": garden}
    returned["self"] = [returned]

    found = find_models(returned)

    assert found == [garden]


def test_a_change_is_told_at_its_place() -> None:
    before = a_garden()
    after = before.model_copy(update={"trees": ["oak"], "note": "planted"})

    changes = diff(before.dump(), after.dump())

    assert changes == {
        "note": {"from": None, "to": "planted"},
        "trees[0]": {"from": None, "to": "oak"},
    }


def test_a_version_does_not_differ_from_itself() -> None:
    garden = a_garden()

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
def test_each_kind_of_change_is_told(old: dict[str, Any], new: dict[str, Any], changes: dict[str, Any]) -> None:
    assert diff(old, new) == changes
