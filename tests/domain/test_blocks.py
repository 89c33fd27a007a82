"""An error in the definition of a model is raised at import, and the message has the fix."""

from __future__ import annotations

import types
from functools import partial
from typing import Annotated, Any
from uuid import uuid4

import pytest
from annotated_types import Len
from pydantic import BaseModel, Field, computed_field

from orchestrator_gql.domain import ProductBlockModel, ProductModel, SubscriptionModel, is_lifecycle
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError

INITIAL, PROVISIONING, ACTIVE, MIGRATING, DISABLED, TERMINATED = SubscriptionLifecycle


class FanBlockInactive(ProductBlockModel, product_block_name="Fan"):
    speed: int | None = None


class FanBlock(FanBlockInactive, lifecycle=[ACTIVE]):
    speed: int


class TunedFanBlock(FanBlock, product_block_name="Tuned fan"):
    curve: str | None = None


class LampBlock(ProductBlockModel, product_block_name="Lamp"):
    speed: int | None = None


class SlotBlock(ProductBlockModel, product_block_name="Slot"):
    held: FanBlockInactive | LampBlock | None = None
    spare: Annotated[list[FanBlockInactive], Len(1)] | None
    fans: list[Annotated[FanBlockInactive, Field(title="A fan")]] = Field(min_length=1)
    holes: Annotated[list[int], Len(2)] = Field(default=[1, 2])
    below: list[SlotBlock] = Field(default=[])


class RackInactive(SubscriptionModel):
    slot: SlotBlock


class LitRack(RackInactive, lifecycle=[ACTIVE, MIGRATING]):
    slot: SlotBlock


PRODUCT = ProductModel(product_id=uuid4(), name="Rack", description="A rack", product_type="Rack", tag="R")


def test_a_class_may_have_several_statuses() -> None:
    standing = [status for status in SubscriptionLifecycle if is_lifecycle(LitRack, status)]

    assert standing == [ACTIVE, MIGRATING]


def test_any_subscription_is_a_subscription_model() -> None:
    assert all(is_lifecycle(SubscriptionModel, status) for status in SubscriptionLifecycle)


def test_a_family_of_one_class_has_it_for_every_status() -> None:
    assert all(is_lifecycle(SlotBlock, status) for status in SubscriptionLifecycle)


def test_a_class_for_initial_may_be_stricter_than_the_base() -> None:
    class ShelfBase(SubscriptionModel, is_base=True):
        depth: int | None = None

    class ShelfInactive(ShelfBase, lifecycle=[INITIAL]):
        depth: int

    standing = [status for status in SubscriptionLifecycle if is_lifecycle(ShelfInactive, status)]

    assert standing == list(SubscriptionLifecycle)


def test_two_classes_for_one_status_are_refused() -> None:
    with pytest.raises(
        WorkflowDefinitionError, match=r"`.*Again` and `LitRack` both stand for active of 'RackInactive'"
    ):

        class Again(RackInactive, lifecycle=[ACTIVE]):
            pass


def test_a_module_that_is_loaded_again_replaces_its_classes() -> None:
    def load() -> type[RackInactive]:
        class Disabled(RackInactive, lifecycle=[DISABLED]):
            pass

        return Disabled

    first, second = load(), load()

    assert not is_lifecycle(first, DISABLED)
    assert is_lifecycle(second, DISABLED)


def test_is_base_begins_a_family_of_its_own() -> None:
    class Cabinet(RackInactive, is_base=True):
        door: bool

    class LitCabinet(Cabinet, lifecycle=[ACTIVE]):
        door: bool

    assert is_lifecycle(LitCabinet, ACTIVE)
    assert is_lifecycle(LitRack, ACTIVE)


def test_a_stricter_class_adds_no_field() -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"adds colour, height to `RackInactive`: declare it there too"):

        class Tall(RackInactive, lifecycle=[PROVISIONING]):
            height: int
            colour: str = "blue"


def test_a_refused_class_has_no_status() -> None:
    with pytest.raises(WorkflowDefinitionError):

        class Tall(RackInactive, lifecycle=[PROVISIONING]):
            height: int

    assert is_lifecycle(RackInactive, PROVISIONING)


def test_a_field_of_the_orchestrator_cannot_be_declared_again() -> None:
    with pytest.raises(WorkflowDefinitionError, match="declares name, which every model of its kind has already"):

        class PlugBlock(ProductBlockModel, product_block_name="Plug"):
            name: str = "plug"

    with pytest.raises(WorkflowDefinitionError, match="declares note"):

        class Plug(SubscriptionModel):
            note: str


