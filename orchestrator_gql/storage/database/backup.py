"""A consistent copy of the SQLite file, made while the server writes to it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from orchestrator_gql.utils.errors import SettingsError


def back_up(url: str, target: Path) -> Path:
    """Copy the file of the URL to ``target``, which must not exist, and return the file that was copied.

    The copy holds every commit that was durable when the copying began, and nothing of a later one. Raises
    `SettingsError` where the URL is another database's, or either file cannot be had.
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
    wanted = make_url(url)
    if wanted.get_backend_name() != "sqlite":
        raise SettingsError(
            "Only a SQLite file is copied here; for PostgreSQL, take pg_dump or a backup of the server."
        )
    path = Path(wanted.database or "")
    if not path.is_file():
        raise SettingsError(f"There is no database {str(path)!r} to copy.")
    return path


def _copy(source: Path, target: Path) -> None:
    # A connection of its own that only reads. All pages go in one step: between steps the server could commit, and
    # SQLite would begin the copy anew, for ever on a busy one. In WAL mode the long read holds no writer up.
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing, pages=-1)
