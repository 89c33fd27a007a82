"""The origin of blocks: the subscription with which they were loaded, and the documents of those that it uses."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID


class Owned(Protocol):
    """A block, as far as its owner is concerned."""

    @property
    def owner_subscription_id(self) -> UUID | None:
        """The id of the subscription that owns it."""


class Origin:
    """Finds the owner of a block: the subscription that was loaded or made, or another one in its documents."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, subscription: Any, documents: Mapping[UUID, Any], load: Callable[..., Any]) -> None:
        self._subscription = subscription
        self._documents = documents
        self._load = load
        self._loaded: dict[UUID, Any] = {}

    def owner_of(self, block: Owned) -> Any:
        """The subscription that owns the block; None if it is not known here."""
        id = block.owner_subscription_id
        if id is None or id == self._subscription.subscription_id:
            return self._subscription
        if id not in self._documents:
            return None
        if id not in self._loaded:
            self._loaded[id] = self._load(self._documents[id], self._documents)
        return self._loaded[id]

    def __eq__(self, other: object) -> bool:
        # Pydantic compares private attributes too, but two blocks with equal fields are equal.
        return other is None or isinstance(other, Origin)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Origin":
        return self
