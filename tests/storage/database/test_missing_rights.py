"""A right that the role of the servers lacks is an outage of the database with a reason, and never an internal error
(PostgreSQL)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, make_url
from support.database import PostgresServer
from support.playbooks import calls
from support.remote import Remote
from support.web import Site, site_of

from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.storage.database import connect, schema
from orchestrator_gql.storage.database.advice import RIGHTS
from orchestrator_gql.storage.database.rights import APPENDED, QUEUE_TABLES
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import SettingsError

TABLES = [*metadata.tables, *QUEUE_TABLES]
START = """mutation { startWorkflow(input: {workflowName: "run_playbook"}) {
  ... on StartWorkflowSuccess { process { id } } ... on UserError { code } } }"""

Execute = Callable[[str], None]


@contextmanager
def lacking(postgres: PostgresServer) -> Iterator[tuple[str, Execute]]:
    """The URL of a database for a role with all rights, and what changes them; SERVERS stands for its name."""
    role = f"servers_{uuid4().hex[:8]}"
    with postgres.database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

        def execute(statement: str) -> None:
            with psycopg.connect(plain, autocommit=True) as conn:
                conn.execute(statement.replace("SERVERS", role).encode())

        execute("CREATE ROLE SERVERS LOGIN PASSWORD 'secret-of-role'")
        for things in ("TABLES", "SEQUENCES"):
            execute(f"GRANT ALL ON ALL {things} IN SCHEMA public TO SERVERS")
        try:
            own = make_url(url).set(username=role, password="secret-of-role")
            yield own.render_as_string(hide_password=False), execute
        finally:
            execute("DROP OWNED BY SERVERS")
            execute("DROP ROLE SERVERS")


async def test_each_right_that_is_missing_is_named_and_none_that_is_not_needed(postgres: PostgresServer) -> None:
    found: dict[str, str] = {}
    with lacking(postgres) as (url, execute):
        database = connect(url)
        await database.open()
        try:
            await schema.prepare(database)
            sequences = await database.read(_sequences)
            needed = {(name, right) for name in TABLES for right in ("SELECT", "INSERT", "UPDATE", "DELETE")}
            needed -= {(name, right) for name in APPENDED for right in ("UPDATE", "DELETE")}
            needed |= {("audit", "UPDATE (seal)")}
            execute(f"REVOKE UPDATE, DELETE ON {', '.join(APPENDED)} FROM SERVERS")
            execute("GRANT UPDATE (seal) ON audit TO SERVERS")
            for name, right in [*sorted(needed), *((f"SEQUENCE {name}", "ALL") for name in sequences)]:
                execute(f"REVOKE {right} ON {name} FROM SERVERS")
                try:
                    await schema.prepare(database)
                except SettingsError as error:
                    found[f"{right} {name}"] = error.message
                execute(f"GRANT {right} ON {name} TO SERVERS")
            await schema.prepare(database)
        finally:
            await database.close()

    assert len(found) == len(needed) + len(sequences)
    assert all(name.split()[-1] in message and message.endswith(RIGHTS) for name, message in found.items())


def _sequences(conn: Connection) -> list[str]:
    """The sequences of columns that are no identity: an identity needs no right."""
    found = conn.exec_driver_sql(
        "SELECT c.relname FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'a' "
        "WHERE c.relkind = 'S' AND c.relname !~ 'procrastinate_(events|periodic)'"
    )
    return sorted(found.scalars())


ONLY_OF_STARTS = "the right to note a start for the search"

LACKS = {
    ONLY_OF_STARTS: "REVOKE INSERT ON unindexed_processes FROM SERVERS",
    "the right to write events": "REVOKE INSERT ON events FROM SERVERS",
    "the right to read the state of the engine": "REVOKE SELECT ON engine_state FROM SERVERS",
    "the right to write the audit log": "REVOKE INSERT ON audit FROM SERVERS",
    "a table": "ALTER TABLE idempotency_keys RENAME TO aside; ALTER TABLE timers RENAME TO aside_too; "
    "ALTER TABLE events RENAME TO aside_as_well",
    "a column": "ALTER TABLE events RENAME COLUMN payload TO aside",
}
BACK = {
    "a table": "ALTER TABLE aside RENAME TO idempotency_keys; ALTER TABLE aside_too RENAME TO timers; "
    "ALTER TABLE aside_as_well RENAME TO events",
    "a column": "ALTER TABLE events RENAME COLUMN aside TO payload",
}


@pytest.mark.parametrize("what", LACKS)
async def test_a_server_that_lacks_it_refuses_for_a_while_and_goes_on_by_itself(
    what: str, postgres: PostgresServer
) -> None:
    remote = Remote()
    with lacking(postgres) as (url, execute):
        async with site_of(url, calls(remote)) as site:
            waiting = await site.engine.start(calls(remote))
            await site.engine.reaches(waiting, ProcessStatus.AWAITING_CALLBACK)
            execute(LACKS[what])
            started = await _started(site)
            delivered = await site.http.post(route(waiting, remote.tokens[0]), json={"rc": 0})
            unready = await site.http.get("/health/ready")
            execute(BACK.get(what, "GRANT ALL ON ALL TABLES IN SCHEMA public TO SERVERS"))
            again = await site.http.post(route(waiting, remote.tokens[0]), json={"rc": 0})
            await site.engine.reaches(waiting, ProcessStatus.COMPLETED)
            ready = await site.http.get("/health/ready")

    assert started == "STORAGE_UNAVAILABLE"
    expected = (200, None) if what == ONLY_OF_STARTS else (503, "5")
    assert (delivered.status_code, delivered.headers.get("retry-after")) == expected
    assert (again.status_code, again.json()["status"]) == (200, "accepted")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    if "right" in what:
        assert (unready.status_code, unready.json()["status"]) == (503, "storage-unavailable")
        assert LACKS[what].split()[3] in unready.json()["detail"]


async def _started(site: Site) -> str:
    response = await site.http.post("/graphql", json={"query": START})
    (error,) = response.json()["errors"]
    return str(error["extensions"]["code"])
