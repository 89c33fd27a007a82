"""`orchestrator-gql schema`: the GraphQL schema as text."""

import json
from pathlib import Path

from graphql import build_schema, introspection_from_schema

from orchestrator_gql.graphql.schema import printed
from orchestrator_gql.utils.errors import SettingsError


def schema(output: Path | None, *, is_json: bool = False) -> None:
    """Print the schema, or write it to the file."""
    text = printed().rstrip("\n")
    if is_json:
        text = json.dumps({"data": introspection_from_schema(build_schema(text))})
    if output is None:
        print(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The schema cannot be written to {str(output)!r}: {error.strerror}.") from error
