"""A model that a function returned is read by the next function, whatever its names and however strict it is."""

import enum
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    Strict,
    TypeAdapter,
    computed_field,
    create_model,
)
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass

from orchestrator_gql.utils.arguments import bind, wanted
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json import to_json
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.json.strict_types import is_strict


class Speed(enum.Enum):
    FAST = 10


class Named(BaseModel):
    inner_name: int = Field(alias="innerName")


class Read(BaseModel):
    vlan: int = Field(validation_alias="vlanId", serialization_alias="vlan_id")


class Chosen(BaseModel):
    vlan: int = Field(validation_alias=AliasChoices("vlanId", "vlan-id"))


class Deep(BaseModel):
    vlan: int = Field(validation_alias=AliasPath("tags", "outer"))


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    inner_name: int = 1
    below: list[Named] = []


class CamelDumped(Camel):
    model_config = ConfigDict(serialize_by_alias=True)


class Strictly(BaseModel, strict=True):
    day: date
    at: datetime
    took: timedelta
    id: UUID
    price: Decimal
    speed: Speed
    hops: tuple[int, ...]
    tags: set[str]
    secret: SecretStr
    by_day: dict[str, date] = {}


class StrictField(BaseModel):
    day: Annotated[date, Strict()]
    below: list[Strictly] = []


@dataclass(config=ConfigDict(strict=True))
class StrictData:
    day: date


class Computing(BaseModel, extra="forbid"):
    name: str
    day: Annotated[date, Strict()] = date(2026, 1, 2)

    @computed_field
    def label(self) -> str:
        return self.name.upper()

    @computed_field(alias="the-note")
    def note(self) -> str | None:
        return None


class ComputingByAlias(Computing):
    model_config = ConfigDict(serialize_by_alias=True)


@dataclass(config=ConfigDict(extra="forbid"))
class ComputingData:
    name: str

    @computed_field
    def label(self) -> str:
        return self.name.upper()


class Texts(BaseModel):
    ports: Json[list[int]]
    ways: list[Json[dict[str, int]]]


STRICT = Strictly(
    day=date(2026, 11, 30),
    at=datetime(2026, 11, 30, 20, 36),  # noqa: DTZ001
    took=timedelta(seconds=1.5),
    id=UUID(int=7),
    price=Decimal("1.10"),
    speed=Speed.FAST,
    hops=(1, 2),
    tags={"a", "b"},
    secret=SecretStr("hush"),
    by_day={"a": date(2026, 1, 2)},
)
RETURNED = [
    Named(innerName=3),
    Read(vlanId=3),
    Chosen.model_validate({"vlan-id": 3}),
    Deep.model_validate({"tags": {"outer": 3}}),
    Camel(innerName=2, below=[Named(innerName=3)]),
    CamelDumped(innerName=2, below=[Named(innerName=3)]),
    STRICT,
    StrictField(day=date(2026, 1, 2), below=[STRICT]),
    StrictData(day=date(2026, 1, 2)),
    Computing(name="eth0"),
    ComputingByAlias(name="eth0"),
    ComputingData(name="eth0"),
    Texts(ports="[1, 2]", ways=['{"a": 1}', "{}"]),
]


def received(annotation: Any, value: Any) -> Any:
    """The argument of the next function, if a function returned the value."""

    def next_function(value: Any) -> None: ...

    next_function.__annotations__["value"] = annotation
    stored = to_json({"value": value}, where="result", found=None if "secret" not in repr(value) else Found())
    return bind(wanted(next_function), stored)["value"]


@pytest.mark.parametrize("value", RETURNED, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("around", ["alone", "list", "dict", "optional", "union", "field"])
def test_the_next_function_gets_the_model_that_was_returned(value: Any, around: str) -> None:
    kind: Any = type(value)
    annotation, returned = {
        "alone": (kind, value),
        "list": (list[kind], [value, value]),
        "dict": (dict[str, kind], {"a": value}),
        "optional": (kind | None, value),
        "union": (kind | int, value),
        "field": (create_model("Holder", held=(kind, ...)), {"held": value}),
    }[around]

    got = received(annotation, returned)

    assert (got.held if around == "field" else got) == (value if around == "field" else returned)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.integers(), min_size=1, max_size=5), st.data())
def test_fields_arrive_whatever_aliases_they_have(values: dict[str, int], data: st.DataObject) -> None:
    aliases = data.draw(st.lists(st.from_regex(r"[A-Z]{1,4}", fullmatch=True), min_size=5, max_size=5, unique=True))
    fields: Any = {
        name: (int, data.draw(st.sampled_from([Field(), Field(alias=alias), Field(validation_alias=alias)])))
        for name, alias in zip(values, aliases, strict=False)
    }
    model = create_model("Drawn", __config__=ConfigDict(serialize_by_alias=data.draw(st.booleans())), **fields)
    returned = model.model_validate(values, by_name=True)

    assert received(model, returned) == returned


def test_only_computed_fields_are_left_out() -> None:
    stored = {"name": "eth0", "label": "ETH0", "labels": "ETH0"}
    with pytest.raises(StepError, match=r"\['labels'\]: Extra inputs are not permitted"):
        received(Computing, stored)
    assert stored == {"name": "eth0", "label": "ETH0", "labels": "ETH0"}
    with pytest.raises(StepError, match="valid string"):
        received(Computing, {"name": 1, "label": "1"})


@pytest.mark.parametrize("json", ["[1, 2]", [1, 2]])
def test_a_parameter_of_parsed_text_takes_the_text_and_what_it_says(json: Any) -> None:
    assert received(Json[list[int]], json) == [1, 2]


def test_a_value_that_a_strict_type_refuses_is_refused() -> None:
    with pytest.raises(StepError, match="valid date"):
        received(StrictField, {"day": "tomorrow"})
    with pytest.raises(StepError, match="valid integer"):
        received(Annotated[int, Strict()], "3")


@pytest.mark.parametrize("kind", [int, str, date, UUID, SecretStr, Path, list[int], Annotated[int, Strict()], Camel])
def test_types_that_read_the_same_from_json_are_validated_once(kind: Any) -> None:
    assert not is_strict(TypeAdapter(kind).core_schema)
