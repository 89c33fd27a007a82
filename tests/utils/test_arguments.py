"""Values are bound to the parameters of a function by name."""

import doctest
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial, wraps
from inspect import Parameter
from ipaddress import IPv4Address
from socket import socket
from typing import Annotated, Any, Literal, Optional, TypedDict, Union
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from pydantic_forms.types import State, SummaryData

from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils import arguments
from orchestrator_gql.utils.arguments import bind, wanted
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError

ID = UUID(int=7)


class Port(BaseModel):
    vlan: int


class Port2(BaseModel):
    vlan: int


@dataclass
class Site:
    name: str


class Hints(TypedDict):
    known: str


def bound(function: Callable[..., Any], values: dict[str, Any], **given: Any) -> dict[str, Any]:
    return bind(wanted(function), values, given=given)


def refused(function: Callable[..., Any], values: dict[str, Any]) -> StepError:
    with pytest.raises(StepError) as caught:
        bind(wanted(function), values)
    return caught.value


def test_the_parameters_of_a_function_are_listed_in_their_order() -> None:
    def connect(port: "Port", state: State, *rest: int, note: str | None = None, **more: Any) -> None: ...

    port, state, note = wanted(connect)

    assert (port.name, port.annotation, port.has_default, port.is_optional) == ("port", Port, False, False)
    assert (state.name, state.kind) == ("state", Parameter.POSITIONAL_OR_KEYWORD)
    assert (note.default, note.has_default, note.is_optional, note.kind) == (None, True, True, Parameter.KEYWORD_ONLY)
    assert port.function == f"{__name__}.test_the_parameters_of_a_function_are_listed_in_their_order.<locals>.connect"


def test_a_function_without_parameters_gets_nothing() -> None:
    assert bound(lambda: None, {"a": 1}) == {}


def test_arguments_are_bound_by_name_also_keyword_only_arguments() -> None:
    def connect(b: Any, *, a: Any, c: Any = 3) -> tuple[Any, Any, Any]:
        return a, b, c

    values = {"a": 1, "b": 2, "d": 4}

    assert bound(connect, values) == {"b": 2, "a": 1}
    assert connect(**bound(connect, values)) == (1, 2, 3)


@pytest.mark.parametrize(
    "function",
    [
        lambda state, a: None,
        lambda a, state: None,
        lambda a, *, state: None,
        lambda a, state=None: None,
    ],
)
def test_state_receives_all_values_at_any_position(function: Callable[..., Any]) -> None:
    values = {"a": 1, "b": 2, "state": "of the art"}

    assert bound(function, values) == {"a": 1, "state": values}


def test_state_receives_all_values_with_any_annotation() -> None:
    def connect(state: int) -> None: ...

    assert bound(connect, {"a": 1}) == {"state": {"a": 1}}


def test_state_is_a_copy_that_a_step_may_change() -> None:
    values = {"a": 1}

    bound(lambda state: None, values)["state"].clear()

    assert values == {"a": 1}


@pytest.mark.parametrize(
    ("annotation", "value", "converted"),
    [
        (UUID, str(ID), ID),
        (UUID, ID, ID),
        (list[UUID], [str(ID), ID], [ID, ID]),
        (UUID | None, str(ID), ID),
        (Optional[UUID], None, None),  # noqa: UP045
        (Union[UUID, int], 5, 5),  # noqa: UP007
        (datetime, "2024-05-06T07:08:00Z", datetime(2024, 5, 6, 7, 8, tzinfo=UTC)),
        (timedelta, 90.0, timedelta(seconds=90)),
        (SubscriptionLifecycle, "active", SubscriptionLifecycle.ACTIVE),
        (IPv4Address, "10.0.0.1", IPv4Address("10.0.0.1")),
        (Port, {"vlan": "5"}, Port(vlan=5)),
        (list[Port], [{"vlan": 5}], [Port(vlan=5)]),
        (dict[str, Port], {"a": {"vlan": 5}}, {"a": Port(vlan=5)}),
        (Site, {"name": "ams"}, Site("ams")),
        (int, "5", 5),
        (bool, "yes", True),
        (tuple[int, ...], [1, 2], (1, 2)),
        (set[str], ["a"], {"a"}),
        (Literal["a", "b"], "b", "b"),
        (Annotated[int, Field(gt=1)], "5", 5),
        (Annotated[int, ["unhashable"]], "5", 5),
    ],
)
def test_values_are_converted_to_the_annotation(annotation: Any, value: Any, converted: Any) -> None:
    def connect(port) -> None: ...  # type: ignore[no-untyped-def]

    connect.__annotations__["port"] = annotation

    assert bound(connect, {"port": value}) == {"port": converted}
    assert type(bound(connect, {"port": value})["port"]) is type(converted)


