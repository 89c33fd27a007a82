"""Families of classes: one model in ever stricter variants, one for each stage of its life.

A family begins at its base, the loosest class, which names every field. A variant below it may narrow what a field
takes (`vlan: int | None` becomes `vlan: int`), and adds none: so what one variant has dumped, every looser one reads
without loss, and no stricter one wants what could not have been filled in before.
"""

import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator_gql.domain.lifecycle import LOOKED_UP
from orchestrator_gql.domain.paths import faults_of
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError

M = TypeVar("M", bound="DomainModel")


@dataclass(slots=True)
class Family:
    """A base and its variants by status; it grows while their modules are imported, and never after."""

    name: str
    base: type["DomainModel"]
    variants: dict[SubscriptionLifecycle, type["DomainModel"]] = field(default_factory=dict)


class DomainModel(BaseModel):
    """What product subscriptions and their blocks have in common; not for authors to derive from.

    An unknown field is refused in construction and assignment alike: it is a slip of the pen. What is assigned is
    validated. A field that holds a stricter variant than its annotation says is dumped in full.
    """

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, validate_default=True, polymorphic_serialization=True
    )

    _family: ClassVar[Family | None] = None
    _lifecycle: ClassVar[tuple[SubscriptionLifecycle, ...]] = ()

    @classmethod
    def _join(cls, family: Family, lifecycle: Iterable[SubscriptionLifecycle]) -> None:
        """Become a member of ``family``, or the base of it; to be called while the class is made."""
        cls._family = family
        cls._lifecycle = _statuses(cls, lifecycle)

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        # Here, not in __init_subclass__: only now are all annotations resolved.
        super().__pydantic_on_complete__()
        if cls._family is not None:
            _check_names(cls, cls._family)
            _check_blocks(cls)

    @classmethod
    def __pydantic_init_subclass__(cls, **keywords: Any) -> None:
        # Last, so that a class whose definition was refused stands for nothing.
        super().__pydantic_init_subclass__(**keywords)
        if cls._family is not None:
            _enlist(cls, cls._family)


def variant(model: type[DomainModel], status: SubscriptionLifecycle) -> type[DomainModel]:
    """The class of ``model``'s family that stands for ``status``: see ``LOOKED_UP``; at last the base."""
    if model._family is None:
        return model
    variants = model._family.variants
    return next((variants[each] for each in LOOKED_UP[status] if each in variants), model._family.base)


def is_lifecycle(model: type[DomainModel], status: SubscriptionLifecycle) -> bool:
    """Whether a subscription or block of this status is a ``model``.

    A stricter class is also each looser one above it, so a step that asks for the looser one may be given it.
    """
    return issubclass(variant(model, status), model)


def bookkeeping_of(model: type[DomainModel]) -> frozenset[str]:
    """The names of the fields that are the orchestrator's own, not the product's: those from above every family."""
    above = (each for each in model.__mro__ if issubclass(each, DomainModel) and each._family is None)
    return frozenset(name for each in above for name in each.model_fields)


def validated(model: type[M], values: Mapping[str, Any], *, problem: str, is_stored: bool = False) -> M:
    """``values`` as a ``model``; raises ``StepError`` ``model-invalid``: ``problem``, then each field at fault.

    Where ``is_stored``, a field that the class no longer has is passed over: it was removed in a later release.
    """
    try:
        return model.model_validate(values, extra="ignore" if is_stored else None)
    except ValidationError as cause:
        raise StepError(f"{problem}: {faults_of(cause)}.", code="model-invalid") from cause


def models_in(annotation: Any) -> Iterator[type[DomainModel]]:
    """Every domain model that an annotation names, however deep in lists and unions."""
    if inspect.isclass(annotation) and issubclass(annotation, DomainModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models_in(argument)


def _statuses(cls: type, lifecycle: Iterable[SubscriptionLifecycle]) -> tuple[SubscriptionLifecycle, ...]:
    statuses = [lifecycle] if isinstance(lifecycle, str) else list(lifecycle)
    try:
        return tuple(map(SubscriptionLifecycle, statuses))
    except ValueError as problem:
        message = f"`{cls.__qualname__}`: {problem}; lifecycle is a list of these."
        raise WorkflowDefinitionError(message) from problem


def _check_names(cls: type[DomainModel], family: Family) -> None:
    if taken := inspect.get_annotations(cls).keys() & bookkeeping_of(cls):
        problem = f"`{cls.__qualname__}` declares {_listed(taken)}, which every model of its kind has already"
        raise WorkflowDefinitionError(f"{problem}: choose another name.")
    if added := cls.model_fields.keys() - family.base.model_fields.keys():
        problem = f"`{cls.__qualname__}` adds {_listed(added)} to `{family.base.__qualname__}`"
        raise WorkflowDefinitionError(f"{problem}: declare it there too, as `… | None = None`, and narrow it here.")


def _check_blocks(cls: type[DomainModel]) -> None:
    for name, declared in cls.model_fields.items():
        for block in models_in(declared.annotation):
            for status in cls._lifecycle:
                if not _is_strict_enough(block, status):
                    wanted = variant(block, status).__qualname__
                    problem = f"`{cls.__qualname__}` stands for {status}, but its {name} is a `{block.__qualname__}`"
                    raise WorkflowDefinitionError(f"{problem}: declare {name} anew, with `{wanted}`.")


def _is_strict_enough(block: type[DomainModel], status: SubscriptionLifecycle) -> bool:
    """Whether a ``block`` promises at least what its family promises for ``status``."""
    return issubclass(block, variant(block, status))


def _enlist(cls: type[DomainModel], family: Family) -> None:
    for status in cls._lifecycle:
        other = family.variants.get(status, cls)
        if _written_as(other) != _written_as(cls):  # the same words again are a module that was reloaded
            problem = f"`{cls.__qualname__}` and `{other.__qualname__}` both stand for {status} of {family.name!r}"
            raise WorkflowDefinitionError(f"{problem}: give one another lifecycle, or begin a family of its own.")
        family.variants[status] = cls


def _written_as(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
