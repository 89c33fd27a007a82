"""`prune` through a server and in a database itself: it shows, asks and deletes, and a killed run goes on (SQLite)."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from signal import SIGHUP, SIGINT, SIGTERM, Signals
from subprocess import PIPE
from typing import Any

import pytest
from support.command_line import SECONDS, orchestrator, serving, started, until
from support.database import new_sqlite_url, sqlite_url
from support.old_processes import ENDED, Maker, Old
from support.traces import ids_of, named, traces

from orchestrator_gql.cli import prune
from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.config.database_url import file_name
from orchestrator_gql.storage.database import connect

KEY = "a key of the deployment"


def test_a_server_shows_asks_deletes_and_says_when(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        to = ("--url", server.address)
        started = [orchestrator(tmp_path, "start", "greeting", "--yes", *to).stdout.split()[0] for _ in range(2)]
        without_days = orchestrator(tmp_path, "prune", *to)
        dry = orchestrator(tmp_path, "prune", "--older-than", "0", "--dry-run", *to)
        refused = orchestrator(tmp_path, "prune", "--older-than", "0", *to)
        beside = orchestrator(tmp_path, "prune", "--older-than", "0", "--database", new_sqlite_url(tmp_path))
        others = orchestrator(tmp_path, "prune", "--older-than", "0", "--target", "VALIDATE", "--json", "--yes", *to)
        done = orchestrator(tmp_path, "prune", "--older-than", "0", "--json", "--yes", *to)
        again = orchestrator(tmp_path, "prune", "--older-than", "0", "--yes", *to)
        listed = orchestrator(tmp_path, "audit", "list", "--action", "pruneProcesses", *to)
        verified = orchestrator(tmp_path, "audit", "verify", *to)
        tailed = orchestrator(tmp_path, "tail", "--process", started[0], *to)
        unknown = orchestrator(tmp_path, "tail", "--process", "0193b0c4-7d1e-7c3a-9c8e-2f0a1b2c3d4e", *to)

    assert len(started) == 2
    assert (without_days.returncode, without_days.stdout) == (2, "")
    assert "give a number of days, or set ORCHESTRATOR_RETENTION_DAYS" in without_days.stderr
    assert dry.returncode == 0
    assert "2  COMPLETED  SYSTEM  since 20" in dry.stdout
    assert dry.stdout.endswith("2 processes may go, unless something living needs them.\n")
    assert (refused.returncode, refused.stderr) == (1, "Nothing was deleted. Add --yes to delete these 2 processes.\n")
    assert beside.returncode == 2
    assert "Another server" in beside.stderr and "prune --url" in beside.stderr
    assert json.loads(others.stdout)["processes"] == 0
    assert json.loads(done.stdout) == {
        "dryRun": False,
        "processes": 2,
        "counts": [{"status": "COMPLETED", "target": "SYSTEM", "processes": 2}],
        "kept": {},
        "notifications": 0,
    }
    assert (again.returncode, again.stdout) == (0, "0 processes deleted.\n")
    assert listed.stdout.count("(removed)") == 2 and "processes=2" in listed.stdout
    assert verified.returncode == 0, verified.stdout
    assert tailed.returncode == 2 and f"Process {started[0]} was removed by retention" in tailed.stderr
    assert unknown.returncode == 2 and "There is no process 0193b0c4" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--older-than", "x"], "'x' is not a number of days from 0 to 36,500"),
        (["--older-than", "-1"], "'-1' is not a number of days"),
        (["--older-than", "nan"], "'nan' is not a number of days"),
        (["--status", "RUNNING"], "'RUNNING' is none of COMPLETED, ABORTED, FAILED."),
        (["--target", "validates"], "'validates' is none of CREATE, MODIFY"),
        (["--older-than", "1", "--database", "sqlite+aiosqlite:///none.db"], "There is no database 'none.db'."),
        (["--url", "http://127.0.0.1:1", "--database", "sqlite+aiosqlite:///none.db"], "not both"),
        (["--older-than", "1", "--url", "http://127.0.0.1:1"], "The server cannot be reached"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, arguments: list[str], message: str) -> None:
    refused = orchestrator(tmp_path, "prune", *arguments)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "none.db").exists()


def made(url: str) -> list[Old]:
    """Store processes of the past two years."""

    async def make() -> list[Old]:
        database = connect(url)
        await database.open()
        try:
            now, key = datetime.now(UTC), KEY.encode()
            return await database.transaction(lambda conn: Maker(conn, Random(7), now, key).make(60))
        finally:
            await database.close()

    return asyncio.run(make())


def left(url: str, old: list[Old]) -> tuple[set[str], list[tuple[str, str]]]:
    """The processes that are there, and the traces of the others."""

    async def look() -> tuple[set[str], list[tuple[str, str]]]:
        database = connect(url)
        await database.open()
        try:
            ids = await database.read(lambda conn: ids_of(conn, [process.id for process in old]))
            there = {str(id) for id in await database.read(lambda conn: named(conn, ids))}
            gone = [process.id for process in old if str(process.id) not in there]
            return there, await database.read(lambda conn: traces(conn, gone) if gone else [])
        finally:
            await database.close()

    return asyncio.run(look())


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_killed_run_leaves_whole_processes_and_the_next_run_goes_on(tmp_path: Path, side: str) -> None:
    url = sqlite_url(tmp_path)
    old = made(url)
    arguments = ("prune", "--older-than", "100", "--yes", "--json", "--database", url)
    point = f"{side} engine.retention._Batch.delete:2"

    killed = orchestrator(tmp_path, *arguments, ORCHESTRATOR_AUDIT_KEY=KEY, ORCHESTRATOR_FAILPOINT=point)
    there, _ = left(url, old)
    done = orchestrator(tmp_path, *arguments, ORCHESTRATOR_AUDIT_KEY=KEY)
    after, found = left(url, old)

    may_go = {
        str(process.id)
        for process in old
        if process.status in ENDED and process.age > 100 and not (process.is_needed or process.was_given_up)
    }
    assert killed.returncode == 137
    assert done.returncode == 0, done.stderr
    assert len(after) < len(there) < len(old)
    assert {str(process.id) for process in old} - after == may_go
    assert found == []


SLOW = """
import asyncio, signal, sys
from pathlib import Path
from orchestrator_gql.cli import prune_database