@pytest.mark.parametrize(
    ("annotations", "value"),
    [
        ((date | datetime, datetime | date), "2026-01-31"),
        ((dict[str, date | datetime], dict[str, datetime | date]), {"on": "2026-01-31"}),
        ((list[Port] | list[Port2], list[Port2] | list[Port]), [{"vlan": 7}]),
    ],
)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_unions_that_python_calls_equal_are_converted_each_in_its_own_order(
    annotations: tuple[Any, Any], value: Any, order: tuple[int, int]
) -> None:
    def connect(port) -> None: ...  # type: ignore[no-untyped-def]

    assert annotations[0] == annotations[1]
    for annotation in (annotations[place] for place in order):
        connect.__annotations__["port"] = annotation
        expected = TypeAdapter(annotation).validate_python(value)
        converted = bound(connect, {"port": value})["port"]
        assert repr(converted) == repr(expected)


def test_a_stream_of_new_annotations_is_not_kept() -> None:
    def connect(port) -> None: ...  # type: ignore[no-untyped-def]

    for number in range(arguments._MOST_ADAPTERS + 10):
        connect.__annotations__["port"] = Annotated[int, number]
        assert bound(connect, {"port": "7"}) == {"port": 7}
    assert len(arguments._adapters) <= arguments._MOST_ADAPTERS


@pytest.mark.parametrize("annotation", [Any, dict, dict[str, Any], State, Hints, SummaryData, socket, "socket"])
@pytest.mark.parametrize("value", [{"unknown": 1}, "text"])
def test_a_value_with_an_annotation_unknown_to_pydantic_is_passed_unchanged(annotation: Any, value: Any) -> None:
    def connect(port) -> None: ...  # type: ignore[no-untyped-def]

    connect.__annotations__["port"] = annotation

    assert bound(connect, {"port": value})["port"] is value


def test_a_value_that_is_already_a_model_is_not_rebuilt() -> None:
    def connect(port: Port) -> None: ...

    port = Port(vlan=5)

    assert bound(connect, {"port": port})["port"] is port


def test_given_arguments_are_not_converted_and_come_before_the_values() -> None:
    def connect(port: UUID, state: State) -> None: ...

    arguments = bound(connect, {"port": "of Rotterdam"}, port="loaded", state={"own": 1})

    assert arguments == {"port": "loaded", "state": {"own": 1}}


def test_defaults_apply_and_are_never_converted() -> None:
    def connect(vlan: int = "as it is", note: str | None = "a note") -> tuple[object, object]:  # type: ignore[assignment]
        return vlan, note

    assert connect(**bound(connect, {})) == ("as it is", "a note")
    assert connect(**bound(connect, {"vlan": "5", "note": None})) == (5, None)


@pytest.mark.parametrize("annotation", [int | None, Optional[int], Annotated[int | None, "words"], None])  # noqa: UP045
def test_an_optional_parameter_without_a_value_is_none(annotation: Any) -> None:
    def connect(port) -> None: ...  # type: ignore[no-untyped-def]

    connect.__annotations__["port"] = annotation

    assert bound(connect, {}) == {"port": None}


