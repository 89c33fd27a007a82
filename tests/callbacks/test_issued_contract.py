"""The JSON Schema of a contract judges as its model does, as far as a schema can say the rules."""

import time
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, RootModel, SecretStr

from orchestrator_gql.callbacks import lso
from orchestrator_gql.callbacks.contract import schema, violations, violations_of_issued
from orchestrator_gql.callbacks.issued_contract import validator_of
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import decode, encode


class State(StrEnum):
    UP = "up"
    DOWN = "down"


class Port(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=5, pattern="^[a-z]+$")]
    state: State = State.UP
    speed: Annotated[int, Field(ge=1, le=400)] | None = None


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class Report(BaseModel):
    ok: bool
    ports: Annotated[list[Port], Field(max_length=2)] = []
    by_name: dict[str, Port] = {}
    tree: Tree | None = None
    pair: tuple[int, str] | None = None
    kind: Literal["a", 1] = "a"
    at: datetime | None = None
    id: UUID | None = None
    see: AnyUrl | None = None
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    secret: SecretStr | None = None
    anything: Any = None


class Names(RootModel[list[str]]):
    """A list, not an object."""


PAYLOADS: list[tuple[type[BaseModel], Json]] = [
    (Report, {"ok": True}),
    (Report, {}),
    (Report, []),
    (Report, {"ok": "perhaps"}),
    (Report, {"ok": 1, "extra": None}),
    (Report, {"ok": True, "ports": [{"name": "ab"}, {"name": "abcdef", "speed": 0}]}),
    (Report, {"ok": True, "ports": [{"name": "A"}, {"name": "b", "state": "left"}, {"name": "c"}]}),
    (Report, {"ok": True, "ports": [{"name": "a", "mtu": 1500}]}),
    (Report, {"ok": True, "by_name": {"x": {"speed": 10}}}),
    (Report, {"ok": True, "tree": {"value": 1, "children": [{"value": "2"}, {"children": []}]}}),
    (Report, {"ok": True, "pair": [1, "a"]}),
    (Report, {"ok": True, "pair": [1]}),
    (Report, {"ok": True, "kind": "b"}),
    (Report, {"ok": True, "at": "2026-03-02T10:00:00Z", "id": "no", "see": "no"}),
    (Report, {"ok": True, "share": 1, "secret": 7}),
    (Names, ["a", "b"]),
    (Names, ["a", 7]),
    (Names, {"a": 1}),
    (lso.LsoPlaybookResult, {"status": "successful", "job_id": "no", "output": ["a"], "return_code": 0}),
]


@pytest.mark.parametrize(("model", "payload"), PAYLOADS)
def test_the_schema_refuses_the_same_places_as_the_model(model: type[BaseModel], payload: Json) -> None:
    by_model = {error.pointer for error in violations(model, payload)}
    by_schema = {error.pointer for error in violations_of_issued(schema(model), None, payload)}

    assert by_schema == by_model


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 500) | st.text("ab1", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(Report.model_fields)), inner),
    max_leaves=8,
)


@given(json_values)
def test_the_schema_agrees_with_the_model_about_any_payload(payload: Json) -> None:
    assert bool(violations_of_issued(schema(Report), None, payload)) == bool(violations(Report, payload))


class Deployed(BaseModel):
    rc: int
    report_id: str


class Issued(BaseModel):
    rc: int


@pytest.mark.parametrize(
    ("issued", "deployed", "payload", "is_refused"),
    [
        (schema(Issued), Deployed, {"rc": 0}, False),  # the deployed model has a field more
        (schema(Deployed), Issued, {"rc": 0}, True),
        (schema(Issued), None, {"rc": "zero"}, True),  # the workflow is not deployed here
        (None, Deployed, {"anything": True}, False),
        (schema(Deployed), Deployed, {"rc": 0}, True),
    ],
)
def test_the_contract_that_was_issued_judges(
    issued: Json, deployed: type[BaseModel] | None, payload: Json, *, is_refused: bool
) -> None:
    assert bool(violations_of_issued(issued, deployed, payload)) == is_refused


NESTED = {"type": "string", "pattern": "^(a|a)+$"}
SHAPES: dict[str, tuple[Json, Callable[[str], Json]]] = {
    "text": (NESTED, str),
    "list": ({"type": "array", "items": NESTED}, lambda text: [text]),
    "tuple": ({"type": "array", "prefixItems": [NESTED], "items": NESTED}, lambda text: ["a", text]),
    "dict": ({"type": "object", "additionalProperties": NESTED}, lambda text: {"x": text}),
    "object": ({"type": "object", "properties": {"x": NESTED}}, lambda text: {"x": text}),
    "more": ({"properties": {"y": {}}, "type": "object", "additionalProperties": NESTED}, lambda text: {"x": text}),
    "choice": ({"anyOf": [NESTED, {"type": "null"}, {"type": "integer"}]}, str),
    "model": (
        {"$defs": {"X": {"type": "object", "properties": {"x": NESTED}}}, "$ref": "#/$defs/X"},
        lambda t: {"x": t},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_text_takes_long_to_judge_by_a_pattern_that_is_fast_in_the_model(shape: str) -> None:
    issued, body_of = SHAPES[shape]
    started = time.process_time()

    assert violations_of_issued(issued, None, body_of("a" * 26 + "!")) != ()
    assert violations_of_issued(issued, None, body_of("a" * 26)) == ()

    assert time.process_time() - started < 1  # the engine of Python needs 5 s, and twice that for each further letter


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pattern_that_only_the_engine_of_python_knows_judges_everywhere(shape: str) -> None:
    issued, body_of = SHAPES[shape]
    looking_ahead = decode(encode(issued).replace("^(a|a)+$", "^(?!bad)[a-z]+$"))

    assert violations_of_issued(looking_ahead, None, body_of("bad")) != ()
    assert violations_of_issued(looking_ahead, None, body_of("a")) == ()


@pytest.mark.parametrize("odd", [{"type": "string", "pattern": "("}, {"$ref": "#/$defs/Gone"}, [], 7])
def test_a_schema_that_pydantic_cannot_express_leaves_the_judgement_to_the_deployed_model(odd: Json) -> None:
    assert validator_of(odd) is None
    assert violations_of_issued(odd, Issued, {"rc": 0}) == ()
    assert violations_of_issued(odd, Issued, {}) != ()
    assert violations_of_issued(odd, None, {}) == ()
