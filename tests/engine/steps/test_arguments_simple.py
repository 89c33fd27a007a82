"""Arguments that follow from the state alone are made as all others; anything else is left to the long way."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import AfterValidator, BaseModel

from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.engine.steps.arguments import simple_arguments
from orchestrator_gql.types import State
from orchestrator_gql.utils.arguments import GIVEN, bind, wanted
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import StepError

STATE = {
    "node": "ams-1",
    "vlan": "205",
    "count": 3,
    "up": True,
    "ports": [{"id": "6f5902ac-2371-4a8e-9d3f-9b7d2b5b1b1a"}],
    "none": None,
    "load": 1,
}


class Port(BaseModel):
    id: UUID


class Vlan:
    def __init__(self, number: int) -> None:
        self.number = number

    def unwrap(self) -> int:
        return self.number


@dataclass
class Unhashable:
    name: str = "x"

    def __call__(self, node: str) -> None: ...


def nothing() -> None: ...
def text(node: str) -> None: ...
def number(vlan: int, count: int) -> None: ...
def real(load: float) -> None: ...
def truth(up: bool, count: bool = False) -> None: ...
def unannotated(node, ports): ...  # type: ignore[no-untyped-def]
def default(node: str = "rtm-1", other: int = 7, *, vlan: str = "1") -> None: ...
def optional(missing: int | None, none: int | None, up: bool | None) -> None: ...
def keyword(*, node: str, **others: Any) -> None: ...
def rest(*rest: Any) -> None: ...
def models(ports: list[Port]) -> None: ...
def parts(ports: list[dict[str, UUID]]) -> None: ...
async def later(node: str) -> None: ...


SIMPLE: list[Callable[..., Any]] = [
    nothing, text, number, real, unannotated, default, optional, keyword, rest, models, parts, later,
    partial(number, count=4), lambda node, vlan=1: None,
]  # fmt: skip


@pytest.mark.parametrize("function", SIMPLE)
def test_simple_arguments_are_those_of_a_bound_call(function: Callable[..., Any]) -> None:
    arguments = simple_arguments(function, STATE)

    assert arguments == bind(wanted(function), STATE)
    assert arguments is not None
    assert [type(value) for value in arguments.values()] == [
        type(value) for value in bind(wanted(function), STATE).values()
    ]


def missing(other: str) -> None: ...
def whole(state: State) -> None: ...
def decided(decisions: list[Any]) -> None: ...
def wrapped(vlan: Vlan) -> None: ...
def checked(node: Annotated[str, AfterValidator(str.upper)]) -> None: ...
def product(node: SubscriptionModel) -> None: ...
def products(absent: list[SubscriptionModel] | None) -> None: ...
def by_position(node: str, /) -> None: ...


@pytest.mark.parametrize(
    "function", [missing, whole, decided, wrapped, checked, product, products, by_position, Unhashable(), int]
)
def test_what_is_not_simple_is_left_to_the_long_way(function: Callable[..., Any]) -> None:
    assert simple_arguments(function, STATE) is None


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_a_name_of_the_engine_is_left_to_the_long_way_even_if_the_state_has_it(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"def takes({name}: str = ''): ...", scope)

    assert simple_arguments(scope["takes"], {name: "from the state"}) is None


def test_a_function_that_changes_its_arguments_does_not_change_the_state() -> None:
    arguments = simple_arguments(unannotated, STATE)

    assert arguments is not None
    arguments["ports"][0]["id"] = "changed"
    assert STATE["ports"] == [{"id": "6f5902ac-2371-4a8e-9d3f-9b7d2b5b1b1a"}]


def wrong_text(count: str) -> None: ...
def wrong_parts(node: str, ports: list[dict[str, int]]) -> None: ...


@pytest.mark.parametrize("function", [truth, wrong_text, wrong_parts])
def test_a_value_that_does_not_fit_is_refused_as_by_a_bound_call(function: Callable[..., Any]) -> None:
    with pytest.raises(StepError) as expected:
        bind(wanted(function), STATE)
    with pytest.raises(AuthorRaised) as raised:
        simple_arguments(function, STATE)

    assert isinstance(raised.value.error, StepError)
    assert str(raised.value.error) == str(expected.value)
    assert raised.value.error.failure_code == "bad-argument"
