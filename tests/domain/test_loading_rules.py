import json
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, Json

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.domain.loading_rules import block_fields, keeps_json
from orchestrator_gql.types import SubscriptionLifecycle


class Loose(BaseModel, extra="allow"):
    """A model that keeps what it does not know."""


class Strict(BaseModel):
    """A model that makes each value anew."""

    ports: list[int]


class PlainBlock(ProductBlockModel, product_block_name="Plain block of families"):
    numbers: list[int] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)
    mode: Literal["a", "b"] | None = None
    strict: Strict | None = None


class AnyBlock(ProductBlockModel, product_block_name="Any block of families"):
    extra: Any = None


class DictBlock(ProductBlockModel, product_block_name="Dict block of families"):
    extra: dict[str, Any] = Field(default_factory=dict)


class LooseBlock(ProductBlockModel, product_block_name="Loose block of families"):
    extra: Loose | None = None


class ValidatedBlock(ProductBlockModel, product_block_name="Validated block of families"):
    extra: Annotated[list[list[int]], BeforeValidator(lambda value: value)] = Field(default_factory=list)


class Holder(SubscriptionModel, is_base=True):
    plain: PlainBlock | None = None
    any: AnyBlock | None = None
    in_dict: DictBlock | None = None
    loose: LooseBlock | None = None
    validated: ValidatedBlock | None = None


class JsonBlock(ProductBlockModel, product_block_name="Json block of families"):
    """A block that is given a text, and keeps what the text says."""

    config: Json[Any] = Field("{}")


class WithJson(SubscriptionModel, is_base=True):
    block: JsonBlock
    extra: LooseBlock | None = None


class Plain(SubscriptionModel, is_base=True):
    plain: PlainBlock
    by_name: dict[str, PlainBlock] = Field(default_factory=dict)
    speed: int = 1


class Port(BaseModel, strict=True):
    """Its dump has other names and types than what it is made of."""

    port_name: str = Field(alias="portName")
    since: date


class LoosePort(BaseModel, extra="allow"):
    port_name: str = Field(alias="portName")


class NamedBlock(ProductBlockModel, product_block_name="Block with aliases of families"):
    router: str | None = Field(None, alias="routerName")
    vlan: int = Field(1, validation_alias=AliasChoices("vlanId", "vlan-id"))
    port: Port | None = None
    loose: LoosePort | None = None


class Named(SubscriptionModel, is_base=True):
    block: NamedBlock
    speed: int = Field(1, alias="theSpeed")


class NamedActive(Named, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    block: NamedBlock


HOLDER = register_product(name="Holder of families", model=Holder)
NAMED = register_product(name="Named of families", model=Named)
PLAIN = register_product(name="Plain of families", model=Plain)


@pytest.mark.parametrize(("model", "keeps"), [(Plain, False), (Holder, True), (AnyBlock, True), (DictBlock, True)])
def test_a_model_keeps_json_if_a_field_may_be_the_object_of_the_json(model: Any, keeps: bool) -> None:
    assert keeps_json(model) is keeps


@pytest.mark.parametrize(
    ("field", "block", "value"),
    [
        ("any", AnyBlock, [[1]]),
        ("in_dict", DictBlock, {"a": [1]}),
        ("loose", LooseBlock, {"a": [1]}),
        ("validated", ValidatedBlock, [[1]]),
    ],
)
def test_a_change_in_a_loaded_value_does_not_reach_the_loaded_document(field: str, block: Any, value: Any) -> None:
    made = Holder.from_product_id(HOLDER.product_id, "uva", **{field: block.new(extra=value)})
    document = made.dump()
    loaded = Holder.load(document)

    extra = getattr(loaded, field).extra
    inner = extra[0] if isinstance(extra, list) else (extra["a"] if isinstance(extra, dict) else extra.a)
    inner.append(2)

    assert document == made.dump()
    assert loaded.dump() != document


def test_what_a_model_keeps_of_unknown_fields_is_loaded_while_others_lose_removed_fields() -> None:
    made = Holder.from_product_id(HOLDER.product_id, "uva", loose=LooseBlock.new(extra={"a": 1}))
    document = made.dump()
    document["loose"]["removed"] = document["removed"] = 1

    loaded = Holder.load(document)

    assert loaded.dump() == made.dump()
    assert loaded.dump()["loose"]["extra"] == {"a": 1}


def test_fields_with_aliases_and_strict_fields_are_loaded_as_they_were_dumped() -> None:
    made = Named.from_product_id(NAMED.product_id, "uva", speed=10)
    made.block.router = "ams-1"
    made.block.port = Port.model_validate({"portName": "eth0", "since": "2026-11-30"}, strict=False)
    made.block.loose = LoosePort.model_validate({"portName": "eth1", "more": 1})

    loaded = Named.load(made.dump())
    active = NamedActive.from_other_lifecycle(loaded, SubscriptionLifecycle.ACTIVE)

    assert loaded == made
    assert (active.speed, active.block) == (10, made.block)
    assert NamedActive.load(active.dump()) == active


def test_a_change_in_the_fixed_inputs_does_not_reach_the_loaded_document() -> None:
    document = Plain.from_product_id(PLAIN.product_id, "uva").dump()
    document["product"]["fixed_inputs"] = {"speeds": [1]}
    loaded = Plain.load(document)
    assert loaded.product.fixed_inputs is not None

    loaded.product.fixed_inputs["speeds"].append(2)

    assert document["product"]["fixed_inputs"] == {"speeds": [1]}


def test_the_fields_that_may_hold_blocks_are_found_in_their_annotations() -> None:
    assert block_fields(Plain) == ("plain", "by_name")
    assert block_fields(AnyBlock) == ("extra",)


@pytest.mark.parametrize("text", ['{"mtu": 9000}', "[1, [2]]", "7", "null"])
@pytest.mark.parametrize("keeps_unknown", [False, True])
def test_a_field_that_reads_json_text_is_loaded_as_it_was_dumped(text: str, keeps_unknown: bool) -> None:
    product = register_product(name="Json of families", model=WithJson)
    made = WithJson.from_product_id(product.product_id, "SURF")
    made.block.config = text
    if keeps_unknown:
        made.extra = LooseBlock.new(made.subscription_id, extra=Loose.model_validate({"unknown": 1}))

    loaded = WithJson.load(made.dump())

    assert (loaded.block.config, loaded.dump()) == (json.loads(text), made.dump())
