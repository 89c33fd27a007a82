"""The small commands: version, help, schema, migrate and backup."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.command_line import get, orchestrator, serving

from orchestrator_gql.cli.catalog import Entry, entries
from orchestrator_gql.cli.failure import REFUSED
from orchestrator_gql.cli.help_text import help_of, page_of
from orchestrator_gql.cli.main import main
from orchestrator_gql.version import __version__


def test_the_version_is_printed(tmp_path: Path) -> None:
    result = orchestrator(tmp_path, "--version")

    assert result.returncode == 0
    assert result.stdout == f"orchestrator-gql {__version__}\n"


def test_the_help_names_every_command(tmp_path: Path) -> None:
    result = orchestrator(tmp_path, "--help")

    assert result.returncode == 0
    for command in ("serve", "demo", "tail", "start", "pause", "resume", "migrate", "backup", "schema"):
        assert f"    {command} " in result.stdout


@pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: entry.name)
def test_the_help_of_a_command_that_calls_a_server_names_its_exit_codes(entry: Entry) -> None:
    text = help_of(entry.name.split(), columns=400)

    assert ("--url URL" in text) <= ("Exit code 0: " in text or "Exit code 1: " in text)


def test_an_unknown_command_is_refused_with_the_way_to_the_known_commands(tmp_path: Path) -> None:
    refused = orchestrator(tmp_path, "surf")

    assert refused.returncode == 2
    assert refused.stderr == 'orchestrator-gql: Unknown command "surf".\nSee `orchestrator-gql --help`.\n'


@pytest.mark.parametrize(
    "words", [("show",), ("confirm",), ("resend",), ("tail", "--process"), ("audit", "list", "--process")]
)
@pytest.mark.parametrize("text", ["8f3", "8f3g", "create_vpn", "", "019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e5"])
def test_what_is_no_id_and_no_short_id_is_refused(words: tuple[str, ...], text: str, capsys: Any) -> None:
    assert main([*words, text]) == REFUSED

    assert f"{text!r} is not an id. Give the id, or at least 4 digits of it" in capsys.readouterr().err


def test_the_schema_is_printed_or_written(tmp_path: Path) -> None:
    printed = orchestrator(tmp_path, "schema")
    written = orchestrator(tmp_path, "schema", "--output", "schema.graphql")

    assert printed.returncode == written.returncode == 0
    assert "type Subscription {" in printed.stdout
    assert (tmp_path / "schema.graphql").read_text() == printed.stdout


def test_a_schema_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    refused = orchestrator(tmp_path, "schema", "--output", "no/such/folder/schema.graphql")

    assert refused.returncode == 2
    assert "cannot be written to 'no/such/folder/schema.graphql'" in refused.stderr


def test_migrate_makes_the_tables_and_may_be_repeated(tmp_path: Path) -> None:
    first = orchestrator(tmp_path, "migrate")
    second = orchestrator(tmp_path, "migrate")

    assert first.stdout == second.stdout
    assert first.stdout.startswith("The database is at schema ")
    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as database:
        assert database.execute("SELECT count(*) FROM processes").fetchone() == (0,)


def test_migrate_leaves_a_newer_database_alone(tmp_path: Path) -> None:
    orchestrator(tmp_path, "migrate")
    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    refused = orchestrator(tmp_path, "migrate")

    assert refused.returncode == 2
    assert "newer than this release" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_backup_of_a_running_server_is_whole_private_and_can_be_served(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        done = orchestrator(tmp_path, "backup", "copy.db")

        assert done.returncode == 0, done.stderr
        assert get(server.address + "/health/ready").status_code == 200
    copy = tmp_path / "copy.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with serving(tmp_path, "--database", "sqlite+aiosqlite:///copy.db"):
        pass


def test_a_backup_holds_data_that_is_not_yet_in_the_main_file(tmp_path: Path) -> None:
    orchestrator(tmp_path, "migrate")
    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as server:
        server.execute("PRAGMA wal_autocheckpoint = 0")
        with server:
            server.execute("CREATE TABLE late (fact TEXT)")
            server.execute("INSERT INTO late VALUES ('in the log only')")

        orchestrator(tmp_path, "backup", "copy.db")

    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT fact FROM late").fetchone() == ("in the log only",)


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    orchestrator(tmp_path, "migrate")
    (tmp_path / "copy.db").write_text("the last good copy")

    refused = orchestrator(tmp_path, "backup", "copy.db")

    assert refused.returncode == 2
    assert "exists already" in refused.stderr
    assert (tmp_path / "copy.db").read_text() == "the last good copy"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite+aiosqlite:///none.db", "There is no database 'none.db'"),
        ("sqlite+aiosqlite:///broken.db", "'broken.db' cannot be copied: file is not a database"),
        ("postgresql+psycopg://me@127.0.0.1/x", "take pg_dump"),
    ],
)
def test_a_backup_that_cannot_be_made_says_why_and_leaves_nothing(tmp_path: Path, url: str, reason: str) -> None:
    (tmp_path / "broken.db").write_text("a text, not a database")

    refused = orchestrator(tmp_path, "backup", "copy.db", "--database", url)

    assert refused.returncode == 2
    assert reason in refused.stderr
    assert not (tmp_path / "copy.db").exists()


def test_every_command_uses_the_name_of_the_file_as_it_is_written(tmp_path: Path) -> None:
    name = "net #1?mode=memory&x=100%25é.db"
    url = f"sqlite+aiosqlite:///{name}"

    migrated = orchestrator(tmp_path, "migrate", ORCHESTRATOR_DATABASE_URL=url)
    with serving(tmp_path, "--database", url) as server:
        assert get(server.address + "/health/ready").status_code == 200
        banner = server.out.read_text()
        refused = orchestrator(tmp_path, "migrate", ORCHESTRATOR_DATABASE_URL=url)
        done = orchestrator(tmp_path, "backup", "copy #1?.db", "--database", url)

    assert migrated.returncode == 0, migrated.stderr
    assert f"Database   {name}\n" in banner
    assert f"works on {name!r}" in refused.stderr
    assert done.stdout.startswith(f"Copied {name} to copy #1?.db")
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(("net", "copy", "orch"))} == {
        name,
        f"{name}.lock",
        "copy #1?.db",
    }


def test_every_command_that_acts_takes_yes_and_no_other_does() -> None:
    options = {entry.name: {row.label for row in page_of(entry.name).options} for entry in entries()}
    with_yes = {name for name, labels in options.items() if "--yes" in labels}

    acting = {"start", "confirm", "claim", "release", "assign", "adopt", "reissue", "reawait", "complete", "retry"}
    assert acting | {"abort", "continue", "resend", "pause", "resume", "prune"} == with_yes
    assert {name for name, labels in options.items() if "--url URL" in labels} >= with_yes


SERVERS = {"serve", "worker", "demo", "completion"}
"""The commands whose output is for people, or for a shell."""


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_every_command_and_option_says_what_it_does_with_an_example(name: str) -> None:
    page = page_of(name)
    help_text = help_of(name.split(), 80)

    assert f"  orchestrator-gql {name}" in page.text
    assert all(row.text for row in (*page.arguments, *page.options)), page
    assert ("--json" in {row.label for row in page.options}) == (name not in SERVERS)
    assert max(map(len, help_text.splitlines())) <= 120
    assert "http://127.0.0.1:8000)" in " ".join(help_text.split()) or "--url" not in help_text


def test_a_password_in_the_address_of_the_server_is_never_printed(tmp_path: Path) -> None:
    url = "http://ada:s3cr3t@127.0.0.1:1"
    words = [("show", "--help"), ("waits",), ("waits", "--url", "ftp://ada:s3cr3t@x")]

    done = [orchestrator(tmp_path, *each, ORCHESTRATOR_URL=url, ORCHESTRATOR_TOKEN="t0ken") for each in words]

    assert [each.returncode for each in done] == [0, 2, 2]
    assert not any(secret in each.stdout + each.stderr for each in done for secret in ("s3cr3t", "t0ken"))
