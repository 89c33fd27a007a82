"""JSON: strict reading of bodies, exact storage, and conversion of Python values that authors return."""

from orchestrator_gql.utils.json.authors import json_dumps, json_loads
from orchestrator_gql.utils.json.boundary import to_json
from orchestrator_gql.utils.json.reading import read, read_lenient
from orchestrator_gql.utils.json.text import Json, bounded, canonical, decode, encode, preview

__all__ = [
    "Json",
    "bounded",
    "canonical",
    "decode",
    "encode",
    "json_dumps",
    "json_loads",
    "preview",
    "read",
    "read_lenient",
    "to_json",
]
