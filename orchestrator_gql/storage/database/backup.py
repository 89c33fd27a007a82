"""Makes a consistent copy of the SQLite file while the server writes to it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from orchestrator_gql.utils.errors import SettingsError


def back_up(url: str, target: Path) -> Path:
    """Copy the file of the URL to ``target``, which must not exist, and return the path of the source file.

    The copy contains every commit that was durable when the copy began, and no later commit. Raises `SettingsError`
    if the URL is not of SQLite, or if either file cannot be opened.
    """
    source = _source(url)
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # as private as the original
    except FileExistsError:
        raise SettingsError(f"{str(target)!r} exists already: a backup overwrites nothing.") from None
    except OSError as error:
        raise SettingsError(f"{str(target)!r} cannot be written: {error.strerror}.") from error
    try:
        _copy(source, target)
    except sqlite3.Error as error:
        target.unlink()
        raise SettingsError(f"{str(source)!r} cannot be copied: {error}.") from error
    return source


def _source(url: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise SettingsError(
            "Only a SQLite file is copied here; for PostgreSQL, take pg_dump or a backup of the server."
        )
    path = Path(parsed.database or "")
    if not path.is_file():
        raise SettingsError(f"There is no database {str(path)!r} to copy.")
    return path


def _copy(source: Path, target: Path) -> None:
    # The connection is separate and only reads. One step copies all pages: between two steps the server could commit,
    # and SQLite would start the copy again, without end on a busy server. In WAL mode a long read blocks no writer.
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        reader.backup(writer, pages=-1)
