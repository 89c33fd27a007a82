"""The plain values and the blocks of a stored document, each with its place: what subscriptions are found by.

A value is known by the block that has it, so it is stored once, by the owner of the block. The way from a subscription
to the value leads through places of blocks: the fields that have them. A reference is such a place too.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator_gql.domain.references import ID, OWNER, is_block, is_foreign
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.redaction import MASK

LONGEST = 120
"""The most characters of a path or a value in the index; of a longer text it has the beginning and the digest."""

SUBSCRIPTION_FIELDS = frozenset(
    {
        *("product", "customer_id", "subscription_id", "description", "status", "insync"),
        *("start_date", "end_date", "note", "version"),
    }
)
"""The fields of `SubscriptionModel` itself: lists filter by their columns."""

_BLOCK_FIELDS = frozenset({"name", ID, OWNER})


@dataclass(frozen=True, slots=True, order=True)
class BlockValue:
    """A plain value in a block: its path from the block, without the positions in lists, and its JSON text.

    ``block_id`` is the id of the subscription for the values of its own fields.
    """

    block_id: UUID
    path: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class BlockPlace:
    """A block, own or of another subscription, in a field of another block or of the subscription itself."""

    block_id: UUID
    owner_id: UUID
    field: str
    parent_id: UUID


@dataclass(frozen=True, slots=True)
class Indexed:
    """Everything in a document by which its subscription is found."""

    values: frozenset[BlockValue] = frozenset()
    places: frozenset[BlockPlace] = frozenset()


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Where a value stands: the fields that lead from block to block, then the path in the last block."""

    hops: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True)
class ValueFilter:
    """The subscriptions that have one of the values, JSON texts as in the index, in the place beside them."""

    alternatives: tuple[tuple[ValuePlace, tuple[str, ...]], ...]


def indexed(document: Mapping[str, Json]) -> Indexed:
    """The values and the blocks of a stored document, without the orchestrator's own fields and without masks."""
    id = UUID(str(document["subscription_id"]))
    walk = _Walk(str(id), id)
    for name, item in document.items():
        if name not in SUBSCRIPTION_FIELDS:
            walk.look(item, id, key_of(name))
    return Indexed(frozenset(walk.values), frozenset(walk.places))


def text_of(value: Json) -> str:
    """The text of a plain JSON value in the index.

    >>> text_of("tagged"), text_of(True), text_of(None)
    ('"tagged"', 'true', 'null')
    """
    return in_index(encode(value))


def in_index(text: str) -> str:
    """The text as it stands in the index, where it has a largest length."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:40]}…{hashlib.sha256(text.encode()).hexdigest()}"


def key_of(key: str) -> str:
    """A key of a JSON object in a path; characters that a database may refuse are escaped."""
    return key if key.isprintable() else encode(key)[1:-1]


@dataclass(slots=True)
class _Walk:
    own_id: str
    id: UUID
    values: set[BlockValue] = field(default_factory=set)
    places: set[BlockPlace] = field(default_factory=set)

    def look(self, value: Json, holder: UUID, path: str) -> None:
        """Note what is in the value, which stands at the path in the block ``holder``."""
        if isinstance(value, list):
            for item in value:
                self.look(item, holder, path)
        elif value == MASK:
            return  # a secret: nobody finds a subscription by it
        elif not isinstance(value, dict):
            self.values.add(BlockValue(holder, in_index(path), text_of(value)))
        elif is_block(value):
            self.look_into(value, holder, path)
        else:
            for key, item in value.items():
                self.look(item, holder, f"{path}.{key_of(key)}")

    def look_into(self, block: dict[str, Json], holder: UUID, path: str) -> None:
        """Note the place of the block; if it is an own block, also what is in it."""
        id, is_other = UUID(str(block[ID])), is_foreign(block, self.own_id)
        self.places.add(BlockPlace(id, UUID(str(block[OWNER])) if is_other else self.id, in_index(path), holder))
        if not is_other:
            for name, item in block.items():
                if name not in _BLOCK_FIELDS:
                    self.look(item, id, key_of(name))
