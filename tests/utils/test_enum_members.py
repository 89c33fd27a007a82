"""Enums whose values JSON does not have: what pydantic writes, and offers in its schema, is read again."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from support.stage import Stage

from orchestrator_gql import begin, step
from orchestrator_gql.callbacks.contract import violations
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.forms import FormPage
from orchestrator_gql.forms.submitted_pages import judge
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.json import decode, encode
from orchestrator_gql.utils.json.strict_types import json_as


class Odd(Enum):
    """Values that JSON has, and values that JSON does not have."""

    NUMBER = 1
    TEXT = "b"
    DAY = date(2026, 4, 1)
    PRICE = Decimal("1.50")
    PAIR = (1, 2)


class Season(Enum):
    """Another enum with a member of the same JSON."""

    SPRING = date(2026, 4, 1)
    SUMMER = date(2026, 7, 1)


class OddBlock(ProductBlockModel, product_block_name="OddEnum"):
    """A block with a member."""

    odd: Odd = Odd.DAY


class OddProduct(SubscriptionModel, is_base=True):
    """A product with that block."""

    block: OddBlock


class OddPage(FormPage):
    """A page, and a contract, with a member."""

    odd: Odd
    season: Season = Season.SPRING


ODD = register_product(name="OddEnum", model=OddProduct)
KEYS = [odd for odd in Odd if odd is not Odd.PAIR]
OFFERED: list[Json] = TypeAdapter(Odd).json_schema()["enum"]


def read(kind: Any, value: Json) -> Any:
    adapter = TypeAdapter[Any](kind)
    return json_as(adapter.validate_python, adapter.validate_json, adapter.core_schema, value)


@given(key=st.sampled_from(KEYS), odds=st.lists(st.sampled_from(Odd)), season=st.sampled_from(Season))
def test_what_pydantic_writes_of_a_member_is_read_again(key: Odd, odds: list[Odd], season: Season) -> None:
    cases: list[tuple[Any, Any]] = [
        (Odd, key),
        (list[Odd | None], [*odds, None]),
        (dict[str, list[Odd]], {"a": odds}),
        (dict[Odd, dict[Odd, Season]], {key: {key: season}}),
        (tuple[Season, Odd] | None, (season, key)),
        (Literal[Odd.DAY, Odd.PAIR, "x"], Odd.PAIR),
    ]
    for kind, value in cases:
        written = decode(TypeAdapter[Any](kind).dump_json(value).decode())
        assert read(kind, written) == value, kind


@pytest.mark.parametrize("wrong", ["2026-04-02", "1", 2, [1, 2, 3], [True, 2], None, {}])
def test_what_is_no_member_is_refused_as_before(wrong: Json) -> None:
    with pytest.raises(ValidationError, match="Input should be"):
        read(list[Odd], ["b", wrong])


def in_a_form(value: Json) -> Any:
    page, errors = judge(OddPage, {"odd": value, "season": "2026-07-01"})
    assert errors == () and isinstance(page, OddPage) and page.season is Season.SUMMER
    return page.odd


def in_a_product(value: Json) -> Any:
    document = OddProduct.from_product_id(ODD.product_id, "SURF").dump()
    document["block"] = {**document["block"], "odd": value}
    loaded = OddProduct.load(decode(encode(document)))
    assert loaded.dump() == document
    return loaded.block.odd


@pytest.mark.parametrize("way", [in_a_form, in_a_product])
@pytest.mark.parametrize("member", Odd)
def test_a_form_and_a_product_read_members(way: Callable[[Json], Any], member: Odd) -> None:
    assert way(TypeAdapter(Odd).dump_python(member, mode="json")) is member


@pytest.mark.parametrize("member", Odd)
def test_a_contract_takes_what_its_schema_offers(member: Odd) -> None:
    (offered,) = [value for value in OFFERED if value == TypeAdapter(Odd).dump_python(member, mode="json")]

    assert violations(OddPage, {"odd": offered}) == ()
    assert violations(OddPage, {"odd": [offered]}) != ()


async def test_a_step_takes_the_member_that_an_earlier_step_returned(tmp_path: Path) -> None:
    @step("Give")
    def give() -> State:
        return {"odds": list(Odd), "by_odd": {odd: odd for odd in KEYS}}

    @step("Take")
    def take(odds: list[Odd], by_odd: dict[Odd, Odd]) -> State:
        return {"same": odds == list(Odd) and by_odd == {odd: odd for odd in KEYS}}

    process = await Stage(tmp_path).play(begin >> give >> take)

    assert process.state["same"] is True
