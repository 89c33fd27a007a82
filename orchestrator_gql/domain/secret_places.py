"""Masks the secrets in a stored model, also if the deployed classes do not know all of it any more.

A stored value may be a secret of a class that is gone: of a removed field, a renamed block or a removed product. So a
value is shown only if a deployed class declares its field, and no class of that name declares it as a secret.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.families import DomainModel, Family
from orchestrator_gql.domain.references import ID, OWNER, Place, blocks_in, is_block
from orchestrator_gql.domain.registry import products
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.schemas import schema_of
from orchestrator_gql.utils.json.secrets import (
    holds_marks,
    is_marked_field,
    masked,
    place_of,
    places_in,
    pointer,
)

BLOCK_FACTS = frozenset({"name", ID, OWNER})
SUBSCRIPTION_FACTS = frozenset(SubscriptionModel.model_fields)
"""The orchestrator's own fields; none of them is a secret."""


@dataclass(frozen=True, slots=True)
class _Declared:
    """The fields that some classes declare, and the schemas of the classes that declare a secret."""

    names: frozenset[str]
    schemas: tuple[Mapping[str, Any], ...]


_blocks: dict[str, _Declared] = {}
_subscriptions: dict[UUID, _Declared] = {}


def without_secrets(product_id: UUID, model: dict[str, Json]) -> dict[str, Json]:
    """The whole model of a subscription to the product, with a mask in place of each secret."""
    places = set(_hidden(model, _of_product(product_id), SUBSCRIPTION_FACTS, ()))
    for place, block in blocks_in(model):
        places.update(_hidden(block, _of_block(str(block["name"])), BLOCK_FACTS, place))
    shown: dict[str, Json] = masked(model, places)
    return shown


def marked_secrets(product_id: UUID, model: Mapping[str, Json]) -> set[str]:
    """The places in the model of a subscription to the product that deployed classes declare as secrets."""
    places = set(_marked(model, _of_product(product_id), ()))
    for place, block in blocks_in(dict(model)):
        places.update(_marked(block, _of_block(str(block["name"])), place))
    return places


def digest_of_secrets(product_id: UUID) -> str:
    """What identifies the secrets that the deployed classes of the product, and of any block, declare; empty if none.

    It changes if a release declares another field as a secret.
    """
    of_product = _of_product(product_id)
    of_blocks = {name: _of_block(name) for name in sorted(_names_of_blocks(ProductBlockModel))}
    marking = [of_product.schemas if of_product is not None else ()]
    marking += [declared.schemas for declared in of_blocks.values() if declared is not None and declared.schemas]
    if not any(marking):
        return ""
    return hashlib.sha256(encode([list(map(dict, schemas)) for schemas in marking]).encode()).hexdigest()


def _names_of_blocks(parent: type[DomainModel]) -> Iterator[str]:
    for child in parent.__subclasses__():
        if child._family is not None:
            yield child._family.name
        yield from _names_of_blocks(child)


def marked_fields(model: type[BaseModel]) -> frozenset[str]:
    """The names of the fields that the class itself marks as secret, such as those of the type `SecretStr`."""
    try:
        schema = schema_of(model, mode="serialization", by_alias=False)
    except PydanticUserError:
        return frozenset()  # the types of its fields still tell
    if (reference := schema.get("$ref")) is not None:
        schema = schema["$defs"][reference.rpartition("/")[2]]
    return frozenset(name for name, field in schema.get("properties", {}).items() if is_marked_field(field))


def _marked(value: Mapping[str, Json], declared: _Declared | None, place: Place) -> Iterator[str]:
    for schema in declared.schemas if declared is not None else ():
        yield from (pointer((*place, *place_of(below))) for below in places_in(schema, dict(value)))


def _hidden(
    value: Mapping[str, Json], declared: _Declared | None, facts: frozenset[str], place: Place
) -> Iterator[str]:
    """The places of the secrets in a subscription or a block; blocks in it have declarations of their own."""
    yield from _marked(value, declared, place)
    known = facts | declared.names if declared is not None else facts
    for name in value.keys() - known:
        yield from _leaves(value[name], (*place, name))


def _leaves(value: Json, place: Place) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in () if is_block(value) else value.items():
            yield from _leaves(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*place, index))
    else:
        yield pointer(place)


def _of_product(product_id: UUID) -> _Declared | None:
    if product_id not in _subscriptions:
        try:
            family = products.by_id(product_id).model._family
        except NotFound:
            return None  # not remembered: it may be declared later
        declared = _declared(() if family is None else (family.base, *family.variants.values()))
        if declared is None:
            return None
        _subscriptions[product_id] = declared
    return _subscriptions[product_id]


def _of_block(name: str) -> _Declared | None:
    if name not in _blocks:
        declared = _declared(_classes_of(name, ProductBlockModel))
        if declared is None:
            return None
        _blocks[name] = declared
    return _blocks[name]


def _classes_of(name: str, parent: type[DomainModel]) -> Iterator[type[DomainModel]]:
    for child in parent.__subclasses__():
        family: Family | None = child._family
        if family is not None and family.name == name:
            yield child
        yield from _classes_of(name, child)


def _declared(classes: Iterable[type[DomainModel]]) -> _Declared | None:
    """What the classes declare; None if there is none, or if a class has no JSON Schema that would mark its secrets."""
    found = list(dict.fromkeys(classes))
    try:
        # A field may be stored by its name or by its alias: the configuration of its class decides.
        schemas = [
            schema_of(model, mode="serialization", by_alias=by_alias) for model in found for by_alias in (False, True)
        ]
    except PydanticUserError:
        return None
    names = frozenset(name for model in found for name in _names_of(model))
    marking: list[Mapping[str, Any]] = []
    for schema in schemas:
        if holds_marks(schema) and schema not in marking:
            marking.append(schema)
    return _Declared(names, tuple(marking)) if found else None


def _names_of(model: type[BaseModel]) -> Iterator[str]:
    """The names by which the fields of the class may be stored."""
    for name, field in (model.model_fields | model.model_computed_fields).items():
        yield from (name, field.alias or name)
        yield getattr(field, "serialization_alias", None) or name
