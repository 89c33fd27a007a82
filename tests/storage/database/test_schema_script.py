"""The tables of a new SQLite file are those that the migrations make, and a server makes them without Alembic."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_gql.storage.database import schema
from orchestrator_gql.testing.engine import blank
from scripts.write_schema import by_migrations, script_of

START = "import sys; from orchestrator_gql.testing.engine import blank; blank(); assert 'alembic' not in sys.modules"


def tables(path: Path) -> dict[str, list[str]]:
    """Each table and index with the lines of its definition; Alembic writes constraints in any order."""
    with closing(sqlite3.connect(path)) as conn:
        rows = conn.execute("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    return {name: _in_order(sql) for name, sql in rows}


def _in_order(sql: str) -> list[str]:
    lines = [line.strip(" \t,") for line in sql.splitlines()]
    return sorted(lines, key=lambda line: line if line.startswith("CONSTRAINT") else "")


def rows(path: Path) -> list[str]:
    """The rows that are in the tables from the beginning."""
    with closing(sqlite3.connect(path)) as conn:
        return sorted(statement for statement in conn.iterdump() if statement.startswith("INSERT"))


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """A file that the migrations made."""
    by_migrations(path := tmp_path / "migrated.db")
    return path


def test_the_script_makes_what_the_migrations_make(tmp_path: Path, migrated: Path) -> None:
    (scripted := tmp_path / "scripted.db").write_bytes(blank())

    assert tables(scripted) == tables(migrated), "run `make schema`"
    assert rows(scripted) == rows(migrated)


def test_the_script_is_of_the_newest_migration() -> None:
    assert f"""INSERT INTO "alembic_version" VALUES('{schema.HEAD}');""" in schema.SCRIPT.read_text(), (
        "run `make schema`"
    )


def test_a_migration_that_is_newer_than_the_script_follows_it(
    tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_migrations(older := tmp_path / "older.db", until="0015")
    (script := tmp_path / "older.sql").write_text(script_of(older))
    monkeypatch.setattr(schema, "SCRIPT", script)
    (made := tmp_path / "made.db").write_bytes(blank.__wrapped__())

    assert tables(made) == tables(migrated)


def test_a_new_server_on_sqlite_does_not_import_alembic() -> None:
    subprocess.run([sys.executable, "-c", START], check=True, timeout=60)
