"""Documents: subscriptions as they are to be stored, without any code of their authors.

A step returns models. They become documents in the thread of the step, before any transaction begins: to dump a model
runs its author's code (computed fields, serializers, validators).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from orchestrator_gql.domain.blocks import blocks_of
from orchestrator_gql.domain.families import DomainModel, clear_dump, loaded_document, stored_as
from orchestrator_gql.domain.paths import path_of
from orchestrator_gql.domain.product_model import ProductModel
from orchestrator_gql.domain.references import (
    ID,
    OWNER,
    Use,
    blocks_in,
    is_foreign,
    own_blocks_in,
    uses_in,
    with_references,
)
from orchestrator_gql.domain.secret_places import marked_secrets
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.domain.values import Indexed, indexed
from orchestrator_gql.types import Json, SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.equality import is_same
from orchestrator_gql.utils.json.secrets import Found, masked


class SyncChange(StrEnum):
    """What a step does to the lock of a subscription."""

    LOCK = "LOCK"
    LOCK_UNCHECKED = "LOCK_UNCHECKED"
    UNLOCK = "UNLOCK"


@dataclass(frozen=True, slots=True)
class Lock:
    """Why a subscription is not in sync.

    A process holds it (``locked_by``, since ``locked_at``), or an aborted process may have left a change
    (``out_of_sync_by``, with the reason), or both.
    """

    locked_by: UUID | None = None
    locked_at: datetime | None = None
    out_of_sync_by: UUID | None = None
    out_of_sync_since: datetime | None = None
    out_of_sync_reason: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionDocument:
    """A subscription as a step returned it.

    ``version`` is the version at which it was loaded. ``is_changed`` is False if it is as it was loaded.
    ``is_new`` is True if it was made and not loaded. ``note_before`` is its note when it was loaded. With
    ``allows_in_use`` its life may end under its users.
    ``foreign_blocks`` are the blocks of other subscriptions that were made from values and not loaded, as their owners
    would store them: only the stored blocks show whether they are changed.
    """

    subscription_id: UUID
    product: ProductModel
    customer_id: str
    description: str
    status: SubscriptionLifecycle
    note: str | None
    note_before: str | None
    start_date: datetime | None
    end_date: datetime | None
    version: int
    data: Mapping[str, Json]
    is_changed: bool
    is_new: bool
    sync: SyncChange | None
    uses: frozenset[Use]
    blocks: frozenset[UUID]
    indexed_values: Indexed
    allows_in_use: bool = False
    foreign_blocks: Mapping[UUID, Json] = field(default_factory=dict)


def documents_of(models: Sequence[SubscriptionModel], *, allows_in_use: bool = False) -> list[SubscriptionDocument]:
    """The documents of the models that a step returned; runs their authors' code.

    Raises ``StepError``: ``model-invalid`` if a model does not fit the class of its status, and ``foreign-block`` if
    the step changed a block of another subscription without returning that subscription.
    """
    secrets = [Found() for _ in models]
    wholes = [(model, model.whole(found)) for model, found in zip(models, secrets, strict=True)]
    owned = [own_blocks_in(whole) for _, whole in wholes]
    for model, whole in wholes:
        _demand_unchanged(model, whole, owned)
    return [
        replace(_document(model, whole, found.places), allows_in_use=allows_in_use)
        for (model, whole), found in zip(wholes, secrets, strict=True)
    ]


def _document(model: SubscriptionModel, whole: Mapping[str, Json], secrets: set[str]) -> SubscriptionDocument:
    data = model.stored(whole)
    _demand_same(data)
    hidden = secrets | marked_secrets(model.product.product_id, data)
    return SubscriptionDocument(
        subscription_id=model.subscription_id,
        product=model.product,
        customer_id=model.customer_id,
        description=model.description,
        status=model.status,
        note=model.note,
        note_before=_note_before(model),
        start_date=model.start_date,
        end_date=model.end_date,
        version=model.version,
        data=data,
        is_changed=_is_changed(model, data),
        is_new=loaded_document(model).data is None,
        sync=SyncChange(model._sync_change) if model._sync_change else _sync_of(model),
        uses=uses_in(data),
        blocks=frozenset(own_blocks_in(data)),
        indexed_values=indexed(masked(data, hidden)),
        foreign_blocks=_foreign_blocks(model, whole),
    )


def _demand_same(data: Mapping[str, Json]) -> None:
    """Refuse two versions of one block: nobody could say which of them is right."""
    places: dict[str, tuple[str, dict[str, Json]]] = {}
    for place, block in blocks_in(dict(data)):
        path = path_of(place)
        other, first = places.setdefault(str(block[ID]), (path, block))
        if not is_same(first, block):
            raise StepError(
                f"{other} and {path} are the same block, but with different values: change both alike, or make a new "
                "block for one of them.",
                code="block-twice",
            )


def _note_before(model: SubscriptionModel) -> str | None:
    data = loaded_document(model).data
    note: str | None = data.get("note") if data is not None else None
    return note


def _foreign_blocks(model: SubscriptionModel, whole: Mapping[str, Json]) -> dict[UUID, Json]:
    own_id = str(model.subscription_id)
    made = {
        block.subscription_instance_id
        for block in blocks_of(model)
        if loaded_document(block).whole is None and block.owner_subscription_id not in (None, model.subscription_id)
    }
    if not made:
        return {}
    foreign = (block for _, block in blocks_in(dict(whole)) if is_foreign(block, own_id))
    return {id: with_references(block, str(block[OWNER])) for block in foreign if (id := UUID(str(block[ID]))) in made}


def _sync_of(model: SubscriptionModel) -> SyncChange | None:
    """The change that the author made by an assignment to ``insync``."""
    document = loaded_document(model)
    if document.data is None:
        return None if model.insync else SyncChange.LOCK_UNCHECKED
    if model.insync is document.is_in_sync:
        return None
    return SyncChange.UNLOCK if model.insync else SyncChange.LOCK_UNCHECKED


def _is_changed(model: SubscriptionModel, data: Mapping[str, Json]) -> bool:
    document = loaded_document(model)
    if document.data is None or document.whole is None:
        return True
    if is_same(data, document.data):
        return False
    if data["status"] != document.data["status"]:
        return True
    # A newer release may write the same subscription differently: a new field has its default, for example.
    before = stored_as(type(model), document.whole)
    return not is_same(data, before.stored(before.whole()))


def _demand_unchanged(
    model: SubscriptionModel, whole: Mapping[str, Json], owned: Iterable[Mapping[UUID, Mapping[str, Json]]]
) -> None:
    """Refuse a changed block of another subscription, unless that subscription is saved with the same change."""
    own_id = str(model.subscription_id)
    blocks = {block.subscription_instance_id: block for block in blocks_of(model)}
    outer: tuple[str | int, ...] | None = None
    for place, block in blocks_in(dict(whole)):
        if outer is not None and place[: len(outer)] == outer:
            continue  # the block around it is foreign, and was compared as a whole
        if not is_foreign(block, own_id):
            continue
        outer = place
        id = UUID(str(block[ID]))
        if any(id in others and is_same(others[id], block) for others in owned):
            continue
        if (held := blocks.get(id)) is not None and is_block_changed(held, block):
            raise StepError(
                f"{path_of(place)} was changed, but it belongs to subscription {block[OWNER]} and is saved only with "
                "that subscription: load it, change the block there and return it too.",
                code="foreign-block",
            )


def is_block_changed(block: DomainModel, dumped: Mapping[str, Json]) -> bool:
    """True if the block was loaded, and ``dumped``, its values now, are others."""
    loaded = loaded_document(block).whole
    if loaded is None or is_same(loaded, dumped):
        return False
    return not is_same(clear_dump(stored_as(type(block), loaded)), dumped)