BLOCK: dict[str, Any] = {"product_block_name": "Plug"}


@pytest.mark.filterwarnings("ignore:Field name")  # pydantic only warns of it
@pytest.mark.parametrize(
    ("base", "keywords", "name"),
    [
        *((ProductBlockModel, BLOCK, name) for name in ("subscription", "in_use_by", "from_db", "new")),
        *((SubscriptionModel, {}, name) for name in ("in_use_by", "depends_on", "from_subscription", "load", "dump")),
    ],
)
def test_a_field_cannot_have_the_name_of_a_property_or_method(
    base: type[Any], keywords: dict[str, Any], name: str
) -> None:
    def compute(self: Any) -> int:
        return 1

    def fill(body: dict[str, Any], namespace: dict[str, Any]) -> None:
        namespace.update({"__module__": __name__, **body})

    mixed_in = type("MixedIn", (BaseModel,), {"__annotations__": {name: int}})
    declarations: list[tuple[tuple[type, ...], dict[str, Any]]] = [
        ((base,), {"__annotations__": {name: int}}),
        ((base,), {"__annotations__": {name: "int | None"}, name: None}),
        ((base,), {name: computed_field(property(compute))}),
        ((mixed_in, base), {}),
    ]
    for bases, body in declarations:
        with pytest.raises(WorkflowDefinitionError, match=f"declares {name}, which every model of its kind has"):
            types.new_class("Plug", bases, keywords, partial(fill, body))


def test_a_class_with_blocks_that_are_too_loose_is_refused() -> None:
    class CoolerInactive(SubscriptionModel, is_base=True):
        fans: list[FanBlockInactive]

    with pytest.raises(
        WorkflowDefinitionError,
        match=r"stands for active, but its fans is a `FanBlockInactive`: declare fans again, with `FanBlock`",
    ):

        class Cooler(CoolerInactive, lifecycle=[ACTIVE]):
            pass


def test_a_lifecycle_that_is_no_list_of_statuses_is_refused() -> None:
    with pytest.raises(WorkflowDefinitionError, match="'alive' is not a valid SubscriptionLifecycle"):

        class Undead(RackInactive, lifecycle=["alive"]):
            pass


def test_a_single_status_needs_no_list() -> None:
    class Sold(SubscriptionModel, is_base=True, lifecycle=TERMINATED):
        pass

    assert is_lifecycle(Sold, TERMINATED)


def test_a_misspelt_class_keyword_is_refused() -> None:
    with pytest.raises(TypeError, match="takes no keyword arguments"):

        class Typo(RackInactive, lifecyle=[ACTIVE]):
            pass


def test_a_block_without_a_name_cannot_be_made() -> None:
    class Nameless(ProductBlockModel):
        pass

    with pytest.raises(StepError, match="product_block_name="):
        Nameless.new()


def test_a_new_block_is_as_empty_as_its_class_allows() -> None:
    slot = SlotBlock.new()

    assert (slot.held, slot.spare, slot.holes, slot.below) == (None, None, [1, 2], [])
    assert [fan.name for fan in slot.fans] == ["Fan"]


def test_a_list_of_plain_values_that_may_not_be_empty_must_be_given() -> None:
    class PanelBlock(ProductBlockModel, product_block_name="Panel"):
        sizes: Annotated[list[int], Len(1)]

    with pytest.raises(StepError, match=r"`.*PanelBlock` cannot be made of these values: sizes is not set"):
        PanelBlock.new()


def test_a_union_of_two_kinds_of_block_loads_the_kind_that_was_dumped() -> None:
    slot = SlotBlock.new(held=LampBlock.new(speed=3))
    rack = RackInactive(product=PRODUCT, customer_id="SURF", slot=slot)

    loaded = RackInactive.load(rack.dump())

    assert isinstance(loaded.slot.held, LampBlock)
    assert loaded == rack


def test_a_block_of_another_family_cannot_be_saved_in_a_field_of_its_ancestor() -> None:
    slot = SlotBlock.new(fans=[TunedFanBlock.new(speed=1, curve="flat")])
    rack = RackInactive(product=PRODUCT, customer_id="SURF", slot=slot)

    with pytest.raises(StepError, match=r"slot.fans\[0\].name: Value error, this is a 'Tuned fan', not a 'Fan'"):
        rack.dump()


def test_blocks_nest_in_their_own_kind() -> None:
    slot = SlotBlock.new(below=[SlotBlock.new(), SlotBlock.new()])
    rack = RackInactive(product=PRODUCT, customer_id="SURF", slot=slot)

    assert RackInactive.load(rack.dump()) == rack
