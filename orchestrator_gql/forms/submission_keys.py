"""The keys under which a page takes its values, and initial and accepted values under these keys.

Pydantic dumps a value for those who read it: with computed fields, and with the names that ``serialization_alias``
gives. A client sends a page back as it was shown, so what is shown must have the keys that the page takes.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, RootModel
from pydantic.fields import FieldInfo


def submission_key(name: str, field: FieldInfo) -> str:
    """The key of a field in a page, as its JSON Schema has it."""
    match field.validation_alias:
        case str() as alias:
            return alias
        case AliasChoices(choices=[str() as first, *_]):
            return first
        case _:
            return name


def keys(name: str, field: FieldInfo) -> set[str]:
    """Every key under which a client may send a field."""
    aliases = {name} | ({field.alias} if field.alias else set())
    match field.validation_alias:
        case str() as alias:
            aliases.add(alias)
        case AliasPath(path=path):
            aliases.add(str(path[0]))
        case AliasChoices(choices=choices):
            aliases |= {str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices}
        case _:
            pass
    return aliases


def under_submission_keys(dumped: Any, value: Any) -> Any:
    """The dump (by alias) of the value, as a page takes it: without computed fields, under the keys of submissions.

    What a serializer of the author wrote stays as it is.

    >>> from pydantic import Field
    >>> class Port(BaseModel):
    ...     vlan: int = Field(validation_alias="vlanId")
    >>> under_submission_keys([{"vlan": 10}], [Port(vlanId=10)])
    [{'vlanId': 10}]
    """
    if isinstance(value, RootModel):
        return under_submission_keys(dumped, value.root)
    match dumped, value:
        case dict(), BaseModel():
            return _of_model(dumped, value)
        case dict(), Mapping() if len(dumped) == len(value):
            pairs = zip(dumped.items(), value.values(), strict=True)
            return {key: under_submission_keys(item, original) for (key, item), original in pairs}
        case list() | tuple(), list() | tuple() if len(dumped) == len(value):
            return [under_submission_keys(item, original) for item, original in zip(dumped, value, strict=True)]
        case dict(), _ if dataclasses.is_dataclass(value):
            return {key: under_submission_keys(item, getattr(value, key, None)) for key, item in dumped.items()}
        case _:
            return dumped


def _of_model(dumped: dict[str, Any], model: BaseModel) -> dict[str, Any]:
    fields = {field.serialization_alias or name: (name, field) for name, field in type(model).model_fields.items()}
    computed = {field.alias or name for name, field in type(model).model_computed_fields.items()} - fields.keys()
    shown: dict[str, Any] = {}
    for key, item in dumped.items():
        if key in fields:
            name, field = fields[key]
            shown[submission_key(name, field)] = under_submission_keys(item, getattr(model, name))
        elif key not in computed:
            shown[key] = item
    return shown
