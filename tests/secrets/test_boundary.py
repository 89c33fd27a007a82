"""Conversion to JSON writes secrets in clear text and finds their places; without `found` it writes masks."""

import dataclasses
from datetime import date
from typing import Annotated, Any, TypedDict

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel, Secret, SecretBytes, SecretStr, computed_field, field_serializer

from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json import to_json
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.schemas import schema_of
from orchestrator_gql.utils.json.secrets import Found, masked, places_in, pointer


class Pin(Secret[int]):
    """A secret type that an author defines."""

    def _display(self) -> str:
        return "####"


class Plain(BaseModel):
    s: SecretStr


class Rich(BaseModel):
    a: SecretStr = Field(SecretStr("aaaa"), serialization_alias="A")
    gone: SecretStr = Field(SecretStr("excluded"), exclude=True)
    raw: SecretBytes = SecretBytes(b"bytes")
    day: Secret[date] = Secret[date](date(2031, 4, 5))
    pin: Pin = Pin(1234)
    maybe: SecretStr | None = None
    either: int | SecretStr = SecretStr("union")
    root: RootModel[SecretStr] = RootModel[SecretStr](SecretStr("root"))
    deep: list[dict[int, Plain]] = [{7: Plain(s=SecretStr("deep"))}]
    anything: Any = (SecretStr("any"), {"x": SecretStr("inner")})
    open_: SecretStr = SecretStr("opened")
    upper: SecretStr = SecretStr("json")

    @field_serializer("open_")
    def opened(self, value: SecretStr) -> str:
        return value.get_secret_value()

    @field_serializer("upper", when_used="json")
    def raised(self, value: SecretStr) -> str:
        return value.get_secret_value().upper()

    @computed_field
    def made(self) -> SecretStr:
        return SecretStr("made")


@dataclasses.dataclass
class Data:
    s: SecretStr


@pydantic.dataclasses.dataclass
class PydanticData:
    s: SecretStr


class Typed(TypedDict):
    s: SecretStr


ONE = SecretStr("clear")


@pytest.mark.parametrize(
    "value",
    [ONE, Plain(s=ONE), Data(ONE), PydanticData(ONE), Typed(s=ONE), [ONE], (ONE,), {ONE}, {"k": [Plain(s=ONE)]},
     RootModel[dict[str, SecretStr]]({"k": ONE}), Secret[str]("clear"), SecretBytes(b"clear")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_secret_of_any_shape_is_written_in_clear_and_its_place_is_found(value: Any) -> None:
    found = Found()

    plain = to_json({"k": value}, where="result", found=found)

    assert MASK in str(to_json({"k": value}, where="result")) and "clear" in str(plain)
    assert len(found.places) == 1 and found.values == ["clear"]
    assert "clear" not in str(masked(plain, found.places))


def test_the_serialization_rules_of_pydantic_hold() -> None:
    found = Found()

    plain = to_json({"m": Rich()}, where="result", found=found)["m"]

    assert plain == {
        "a": "aaaa", "raw": "bytes", "day": "2031-04-05", "pin": 1234, "maybe": None, "either": "union", "root": "root",
        "deep": [{"7": {"s": "deep"}}], "anything": ["any", {"x": "inner"}], "open_": "opened", "upper": "JSON",
        "made": "made",
    }  # fmt: skip
    shown = masked({"m": plain}, found.places)["m"]
    assert {key for key, value in shown.items() if value == plain[key]} == {"maybe", "open_"}
    assert {"opened", "excluded", "json"} <= set(found.values), "their texts are known, so they are masked in any text"


def test_a_model_with_aliases_is_written_by_alias() -> None:
    class ByAlias(BaseModel):
        model_config = pydantic.ConfigDict(serialize_by_alias=True)

        s: Annotated[SecretStr, Field(serialization_alias="the/secret")]

    found = Found()

    assert to_json(ByAlias(s=ONE), where="result", found=found) == {"the/secret": "clear"}
    assert found.places == {"/the~1secret"}


def test_secret_bytes_that_are_not_utf_8_are_refused_and_only_the_place_is_named() -> None:
    with pytest.raises(StepError, match=r"`result.k` is a secret of bytes") as refused:
        to_json({"k": SecretBytes(b"\xff\xfe")}, where="result", found=Found())

    assert "xff" not in refused.value.message


secrets = st.text(min_size=1, max_size=6).map(SecretStr)
python = st.recursive(
    secrets | st.text(max_size=3) | st.integers() | st.none(),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text(max_size=3), below, max_size=3)
        | below.map(RootModel[Any])
        | secrets.map(lambda secret: Plain(s=secret))
    ),
    max_leaves=10,
)


def written(value: Any, place: tuple[str | int, ...], places: dict[str, str]) -> Any:
    """Return the expected JSON, by very simple code, and add the places of its secrets."""
    match value:
        case SecretStr():
            places[pointer(place)] = value.get_secret_value()
            return value.get_secret_value()
        case Plain():
            return written({"s": value.s}, place, places)
        case RootModel():
            return written(value.root, place, places)
        case dict():
            return {key: written(item, (*place, key), places) for key, item in value.items()}
        case list():
            return [written(item, (*place, index), places) for index, item in enumerate(value)]
        case _:
            return value


@given(st.dictionaries(st.text(max_size=3), python, max_size=3))
def test_any_nesting_is_written_exactly_and_every_place_is_found(value: dict[str, Any]) -> None:
    found, places = Found(), dict[str, str]()

    plain = to_json(value, where="result", found=found)

    assert plain == written(value, (), places)
    assert found.places == set(places)
    assert set(places.values()) <= set(found.values)


class Contract(BaseModel):
    plain: str = ""
    s: SecretStr | None = None
    n: Secret[int] = Secret[int](1)
    many: list[Plain] = []
    by_name: dict[str, Plain] = {}
    either: Plain | str = ""
    marked: str = Field("", json_schema_extra={"writeOnly": True})
    whole: dict[str, str] = Field({}, json_schema_extra={"secret": True})
    again: "Contract | None" = None


def test_the_places_that_a_contract_marks_are_found_at_any_depth() -> None:
    inner = {"s": "1", "n": 2, "many": [{"s": "3"}, {"s": "4"}], "by_name": {"k": {"s": "5"}}, "either": {"s": "6"}}
    payload = {"plain": "x", **inner, "marked": "7", "whole": {"a": "8"}, "again": {"again": {"s": "9"}, "plain": "y"}}

    places = places_in(schema_of(Contract), payload)

    assert places == {
        "/s", "/n", "/many/0/s", "/many/1/s", "/by_name/k/s", "/either/s", "/marked", "/whole", "/again/again/s"
    }  # fmt: skip