def test_a_missing_argument_names_parameter_function_and_the_existing_keys() -> None:
    def connect(port: int) -> None: ...

    error = refused(connect, {"prot": 1, "a": 2})

    assert error.failure_code == "missing-argument"
    assert error.message.endswith("connect` needs `port`, which is not there; there are: a, prot.")
    assert f"`{__name__}.test_a_missing" in error.message


def test_at_most_thirty_keys_are_named() -> None:
    error = refused(lambda port: None, {f"k{number:02}": 1 for number in range(33)})

    assert error.message.endswith(", k28, k29 and 3 more.")
    assert refused(lambda port: None, {}).message.endswith("there are: none.")


def test_a_wrong_value_names_parameter_expected_type_and_value() -> None:
    def connect(port: UUID, ports: list[Port]) -> None: ...

    wrong_id = refused(connect, {"port": "x" * 10_000_000, "ports": []})
    wrong_item = refused(connect, {"port": str(ID), "ports": [{"vlan": "ten"}]})

    assert wrong_id.failure_code == wrong_item.failure_code == "bad-argument"
    assert "connect` wants `port` as uuid.UUID, but found str 'xxx" in wrong_id.message
    assert len(wrong_id.message) < 500
    assert "wants `ports` as list[" in wrong_item.message
    assert "ports[0]['vlan']: Input should be a valid integer" in wrong_item.message
    assert "found list [{'vlan': 'ten'}]" in wrong_item.message


def test_a_value_is_shown_in_at_most_eighty_characters() -> None:
    def connect(port: int) -> None: ...

    error = refused(connect, {"port": [["x" * 60] * 6] * 6})

    shown = error.message.partition("found list ")[2].partition(": port")[0]
    assert len(shown) == 80
    assert shown.endswith("…")


def test_a_positional_only_parameter_is_refused_at_definition() -> None:
    def connect(port: int, /) -> None: ...

    with pytest.raises(WorkflowDefinitionError, match=r"connect` takes `port` by position only: remove the `/`"):
        wanted(connect)


@pytest.mark.parametrize("annotation", ["Nowhere", "Port.Nowhere", "list[", "Port | 'Nowhere'"])
def test_an_annotation_that_names_nothing_is_refused_at_definition(annotation: str) -> None:
    def connect(port) -> None: ...  # type: ignore[no-untyped-def]

    connect.__annotations__["port"] = annotation

    with pytest.raises(WorkflowDefinitionError, match=r"connect`: the annotation .* of `port` cannot be resolved"):
        wanted(connect)


def test_an_unknown_return_type_does_no_harm() -> None:
    def connect(port: "UUID") -> "Nowhere": ...  # type: ignore[name-defined]  # noqa: F821

    assert bound(connect, {"port": str(ID)}) == {"port": ID}


def test_an_object_without_a_signature_is_refused_at_definition() -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"`builtins.str` has no signature"):
        wanted("connect")  # type: ignore[arg-type]


def test_a_decorated_function_has_the_parameters_of_the_inner_function() -> None:
    def connect(port: "Port") -> None: ...

    @wraps(connect)
    def logged(*args: Any, **kwargs: Any) -> None: ...

    assert bound(logged, {"port": {"vlan": 5}}) == {"port": Port(vlan=5)}


def test_partials_and_callable_objects_are_functions_too() -> None:
    def connect(site: str, port: "Port") -> None: ...

    class Connecting:
        def __call__(self, port: "Port") -> None: ...

    for function in (partial(connect, "ams"), Connecting(), Connecting().__call__):
        assert bound(function, {"port": {"vlan": 5}}) == {"port": Port(vlan=5)}
        assert refused(function, {}).message.startswith(f"`{__name__}.test_partials")


def test_the_examples_in_the_docs_of_arguments_hold() -> None:
    assert doctest.testmod(arguments).failed == 0
