"""JSON: strict reading of bodies, exact storage, and conversion of Python values that authors return.

Each name is imported at its first use: the command line needs the reading only, and converting needs pydantic.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from orchestrator_gql.utils.json.authors import json_dumps, json_loads
    from orchestrator_gql.utils.json.boundary import to_json
    from orchestrator_gql.utils.json.reading import read, read_lenient
    from orchestrator_gql.utils.json.text import Json, bounded, canonical, copied, decode, encode, preview

__all__ = [
    "Json",
    "bounded",
    "canonical",
    "copied",
    "decode",
    "encode",
    "json_dumps",
    "json_loads",
    "preview",
    "read",
    "read_lenient",
    "to_json",
]

_MODULES = {
    "json_dumps": "authors",
    "json_loads": "authors",
    "read": "reading",
    "read_lenient": "reading",
    "to_json": "boundary",
}
"""The module of each name that is not in `text`."""


def __getattr__(name: str) -> typing.Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'text')}")
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
