"""Product blocks: the parts of a product subscription, each with its own identity."""

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Self
from uuid import UUID

from pydantic import Field, field_validator

from orchestrator_gql.domain.families import DomainModel, Family, LoadedDocument, loaded_document, validated
from orchestrator_gql.domain.loading_rules import block_fields
from orchestrator_gql.domain.origins import Origin
from orchestrator_gql.domain.reading import OfBlock, demand_id, read
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.names import demand_name
from orchestrator_gql.utils.tokens import new_id

if typing.TYPE_CHECKING:
    from orchestrator_gql.domain.subscriptions import SubscriptionModel


class ProductBlockModel(DomainModel):
    """A part of a product, such as a port. Derive your classes from it, the loosest class first.

        class PortBlockInactive(ProductBlockModel, product_block_name="Port"):
            port_name: str | None = None

        class PortBlock(PortBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
            port_name: str

    ``product_block_name`` begins a family. ``lifecycle`` lists the statuses of a class. The base is the class of all
    other statuses (``lifecycle.LOOKED_UP`` has the order).
    """

    name: str = Field(default="", frozen=True, description="The product block's name.")
    subscription_instance_id: UUID = Field(default_factory=new_id, frozen=True, description="The id of this block.")
    owner_subscription_id: UUID | None = Field(
        default=None,
        frozen=True,
        description="The id of the subscription that owns the block; None for none yet.",
    )

    def __init_subclass__(
        cls, *, product_block_name: str = "", lifecycle: Iterable[SubscriptionLifecycle] = (), **keywords: Any
    ) -> None:
        super().__init_subclass__(**keywords)
        if product_block_name:
            demand_name(product_block_name, f"product_block_name of {cls.__qualname__!r}")
        family = cls._family
        if family is None or product_block_name not in ("", family.name):
            family = Family(product_block_name, cls)
        cls._join(family, lifecycle)

    @classmethod
    def new(cls, owner: UUID | str | None = None, /, **values: Any) -> Self:
        """A new block of ``values``; ``filled`` says which values missing fields get.

        The block belongs to the subscription ``owner``, also given as ``subscription_id=…``, and so do the new blocks
        in it; without it, to the first subscription that gets the block. Raises ``StepError`` ``model-invalid``, which
        names the fields.
        """
        if "subscription_id" in values and "subscription_id" not in cls.model_fields:
            owner = values.pop("subscription_id")
        if owner is not None:
            values["owner_subscription_id"] = owner
        problem = f"`{cls.__qualname__}` cannot be made of these values"
        made = validated(cls, filled(cls, values), problem=problem, fix="Pass other values, or use a looser class.")
        if made.owner_subscription_id is not None:
            adopt(made, made.owner_subscription_id)
        return made

    @property
    def subscription(self) -> Any:
        """The subscription that owns this block, to read; None if the block was not loaded with it or made for it.

        The owner of a block of another subscription is as it was stored when the block was loaded.
        """
        origin = loaded_document(self).origin
        return None if origin is None else origin.owner_of(self)

    @classmethod
    def from_db(cls, subscription_instance_id: UUID | str) -> Self:
        """The block as it is stored now, for a step or a form; one short read.

        Its class is the one in its subscription. Change it and return it from the step: it is saved with its
        subscription, or refused as stale. Raises ``StepError``: ``block-unknown``, ``block-mismatch`` if it is no
        ``cls``, ``model-invalid``, and ``no-reader`` outside of authors' code.
        """
        from orchestrator_gql.domain.subscriptions import SubscriptionModel, stored_model

        id = demand_id(subscription_instance_id)
        found = read(OfBlock(id), f"{cls.__qualname__}.from_db")
        if not found.ids:
            raise StepError(f"There is no block {id}: look at the id.", code="block-unknown")
        owner = stored_model(SubscriptionModel, found, found.ids[0])
        own = (block for block in blocks_of(owner) if block.owner_subscription_id == owner.subscription_id)
        block = next((block for block in own if block.subscription_instance_id == id), None)
        if not isinstance(block, cls):
            actual, status = type(block).__qualname__, owner.status
            raise StepError(
                f"Block {id} of subscription {owner.subscription_id} is no `{cls.__qualname__}`: in the status "
                f"{status} it is a `{actual}`. Ask for a `{actual}`, or give the id of another block.",
                code="block-mismatch",
            )
        block._loaded = replace(loaded_document(block), is_read_alone=True)
        return block

    @property
    def in_use_by(self) -> "list[SubscriptionModel]":
        """The living subscriptions that use this block, as they are stored now; see `queries.in_use_by`."""
        from orchestrator_gql.domain.queries import in_use_by

        return in_use_by(self)

    @field_validator("name")
    @classmethod
    def _own_name(cls, name: str) -> str:
        # A block with another name is another block, even if the fields are equal: a union needs this to choose.
        own = cls._family.name if cls._family else ""
        if not own:
            raise ValueError(f'the block has none: write `class {cls.__qualname__}(…, product_block_name="…")`')
        if name not in ("", own):
            raise ValueError(f"this is a {name!r}, not a {own!r}")
        return own


