"""Products are declared in code next to their models, and found by id or by name."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field

from orchestrator_gql.domain import (
    ProductBlockModel,
    ProductRegistry,
    ProductStatus,
    RegisteredProduct,
    SubscriptionModel,
    products,
    register_product,
)
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import NotFound, StepError, WorkflowDefinitionError


class TapBlockInactive(ProductBlockModel, product_block_name="Tap"):
    litres: int | None = Field(default=None, description="What it gives in a minute.")


class TapBlock(TapBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    litres: int = Field(description="What it gives in a minute.")


class WaterInactive(SubscriptionModel, is_base=True):
    taps: list[TapBlockInactive]


class Water(WaterInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    taps: list[TapBlock]  # type: ignore[assignment]


class SteamInactive(SubscriptionModel, is_base=True):
    pass


def test_a_product_is_found_by_id_by_name_and_by_its_model() -> None:
    cold = register_product(name="Cold water", model=WaterInactive, status=ProductStatus.PHASE_OUT)
    warm = register_product(name="Warm water", model=Water, product_id=uuid4(), tag="HOT")

    assert products.by_id(str(cold.product_id)).facts is cold
    assert products.by_name("Warm water").model is WaterInactive
    assert [product.facts for product in products.of_model(Water)] == [cold, warm]
    assert {cold.name, warm.name} <= {product.facts.name for product in products.all()}
    assert (cold.description, cold.product_type, cold.tag) == ("Cold water", "Cold water", "COLD WATER")
    assert (cold.status, warm.tag) == (ProductStatus.PHASE_OUT, "HOT")


def test_the_default_id_of_a_product_is_made_from_its_name() -> None:
    product_id = uuid4()

    named = register_product(name="Ice", model=SteamInactive)
    fixed = register_product(name="Snow", model=SteamInactive, product_id=product_id)

    assert named.product_id == UUID("8ba39754-2364-5aef-aa81-035fd8ae740a")
    assert fixed.product_id == product_id


def test_the_same_product_may_be_registered_again() -> None:
    first = register_product(name="Steam", model=SteamInactive)

    again = register_product(name="Steam", model=SteamInactive)

    assert again == first
    assert len(products.of_model(SteamInactive)) == len(
        {product.facts.name for product in products.of_model(SteamInactive)}
    )


def test_two_products_cannot_have_one_name() -> None:
    register_product(name="Fog", model=SteamInactive)

    with pytest.raises(WorkflowDefinitionError, match=r"'Fog' of `.*WaterInactive` has the name or the id of 'Fog'"):
        register_product(name="Fog", model=WaterInactive)


def test_two_products_cannot_have_one_id() -> None:
    registered = register_product(name="Dew", model=SteamInactive)

    with pytest.raises(WorkflowDefinitionError, match=r"'Rain' of `.*SteamInactive` has the name or the id of 'Dew'"):
        register_product(name="Rain", model=SteamInactive, product_id=registered.product_id)


def test_a_product_cannot_be_registered_with_different_facts() -> None:
    register_product(name="Hail", model=SteamInactive, tag="HAIL")

    with pytest.raises(WorkflowDefinitionError, match="registered twice with different facts"):
        register_product(name="Hail", model=SteamInactive, tag="STONES")


def test_a_product_needs_a_model_of_its_own() -> None:
    with pytest.raises(WorkflowDefinitionError, match="'Void' needs a model of its own"):
        register_product(name="Void", model=SubscriptionModel)


NO_MODELS: list[Any] = [None, 5, "Port", int, object(), ProductBlockModel, lambda: None]


@pytest.mark.parametrize("wrong", NO_MODELS, ids=lambda wrong: getattr(wrong, "__name__", type(wrong).__name__))
def test_the_model_of_a_product_is_a_product_subscription(wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match="'Void' needs a model of its own"):
        register_product(name="Void", model=wrong)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("status", "active"),
        ("status", None),
        ("product_id", "one"),
        ("product_id", 7),
        ("fixed_inputs", "speed"),
        ("fixed_inputs", ["speed"]),
        ("fixed_inputs", {1: 2}),
        ("fixed_inputs", 5),
    ],
)
def test_a_wrong_fact_of_a_product_is_named(field: str, wrong: Any) -> None:
    facts: dict[str, Any] = {field: wrong}
    with pytest.raises(WorkflowDefinitionError, match=f"The product 'Void' cannot be registered: {field}"):
        register_product(name="Void", model=SteamInactive, **facts)


@pytest.mark.parametrize("status", ["Active", "", None, 5, ["active"], {}])
def test_an_order_has_a_status_that_there_is(status: Any) -> None:
    product = register_product(name="Frost", model=SteamInactive)

    with pytest.raises(StepError, match=r"There is no status .*: it can be initial, provisioning, active") as refused:
        SteamInactive.from_product_id(product.product_id, "c", status)
    assert refused.value.failure_code == "model-invalid"


@pytest.mark.parametrize("wrong", [None, {"status": "active"}, str(UUID(int=1)), SteamInactive, 5], ids=repr)
def test_only_a_loaded_subscription_changes_its_status(wrong: Any) -> None:
    with pytest.raises(StepError, match=r"`from_other_lifecycle` takes a product subscription, not .* parameter"):
        SteamInactive.from_other_lifecycle(wrong, SubscriptionLifecycle.ACTIVE)


def test_an_unknown_product_is_not_found() -> None:
    registry = ProductRegistry()

    with pytest.raises(NotFound, match="'Gas'"):
        registry.by_name("Gas")
    with pytest.raises(NotFound, match="'not-an-id'"):
        registry.by_id("not-an-id")
    assert registry.all() == ()


def test_the_schema_of_a_product_has_no_fields_of_the_orchestrator() -> None:
    facts = register_product(name="Spring water", model=WaterInactive)

    schema = RegisteredProduct(facts, WaterInactive).block_schema()

    assert schema["title"] == "Water"
    assert list(schema["properties"]) == schema["required"] == ["taps"]
    assert list(schema["$defs"]) == ["TapBlock"]
    tap = schema["$defs"]["TapBlock"]
    assert tap["properties"] == {
        "litres": {"description": "What it gives in a minute.", "title": "Litres", "type": "integer"}
    }
    assert tap["required"] == ["litres"]
