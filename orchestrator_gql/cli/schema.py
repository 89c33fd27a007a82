"""`orchestrator-gql schema`: the GraphQL schema as text."""

from pathlib import Path

from orchestrator_gql.graphql.schema import printed
from orchestrator_gql.utils.errors import SettingsError


def schema(output: Path | None) -> None:
    """Print the schema, or write it to the file."""
    text = printed().rstrip("\n")
    if output is None:
        print(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The schema cannot be written to {str(output)!r}: {error.strerror}.") from error
