"""Turns ``where={"port.port_mode": "tagged"}`` into a filter of the index: finds the path in the models of products.

A path goes through the fields of blocks, of other models, and the keys of dicts. Lists have no positions in it.
"""

import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, TypeAdapter

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.families import DomainModel, bookkeeping_of
from orchestrator_gql.domain.references import ID, OWNER
from orchestrator_gql.domain.secret_places import marked_fields
from orchestrator_gql.domain.values import ValueFilter, ValuePlace, in_index, key_of, text_of
from orchestrator_gql.utils.errors import StepError

_SECRETS = (SecretStr, SecretBytes, Secret)

MOST_NAMED = 10
"""The most products, and the most fields, that a message names: a site may have hundreds."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A place of plain values of this type, and how a given value is written in a document."""

    place: ValuePlace
    annotation: Any
    written: Callable[[Any], Any]


def filter_of(models: Sequence[type[DomainModel]], path: str, value: Any) -> ValueFilter:
    """The filter for the value, or for any of several in a list, at the path in any of the models.

    Raises ``StepError``: ``where-unknown`` names the nearest path, ``where-value`` says that the value does not fit,
    ``where-secret`` that it is a secret.
    """
    leaves = list(dict.fromkeys(leaf for model in models for leaf in _leaves_of(model, path)))
    if not leaves:
        raise StepError(_unknown(models, path), code="where-unknown")
    if any(_is_secret(leaf.annotation) for leaf in leaves):
        raise StepError(f"{path!r} is a secret: a subscription cannot be found by it.", code="where-secret")
    texts: dict[ValuePlace, dict[str, None]] = {}
    for each in value if isinstance(value, list | tuple | set | frozenset) else [value]:
        fitting = list(_texts(leaves, each))
        if not fitting:
            raise StepError(_unfit(path, each, leaves), code="where-value")
        for place, text in fitting:
            texts.setdefault(place, {})[text] = None
    return ValueFilter(tuple((place, tuple(of_place)) for place, of_place in texts.items()))


def _texts(leaves: Sequence[_Leaf], value: Any) -> Iterator[tuple[ValuePlace, str]]:
    """The places that may have the value, each with the text of the value in the index."""
    for leaf in leaves:
        try:
            written = leaf.written(value)
        except ValueError:
            continue
        if not isinstance(written, dict | list):
            yield leaf.place, text_of(written)


def _leaves_of(model: type[DomainModel], path: str) -> Iterator[_Leaf]:
    keys = path.split(".")
    if all(keys):
        yield from _in_model(model, keys, ())


def _in_model(model: type[DomainModel], keys: Sequence[str], hops: tuple[str, ...]) -> Iterator[_Leaf]:
    """The leaves below a subscription or a block."""
    name, *rest = keys
    if name in bookkeeping_of(model):
        if name in (ID, OWNER) and hops and not rest:
            yield _Leaf(ValuePlace(hops, name), str, _id_of)
        return
    yield from _in_field(model, name, rest, hops, name)


def _in_field(
    model: type[BaseModel], name: str, keys: Sequence[str], hops: tuple[str, ...], path: str
) -> Iterator[_Leaf]:
    """The leaves below the field, whose path in its block is ``path``."""
    annotation: Any
    if (declared := model.model_fields.get(name)) is not None:
        annotation = declared.annotation
        metadata = tuple(declared.metadata)
        if metadata and declared.annotation is not None:
            annotation = typing.Annotated[(declared.annotation, *metadata)]
    elif (computed := model.model_computed_fields.get(name)) is not None:
        annotation = computed.return_type
    else:
        return
    if name in _marked_fields(model):
        annotation, keys = SecretStr, ()
    for kind, is_item in _kinds(annotation):
        yield from _in_kind(kind, keys, hops, path, _Field(model, name, is_item))


@dataclass(frozen=True, slots=True)
class _Field:
    """The field of a model that writes a value; ``is_item`` if the value is an item of the field."""

    model: type[BaseModel]
    name: str
    is_item: bool


def _in_kind(kind: Any, keys: Sequence[str], hops: tuple[str, ...], path: str, field: _Field) -> Iterator[_Leaf]:
    """The leaves below a value of this type."""
    if isinstance(kind, type) and issubclass(kind, DomainModel):
        base = kind._family.base if kind._family else kind
        if keys:
            yield from _in_model(base, keys, (*hops, in_index(path)))
        else:
            yield _Leaf(ValuePlace((*hops, in_index(path)), ID), kind, _id_of)
            yield _Leaf(ValuePlace(hops, in_index(path)), type(None), _none)
    elif not keys:
        yield _Leaf(ValuePlace(hops, in_index(path)), kind, _Writer(kind, field))
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from _in_field(kind, keys[0], keys[1:], hops, f"{path}.{keys[0]}")
    else:
        yield from _in_mapping(kind, keys, hops, path)


def _in_mapping(kind: Any, keys: Sequence[str], hops: tuple[str, ...], path: str) -> Iterator[_Leaf]:
    """The leaves below a dict, a dataclass, a typed dict, or a value of any type."""
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    below = f"{path}.{key_of(keys[0])}"
    hints = _hints(origin)
    anything = _Field(BaseModel, "", is_item=True)
    if hints is not None:
        kinds = list(_kinds(hints[keys[0]])) if keys[0] in hints else []
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        kinds = list(_kinds(arguments[1])) if len(arguments) == 2 else [(Any, True)]
    else:
        kinds = [(Any, True)] if kind is Any or kind is object else []
    for each, _ in kinds:
        yield from _in_kind(each, keys[1:], hops, below, anything)


