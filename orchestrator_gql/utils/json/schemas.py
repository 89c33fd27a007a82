"""The JSON Schemas of authors' models: they are JSON whatever their authors wrote, and mark what is secret."""

import math
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema, to_jsonable_python

from orchestrator_gql.utils.json.secrets import DISPLAY, is_secret
from orchestrator_gql.utils.json.text import Json


class MarkingSchema(GenerateJsonSchema):
    """Generates JSON Schemas as pydantic does, but marks ``Secret[…]`` as ``writeOnly`` too, not only `SecretStr`."""

    ignored_warning_kinds = GenerateJsonSchema.ignored_warning_kinds | {"non-serializable-default"}
    """A warning of Python would be no line of the log, and the page shows that the default is missing."""

    def encode_default(self, dft: Any) -> Any:
        """Return a default as JSON; the mask for a secret. Pydantic leaves out the default if this raises."""
        if is_secret(dft):
            return DISPLAY
        plain = super().encode_default(dft)
        if isinstance(plain, float) and not math.isfinite(plain):
            raise PydanticSerializationError(f"{plain} is not JSON")
        return plain

    def json_or_python_schema(self, schema: core_schema.JsonOrPythonSchema) -> JsonSchemaValue:
        """Return the schema of a type that is read from JSON and from Python, such as pydantic's secret types."""
        generated = super().json_or_python_schema(schema)
        function = schema["python_schema"].get("function")
        name = getattr(function.get("function"), "__qualname__", "") if isinstance(function, dict) else ""
        is_secret_type = name.startswith("Secret.__get_pydantic_core_schema__")
        return {**generated, "writeOnly": True} if is_secret_type else generated


def schema_of(model: type[BaseModel], generator: type[GenerateJsonSchema] = MarkingSchema, **options: Any) -> Json:
    """The JSON Schema (2020-12) of the model; ``options`` are those of ``model_json_schema``.

    Authors may add what is not JSON, such as with ``json_schema_extra``: numbers that are not finite become null, and
    values of other types text. Raises what pydantic raises.
    """
    schema = model.model_json_schema(schema_generator=generator, **options)
    return to_jsonable_python(schema, fallback=str, inf_nan_mode="null")
