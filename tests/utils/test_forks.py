"""A forked child keeps no descriptor of a SQLite file, and harms none with what it inherited (SQLite)."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import SECONDS, environment_of
from support.database import sqlite_url

PROGRAM = """
import asyncio, gc, os, sqlite3, subprocess, sys
from pathlib import Path
from sqlalchemy import text
from orchestrator_gql.storage.database import connect

FILE = Path("orchestrator.db").resolve()

def execute(statement):
    return lambda conn: conn.execute(text(statement)) and None

def held():
    names = [os.path.realpath(path) for path in Path("/dev/fd").iterdir()]
    return [name for name in names if name.startswith(str(FILE))]

def forked(function):
    child = os.fork()
    if child == 0:
        try:
            function()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(child, 0)

def close_all():
    for driver in [item for item in gc.get_objects() if isinstance(item, sqlite3.Connection)]:
        try:
            driver.close()
        except sqlite3.Error as error:
            print(error)

def is_locked():
    other = "import sqlite3; sqlite3.connect('orchestrator.db', timeout=0).execute('BEGIN IMMEDIATE')"
    return "database is locked" in subprocess.run([sys.executable, "-c", other], capture_output=True, text=True).stderr

async def main():
    database = connect(sys.argv[1])
    await database.open()
    await database.transaction(execute("CREATE TABLE facts (fact INTEGER)"))
    {story}
    await database.transaction(execute("INSERT INTO facts VALUES (2)"))
    await database.close()
    with sqlite3.connect(FILE) as file:
        print(file.execute("SELECT fact FROM facts").fetchall(), *file.execute("PRAGMA integrity_check").fetchone())

asyncio.run(main())
"""

CHECKPOINTED = """await database.read(lambda conn: conn.exec_driver_sql("PRAGMA wal_checkpoint(FULL)").all())"""
IN_A_TRANSACTION = "await database.transaction(lambda conn: {} or None)"

STORIES = {
    "it keeps nothing": ("print(bool(held())); forked(lambda: print(held()))", ["True", "[]"]),
    "it closes all": ("forked(close_all); print(len(list(FILE.parent.glob('*.db*'))))", ["4"]),
    "it closes all when no commit is new": (
        f"{CHECKPOINTED}; forked(close_all); print(len(list(FILE.parent.glob('*.db*'))))",
        ["4"],
    ),
    "it is forked in a transaction": (
        IN_A_TRANSACTION.format("forked(held) or forked(gc.collect) or print(is_locked())"),
        ["True"],
    ),
}
"""What happens, and what is printed before the end."""


@pytest.mark.parametrize("story", STORIES)
def test_a_child_keeps_no_sqlite_file_and_harms_none(tmp_path: Path, story: str) -> None:
    text, lines = STORIES[story]

    done = subprocess.run(
        [
            sys.executable,
            "-u",  # a fork would print again what is not yet written
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            PROGRAM.replace("{story}", text),
            sqlite_url(tmp_path),
        ],
        cwd=tmp_path,
        env=environment_of({}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert (done.returncode, done.stdout.splitlines()) == (0, [*lines, "[(2,)] ok"]), done.stderr