def _hints(kind: Any) -> Mapping[str, Any] | None:
    """The fields of a dataclass, a typed dict or a named tuple; None for another type."""
    if isinstance(kind, type) and (hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__required_keys__")):
        return typing.get_type_hints(kind, include_extras=True)
    return None


_COLLECTIONS = (list, tuple, set, frozenset, Sequence, Collection)


def _kinds(annotation: Any, *, is_item: bool = False) -> Iterator[tuple[Any, bool]]:
    """The types of the plain values and models that a value of this type is or holds, dicts excepted."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        inner = list(_kinds(arguments[0], is_item=is_item))
        is_whole = len(inner) == 1 and inner[0] == (arguments[0], is_item)
        yield from [(annotation, is_item)] if is_whole and not _is_model(arguments[0]) else inner
    elif annotation in _COLLECTIONS:
        yield Any, True
    elif origin in (list, set, frozenset, tuple) or (
        isinstance(origin, type) and origin.__module__ == "collections.abc"
    ):
        if isinstance(origin, type) and issubclass(origin, Mapping):
            yield annotation, is_item
            return
        for argument in arguments:
            if argument is not ...:
                yield from _kinds(argument, is_item=True)
    elif _is_union(annotation):
        for argument in arguments:
            if argument is not type(None):
                yield from _kinds(argument, is_item=is_item)
    elif isinstance(annotation, typing.TypeVar):
        yield Any, is_item
    else:
        yield annotation, is_item


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes a value of the type as the field writes it; raises ``ValueError`` if it does not fit."""

    annotation: Any
    field: _Field

    def __call__(self, value: Any) -> Any:
        if value is None:
            return None
        adapter, name = _adapter(self.annotation), self.field.name
        valid = adapter.validate_python(value)
        serializers = self.field.model.__pydantic_decorators__.field_serializers.values()
        if not any({name, "*"} & set(serializer.info.fields) for serializer in serializers):
            return adapter.dump_python(valid, mode="json", warnings=False)
        given: dict[str, Any] = {name: [valid] if self.field.is_item else valid}
        held = self.field.model.model_construct(None, **given)
        written = held.model_dump(mode="json", include={name}, warnings=False)[name]
        return written[0] if self.field.is_item and isinstance(written, list) else written


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return _cached_adapter(annotation)
    except TypeError:  # its metadata has a list or a dict, which are not hashable
        return TypeAdapter(annotation)


@lru_cache(maxsize=1024)
def _cached_adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _id_of(value: Any) -> str:
    if isinstance(value, ProductBlockModel):
        return str(value.subscription_instance_id)
    if (id := getattr(value, "subscription_id", None)) is not None:
        return str(id)
    return str(UUID(str(value)))


def _none(value: Any) -> None:
    if value is not None:
        raise ValueError("only None stands here for a block")


def _is_secret(annotation: Any) -> bool:
    kinds = (typing.get_origin(kind) or kind for kind, _ in _kinds(annotation))
    return any(isinstance(kind, type) and issubclass(kind, _SECRETS) for kind in kinds)


@lru_cache(maxsize=1024)
def _marked_fields(model: type[BaseModel]) -> frozenset[str]:
    return marked_fields(model)


def _unfit(path: str, value: Any, leaves: Sequence[_Leaf]) -> str:
    kinds = " or ".join(dict.fromkeys(_name(leaf.annotation) for leaf in leaves))
    return f"{value!r:.80} at {path!r} in `where` is no {kinds}, so no subscription has it: give a value of that type."


def _name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).removeprefix("typing.")


def _unknown(models: Sequence[type[DomainModel]], path: str) -> str:
    known = list(dict.fromkeys(each for model in models for each in _paths(model, "", ())))
    names = ", ".join(sorted(model.__qualname__ for model in models)) or "no product"
    if len(models) > MOST_NAMED:
        names = f"any of the {len(models)} products"
    near = get_close_matches(path, known, n=1, cutoff=0.4)
    some = ", ".join(map(repr, known[:MOST_NAMED])) or "none"
    advice = f"the nearest is {near[0]!r}" if near else f"there are {some}"
    own = path in {"product", "status", "customer_id", "product_type"}
    if own:
        advice = f"give it as an argument, `{path}=`"
    return f"There is no field {path!r:.200} in {names}: {advice}."


def _paths(model: type[BaseModel], before: str, around: tuple[Any, ...]) -> Iterator[str]:
    """The paths in a model, for messages; a block in a block of its own kind is not followed."""
    hidden = bookkeeping_of(model) if issubclass(model, DomainModel) else frozenset()
    annotations = {name: declared.annotation for name, declared in model.model_fields.items()}
    annotations |= {name: computed.return_type for name, computed in model.model_computed_fields.items()}
    for name, annotation in annotations.items():
        if name in hidden:
            continue
        yield f"{before}{name}"
        for kind, _ in _kinds(annotation):
            family = getattr(kind, "_family", None) or kind
            if _is_model(kind) and family not in around and len(around) < 6:
                yield from _paths(kind, f"{before}{name}.", (*around, family))
