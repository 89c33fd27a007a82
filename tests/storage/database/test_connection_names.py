"""`pg_stat_activity` shows what each of our connections is for, and a name of the user's own wins (PostgreSQL)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from support.command_line import FLOWS, SECONDS, running, until
from support.database import PostgresServer

from orchestrator_gql.storage.database import connect

ADDRESS = ("--port", "0", "--workflows", "flows")

SERVERS = {
    "api": (("serve", "--role", "api"), {"orchestrator-gql api", "orchestrator-gql api wake-ups"}),
    "all": (
        ("serve",),
        {"orchestrator-gql all", "orchestrator-gql all wake-ups", "orchestrator-gql all queue"},
    ),
    "worker": (
        ("worker", "--public-url", "http://api"),
        {"orchestrator-gql worker", "orchestrator-gql worker wake-ups", "orchestrator-gql worker queue"},
    ),
}


@pytest.fixture
def url(postgres: PostgresServer, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "flows.py").write_text(FLOWS)
    with postgres.database() as new:
        yield new


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _shown(url: str) -> set[str]:
    """The names of all other connections to this database."""
    with psycopg.connect(_plain(url)) as conn:
        others = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
        return {name for (name,) in conn.execute(others, [conn.info.backend_pid])}


@pytest.mark.parametrize("role", SERVERS)
def test_each_connection_of_a_server_has_a_name(tmp_path: Path, url: str, role: str) -> None:
    command, names = SERVERS[role]
    with running(tmp_path, *command, *ADDRESS, "--database", url):
        until(lambda: _shown(url) == names or None)  # a connection that is being opened has no name yet


@pytest.mark.parametrize("role", SERVERS)
def test_a_name_in_the_environment_replaces_ours(tmp_path: Path, url: str, role: str) -> None:
    command, _ = SERVERS[role]
    with running(tmp_path, *command, *ADDRESS, "--database", url, PGAPPNAME="site-7") as server:
        until(lambda: "is running" in server.out.read_text() or None)
        assert _shown(url) == {"site-7"}


@pytest.mark.parametrize(
    ("command", "options"), [("migrate", ()), ("prune", ("--older-than", "30", "--yes")), ("audit", ("verify",))]
)
def test_a_command_has_a_name(tmp_path: Path, url: str, command: str, options: tuple[str, ...]) -> None:
    with psycopg.connect(_plain(url)) as lock:
        lock.execute("LOCK TABLE alembic_version")  # the command waits, so that its connection can be looked at
        with running(tmp_path, command, *options, "--database", url) as running_command:
            try:
                until(lambda: _shown(url) - {""} or None)
                assert _shown(url) - {""} == {f"orchestrator-gql {command}"}
            finally:
                lock.rollback()
            assert running_command.process.wait(SECONDS) == 0, running_command.err.read_text()


QUERIES = {
    "none": ({}, "", "orchestrator-gql api"),
    "application_name": ({"application_name": "mine"}, "", "mine"),
    "fallback_application_name": ({"fallback_application_name": "mine"}, "", "mine"),
    "options": ({"options": "-c application_name=mine"}, "", "mine"),
    "PGAPPNAME": ({}, "mine", "mine"),
    "PGAPPNAME and application_name": ({"application_name": "mine"}, "other", "mine"),
}


@pytest.mark.parametrize("kind", QUERIES)
async def test_a_name_of_the_user_wins_on_each_connection(url: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query, variable, name = QUERIES[kind]
    if variable:
        monkeypatch.setenv("PGAPPNAME", variable)
    database = connect(make_url(url).update_query_dict(query).render_as_string(hide_password=False), "api")
    await database.open()
    try:
        for read in (database.transaction, database.read, database.read_current):
            assert await read(_own_name) == name
        of_authors = await asyncio.to_thread(database.read_here, _own_name)
        assert of_authors == ("mine" if query or variable else "orchestrator-gql api author-reads")
    finally:
        await database.close()


def _own_name(conn: Connection) -> str:
    return str(conn.execute(text("SELECT current_setting('application_name')")).scalar_one())


async def test_what_the_url_says_about_connections_replaces_our_own(url: str) -> None:
    """The time limit of a connection, for example, that an administrator chose."""

    def idle(conn: Connection) -> int:
        return int(conn.connection.driver_connection.info.get_parameters()["keepalives_idle"])  # type: ignore[union-attr]

    database = connect(make_url(url).update_query_dict({"keepalives_idle": "77"}).render_as_string(hide_password=False))
    await database.open()
    try:
        for read in (database.transaction, database.read, database.read_current):
            assert await read(idle) == 77
        assert await asyncio.to_thread(database.read_here, idle) == 77
    finally:
        await database.close()