prune, begun = prune_database.prune, []

async def slow(*arguments):
    begun.append(None)
    if len(begun) > 1:
        Path("stuck").touch()
        await asyncio.sleep(600)
    return await prune(*arguments)

prune_database.prune, prune_database.SECONDS = slow, 0.0
"""
"""The second request does not end, as if it deleted much."""

IN_BACKGROUND = "signal.signal(signal.SIGINT, signal.SIG_IGN)"


@pytest.mark.parametrize(
    ("number", "code", "shell"),
    [(SIGINT, 130, ""), (SIGTERM, 143, ""), (SIGHUP, 129, ""), (SIGTERM, 143, IN_BACKGROUND)],
)
def test_a_signal_ends_a_run_which_says_what_is_gone(tmp_path: Path, number: Signals, code: int, shell: str) -> None:
    url = sqlite_url(tmp_path)
    old = made(url)
    arguments = ("prune", "--older-than", "100", "--yes", "--json", "--database", url)
    settings = {"ORCHESTRATOR_AUDIT_KEY": KEY}

    with started(
        arguments, settings, change=SLOW + shell, cwd=tmp_path, stdout=PIPE, stderr=PIPE, text=True
    ) as command:
        until(lambda: (tmp_path / "stuck").exists() or None)
        command.send_signal(number)
        out, err = command.communicate(timeout=SECONDS)
    there, found = left(url, old)

    assert (command.returncode, out, found) == (code, "", [])
    gone = len(old) - len(there)
    assert gone > 0
    assert err == (
        f"orchestrator-gql: Not finished. {gone} or more processes are deleted, each as a whole. Run the command again "
        "to delete the rest.\n"
    )


def test_another_audit_key_deletes_nothing_and_says_why(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    old = made(url)

    refused = orchestrator(tmp_path, "prune", "--older-than", "100", "--yes", ORCHESTRATOR_DATABASE_URL=url)

    assert refused.returncode == 0
    assert "stay: its entries in the audit log were changed, or ORCHESTRATOR_AUDIT_KEY is another" in refused.stdout
    assert refused.stdout.endswith("\n0 processes deleted.\n")
    assert len(left(url, old)[0]) == len(old)


def answers(*ends: str | None, has_more: bool) -> list[dict[str, Any]]:
    """Answers to requests that met their limit among processes that stay, at these cursors; the last may be the end."""
    rest = {"counts": [], "kept": [{"reason": "needed", "processes": 2}], "notifications": 0, "hasMore": True}
    found: list[dict[str, Any]] = [{**rest, "endCursor": end} for end in ends]
    found[-1]["hasMore"] = has_more
    return found


def test_many_processes_that_stay_are_not_taken_for_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "BUSY_SECONDS", 0.0)
    ready = answers(*map(str, range(100)), has_more=False)
    asked: list[Any] = []

    def ask(wish: dict[str, Any]) -> dict[str, Any]:
        asked.append(wish["after"])
        return ready[len(asked) - 1]

    done = prune._delete(ask, {}, 0)

    assert asked == [None, *map(str, range(99))]
    assert done.kept == {"needed": 200}


@pytest.mark.parametrize("before", [[], ["x"]])
def test_another_run_is_named_when_a_request_looks_at_nothing(
    monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    monkeypatch.setattr(prune, "BUSY_SECONDS", 0.0)
    ready = answers(*before, *[*before, None][:1] * 40, has_more=True)

    with pytest.raises(OperationRefused, match="Another run deletes processes"):
        prune._delete(lambda _: ready.pop(0), {}, 0)


@pytest.mark.parametrize(
    ("error", "finished", "says"),
    [
        (KeyboardInterrupt(), 1, "Not finished. 3 or more processes are deleted"),
        (KeyboardInterrupt(), 0, "Not finished. Some processes may be deleted"),
        (OperationRefused("gone"), 1, "Not finished. 3 or more processes are deleted"),
        (OperationRefused("gone"), 0, ""),
    ],
)
def test_a_run_that_ends_early_says_what_is_gone(
    capsys: pytest.CaptureFixture[str], error: BaseException, finished: int, says: str
) -> None:
    first = {"counts": [{"status": "ABORTED", "target": "SYSTEM", "processes": 3, "oldest": None}], "kept": []}
    ready = [{**first, "notifications": 0, "hasMore": True, "endCursor": "x"}] * finished

    def ask(_: dict[str, Any]) -> dict[str, Any]:
        if not ready:
            raise error
        return ready.pop()

    with pytest.raises(type(error)):
        prune._delete(ask, {}, 5)

    printed = capsys.readouterr()
    assert printed.out == ""
    assert says in printed.err
    assert bool(says) == bool(printed.err)


def test_the_setting_says_what_may_go(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    old = made(url)
    settings = {"ORCHESTRATOR_DATABASE_URL": url, "ORCHESTRATOR_RETENTION_DAYS": '{"ABORTED": 50}'}

    dry = orchestrator(tmp_path, "prune", "--json", "--dry-run", ORCHESTRATOR_AUDIT_KEY=KEY, **settings)

    counted = json.loads(dry.stdout)
    assert counted["processes"] == sum(1 for process in old if process.status == "ABORTED" and process.age > 50)
    assert {count["status"] for count in counted["counts"]} == {"ABORTED"}


def test_a_workflow_without_processes_in_the_database_is_named_and_is_no_error(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    made(url)
    with sqlite3.connect(file_name(url)) as conn:
        (known,) = conn.execute("SELECT workflow_name FROM processes LIMIT 1").fetchone()
    to = ("prune", "--older-than", "1", "--dry-run", "--json", "--database", url)

    found = orchestrator(tmp_path, *to, "--workflow", known, ORCHESTRATOR_AUDIT_KEY=KEY)
    misspelt = orchestrator(tmp_path, *to, "--workflow", f"{known}x", known, ORCHESTRATOR_AUDIT_KEY=KEY)

    assert (found.returncode, found.stderr) == (0, "")
    assert misspelt.returncode == 0 and misspelt.stdout == found.stdout
    assert misspelt.stderr.startswith(f"No process has the workflow '{known}x'. Did you mean {known!r}")
