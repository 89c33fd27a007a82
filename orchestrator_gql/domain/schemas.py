"""The JSON Schema of what a customer gets: a model without what the orchestrator keeps beside it."""

from typing import Any

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from orchestrator_gql.domain.families import DomainModel, bookkeeping_of, variant
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.json.secrets import MarkingSchema


def block_schema(model: type[DomainModel]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the active model of ``model``'s family as it is dumped, its bookkeeping left out."""
    active = variant(model, SubscriptionLifecycle.ACTIVE)
    return active.model_json_schema(schema_generator=_WithoutBookkeeping, mode="serialization")


class _WithoutBookkeeping(MarkingSchema):
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        described = super().model_schema(schema)
        model = schema["cls"]
        if issubclass(model, DomainModel):
            _leave_out(described, bookkeeping_of(model))
        return described


def _leave_out(described: JsonSchemaValue, names: frozenset[str]) -> None:
    described["properties"] = {
        name: each for name, each in described.get("properties", {}).items() if name not in names
    }
    described["required"] = [name for name in described.get("required", ()) if name not in names]
