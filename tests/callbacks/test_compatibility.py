"""The comparison of two versions of a contract, checked against what pydantic itself accepts."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from orchestrator_gql.callbacks.compatibility import breaches


def schema(annotation: Any) -> Any:
    return TypeAdapter(annotation).json_schema()


class Old(BaseModel):
    return_code: int
    output: list[str] = []
    host: Literal["ams-1", "lon-1"] | None = None


def changed(**fields: Any) -> Any:
    """`Old` with other fields; a field that is None is left out."""
    kept = {name: (field.annotation, field) for name, field in Old.model_fields.items()}
    wanted: dict[str, Any] = {name: field for name, field in (kept | fields).items() if field is not None}
    return create_model("New", **wanted).model_json_schema()


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (changed(), []),
        (changed(stdout=(str, "")), []),
        (changed(output=None), []),
        (changed(return_code=(float, ...)), []),
        (changed(return_code=(int | str, ...)), []),
        (changed(return_code=(int, 0)), []),
        (changed(stdout=(str, ...)), [("/stdout", "is required now")]),
        (changed(output=(list[str], ...)), [("/output", "is required now")]),
        (changed(output=(list[int], [])), [("/output/*", "must be of the type integer now, and was string")]),
        (changed(return_code=(str, ...)), [("/return_code", "must be of the type string now, and was integer")]),
        (
            changed(return_code=(Annotated[int, Field(ge=0)], ...)),
            [("/return_code", "minimum is 0 now, and there was none")],
        ),
        (changed(host=(Literal["ams-1"] | None, None)), [("/host", "is refused now if it is 'ams-1' or 'lon-1'")]),
        (
            changed(host=(Literal["ams-1", "lon-1"], "ams-1")),
            [("/host", "must be of the type string now, and was null")],
        ),
        (changed(output=(UUID, "")), [("/output", "must be of the type string now, and was array")]),
    ],
)
def test_a_change_of_a_model_is_found_at_its_place(new: Any, found: list[tuple[str, str]]) -> None:
    assert [(breach.pointer, breach.message) for breach in breaches(Old.model_json_schema(), new)] == found


def test_a_model_that_forbids_further_fields_refuses_them_and_the_fields_that_are_gone() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        return_code: int

    found = breaches(Old.model_json_schema(), Strict.model_json_schema())

    assert [breach.pointer for breach in found] == ["/output", "/host", "/*"]
    assert {breach.message for breach in found} == {"is refused now"}
    assert breaches(Strict.model_json_schema(), Old.model_json_schema()) == []


def test_a_contract_where_there_was_none_is_a_breach_and_no_contract_accepts_everything() -> None:
    (found,) = breaches(None, schema(int))

    assert found.message == "must be of the type integer now, and was any type"
    assert breaches(schema(int), None) == []
    assert breaches(None, None) == []


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class Forest(BaseModel):
    name: str
    height: int
    children: list["Forest"] = []


def test_models_that_refer_to_themselves_are_compared_once() -> None:
    tree, forest = Tree.model_json_schema(), Forest.model_json_schema()

    assert breaches(tree, tree) == []
    assert [breach.pointer for breach in breaches(tree, forest)] == ["/height"]


KINDS: list[Any] = [
    int,
    float,
    str,
    bool,
    None,
    Any,
    int | None,
    int | str,
    list[int],
    list[str],
    tuple[int, str],
    dict[str, int],
    dict[str, Any],
    datetime,
    UUID,
    Literal[1],
    Literal[1, 2],
    Literal["a", 1],
    Literal[True],
    Annotated[int, Field(ge=0, le=5)],
    Annotated[str, Field(min_length=1)],
    Annotated[str, Field(pattern="^a")],
    Annotated[list[int], Field(max_length=1)],
]
VALUES: list[Any] = [
    *(0, 1, 2, 7, -1, 1.5, "", "a", "b", True, False, None, [], [1], [1, 2], ["a"], [1, "a"], {}),
    *({"a": 1}, {"a": "b"}, "2026-01-01T00:00:00Z", "0c6f6c1e-2f0d-4c55-9b1c-6f8f5d1f3a77"),
]


def accepts(annotation: Any, value: Any) -> bool:
    """True if pydantic accepts the value as JSON, in which true is not 1."""
    has_literals = get_origin(annotation) is Literal
    if has_literals and not any(type(value) is type(each) and value == each for each in get_args(annotation)):
        return False
    try:
        TypeAdapter(annotation).validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("new", KINDS)
@pytest.mark.parametrize("old", KINDS)
def test_no_breach_means_that_no_value_is_lost(old: Any, new: Any) -> None:
    found = breaches(schema(old), schema(new))

    if not found:
        assert [value for value in VALUES if accepts(old, value) and not accepts(new, value)] == []
    if old == new or new is Any:
        assert found == []
