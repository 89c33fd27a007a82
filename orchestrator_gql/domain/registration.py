"""Declares a product next to its models."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ForwardRef, Literal, get_args, get_origin
from uuid import UUID

from pydantic import ValidationError
from pydantic.errors import PydanticUndefinedAnnotation

from orchestrator_gql.domain.families import DomainModel, models_in
from orchestrator_gql.domain.paths import faults_of
from orchestrator_gql.domain.product_model import FIRST_VERSION, ProductModel, ProductStatus
from orchestrator_gql.domain.registry import RegisteredProduct, products, stable_id
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.names import demand_name, demand_text


def register_product(
    *,
    name: str,
    model: type[SubscriptionModel],
    description: str = "",
    product_type: str = "",
    tag: str = "",
    status: ProductStatus = ProductStatus.ACTIVE,
    fixed_inputs: Mapping[str, Any] | None = None,
    product_id: UUID | None = None,
    version: int = FIRST_VERSION,
) -> ProductModel:
    """Register a product whose subscriptions are of the family of ``model`` (any class of the family).

    ``description`` and ``product_type`` default to the name, ``tag`` to the name in capitals. Pass a ``product_id`` if
    the product may be renamed later: the default id is derived from the name. Raise ``version`` if older stored
    subscriptions do not fit the classes any more, and declare a `migration` from each older version. Raises
    ``WorkflowDefinitionError`` if another product has the name or the id, or if a field names a class that does not
    exist yet.
    """
    if not (isinstance(model, type) and issubclass(model, SubscriptionModel)) or model._family is None:
        raise WorkflowDefinitionError(
            f"The product {name!r} needs a model of its own, derived from `SubscriptionModel`."
        )
    demand_name(name, "name of a product")
    _demand_complete(name, (model._family.base, *model._family.variants.values()))
    for value, field in ((description, "description"), (product_type, "product_type"), (tag, "tag")):
        demand_text(value, f"{field} of product {name!r}")
    if type(version) is not int or version < FIRST_VERSION:
        raise WorkflowDefinitionError(f"The version of product {name!r} is a whole number from 1, not {version!r}.")
    try:
        facts = ProductModel(
            product_id=product_id or stable_id(name),
            name=name,
            description=description or name,
            product_type=product_type or name,
            tag=tag or name.upper(),
            status=status,
            fixed_inputs=fixed_inputs or None,
            version=version,
        )
    except ValidationError as error:
        raise WorkflowDefinitionError(f"The product {name!r} cannot be registered: {faults_of(error)}.") from error
    products.register(RegisteredProduct(facts, model._family.base))
    return facts


def _demand_complete(name: str, models: Iterable[type[DomainModel]]) -> None:
    """Raise ``WorkflowDefinitionError`` if a field of the models, or of a block in them, names an unknown class.

    Pydantic would try again at each use, so the product would fail only when a process makes its first subscription.
    """
    waiting, seen = list(models), set[type[DomainModel]]()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        if not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)
        for field, declared in model.__pydantic_fields__.items():
            if not model.__pydantic_complete__ and (unknown := _unknown_in(declared.annotation)) is not None:
                raise WorkflowDefinitionError(
                    f"The product {name!r} cannot be registered: the field {field!r} of `{model.__qualname__}` has the "
                    f"type {unknown!r}, which is not defined. Correct the name, or define the class before "
                    "register_product is called."
                )
            blocks = list(models_in(declared.annotation))
            waiting += blocks
            waiting += [each for block in blocks if block._family for each in block._family.variants.values()]
    for model in seen:
        try:
            model.model_rebuild()  # nothing is done if the class is complete
        except PydanticUndefinedAnnotation as error:  # in a class of the author that is no block
            raise WorkflowDefinitionError(
                f"The product {name!r} cannot be registered: a type in the fields of `{model.__qualname__}` needs "
                f"{error.name!r}, which is not defined. Define it before register_product is called."
            ) from error


def _unknown_in(annotation: Any) -> str | None:
    """The name in the annotation, at any depth, for which there is no class; None if there is none."""
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    if isinstance(annotation, str):
        return annotation
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        arguments = arguments[:1]
    found = (_unknown_in(each) for each in arguments if origin is not Literal)
    return next((name for name in found if name is not None), None)
