"""The registered products, each with its family of models."""

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from orchestrator_gql.domain.families import DomainModel
from orchestrator_gql.domain.product_model import ProductModel
from orchestrator_gql.domain.schemas import block_schema
from orchestrator_gql.utils.errors import NotFound, WorkflowDefinitionError


@dataclass(frozen=True, slots=True)
class RegisteredProduct:
    """A product's facts, and the base of its models' family."""

    facts: ProductModel
    model: type[DomainModel]

    def block_schema(self) -> dict[str, Any]:
        """The JSON Schema of an active subscription, without the orchestrator's own fields."""
        return block_schema(self.model)

    def is_same_as(self, other: "RegisteredProduct") -> bool:
        """True if both declarations are equal: a module that is imported twice declares its products twice."""
        return self.facts == other.facts and _full_name(self.model) == _full_name(other.model)


class ProductRegistry:
    """The products by id and by name, in the order of their registration."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, RegisteredProduct] = {}
        self._by_name: dict[str, RegisteredProduct] = {}

    def register(self, product: RegisteredProduct) -> None:
        """Add ``product``; an equal one may be added again.

        Raises ``WorkflowDefinitionError`` if a different product has the same name or id.
        """
        facts = product.facts
        for known in (self._by_name.get(facts.name), self._by_id.get(facts.product_id)):
            if known is not None and not known.is_same_as(product):
                raise WorkflowDefinitionError(_clash(known, product))
        self._by_id[facts.product_id] = self._by_name[facts.name] = product

    def by_id(self, product_id: UUID | str) -> RegisteredProduct:
        """The product with this id; raises ``NotFound``."""
        try:
            return self._by_id[UUID(str(product_id))]
        except (KeyError, ValueError):
            raise NotFound("product", product_id) from None

    def by_name(self, name: str) -> RegisteredProduct:
        """The product with this name; raises ``NotFound``."""
        try:
            return self._by_name[name]
        except KeyError:
            raise NotFound("product", name) from None

    def of_model(self, model: type[DomainModel]) -> tuple[RegisteredProduct, ...]:
        """Every product of the family of ``model``; there may be several, such as one for each speed."""
        return tuple(product for product in self.all() if product.model._family is model._family)

    def all(self) -> tuple[RegisteredProduct, ...]:
        """All products, in the order of their registration."""
        return tuple(self._by_id.values())


# This is a global because a product is declared next to its models, at import: at that time there is no runtime yet
# that could be passed in.
products = ProductRegistry()


def stable_id(name: str) -> UUID:
    """The id of a product that was registered without one: a name gives the same id on every machine and release.

    >>> stable_id("L2VPN")
    UUID('b85a19ec-5eda-5d12-ac1e-5b230c4aa549')
    """
    return uuid5(NAMESPACE_URL, f"urn:orchestrator-gql:product:{name}")


def _clash(known: RegisteredProduct, product: RegisteredProduct) -> str:
    known_title, title = (
        f"{declared.facts.name!r} of `{'.'.join(_full_name(declared.model))}`" for declared in (known, product)
    )
    if known_title == title:
        return f"The product {title} is registered twice with different facts: keep one of them."
    return f"The product {title} has the name or the id of {known_title}: give it its own."


def _full_name(model: type[DomainModel]) -> tuple[str, str]:
    return model.__module__, model.__qualname__
