"""Families of model classes: variants of one model, stricter for each later stage of the lifecycle.

A family begins with its base, the loosest class, which declares every field. A variant may narrow the type of a field
(`vlan: int | None` becomes `vlan: int`), but adds no field. So every looser variant can read a dump without loss, and
a stricter variant never needs a field that could not be filled in before.
"""

import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from orchestrator_gql.domain.lifecycle import LOOKED_UP
from orchestrator_gql.domain.loading_rules import forgiving_validator
from orchestrator_gql.domain.origins import Origin
from orchestrator_gql.domain.paths import faults_of
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError
from orchestrator_gql.utils.json.core_schemas import is_read_once
from orchestrator_gql.utils.json.given_back import given_back_as
from orchestrator_gql.utils.json.secrets import Found, dumped, revealed

M = TypeVar("M", bound="DomainModel")


@dataclass(slots=True)
class Family:
    """A base and its variants by status; variants are added at import only."""

    name: str
    base: type["DomainModel"]
    variants: dict[SubscriptionLifecycle, type["DomainModel"]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class LoadedDocument:
    """The JSON from which a model was loaded.

    ``data`` is the stored document, in which foreign blocks are references; ``whole`` contains these blocks.
    ``is_in_sync`` is a fact beside the document, as it was when the subscription was loaded. ``origin`` finds the
    subscription that owns a block; if the block ``is_read_alone``, it is saved with that subscription.
    """

    data: Mapping[str, Any] | None = None
    whole: Mapping[str, Any] | None = None
    is_in_sync: bool = False
    origin: Origin | None = None
    is_read_alone: bool = False

    def __eq__(self, other: object) -> bool:
        # Pydantic compares private attributes too, but two models with equal fields are equal.
        return other is None or isinstance(other, LoadedDocument)

    __hash__ = None  # type: ignore[assignment]

    def __deepcopy__(self, memo: dict[int, Any]) -> "LoadedDocument":
        return self


_MADE = LoadedDocument()
"""The document of a model that was made and not loaded."""


def loaded_document(model: "DomainModel") -> LoadedDocument:
    """The JSON from which the model was loaded."""
    return model._loaded or _MADE


class ValueRefused(StepError, ValueError):
    """A field of a model does not take the value that an author assigned."""

    def __init__(self, model: str, field: str, cause: ValidationError) -> None:
        kind = cause.errors(include_url=False)[0]["type"]
        message = f"`{model}` cannot take this value: {faults_of(cause)}. Assign one that fits the type of the field."
        if kind == "no_such_attribute":
            message = f"`{model}` has no field {field!r}. Correct the name, or declare the field."
        if kind == "frozen_field":
            message = f"`{model}` does not let a step assign {field!r}. Only `from_other_lifecycle` changes a status."
        super().__init__(message, code="model-invalid")


class DomainModel(BaseModel):
    """The common base of product subscriptions and blocks; authors do not derive from it directly.

    An unknown field is refused in construction and in assignment, because it is usually a typing error. Assigned values
    are validated. If a field holds a stricter variant than its annotation, the dump contains the whole variant.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        validate_default=True,
        polymorphic_serialization=True,
        ser_json_inf_nan="constants",  # the JSON boundary refuses them; "null" would replace them silently
    )

    _family: ClassVar[Family | None] = None
    _lifecycle: ClassVar[tuple[SubscriptionLifecycle, ...]] = ()
    _loaded: LoadedDocument | None = PrivateAttr(default=None)

    if not typing.TYPE_CHECKING:  # a type checker would accept every attribute

        def __setattr__(self, name: str, value: Any) -> None:
            """Assign a value; raises `ValueRefused` if it does not fit the field."""
            try:
                super().__setattr__(name, value)
            except ValidationError as cause:
                raise ValueRefused(type(self).__qualname__, name, cause) from cause

    @classmethod
    def _join(cls, family: Family, lifecycle: Iterable[SubscriptionLifecycle]) -> None:
        """Join ``family`` as a variant or as its base; called while the class is created."""
        cls._family = family
        cls._lifecycle = _statuses(cls, lifecycle)

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        # This is not in __init_subclass__ because the annotations are resolved only now.
        super().__pydantic_on_complete__()
        if cls._family is not None:
            _check_names(cls, cls._family)
            _check_blocks(cls)
            _check_kept(cls)

    @classmethod
    def __pydantic_init_subclass__(cls, **keywords: Any) -> None:
        # This is the last step, so that a refused class is the class of no status.
        super().__pydantic_init_subclass__(**keywords)
        if cls._family is not None:
            _enlist(cls, cls._family)


def variant(model: type[DomainModel], status: SubscriptionLifecycle) -> type[DomainModel]:
    """The class for ``status`` in the family of ``model``, in the order of ``LOOKED_UP``; otherwise the base."""
    if model._family is None:
        return model
    variants = model._family.variants
    return next((variants[candidate] for candidate in LOOKED_UP[status] if candidate in variants), model._family.base)


def is_lifecycle(model: type[DomainModel], status: SubscriptionLifecycle) -> bool:
    """True if a subscription or block of this status is a ``model``.

    A stricter class is a subclass of the looser ones, so a step that asks for a looser class may get a stricter one.
    """
    return issubclass(variant(model, status), model)


def bookkeeping_of(model: type[DomainModel]) -> frozenset[str]:
    """The names of the orchestrator's own fields: the fields of the classes above every family."""
    parents = (parent for parent in model.__mro__ if issubclass(parent, DomainModel) and parent._family is None)
    return frozenset(name for parent in parents for name in parent.model_fields)


def validated(model: type[M], values: Mapping[str, Any], *, problem: str, fix: str, is_stored: bool = False) -> M:
    """``values`` as a ``model``; raises ``StepError`` ``model-invalid`` with the problem, each wrong field and the fix.

    If ``is_stored`` is true, a field that the class does not have is ignored: a later release removed it.
    """
    try:
        return stored_as(model, values) if is_stored else model.model_validate(values, by_alias=True, by_name=True)
    except ValidationError as cause:
        raise StepError(f"{problem}: {faults_of(cause)}. {fix}", code="model-invalid", fix=fix) from cause


def stored_as(model: type[M], values: Mapping[str, Any]) -> M:
    """The stored ``values`` as a ``model``, without fields that a class does not have; raises `ValidationError`.

    A dump has the names of the fields, or the aliases if a class says ``serialize_by_alias``, so both are read.
    """
    core, forgiving = model.__pydantic_core_schema__, forgiving_validator(model)
    if forgiving is None:
        ways = model.model_validate, model.model_validate_json
        return given_back_as(*ways, core, values, extra="ignore", by_alias=True, by_name=True)
    ways_of_it = forgiving.validate_python, forgiving.validate_json
    made: M = given_back_as(*ways_of_it, core, values, by_alias=True, by_name=True)
    return made


def clear_dump(model: DomainModel, found: Found | None = None) -> dict[str, Any]:
    """The model as JSON values, with its secrets in clear text; ``found`` gets their places."""
    data: dict[str, Any] = revealed(dumped(model, warnings=False), Found() if found is None else found)
    return data


def _members_of(model: type[DomainModel]) -> frozenset[str]:
    """The names of the orchestrator's own methods and properties, such as ``in_use_by``."""
    parents = (parent for parent in model.__mro__ if issubclass(parent, DomainModel) and parent._family is None)
    names = {name for parent in parents for name in vars(parent)}
    return frozenset(name for name in names if not name.startswith(("_", "model_")))


def models_in(annotation: Any) -> Iterator[type[DomainModel]]:
    """Every domain model in an annotation, at any depth in lists and unions."""
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
    # A field with the name of a property would never be read: the property answers.
    values = cls.model_fields.keys() | cls.model_computed_fields.keys()
    if reserved := (inspect.get_annotations(cls).keys() & bookkeeping_of(cls)) | (values & _members_of(cls)):
        problem = f"`{cls.__qualname__}` declares {_listed(reserved)}, which every model of its kind has already"
        raise WorkflowDefinitionError(f"{problem}: choose another name.")
    if new_fields := cls.model_fields.keys() - family.base.model_fields.keys():
        problem = f"`{cls.__qualname__}` adds {_listed(new_fields)} to `{family.base.__qualname__}`"
        raise WorkflowDefinitionError(f"{problem}: declare it there too, as `… | None = None`, and narrow it here.")


def _check_blocks(cls: type[DomainModel]) -> None:
    for name, declared in cls.model_fields.items():
        for block in models_in(declared.annotation):
            for status in cls._lifecycle:
                if not _is_strict_enough(block, status):
                    wanted = variant(block, status).__qualname__
                    problem = f"`{cls.__qualname__}` stands for {status}, but its {name} is a `{block.__qualname__}`"
                    raise WorkflowDefinitionError(f"{problem}: declare {name} again, with `{wanted}`.")


def _check_kept(cls: type[DomainModel]) -> None:
    if is_read_once(cls.__pydantic_core_schema__):
        problem = f"`{cls.__qualname__}` has an Iterable, which can be read only once and would be stored empty"
        raise WorkflowDefinitionError(f"{problem}: write list[…] or Sequence[…].")


def _is_strict_enough(block: type[DomainModel], status: SubscriptionLifecycle) -> bool:
    """True if ``block`` is at least as strict as the class of its family for ``status``."""
    return issubclass(block, variant(block, status))


def _enlist(cls: type[DomainModel], family: Family) -> None:
    for status in cls._lifecycle:
        known = family.variants.get(status, cls)
        if _full_name(known) != _full_name(cls):  # an equal name means that the module was reloaded
            problem = f"`{cls.__qualname__}` and `{known.__qualname__}` both stand for {status} of {family.name!r}"
            raise WorkflowDefinitionError(f"{problem}: give one another lifecycle, or begin a family of its own.")
        family.variants[status] = cls


def _full_name(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
