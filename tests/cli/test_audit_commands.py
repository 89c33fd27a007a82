"""The audit commands against a real server."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import Running, orchestrator, serving, until

from orchestrator_gql.cli.audit import listing

KEY = "a key of the deployment"
START = """mutation { startWorkflow(input: {workflowName: "greeting", note: "hi"}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
NEWEST = "{ audit(first: 1) { nodes { seal } } }"


class Site:
    """A server with three entries in its audit log, and the command line."""

    def __init__(self, folder: Path, server: Running) -> None:
        self.folder, self.server, self.address = folder, server, server.address
        self.ids = [self.ask(START)["startWorkflow"]["process"]["id"] for _ in range(3)]
        until(lambda: self.ask(NEWEST)["audit"]["nodes"][0]["seal"])

    def ask(self, query: str) -> Any:
        response = httpx.post(f"{self.address}/graphql", json={"query": query}, timeout=30, trust_env=False).json()
        assert "errors" not in response, response
        return response["data"]

    def output(self, *words: str, code: int = 0, key: str | None = None) -> str:
        """The output of the command, which must end with ``code``."""
        environment = {"ORCHESTRATOR_AUDIT_KEY": key} if key else {}
        url = () if "--file" in words else ("--url", self.address)
        response = orchestrator(self.folder, "audit", *words, *url, **environment)
        assert response.returncode == code, response.stderr + response.stdout
        return response.stdout if code < 2 else response.stderr

    def change(self, statement: str) -> None:
        """Change the database file, as an attacker could."""
        with closing(sqlite3.connect(self.folder / "orchestrator.db", timeout=30)) as file, file:
            file.execute(statement)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path, ORCHESTRATOR_AUDIT_KEY=KEY) as server:
        yield Site(tmp_path, server)


def test_the_log_is_listed_verified_and_exported(site: Site) -> None:
    listed = site.output("list").splitlines()
    filtered = site.output("list", "--process", site.ids[1], "--action", "startWorkflow", "--json")
    no_entries = site.output("list", "--action", "abortProcess")
    verified = site.output("verify")
    anchor = verified.splitlines()[1].removeprefix("Anchor: ")
    again = site.output("verify", "--anchor", anchor)
    exported = site.output("export", "--output", "audit.ndjson")
    to_stdout = site.output("export")
    offline = site.output("verify", "--file", "audit.ndjson", "--anchor", anchor, key=KEY)

    assert len(listed) == 3
    details = (
        f"Local operator  startWorkflow  {site.ids[2]} greeting  workflow=greeting  from 127.0.0.1 by graphql/none"
    )
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC  {details}", listed[0])
    assert len(json.loads(filtered)["details"]["pages_digest"]) == 64
    assert json.loads(filtered)["process"]["id"] == site.ids[1]
    assert no_entries == "Nothing was decided.\n"
    assert verified.startswith("The audit log is whole: 3 entries.\nAnchor: ")
    assert again == verified == offline
    assert exported == ""
    assert to_stdout == (site.folder / "audit.ndjson").read_text()
    assert (site.folder / "audit.ndjson").stat().st_mode & 0o777 == 0o600
    assert (
        f"audit sealed  seq={anchor.partition(':')[0]} digest={anchor.partition(':')[2]}" in site.server.err.read_text()
    )


def test_a_policy_is_listed_as_the_decider(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    details = {"verdict": "APPROVED", "policy": "is_short", "shown_digest": "0" * 64, "comment": None}
    entry = {"at": "2026-03-02T10:00:00+01:00", "action": "autoConfirm", "actor": None, "details": details}
    monkeypatch.setattr(listing, "all_nodes", lambda *_: iter([{**entry, "process": None}]))

    listing.show("http://nowhere")

    assert capsys.readouterr().out == "2026-03-02 09:00:00 UTC  policy is_short  autoConfirm  -  verdict=APPROVED\n"


def test_a_changed_entry_is_named_with_the_reason(site: Site) -> None:
    anchor = site.output("verify").splitlines()[1].removeprefix("Anchor: ")
    site.output("export", "--output", "before.ndjson")
    site.change(f"UPDATE audit SET actor = 'mallory' WHERE chain = '{site.ids[1].replace('-', '')}'")
    edited = site.output("verify", code=1)
    site.output("export", "--output", "after.ndjson")
    offline = site.output("verify", "--file", "after.ndjson", key=KEY, code=1)
    site.change("DELETE FROM audit")
    without_entries = site.output("verify", code=1)
    site.change("DELETE FROM audit_seals")
    without_seals = site.output("verify")
    with_anchor = site.output("verify", "--anchor", anchor, code=1)

    assert "its digest does not fit" in edited
    assert f"number 1 about process {site.ids[1]}: startWorkflow by mallory at " in edited
    assert "its digest does not fit" in offline and f"process {site.ids[1]}: startWorkflow by mallory" in offline
    assert "covers, is missing" in without_entries
    assert without_seals == "The audit log is whole: 0 entries.\n"
    assert with_anchor.endswith(f"Seal {anchor.partition(':')[0]}, whose digest was noted down, is missing.\n")
    assert "is whole" in site.output("verify", "--file", "before.ndjson", key=KEY)


def test_the_log_of_a_backup_is_verified_without_a_server(site: Site) -> None:
    orchestrator(site.folder, "backup", "copy.db")
    site.change("UPDATE audit SET actor = 'Somebody else' WHERE seq = 1")
    orchestrator(site.folder, "backup", "changed.db")

    def verified(name: str, *words: str, key: str = KEY) -> "subprocess.CompletedProcess[str]":
        database = ("--database", f"sqlite+aiosqlite:///{name}")
        return orchestrator(site.folder, "audit", "verify", *database, *words, ORCHESTRATOR_AUDIT_KEY=key)

    before = (site.folder / "copy.db").read_bytes()
    whole, changed, other_key = (
        verified("copy.db"),
        verified("changed.db"),
        verified("copy.db", key="another key of it"),
    )
    anchored = verified("copy.db", "--anchor", whole.stdout.splitlines()[1].removeprefix("Anchor: "))
    in_use, missing = verified("orchestrator.db"), verified("none.db")
    both = verified("copy.db", "--url", site.address)

    assert whole.stdout.startswith("The audit log is whole: 3 entries.")
    assert (whole.returncode, anchored.returncode) == (0, 0)
    assert (changed.returncode, other_key.returncode) == (1, 1)
    assert "startWorkflow by Somebody else" in changed.stdout
    assert [refused.returncode for refused in (in_use, missing, both)] == [2, 2, 2]
    assert "Or let that server verify its log: leave out --database." in in_use.stderr
    assert "There is no database 'none.db'" in missing.stderr
    assert "Name one of them to verify" in both.stderr
    assert (site.folder / "copy.db").read_bytes() == before
    assert sorted(path.name for path in site.folder.glob("copy.db*")) == ["copy.db", "copy.db.lock"]


def test_an_export_without_its_key_or_its_end_is_not_accepted_as_whole(site: Site) -> None:
    site.output("export", "--output", "audit.ndjson")
    lines = (site.folder / "audit.ndjson").read_bytes().splitlines(keepends=True)
    (site.folder / "cut.ndjson").write_bytes(b"".join(lines[:-1]))
    (site.folder / "broken.ndjson").write_bytes(b"{")

    assert "its digest does not fit" in site.output("verify", "--file", "audit.ndjson", code=1)
    assert "The export was cut off" in site.output("verify", "--file", "cut.ndjson", key=KEY, code=1)
    assert "line 1 does not belong to an export" in site.output("verify", "--file", "broken.ndjson", key=KEY, code=2)
    assert "cannot be read" in site.output("verify", "--file", "none.ndjson", key=KEY, code=2)
    assert "exists already" in site.output("export", "--output", "audit.ndjson", code=2)
    assert "cursor" in site.output("export", "--after", "x", code=2)
    assert "is not an anchor" in site.output("verify", "--anchor", "7", code=2)


def test_a_later_export_is_verified_only_together_with_the_earlier_export(site: Site) -> None:
    site.output("export", "--output", "first.ndjson")
    lines = (site.folder / "first.ndjson").read_text().splitlines()
    cursor = json.loads(lines[-1])["cursor"]
    seal = site.output("verify").splitlines()[1].removeprefix("Anchor: ").partition(":")[0]
    site.ask(START)
    until(lambda: site.ask(NEWEST)["audit"]["nodes"][0]["seal"])
    site.output("export", "--after", cursor, "--output", "second.ndjson")
    second = (site.folder / "second.ndjson").read_text()
    skipped = second.replace(f'"seq":{int(seal) + 1},', f'"seq":{int(seal) + 2},', 1)
    (site.folder / "gap.ndjson").write_text("".join(f"{line}\n" for line in lines[:-1]) + skipped)

    later_only = site.output("verify", "--file", "second.ndjson", key=KEY, code=2)
    swapped = site.output("verify", "--file", "second.ndjson", "first.ndjson", key=KEY, code=2)
    gap = site.output("verify", "--file", "gap.ndjson", key=KEY, code=1)
    both = site.output("verify", "--file", "first.ndjson", "second.ndjson", key=KEY)

    begins = f"second.ndjson begins at seal {int(seal) + 1}: give the files exported before it, too, in their order. "
    assert begins in later_only and begins in swapped and "If it was exported without --after, seal" in later_only
    assert f"Seal {int(seal) + 1} is missing before seal {int(seal) + 2}." in gap
    assert both.startswith("The audit log is whole: 4 entries.\n")
