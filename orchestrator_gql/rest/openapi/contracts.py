"""The contracts of the jobs as components of OpenAPI, in a form from which generators make clients.

A generator names a class by the title of its schema, else by its component. A title comes from the author's model, and
several steps may have the same model, so titles are left out. Generators find no `$defs` inside a component, so each
model in a contract is a component of its own: ``JOB_MODEL``.
"""

import re
from collections.abc import Iterable, Mapping

from orchestrator_gql.callbacks import contract
from orchestrator_gql.rest.openapi.jobs import Job, free, spelled
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json.redaction import Redactor

_BY_NAME = ("properties", "patternProperties", "$defs", "dependentSchemas")
"""The keywords whose value has a schema for each name."""

_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}

_DATA = ("const", "default", "enum", "example", "examples")
"""The keywords whose value is data and no schema."""


def contract_schemas(jobs: Iterable[Job], taken: Iterable[str], redact: Redactor) -> dict[str, Json]:
    """The components of all jobs: for each job one with its key, and one for each model in its contract.

    Secrets have no defaults and no examples, as in GraphQL.
    """
    components: dict[str, Json] = {}
    jobs = list(jobs)
    used = {spelled(name) for name in taken} | {spelled(job.key) for job in jobs}
    for job in jobs:
        schema = redact.schema(_contract_of(job))
        models = schema.pop("$defs", {})
        names = {model: free(f"{job.key}_{_component_name(model)}", used) for model in models}
        references = {f"#/$defs/{_escaped(model)}": f"#/components/schemas/{name}" for model, name in names.items()}
        components[job.key] = _readable(schema, references)
        for model, definition in models.items():
            components[names[model]] = _readable(definition, references)
    return components


def _contract_of(job: Job) -> dict[str, Json]:
    if job.wait.contract is None:
        return {"description": "Any JSON value, because the step has no contract."}
    return dict(contract.schema_or_nothing(job.wait.contract))


def _component_name(model: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", model)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _readable(schema: Json, references: Mapping[str, str]) -> Json:
    """The schema without titles, with references to components."""
    if isinstance(schema, list):
        return [_readable(inner, references) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    return _typed({key: _value(key, value, references) for key, value in schema.items() if key != "title"})


def _typed(schema: dict[str, Json]) -> dict[str, Json]:
    """The schema with the type of its `const` or `enum`, without which generators refuse it.

    An `enum` of several types, such as that of ``Literal[1, "auto"]``, becomes a union.
    """
    if {"type", "anyOf"} & set(schema) or not {"const", "enum"} & set(schema):
        return schema
    by_type: dict[str, list[Json]] = {}
    for value in schema["enum"] if "enum" in schema else [schema["const"]]:
        by_type.setdefault(_TYPES[type(value)], []).append(value)
    if len(by_type) == 1:
        return {**schema, "type": next(iter(by_type))}
    others = {key: value for key, value in schema.items() if key != "enum"}
    return {**others, "anyOf": [{"type": name, "enum": values} for name, values in by_type.items()]}


def _value(keyword: str, value: Json, references: Mapping[str, str]) -> Json:
    if keyword in _DATA:
        return value
    if keyword == "$ref":
        return references.get(value, value) if isinstance(value, str) else value
    if keyword in _BY_NAME and isinstance(value, dict):
        return {name: _readable(inner, references) for name, inner in value.items()}
    if keyword == "mapping" and isinstance(value, dict):  # of a discriminator
        return {
            tag: references.get(target, target) if isinstance(target, str) else target for tag, target in value.items()
        }
    return _readable(value, references)
