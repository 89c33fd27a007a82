"""Product blocks: the parts that a product subscription is made of, each with an identity of its own."""

import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Self
from uuid import UUID

from pydantic import Field, field_validator

from orchestrator_gql.domain.families import DomainModel, Family, validated
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.tokens import new_id


class ProductBlockModel(DomainModel):
    """One part of a product, such as a port; derive from it, loosest class first.

        class PortBlockInactive(ProductBlockModel, product_block_name="Port"):
            port_name: str | None = None

        class PortBlock(PortBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
            port_name: str

    ``product_block_name`` begins a family; ``lifecycle`` says for which statuses a class stands. The base stands for
    those that no class names (``lifecycle.LOOKED_UP`` has the order).
    """

    name: str = Field(default="", frozen=True, description="The product block's name.")
    subscription_instance_id: UUID = Field(
        default_factory=new_id, frozen=True, description="The identity of this one block."
    )

    def __init_subclass__(
        cls, *, product_block_name: str = "", lifecycle: Iterable[SubscriptionLifecycle] = (), **keywords: Any
    ) -> None:
        super().__init_subclass__(**keywords)
        family = cls._family
        if family is None or product_block_name not in ("", family.name):
            family = Family(product_block_name, cls)
        cls._join(family, lifecycle)

    @classmethod
    def new(cls, **values: Any) -> Self:
        """A new block of ``values``; see ``filled`` for what is left out.

        Raises ``StepError`` ``model-invalid``, which names the fields.
        """
        return validated(cls, filled(cls, values), problem=f"`{cls.__qualname__}` cannot be made of these values")

    @field_validator("name")
    @classmethod
    def _own_name(cls, name: str) -> str:
        # A block of another name is another block, even where the fields agree: in a union this tells them apart.
        own = cls._family.name if cls._family else ""
        if not own:
            raise ValueError(f'the block has none: write `class {cls.__qualname__}(…, product_block_name="…")`')
        if name not in ("", own):
            raise ValueError(f"this is a {name!r}, not a {own!r}")
        return own


def filled(model: type[DomainModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` and, for each required field that they leave out, the emptiest value that it takes.

    That is a new block for a block, as few new items as its length allows for a list of blocks, no items for any
    other list, None where that is allowed. What takes none of these is left to validation.
    """
    left_out = {name: each for name, each in model.model_fields.items() if each.is_required() and name not in values}
    empty = {name: _emptiest(each.annotation, each.metadata) for name, each in left_out.items()}
    return {name: value for name, value in empty.items() if value is not ...} | dict(values)


def _emptiest(annotation: Any, metadata: Iterable[Any] = ()) -> Any:
    """The emptiest value of this type, an Ellipsis where there is none."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _emptiest(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        return None if types.NoneType in arguments else ...
    if origin is list:
        return _fewest(arguments[0], max((getattr(each, "min_length", 0) for each in metadata), default=0))
    is_block = isinstance(annotation, type) and issubclass(annotation, ProductBlockModel)
    return annotation.new() if is_block else ...


def _fewest(annotation: Any, length: int) -> Any:
    items = [_emptiest(annotation) for _ in range(length)]
    return ... if ... in items else items
