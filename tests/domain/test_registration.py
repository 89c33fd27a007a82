"""A product is refused at its registration if a field of its models names a class that does not exist."""

import sys
from types import ModuleType
from uuid import uuid4

import pytest

from orchestrator_gql.utils.errors import WorkflowDefinitionError

HEAD = """
from typing import Annotated, Optional, Union
from pydantic import BaseModel
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.types import SubscriptionLifecycle

ACTIVE = SubscriptionLifecycle.ACTIVE
"""
BLOCK = (
    HEAD
    + """
class Inner(BaseModel):
    deep: {plain} = None

class Inactive(ProductBlockModel, product_block_name="Forward {id}"):
    peer: {block} = None
    inner: Inner | None = None

class Active(Inactive, lifecycle=[ACTIVE]):
    peer: {variant} = None

class Holder(ProductBlockModel, product_block_name="Holder {id}"):
    held: Inactive

class Subscribed(SubscriptionModel, is_base=True):
    holder: Holder
    own: {own} = None

register_product(name="Forward {id}", model=Subscribed)
"""
)
GOOD = {"plain": "int | None", "block": "int | None", "variant": "int | None", "own": "int | None"}
UNKNOWN = [
    "'Missing'",
    "Union[list['Missing'], 'Inactive', None]",
    "'Missing | None'",
    "list['Missing'] | None",
    "Optional['Missing']",
    "Annotated['Missing | None', 'a note']",
    "Union[int, dict[str, list['Missing']], None]",
]


def declared(monkeypatch: pytest.MonkeyPatch, **types: str) -> str:
    """Declare the product in a module of its own; the id in its name."""
    id = uuid4().hex
    module = ModuleType(f"forward_{id}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(BLOCK.format(**{**GOOD, **types}, id=id), module.__dict__)
    return id


@pytest.mark.parametrize("kind", UNKNOWN)
@pytest.mark.parametrize(
    ("place", "field", "owner"),
    [("block", "peer", "Inactive"), ("variant", "peer", "Active"), ("own", "own", "Subscribed")],
)
def test_a_class_that_is_not_defined_is_named_with_product_block_and_field(
    monkeypatch: pytest.MonkeyPatch, kind: str, place: str, field: str, owner: str
) -> None:
    with pytest.raises(WorkflowDefinitionError) as refused:
        declared(monkeypatch, **{place: kind})

    message = str(refused.value)
    assert "The product 'Forward " in message
    assert f"the field {field!r} of `{owner}`" in message
    assert "Missing" in message


def test_a_plain_class_inside_may_not_name_one_either(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"product 'Forward .* needs 'Missing', which is not defined"):
        declared(monkeypatch, plain="'Missing | None'")


@pytest.mark.parametrize("kind", ["'Inactive | None'", "list['Inactive'] | None", "Optional['Holder']"])
def test_a_reference_to_a_class_that_comes_later_is_resolved(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    assert declared(monkeypatch, block=kind, variant=kind)
