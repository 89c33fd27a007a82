"""A child that is forked while a connection to PostgreSQL is opened does not keep its session (PostgreSQL)."""

import asyncio
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest
from sqlalchemy import Connection, func, make_url, select, text
from support.command_line import SECONDS, environment_of, until
from support.database import PostgresServer

from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.connection_arguments import connection_arguments
from orchestrator_gql.storage.database.own_connections import OwnConnection
from orchestrator_gql.storage.database.prepared import Prepared

EXECUTIONS = 8
"""More than those after which a statement is prepared, by us and by psycopg."""

_one = Prepared(select(func.now()))

PROGRAM = """
import asyncio, os, signal, sys, time
from pathlib import Path
import psycopg
from orchestrator_gql.storage.database import own_connections
from orchestrator_gql.storage.database.own_connections import OwnConnection, connect_own

FORKS = int(sys.argv[2])
children = []

def fork():
    if len(children) < FORKS:
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
        children.append(child)

async_connect, sync_connect = psycopg.AsyncConnection.connect.__func__, psycopg.connect

async def forking(cls, *arguments, **options):
    connection = await async_connect(cls, *arguments, **options)
    fork()
    return connection

def forking_too(*arguments, **options):
    connection = sync_connect(*arguments, **options)
    fork()
    return connection

psycopg.AsyncConnection.connect, psycopg.connect = classmethod(forking), forking_too

async def in_asyncio():
    connection = await OwnConnection.connect(sys.argv[1])
    await connection.execute("SELECT 1")
    return connection

def in_a_thread():
    connection = connect_own(conninfo=sys.argv[1])
    connection.execute("SELECT 1")
    return connection

{connect}
Path("new").write_text(" ".join(map(str, children)))
os.rename("new", "children")
os.kill(os.getpid(), signal.SIGKILL)
"""

WAYS = {"asyncio": "kept = asyncio.run(in_asyncio())", "a thread": "kept = in_a_thread()"}


@pytest.mark.parametrize("forks", [1, 3])
@pytest.mark.parametrize("way", WAYS)
def test_a_child_keeps_no_session_that_was_opened_while_it_was_forked(
    tmp_path: Path, postgres: PostgresServer, way: str, forks: int
) -> None:
    program = PROGRAM.replace("{connect}", WAYS[way])
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with postgres.database() as url, psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        command = [sys.executable, "-W", "ignore", "-c", program, url.replace("+psycopg", ""), str(forks)]
        done = subprocess.run(command, cwd=tmp_path, env=environment_of({}), timeout=SECONDS, check=False)
        children = [int(child) for child in (tmp_path / "children").read_text().split()]
        try:
            assert (done.returncode, len(children)) == (-SIGKILL, forks)
            until(lambda: conn.execute(others).fetchone() == (0,) or None)
            for child in children:
                os.kill(child, 0)  # it lives
        finally:
            for child in children:
                os.kill(child, SIGKILL)


NOT_YET_COUNTED = """
import os, signal, sys, threading, time
from pathlib import Path

has_forked, may_count = threading.Event(), threading.Event()

def wait():
    has_forked.set()
    may_count.wait(60)

os.register_at_fork(after_in_parent=wait)  # before ours: it runs first

import psycopg
from orchestrator_gql.storage.database.own_connections import connect_own

children, connect = [], psycopg.connect

def fork():
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    children.append(child)

thread = threading.Thread(target=fork)

def forking(*arguments, **options):
    if has_forked.is_set():  # a second connection, in place of the first
        may_count.set()
        thread.join()
    connection = connect(*arguments, **options)
    if not has_forked.is_set():
        thread.start()
        has_forked.wait()
    return connection

psycopg.connect = forking
kept = connect_own(conninfo=sys.argv[1])
may_count.set()
thread.join()
Path("new").write_text(" ".join(map(str, children)))
os.rename("new", "children")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_fork_that_is_not_yet_counted_counts(tmp_path: Path, postgres: PostgresServer) -> None:
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with postgres.database() as url, psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        command = [sys.executable, "-W", "ignore", "-c", NOT_YET_COUNTED, url.replace("+psycopg", "")]
        subprocess.run(command, cwd=tmp_path, env=environment_of({}), timeout=SECONDS, check=False)
        (child,) = map(int, (tmp_path / "children").read_text().split())
        try:
            until(lambda: conn.execute(others).fetchone() == (0,) or None, seconds=SECONDS / 4)
            os.kill(child, 0)  # it lives
        finally:
            os.kill(child, SIGKILL)


@pytest.mark.parametrize("threshold", [None, "none", "0"])
async def test_the_url_says_whether_statements_are_prepared(postgres: PostgresServer, threshold: str | None) -> None:
    """``none`` is for a pooler that lends a session to several servers."""

    def count(conn: Connection) -> int:
        for _ in range(EXECUTIONS):
            _one.all(conn, {})
            conn.execute(select(func.version()))
        return int(conn.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())

    with postgres.database() as plain:
        query = {"prepare_threshold": threshold} if threshold else {}
        url = make_url(plain).update_query_dict(query).render_as_string(hide_password=False)
        database = connect(url)
        await database.open()
        try:
            for way in (database.transaction, database.read, database.read_current):
                assert (await way(count) > 0) == (threshold != "none")
            assert (await asyncio.to_thread(partial(database.read_here, count)) > 0) == (threshold != "none")
        finally:
            await database.close()
        async with await OwnConnection.connect(**connection_arguments(url)) as connection:
            assert (connection.prepare_threshold is None) == (threshold == "none")
