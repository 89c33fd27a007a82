"""What the schema says about values that are made anew, and about decimals: so a client knows what it may leave out."""

from decimal import Decimal
from enum import Enum
from itertools import count
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.forms.shown import show

numbers = count()


class Port(BaseModel):
    number: int = Field(default_factory=lambda: next(numbers))
    name: str = "eth0"


class Colour(Enum):
    RED = "red"


class Order(FormPage):
    made: int = Field(default_factory=lambda: next(numbers))
    ports: list[Port] = Field(default_factory=lambda: [Port()])
    taken: int = Field(default_factory=lambda data: data["made"])
    shown: ReadOnly[int] = Field(default_factory=lambda: next(numbers))
    secret: SecretStr = Field(default_factory=lambda: SecretStr("made-anew"))
    fixed: str = "x"
    price: Decimal = Decimal("1.10")
    optional_price: Decimal | None = None
    either: float | str = "1.10"
    colour: Colour | None = None


def fields() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of the fields, and the initial values."""
    page = show(Order, 0)
    return page.schema["properties"], page.initial_data


def test_a_field_that_is_made_anew_has_a_value_and_no_default() -> None:
    properties, initial = fields()
    assert isinstance(initial["made"], int)
    assert initial["ports"][0]["name"] == "eth0"
    assert initial["secret"] == "[redacted]"
    assert not any("default" in properties[name] for name in ("made", "ports", "taken", "secret"))


def test_every_other_field_keeps_its_default() -> None:
    properties, initial = fields()
    assert properties["fixed"]["default"] == initial["fixed"] == "x"
    # A read-only value is never sent.
    assert properties["shown"]["default"] == initial["shown"]


def test_a_new_item_of_a_list_gets_its_own_value() -> None:
    schema = show(Order, 0).schema
    assert "default" not in schema["$defs"]["Port"]["properties"]["number"]
    assert schema["$defs"]["Port"]["properties"]["name"]["default"] == "eth0"
    assert "x-made-anew" not in str(schema)


def test_a_decimal_is_no_number_or_text() -> None:
    properties, _ = fields()
    assert properties["price"]["format"] == "decimal"
    assert properties["optional_price"]["anyOf"][0]["format"] == "decimal"
    assert "format" not in properties["either"]


def test_an_optional_choice_is_not_labelled_with_the_name_of_its_class() -> None:
    assert "title" not in fields()[0]["colour"]
