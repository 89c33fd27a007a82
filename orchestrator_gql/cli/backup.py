"""`orchestrator-gql backup`: copy the SQLite file."""

from pathlib import Path

from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.storage.database.backup import back_up


def backup(file: Path, *, database: str | None) -> None:
    """Copy the database to the file and print the size of the copy."""
    source = back_up(read_settings(database_url=database).database_url, file)
    print(f"Copied {source} to {file} ({file.stat().st_size:,} bytes).")
