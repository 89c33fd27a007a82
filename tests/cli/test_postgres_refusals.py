"""If a server or a worker cannot start on PostgreSQL, it ends with one sentence and exit code 2, never a trace."""

import subprocess
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from support.command_line import FLOWS, orchestrator
from support.database import PostgresServer

WORKFLOWS = ("--workflows", "flows", "--port", "0")


@pytest.fixture(autouse=True)
def flows(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)


def refusal(result: "subprocess.CompletedProcess[str]") -> str:
    """The only line that the command printed to standard error."""
    assert result.returncode == 2, result.stderr
    (line,) = result.stderr.splitlines()
    return line


def test_a_database_without_a_schema_is_refused_with_the_command_that_migrates_it(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres.database(is_migrated=False) as url:
        served = orchestrator(tmp_path, "serve", *WORKFLOWS, "--database", url)
        worker = orchestrator(tmp_path, "worker", *WORKFLOWS, "--database", url, "--public-url", "http://api")

    for line in map(refusal, (served, worker)):
        assert "The database has no tables yet" in line
        assert "run `orchestrator-gql migrate` first" in line


def test_a_worker_that_is_older_than_the_schema_refuses_to_start(tmp_path: Path, postgres: PostgresServer) -> None:
    with postgres.database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            conn.execute("UPDATE alembic_version SET version_num = '9999'")
        worker = orchestrator(tmp_path, "worker", *WORKFLOWS, "--database", url, "--public-url", "http://api")

    assert "newer than this release knows" in refusal(worker)


def test_a_read_only_database_is_named(tmp_path: Path, postgres: PostgresServer) -> None:
    with postgres.database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            conn.execute(f'ALTER DATABASE "{conn.info.dbname}" SET default_transaction_read_only = on')
        served = orchestrator(tmp_path, "serve", *WORKFLOWS, "--database", url)

    assert served.returncode == 2
    *log, line = served.stderr.splitlines()
    assert line.endswith("cannot be used: cannot execute UPDATE in a read-only transaction")
    assert [text for text in log if "the database is unavailable" not in text] == []


def test_a_role_on_sqlite_is_refused_with_its_requirements(tmp_path: Path) -> None:
    api = orchestrator(tmp_path, "serve", *WORKFLOWS, "--role", "api")
    worker = orchestrator(tmp_path, "worker", *WORKFLOWS, "--public-url", "http://api")

    for refused in (api, worker):
        assert refused.returncode == 2
        assert "ORCHESTRATOR_ROLE" in refused.stderr
        assert "PostgreSQL" in refused.stderr


def test_a_worker_needs_the_public_url_of_callbacks(tmp_path: Path) -> None:
    result = orchestrator(tmp_path, "worker", *WORKFLOWS, "--database", "postgresql+psycopg://nobody@127.0.0.1:1/none")

    assert result.returncode == 2
    assert "ORCHESTRATOR_PUBLIC_URL" in result.stderr