def blocks_of(value: Any) -> Iterator[ProductBlockModel]:
    """Every block in a model, at any depth."""
    if isinstance(value, DomainModel):
        if isinstance(value, ProductBlockModel):
            yield value
        for name in type(value).model_fields:
            yield from blocks_of(value.__dict__.get(name))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from blocks_of(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from blocks_of(item)


def adopt(value: Any, owner_id: UUID, origin: Origin | None = None) -> None:
    """Make ``owner_id`` the owner of every block in ``value`` that has no owner yet.

    With an ``origin``, its own blocks get it.
    """
    for block in blocks_of(value):
        if block.owner_subscription_id is None:
            block.__dict__["owner_subscription_id"] = owner_id  # authors cannot assign it
        if origin is not None and block.owner_subscription_id == owner_id:
            block._loaded = replace(loaded_document(block), origin=origin)


def remember(value: Any, data: Any, owner_id: UUID, origin: Origin) -> None:
    """Keep in every block in ``value`` the JSON from which it was loaded; a block without an owner gets the owner."""
    kind = type(value)
    if kind is list or kind is tuple:
        for index, item in enumerate(value):
            remember(item, data[index] if type(data) is list and index < len(data) else None, owner_id, origin)
    elif kind is dict:
        for key, item in value.items():
            remember(item, data.get(key) if type(data) is dict else None, owner_id, origin)
    elif type(data) is dict and isinstance(value, DomainModel):
        fields = value.__dict__
        if isinstance(value, ProductBlockModel):
            if fields["owner_subscription_id"] is None:
                fields["owner_subscription_id"] = owner_id
            # A validator may have put another block here.
            is_same = data.get("subscription_instance_id") == str(fields["subscription_instance_id"])
            # An assignment to the attribute would take ten times as long.
            value.__pydantic_private__["_loaded"] = LoadedDocument(  # type: ignore[index]
                None, data if is_same else None, False, origin
            )
        for name in block_fields(type(value)):
            if (item := fields[name]) is not None:
                remember(item, data.get(name), owner_id, origin)


def filled(model: type[DomainModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values``, plus the emptiest possible value for each missing required field.

    A block gets a new block, a list of blocks the smallest allowed number of new blocks, any other list no items, and a
    field that allows None gets None. Other fields stay missing: validation refuses them.
    """
    missing = {name: field for name, field in model.model_fields.items() if field.is_required() and name not in values}
    empty_values = {name: _emptiest(field.annotation, field.metadata) for name, field in missing.items()}
    return {name: value for name, value in empty_values.items() if value is not ...} | dict(values)


def _emptiest(annotation: Any, metadata: Iterable[Any] = ()) -> Any:
    """The emptiest value of this type; an Ellipsis if there is none."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _emptiest(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        return None if types.NoneType in arguments else ...
    if origin is list:
        return _fewest(arguments[0], max((getattr(constraint, "min_length", 0) for constraint in metadata), default=0))
    is_block = isinstance(annotation, type) and issubclass(annotation, ProductBlockModel)
    return annotation.new() if is_block else ...


def _fewest(annotation: Any, length: int) -> Any:
    items = [_emptiest(annotation) for _ in range(length)]
    return ... if ... in items else items
