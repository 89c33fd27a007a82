"""From Python to JSON: a secret is written as what it says, and its place is told; without anybody to tell, masked."""

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
from orchestrator_gql.utils.json.secrets import Found, MarkingSchema, masked, places_in, pointer


class Pin(Secret[int]):
    """A secret type of an author's own."""

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
def test_a_secret_of_any_shape_is_revealed_and_its_place_told(value: Any) -> None:
    found = Found()

    said = to_json({"k": value}, where="result", found=found)

    assert MASK in str(to_json({"k": value}, where="result")) and "clear" in str(said)
    assert len(found.places) == 1 and found.values == ["clear"]
    assert "clear" not in str(masked(said, found.places))


def test_pydantics_own_rules_of_writing_hold() -> None:
    found = Found()

    said = to_json({"m": Rich()}, where="result", found=found)["m"]

    assert said == {
        "a": "aaaa", "raw": "bytes", "day": "2031-04-05", "pin": 1234, "maybe": None, "either": "union", "root": "root",
        "deep": [{"7": {"s": "deep"}}], "anything": ["any", {"x": "inner"}], "open_": "opened", "upper": "JSON",
        "made": "made",
    }  # fmt: skip
    shown = masked({"m": said}, found.places)["m"]
    assert {key for key, value in shown.items() if value == said[key]} == {"maybe", "open_"}
    assert {"opened", "excluded", "json"} <= set(found.values), "known by what they say, wherever they turn up"


def test_a_model_by_alias_is_written_by_alias() -> None:
    class ByAlias(BaseModel):
        model_config = pydantic.ConfigDict(serialize_by_alias=True)

        s: Annotated[SecretStr, Field(serialization_alias="the/secret")]

    found = Found()

    assert to_json(ByAlias(s=ONE), where="result", found=found) == {"the/secret": "clear"}
    assert found.places == {"/the~1secret"}


def test_bytes_that_are_no_text_are_refused_by_their_place_alone() -> None:
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
        | secrets.map(lambda one: Plain(s=one))
    ),
    max_leaves=10,
)


def written(value: Any, place: tuple[str | int, ...], places: dict[str, str]) -> Any:
    """What the JSON should be, by the plainest code, and the places of its secrets."""
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
def test_any_nesting_arrives_exactly_and_every_place_is_told(value: dict[str, Any]) -> None:
    found, places = Found(), dict[str, str]()

    said = to_json(value, where="result", found=found)

    assert said == written(value, (), places)
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


def test_the_places_that_a_contract_marks_are_found_however_deep() -> None:
    inner = {"s": "1", "n": 2, "many": [{"s": "3"}, {"s": "4"}], "by_name": {"k": {"s": "5"}}, "either": {"s": "6"}}
    payload = {"plain": "x", **inner, "marked": "7", "whole": {"a": "8"}, "again": {"again": {"s": "9"}, "plain": "y"}}

    found = places_in(Contract.model_json_schema(schema_generator=MarkingSchema), payload)

    assert found == {
        "/s", "/n", "/many/0/s", "/many/1/s", "/by_name/k/s", "/either/s", "/marked", "/whole", "/again/again/s"
    }  # fmt: skip
