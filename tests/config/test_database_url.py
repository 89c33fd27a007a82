"""The URL of a database: what it names, and which URLs are refused."""

from pathlib import Path

import pytest

from orchestrator_gql.config.database_url import file_name, url_of
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.utils.errors import SettingsError


@pytest.mark.parametrize(
    "name",
    [
        "a.db",
        "/var/lib/a.db",
        "../a.db",
        "a#1.db",
        "a?mode=memory",
        "a%20b%2Fc%",
        " a b ",
        "ü.db",
        "file:a.db",
        ":memory:",
    ],
)
def test_everything_after_the_third_slash_is_the_name_of_the_file(name: str) -> None:
    url = read_settings(database_url=f"sqlite+aiosqlite:///{name}").database_url

    assert file_name(url) == name
    assert file_name(url_of(Path(name))) == name


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "it must start with"),
        ("sqlite:///a.db", "it must start with"),
        ("mysql://me@host/a", "it must start with"),
        ("sqlite+aiosqlite:a.db", "is not a complete URL"),
        ("sqlite+aiosqlite://a.db", "is not a complete URL"),
        ("sqlite+aiosqlite://host/a.db", "is not a complete URL"),
        ("sqlite+aiosqlite://", "is not a complete URL"),
        ("sqlite+aiosqlite:///", "is not a complete URL"),
        ("sqlite+aiosqlite:///a\0.db", "has a NUL character"),
        ("postgresql+psycopg://me@host", "is not a complete URL"),
        ("postgresql+psycopg://me@host:port/a", "is not a complete URL"),
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"ORCHESTRATOR_DATABASE_URL.*{reason}"):
        read_settings(database_url=url)
