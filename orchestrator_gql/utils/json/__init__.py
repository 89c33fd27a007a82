"""JSON as this house takes it: strict at the door, exact in storage, plain where a step hands over its result."""

from orchestrator_gql.utils.json.boundary import to_json
from orchestrator_gql.utils.json.reading import read, read_lenient
from orchestrator_gql.utils.json.text import Json, bounded, canonical, decode, encode, preview

__all__ = ["Json", "bounded", "canonical", "decode", "encode", "preview", "read", "read_lenient", "to_json"]
