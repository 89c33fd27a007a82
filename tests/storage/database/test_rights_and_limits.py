"""A server works with the least rights of the page, and with too few connections it says so (PostgreSQL)."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import URL, make_url
from support.command_line import FLOWS, SECONDS, Running, get, orchestrator, running, until
from support.database import PostgresServer
from support.tree import ROOT

from orchestrator_gql.storage.database import connect, schema
from orchestrator_gql.storage.database.advice import TOO_FEW, advice
from orchestrator_gql.utils.errors import SettingsError

PAGE = (ROOT / "docs/howto/deploy-on-postgresql.md").read_text()
OF_SUPERUSER, IN_DATABASE, *_ = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)

RUN = 'mutation { startWorkflow(input: {workflowName: "greeting"}) { ... on StartWorkflowSuccess { process { id } } } }'
ENDED = "{ processes { nodes { status } } }"


class Roles:
    """A database and the two roles that the SQL of the page has made, with names of this test."""

    def __init__(self, superuser: URL, names: dict[str, str]) -> None:
        self.superuser, self.names = superuser, names

    def url(self, role: str) -> str:
        """The URL of the database for this role of the page."""
        passwords = {"orchestrator_owner": "PASSWORD-OF-OWNER", "orchestrator": "PASSWORD-OF-SERVERS"}
        url = self.superuser.set(drivername="postgresql+psycopg", username=self.names[role], password=passwords[role])
        return url.render_as_string(hide_password=False)

    def execute(self, statements: str) -> None:
        """Execute statements of the page as its superuser."""
        renamed = re.sub(r"\borchestrator(_owner)?\b", lambda word: self.names[word[0]], statements)
        with psycopg.connect(self.superuser.render_as_string(hide_password=False), autocommit=True) as conn:
            for statement in filter(str.strip, renamed.split(";")):
                conn.execute(statement.encode())


@pytest.fixture
def roles(postgres: PostgresServer, tmp_path: Path) -> Iterator[Roles]:
    (tmp_path / "flows.py").write_text(FLOWS)
    with postgres.database(is_migrated=False) as url, _roles(make_url(url)) as made:
        yield made


@contextmanager
def _roles(any_url: URL) -> Iterator[Roles]:
    names = {name: f"{name}_{uuid4().hex[:8]}" for name in ("orchestrator", "orchestrator_owner")}
    superuser = any_url.set(drivername="postgresql")
    maker = Roles(superuser, names)
    maker.execute(OF_SUPERUSER)
    made = Roles(superuser.set(database=names["orchestrator"]), names)
    try:
        made.execute(IN_DATABASE)
        yield made
    finally:
        maker.execute("DROP DATABASE orchestrator WITH (FORCE)")
        maker.execute("DROP ROLE orchestrator; DROP ROLE orchestrator_owner")


def _completes(server: Running) -> bool | None:
    statuses = httpx.post(server.address + "/graphql", json={"query": ENDED}, trust_env=False).json()
    return ("COMPLETED" in json.dumps(statuses)) or None


def test_the_rights_of_the_page_suffice_and_are_no_more(tmp_path: Path, roles: Roles) -> None:
    of_servers, of_owner = roles.url("orchestrator"), roles.url("orchestrator_owner")
    early = orchestrator(tmp_path, "migrate", "--database", of_servers)
    migrated = orchestrator(tmp_path, "migrate", "--database", of_owner)
    assert migrated.returncode == 0, migrated.stderr
    with running(tmp_path, "serve", "--workflows", "flows", "--port", "0", "--database", of_servers) as server:
        httpx.post(server.address + "/graphql", json={"query": RUN}, trust_env=False, timeout=SECONDS)
        until(lambda: _completes(server))
        assert server.end() == 0
    pruned = orchestrator(tmp_path, "prune", "--older-than", "0", "--yes", "--database", of_servers)

    assert (early.returncode, len(early.stderr.splitlines())) == (2, 1)
    assert "permission denied" in early.stderr and "as the owner of the tables" in early.stderr
    assert "1 process deleted" in pruned.stdout, pruned.stderr
    with (
        psycopg.connect(of_servers.replace("+psycopg", ""), autocommit=True) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute("CREATE TABLE more (id int)")


def test_a_server_without_rights_is_refused_with_the_remedy(tmp_path: Path, roles: Roles) -> None:
    assert orchestrator(tmp_path, "migrate", "--database", roles.url("orchestrator_owner")).returncode == 0
    roles.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM orchestrator")
    words = ("serve", "--workflows", "flows", "--port", "0", "--database", roles.url("orchestrator"))
    refused = orchestrator(tmp_path, *words)

    assert refused.returncode == 2
    assert "permission denied for table alembic_version. Grant the role of the servers its rights" in refused.stderr


def test_too_few_connections_are_named_and_the_server_heals(tmp_path: Path, roles: Roles) -> None:
    assert orchestrator(tmp_path, "migrate", "--database", roles.url("orchestrator_owner")).returncode == 0
    words = ("serve", "--workflows", "flows", "--port", "0", "--database", roles.url("orchestrator"))
    with running(tmp_path, *words) as server:
        ready = server.address + "/health/ready"
        until(lambda: get(ready).status_code == 200 or None)
        roles.execute("ALTER ROLE orchestrator CONNECTION LIMIT 0")
        sessions = (
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{roles.names['orchestrator']}'"
        )
        roles.execute(sessions)
        body = until(lambda: ((found := get(ready)).status_code == 503 and found.json()) or None)
        roles.execute("ALTER ROLE orchestrator CONNECTION LIMIT 1")
        refused = orchestrator(tmp_path, *words)
        roles.execute("ALTER ROLE orchestrator CONNECTION LIMIT -1")
        until(lambda: get(ready).status_code == 200 or None)

    assert body == {"status": "storage-unavailable", "detail": TOO_FEW}
    assert refused.returncode == 2
    assert TOO_FEW in refused.stderr


@pytest.mark.parametrize(
    "reason",
    [
        'FATAL:  too many connections for role "orchestrator"',
        'FATAL:  too many connections for database "orchestrator"',
        "FATAL:  sorry, too many clients already",
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
    ],
)
def test_each_sentence_of_postgresql_about_too_few_connections_has_advice(reason: str) -> None:
    assert advice(reason) == TOO_FEW


@pytest.mark.parametrize(
    ("encoding", "is_refused"), [("UTF8", False), ("SQL_ASCII", False), ("LATIN1", True), ("EUC_JP", True)]
)
async def test_an_encoding_that_cannot_store_every_text_is_refused(
    encoding: str, is_refused: bool, postgres: PostgresServer
) -> None:
    options = f"TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
    with postgres.database(is_migrated=False) as url:
        name = make_url(url).database
        plain = make_url(url).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            conn.execute(f'DROP DATABASE "{name}"')
            conn.execute(f'CREATE DATABASE "{name}" {options}')
        database = connect(url)
        await database.open()
        try:
            if is_refused:
                for attempt in (schema.prepare, schema.migrate):
                    with pytest.raises(SettingsError, match=f"has the encoding {encoding}"):
                        await attempt(database)
            else:
                await schema.migrate(database)
                await schema.prepare(database)
        finally:
            await database.close()


@pytest.mark.parametrize("version", ["abc", "0012ab34cd56", "1f", "00221", "22"])
async def test_the_version_of_another_application_is_refused(version: str, postgres: PostgresServer) -> None:
    with postgres.database(is_migrated=False) as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            conn.execute("CREATE TABLE alembic_version (version_num varchar(32))")
            conn.execute("INSERT INTO alembic_version VALUES (%s)", (version,))
        database = connect(url)
        await database.open()
        try:
            for attempt in (schema.prepare, schema.migrate):
                with pytest.raises(SettingsError, match="another application has this database"):
                    await attempt(database)
        finally:
            await database.close()


async def test_an_older_postgresql_is_refused(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "OLDEST_POSTGRES", 99)
    with postgres.database() as url:
        database = connect(url)
        await database.open()
        try:
            for attempt in (schema.prepare, schema.migrate):
                with pytest.raises(SettingsError, match=r"is PostgreSQL \d+\.\d+; PostgreSQL 99 or newer is needed"):
                    await attempt(database)
        finally:
            await database.close()
