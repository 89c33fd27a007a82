"""A command on a database of another schema says what to do, and changes nothing."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from support.command_line import FLOWS, orchestrator
from support.database import PostgresServer, new_sqlite_url

NEWER, OLDER = "9999", "0001"

SERVE = ("serve", "--workflows", "flows", "--port", "0")
WORKER = ("worker", "--workflows", "flows", "--public-url", "http://api")
MIGRATE = ("migrate",)
COUNT = ("prune", "--older-than", "1", "--dry-run")
PRUNE = ("prune", "--older-than", "1", "--yes")

ON_SQLITE = [SERVE, MIGRATE, COUNT, PRUNE]
ON_POSTGRES = [SERVE, WORKER, MIGRATE, COUNT, PRUNE]


@pytest.fixture(autouse=True)
def flows(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)


@contextmanager
def sqlite_at(folder: Path, version: str) -> Iterator[str]:
    """The URL of a SQLite file that says this version."""
    url = new_sqlite_url(folder)
    assert orchestrator(folder, "migrate", "--database", url).returncode == 0
    file = make_url(url).database or ""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))
    yield url
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(version,)]


@contextmanager
def postgres_at(postgres: PostgresServer, version: str) -> Iterator[str]:
    """The URL of a PostgreSQL database that says this version."""
    with postgres.database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            conn.execute("UPDATE alembic_version SET version_num = %s", (version,))
            yield url
            assert conn.execute("SELECT version_num FROM alembic_version").fetchall() == [(version,)]


def refusal(folder: Path, *arguments: str) -> str:
    """The only line that the refused command printed to standard error."""
    result = orchestrator(folder, *arguments)
    assert result.returncode == 2, result.stderr
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", ON_SQLITE, ids=" ".join)
def test_an_older_release_refuses_a_newer_sqlite_file_and_says_what_to_do(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    with sqlite_at(tmp_path, NEWER) as url:
        line = refusal(tmp_path, *command, "--database", url)

    assert "run the newer release, or restore the backup from before the upgrade" in line


@pytest.mark.parametrize("command", ON_POSTGRES, ids=" ".join)
def test_an_older_release_refuses_a_newer_postgres_database_and_says_what_to_do(
    command: tuple[str, ...], tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres_at(postgres, NEWER) as url:
        line = refusal(tmp_path, *command, "--database", url)

    assert "run the newer release, or restore the backup from before the upgrade" in line


@pytest.mark.parametrize("command", [COUNT, PRUNE], ids=" ".join)
def test_prune_does_not_migrate_the_file_of_an_older_server(command: tuple[str, ...], tmp_path: Path) -> None:
    with sqlite_at(tmp_path, OLDER) as url:
        line = refusal(tmp_path, *command, "--database", url)

    assert "run `orchestrator-gql migrate` first" in line


def test_two_migrations_at_once_both_succeed(tmp_path: Path, postgres: PostgresServer) -> None:
    """As if two containers start with the command."""
    with postgres.database(is_migrated=False) as url:
        command = [sys.executable, "-m", "orchestrator_gql", "migrate", "--database", url]
        both = [
            subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        errors = [one.communicate(timeout=60)[1] for one in both]

    assert [one.returncode for one in both] == [0, 0], errors


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    url = new_sqlite_url(tmp_path)
    command = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    command += "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
    command += "from orchestrator_gql.cli.main import main; sys.exit(main(['migrate', '--database', sys.argv[1]]))"
    result = subprocess.run(
        [sys.executable, "-c", command, url], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("orchestrator-gql: The database cannot be migrated")
    assert "disk" in result.stderr.splitlines()[-1]
