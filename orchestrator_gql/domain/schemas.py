"""The JSON Schema of a product: a model without the orchestrator's own fields."""

from typing import Any

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from orchestrator_gql.domain.families import DomainModel, bookkeeping_of, variant
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.json.schemas import MarkingSchema, schema_of


def block_schema(model: type[DomainModel]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a dump of the active class in ``model``'s family, without bookkeeping fields."""
    active = variant(model, SubscriptionLifecycle.ACTIVE)
    schema: dict[str, Any] = schema_of(active, _WithoutBookkeeping, mode="serialization")
    return schema


class _WithoutBookkeeping(MarkingSchema):
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        schema_of_model = super().model_schema(schema)
        model = schema["cls"]
        if issubclass(model, DomainModel):
            _leave_out(schema_of_model, bookkeeping_of(model))
        return schema_of_model


def _leave_out(schema: JsonSchemaValue, names: frozenset[str]) -> None:
    schema["properties"] = {name: below for name, below in schema.get("properties", {}).items() if name not in names}
    schema["required"] = [name for name in schema.get("required", ()) if name not in names]
