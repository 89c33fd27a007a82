"""The URL of the database; in a SQLite URL, everything after the third slash is the name of the file."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

SQLITE = "sqlite+aiosqlite:///"
POSTGRES = "postgresql+psycopg:"


def checked(url: str) -> str:
    """The same URL. Raises `ValueError` if it is of another database, or names no database."""
    if not url.startswith((SQLITE.rstrip("/"), POSTGRES)):
        scheme = url.partition(":")[0]
        raise ValueError(f"starts with {scheme!r}; it must start with 'sqlite+aiosqlite:' or '{POSTGRES}'")
    if "\0" in url:
        raise ValueError("has a NUL character, which no name of a file or a database contains")
    if not (file_name(url) if is_sqlite(url) else _is_whole(url)):
        raise ValueError(
            f"is not a complete URL; it looks like {SQLITE}FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        )
    return url


def is_sqlite(url: str) -> bool:
    """True if the database is an SQLite file."""
    return url.startswith("sqlite")


def file_name(url: str) -> str:
    """The name of the SQLite file, "" if the URL has none.

    The name is used as it is written: `#`, `?` and `%` are parts of it. If they had a meaning, as in other URLs, two
    names of files could become one, and a user would have to know which characters to escape.
    """
    return url.removeprefix(SQLITE) if url.startswith(SQLITE) else ""


def url_of(file: Path) -> str:
    """The URL of the SQLite file."""
    return f"{SQLITE}{file}"


def _is_whole(url: str) -> bool:
    try:
        return bool(make_url(url).database) and "://" in url
    except (ArgumentError, ValueError):
        return False
