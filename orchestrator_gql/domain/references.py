"""References: how a subscription stores the blocks that belong to other subscriptions.

A block belongs to one subscription, its owner. The document of the owner contains the whole block. The document of any
other subscription contains a reference: the block's name, id and owner. A reference is loaded live, so it never shows
an old copy of the block.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator_gql.domain.paths import path_of
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import StepError

ID = "subscription_instance_id"
OWNER = "owner_subscription_id"
_KEYS = ("name", ID, OWNER)
_REFERENCE = frozenset(_KEYS)
_CONTAINERS = frozenset({dict, list})
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Place = tuple[str | int, ...]
Documents = Mapping[UUID, Mapping[str, Json]]


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """The block of another subscription that a subscription uses."""

    owner_id: UUID
    block_id: UUID


def blocks_in(value: Json, place: Place = ()) -> Iterator[tuple[Place, dict[str, Json]]]:
    """Every block in a dumped model with its place, outer blocks first; references are among them."""
    if isinstance(value, dict):
        if is_block(value):
            yield place, value
        for key, item in value.items():
            yield from blocks_in(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from blocks_in(item, (*place, index))


def is_block(value: Mapping[str, Json]) -> bool:
    """True if the JSON object is a block. Other data may have the same keys, but not ids in them."""
    return ID in value and "name" in value and _is_id(value[ID]) and _is_id(value.get(OWNER) or value[ID])


def _is_id(value: Json) -> bool:
    return type(value) is str and _UUID.fullmatch(value) is not None


def is_foreign(block: Mapping[str, Json], subscription_id: str) -> bool:
    """True if the block belongs to another subscription."""
    return block.get(OWNER) not in (None, subscription_id)


def uses_in(document: Mapping[str, Json]) -> frozenset[Use]:
    """The blocks of other subscriptions that a stored document refers to; a document without an id owns no block."""
    own_id = str(document.get("subscription_id"))
    foreign = (block for _, block in blocks_in(dict(document)) if is_foreign(block, own_id))
    return frozenset(Use(UUID(str(block[OWNER])), UUID(str(block[ID]))) for block in foreign)


def own_blocks_in(document: Mapping[str, Json]) -> dict[UUID, dict[str, Json]]:
    """The blocks that belong to the subscription of a stored document, by their ids."""
    own_id = str(document["subscription_id"])
    return {UUID(str(block[ID])): block for _, block in blocks_in(dict(document)) if not is_foreign(block, own_id)}


def with_references(value: Json, own_id: str) -> Json:
    """A dumped model as it is stored: with an owner for each own block, and a reference for each foreign block."""
    if isinstance(value, list):
        return [with_references(item, own_id) for item in value]
    if not isinstance(value, dict):
        return value
    if is_block(value):
        if is_foreign(value, own_id):
            return {key: value[key] for key in _KEYS}
        value = {**value, OWNER: own_id}
    return {key: with_references(item, own_id) for key, item in value.items()}


def expanded(document: Mapping[str, Json], others: Documents, *, is_strict: bool = True) -> dict[str, Json]:
    """The document with the referenced blocks as they are in ``others``, the documents of their owners.

    Raises ``StepError`` with the place: ``reference-unknown`` if the block does not exist (any more),
    ``reference-circle`` if a block contains itself. Unless ``is_strict``, such a reference stays a reference.
    """
    if not _has_references(document, str(document["subscription_id"])):
        return dict(document)
    result: dict[str, Json] = _Expansion(others, is_strict).of(dict(document), str(document["subscription_id"]), (), ())
    return result


def owner_at(whole: Mapping[str, Any], place: Sequence[str | int]) -> UUID | None:
    """The other subscription that owns the block at this place of a whole model, or around it; None if none does.

    A document of another release may hold an owner that is no id: then it is nobody. Steps that lead nowhere are passed
    over: pydantic puts the members of unions among them.
    """
    own = str(whole["subscription_id"])
    value: Any = whole
    owner = None
    for key in place:
        is_item = isinstance(value, list) and isinstance(key, int) and key < len(value)
        if not is_item and not (isinstance(value, Mapping) and key in value):
            continue
        value = value[key]
        if isinstance(value, Mapping) and value.get(OWNER) is not None:
            owner = str(value[OWNER])
    try:
        return None if owner in (None, own) else UUID(owner)
    except ValueError:
        return None


def copied(value: Any) -> Any:
    """A copy of JSON that shares no object and no list with it."""
    if type(value) is dict:
        return {key: copied(item) if type(item) in _CONTAINERS else item for key, item in value.items()}
    return [copied(item) if type(item) in _CONTAINERS else item for item in value]


def _has_references(document: Mapping[str, Any], own_id: str) -> bool:
    # Most documents have none, and then nothing is copied. A loop, because each load of a model runs it.
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if type(value) is list:
            waiting += [item for item in value if type(item) in _CONTAINERS]
            continue
        if len(value) == len(_KEYS) and value.get(OWNER, own_id) != own_id and value.keys() == _REFERENCE:
            return True
        for item in value.values():
            if type(item) in _CONTAINERS:
                waiting.append(item)
    return False


class _Expansion:
    def __init__(self, others: Documents, is_strict: bool) -> None:
        self._others = others
        self._is_strict = is_strict
        self._blocks: dict[UUID, dict[UUID, dict[str, Json]]] = {}

    def of(self, value: Json, own_id: str, place: Place, around: tuple[Use, ...]) -> Any:
        """The value with its references replaced; ``around`` holds the references that led to it."""
        if isinstance(value, list):
            return [self.of(item, own_id, (*place, index), around) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value.keys() == _REFERENCE and is_block(value) and is_foreign(value, own_id):
            return self.referenced(value, place, around)
        return {key: self.of(item, own_id, (*place, key), around) for key, item in value.items()}

    def referenced(self, reference: dict[str, Json], place: Place, around: tuple[Use, ...]) -> Any:
        use = Use(UUID(str(reference[OWNER])), UUID(str(reference[ID])))
        block = None if use in around else self.found(use)
        if block is not None:
            return self.of(block, str(use.owner_id), place, (*around, use))
        if not self._is_strict:
            return reference
        path = path_of(place)
        what = f"{path} refers to the {reference['name']} {use.block_id} of subscription {use.owner_id}"
        if use in around:
            fix = "remove one of these references."
            raise StepError(f"{what}, which contains itself: {fix}", code="reference-circle", path=path, fix=fix)
        fix = "restore the block there, or remove it here."
        raise StepError(f"{what}, which does not exist (any more): {fix}", code="reference-unknown", path=path, fix=fix)

    def found(self, use: Use) -> dict[str, Json] | None:
        if use.owner_id not in self._blocks:
            document = self._others.get(use.owner_id)
            self._blocks[use.owner_id] = own_blocks_in(document) if document is not None else {}
        return self._blocks[use.owner_id].get(use.block_id)
