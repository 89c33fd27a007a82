"""The behaviours of the family's own tests of arguments (its `test_state.py`), under the names that they have there.

`docs/decisions/0041-the-language-of-products.md` says where ours differ on purpose.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.network import Circuit, Node, NodeInactive, Port, create_node, made
from support.stage import Stage, named

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.workflow import Workflow

pytestmark = pytest.mark.one_dispatcher

ID = UUID("5ed2d6c7-6c7c-4f9c-9e6e-2b6b0f0a7a01")
SEEN: list[Any] = []


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    SEEN.clear()
    return Stage(tmp_path)


@dataclass(frozen=True)
class Fails:
    """The failure of a step: its code, and a word of its message."""

    code: str
    word: str


@dataclass
class Wrapped:
    """A class around a plain value."""

    value: Any

    def unwrap(self) -> Any:
        """The plain value."""
        return self.value


def takes_id(id: UUID) -> None:
    SEEN.append(id)


def takes_ids(ids: list[UUID]) -> None:
    SEEN.append(ids)


def takes_optional_id(id: UUID | None) -> None:
    SEEN.append(id)


def takes_id_by_default(id: UUID = ID) -> None:
    SEEN.append(id)


def takes_optional_id_by_default(id: UUID | None = None) -> None:
    SEEN.append(id)


def takes_ids_by_default(ids: list[UUID] = []) -> None:  # noqa: B006
    SEEN.append(ids)


def takes_nothing() -> None:
    SEEN.append("called")


def takes_state(state: State) -> None:
    SEEN.append(state["a"])


def takes_state_last(a: int, b: int, state: State) -> None:
    SEEN.append((a, b, state["a"]))


def takes_state_between(a: int, state: State, b: int) -> None:
    SEEN.append((a, b, state["a"]))


def takes_what_is_left(a: int, *args: Any, **kwargs: Any) -> None:
    SEEN.append((a, args, kwargs))


def takes_what_is_missing(nowhere: int) -> None: ...


def takes_text_by_default(text: str = "standard") -> None:
    SEEN.append(text)


def takes_a_mix(id: UUID, a: int, text: str = "standard", *, other: str | None = None) -> None:
    SEEN.append((id, a, text, other))


def takes_only_defaults(a: int = 1, b: str = "b", c: list[int] | None = None) -> None:
    SEEN.append((a, b, c))


def wraps(wrapped: Wrapped) -> State:
    SEEN.append(wrapped)
    return {"result": wrapped}


def wraps_in_list(items: list[Wrapped]) -> State:
    SEEN.append(items)
    return {"result": items}


def returns_nested(data: dict) -> State:  # type: ignore[type-arg]
    SEEN.append(data)
    return {"result": {"nested": {"wrapped": Wrapped(data["value"])}}}


def wraps_one_of_three(wrapped: Wrapped, regular: str, number: int) -> State:
    SEEN.append((wrapped, regular, number))
    return {"result": [wrapped, regular, number]}


def returns_wrappers(text: str) -> State:
    SEEN.append(text)
    return {"result": {"one": Wrapped(text), "many": [Wrapped("x"), Wrapped("y")], "in": {"inner": Wrapped(text)}}}


ARGUMENTS: dict[str, tuple[Callable[..., Any], State, Any]] = {
    "test_uuid_parameter_with_string_uuid": (takes_id, {"id": str(ID)}, ID),
    "test_uuid_parameter_with_uuid_instance": (takes_id, {"id": ID}, ID),
    "test_uuid_parameter_missing_key": (takes_id, {}, Fails("missing-argument", "`id`")),
    "test_uuid_parameter_invalid_value": (takes_id, {"id": "x"}, Fails("bad-argument", "`id`")),
    "test_list_of_uuid_parameter_with_string": (takes_ids, {"ids": [str(ID)]}, [ID]),
    "test_list_of_uuid_parameter_with_uuid_instance": (takes_ids, {"ids": [ID]}, [ID]),
    "test_list_of_uuid_parameter_invalid_value": (takes_ids, {"ids": [str(ID), "x"]}, Fails("bad-argument", "ids[1]")),
    "test_optional_uuid_parameter_with_string": (takes_optional_id, {"id": str(ID)}, ID),
    "test_optional_uuid_parameter_with_uuid_instance": (takes_optional_id, {"id": ID}, ID),
    "test_optional_uuid_parameter_with_none": (takes_optional_id, {"id": None}, None),
    "test_optional_uuid_parameter_missing_key": (takes_optional_id, {}, None),  # differs: upstream raises KeyError
    "test_optional_uuid_parameter_invalid_value": (takes_optional_id, {"id": "x"}, Fails("bad-argument", "`id`")),
    "test_uuid_parameter_with_default_value": (takes_id_by_default, {}, ID),
    "test_uuid_parameter_with_default_value_and_string_in_state": (
        takes_id_by_default,
        {"id": str(UUID(int=1))},
        UUID(int=1),
    ),
    "test_optional_uuid_parameter_with_default_none_and_string_in_state": (
        takes_optional_id_by_default,
        {"id": str(ID)},
        ID,
    ),
    "test_optional_uuid_parameter_with_default_none_missing_key": (takes_optional_id_by_default, {}, None),
    "test_list_of_uuid_parameter_with_default_and_string_in_state": (takes_ids_by_default, {"ids": [str(ID)]}, [ID]),
    "test_build_arguments_empty_signature": (takes_nothing, {"a": 1}, "called"),
    "test_build_arguments_state_param_injects_entire_dict": (takes_state, {"a": 1}, 1),
    "test_build_arguments_state_param_at_different_positions[last]": (takes_state_last, {"a": 1, "b": 2}, (1, 2, 1)),
    "test_build_arguments_state_param_at_different_positions[mid]": (takes_state_between, {"a": 1, "b": 2}, (1, 2, 1)),
    "test_build_arguments_varargs_and_kwargs_ignored": (takes_what_is_left, {"a": 1, "b": 2}, (1, (), {})),
    "test_build_arguments_missing_required_param_includes_qualname": (
        takes_what_is_missing,
        {},
        Fails("missing-argument", "test_upstream_state.takes_what_is_missing"),
    ),
    "test_build_arguments_non_uuid_default_no_conversion": (takes_text_by_default, {}, "standard"),
    "test_build_arguments_mixed_parameters": (takes_a_mix, {"id": str(ID), "a": 1}, (ID, 1, "standard", None)),
    "test_build_arguments_empty_state_with_all_defaults": (takes_only_defaults, {}, (1, "b", None)),
    "test_inject_args_instantiate_primitive_wrapper_simple": (wraps, {"wrapped": 42}, Wrapped(42)),
    "test_inject_args_instantiate_primitive_wrapper_in_list": (
        wraps_in_list,
        {"items": [1, 2]},
        [Wrapped(1), Wrapped(2)],
    ),
    "test_inject_args_wrapper_nested_in_dict": (returns_nested, {"data": {"value": 99}}, {"value": 99}),
    "test_inject_args_wrapper_mixed_with_regular_types": (
        wraps_one_of_three,
        {"wrapped": 50, "regular": "test", "number": 100},
        (Wrapped(50), "test", 100),
    ),
    "test_inject_args_wrapper_return_state_unwrapping": (returns_wrappers, {"text": "hello"}, "hello"),
}

STORED = {
    "test_inject_args_instantiate_primitive_wrapper_simple": 42,
    "test_inject_args_instantiate_primitive_wrapper_in_list": [1, 2],
    "test_inject_args_wrapper_nested_in_dict": {"nested": {"wrapped": 99}},
    "test_inject_args_wrapper_mixed_with_regular_types": [50, "test", 100],
    "test_inject_args_wrapper_return_state_unwrapping": {"one": "hello", "many": ["x", "y"], "in": {"inner": "hello"}},
}
"""The result in the state, if the step returns one."""


@pytest.mark.parametrize("name", ARGUMENTS)
async def test_arguments(stage: Stage, name: str) -> None:
    function, state, expected = ARGUMENTS[name]

    process = await stage.play(begin >> step("Give")(lambda: state) >> step("Take")(function))

    if isinstance(expected, Fails):
        _assert_fails(process, expected)
        return
    assert process.failure is None
    assert [expected] == SEEN
    assert process.state.get("result") == STORED.get(name)


def _assert_fails(process: Process, expected: Fails) -> None:
    assert process.status is ProcessStatus.FAILED
    assert process.failure is not None
    assert process.failure.code == expected.code
    assert expected.word in process.failure.message, process.failure.message


def takes_node(node: Node) -> None:
    SEEN.append(node)


def takes_nodes(node: list[Node]) -> None:
    SEEN.append(node)


def takes_optional_node(node: Node | None) -> None:
    SEEN.append(node)


def takes_tuple(node: tuple[Node, ...]) -> None:
    SEEN.append(node)


def takes_by_name(node: dict[str, Node]) -> None:
    SEEN.append(node)


def takes_list_or_nothing(node: list[Node | None] | None) -> None:
    SEEN.append(node)


def takes_variants(node: Node | NodeInactive) -> None:
    SEEN.append(node)


def takes_other_variants(node: Port | Circuit) -> None:
    SEEN.append(node)


def takes_products(node: Port | Node) -> None:
    SEEN.append(node)


def takes_any(node: SubscriptionModel) -> None:
    SEEN.append(node)


def _shape(value: Any) -> Any:
    """The value with the number 1 for each loaded node."""
    if isinstance(value, list | tuple):
        return type(value)(map(_shape, value))
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return 1 if isinstance(value, Node) and value.node.node_name == "ams-1" else value


def as_id(id: str) -> Any:
    return id


def as_object(id: str) -> Any:
    return {"subscription_id": id, "node": {"node_name": "an old copy"}}


MODELS: dict[str, tuple[Callable[..., Any], Callable[[str], Any], Any]] = {
    "test_inject_args": (takes_node, as_id, 1),
    "test_inject_args_subscription_model_dict_form": (takes_node, as_object, 1),
    "test_inject_args_list": (takes_nodes, lambda id: [id, id], [1, 1]),
    "test_inject_args_list_subscription_model_dict_items": (takes_nodes, lambda id: [as_object(id)], [1]),
    "test_inject_args_list[empty]": (takes_nodes, lambda id: [], []),
    "test_inject_args_optional": (takes_optional_node, as_id, 1),
    "test_inject_args_optional[none]": (takes_optional_node, lambda id: None, None),
    "test_inject_args_union_subscription_model": (takes_variants, as_id, 1),
    "test_inject_args_generic": (takes_any, as_id, 1),
    "test_inject_args_dict_missing_subscription_id_raises_key_error": (
        takes_node,
        lambda id: {"node": 1},
        Fails("bad-argument", "names no product subscription"),
    ),
    "test_inject_args_list_invalid_items_raises_value_error": (
        takes_nodes,
        lambda id: [id, "x"],
        Fails("bad-argument", "names no product subscription"),
    ),
    "test_inject_args_list_invalid_items_raises_value_error[none]": (
        takes_nodes,
        lambda id: [id, None],
        Fails("bad-argument", "names no product subscription"),
    ),
    "test_inject_args_union_subscription_model_type_mismatch": (
        takes_other_variants,
        as_id,
        Fails("product-mismatch", "its product is `Node`"),
    ),
    "test_inject_args_union_subscription_model_base_type_mismatch": (takes_products, as_id, 1),  # differs: allowed
    "ours: a tuple": (takes_tuple, lambda id: [id, as_object(id)], (1, 1)),
    "ours: by name": (takes_by_name, lambda id: {"a": id, "b": as_object(id)}, {"a": 1, "b": 1}),
    "ours: a list with gaps": (takes_list_or_nothing, lambda id: [id, None], [1, None]),
}


@pytest.mark.parametrize("name", MODELS)
async def test_models(stage: Stage, name: str) -> None:
    function, reference, expected = MODELS[name]
    play_it = named("play", step("Take")(function))

    async with stage(create_node, play_it) as play:
        id = await made(play.engine, create_node)
        process = await play.run("play", {"node": reference(id)})

    if isinstance(expected, Fails):
        _assert_fails(process, expected)
        return
    assert process.failure is None
    assert [_shape(value) for value in SEEN] == [expected]


@pytest.mark.parametrize("function", [takes_node, takes_variants])
async def test_inject_args_union_subscription_model_missing_key(stage: Stage, function: Callable[..., Any]) -> None:
    process = await stage.play(step("Take")(function))

    _assert_fails(process, Fails("missing-argument", "`node`"))


async def test_inject_args_subscription_model_instance_in_state_raises_assertion_error(stage: Stage) -> None:
    """Ours never has a live model in the state: what a step returns is saved, and the state holds its JSON."""

    async with stage(create_node, _renaming()) as play:
        id = await made(play.engine, create_node)
        process = await play.run("rename", {"node": id})

    assert process.failure is None
    assert process.state["node"]["node"]["node_name"] == "utr-1"
    assert isinstance(SEEN[0], str)


def _renaming() -> Workflow:
    @step("Rename")
    def rename(node: Node) -> State:
        node.node.node_name = "utr-1"
        return {"node": node}

    @step("Look")
    def look(node: Node, state: State) -> None:
        SEEN.append(state["node"]["subscription_id"])
        assert node.node.node_name == "utr-1"

    return named("rename", rename >> look)


@pytest.mark.parametrize("is_simple", [False, True])
async def test_form_inject_args(stage: Stage, is_simple: bool) -> None:
    """Also `test_form_inject_args_simple`: a form takes models and facts by name, as a step does."""

    class Page(FormPage):
        name: str = "x"

    def simple(node: Node, id: UUID) -> type[FormPage]:
        SEEN.append((node.node.node_name, id))
        return Page

    def form(node: Node, id: UUID) -> FormGenerator:
        SEEN.append((node.node.node_name, id))
        answer = yield Page
        return {"answer": answer.name}

    play_it = named("play", begin >> inputstep("Ask")(simple if is_simple else form))
    async with stage(create_node, play_it) as play:
        node = await made(play.engine, create_node)
        process = await play.run("play", {"node": node, "id": str(ID)})
        process = await play.submit(process, {"name": "y"})

    assert process.status is ProcessStatus.COMPLETED, process.failure
    assert SEEN[0] == ("ams-1", ID)
    assert process.state["name" if is_simple else "answer"] == "y"


async def test_retrieve_latest_input_state(stage: Stage) -> None:
    """Each form adds its own answers, in order: a later one wins, and an earlier one is never merged again."""

    class Page(FormPage):
        vlan: int

    def ask() -> FormGenerator:
        answer = yield Page
        return {"vlan": answer.vlan}

    steps = (
        begin >> inputstep("First")(ask) >> inputstep("Second")(ask) >> step("Change")(lambda vlan: {"vlan": vlan * 2})
    )
    async with stage(named("play", steps >> inputstep("Third")(lambda: None))) as play:
        process = await play.run("play", {"vlan": 1})
        process = await play.submit(process, {"vlan": 2})
        process = await play.submit(process, {"vlan": 3})

    assert process.state["vlan"] == 6
