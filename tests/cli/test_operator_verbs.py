"""The operator's verbs from the terminal, against a server of its own."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import orchestrator, serving, until

from orchestrator_gql.cli.operator.verbs import print_result

FLOWS = """
from typing import Any

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.workflow import workflow


@step("Order")
def order(callback_routes: dict[str, str]):
    return None


@step("Order one")
def order_one(callback_route: str):
    return None


@step("Judge")
def judge(callback_result: Any):
    return None


@inputstep("Confirm")
def confirm(callback_result: Any):
    class Page(FormPage):
        result: ReadOnly[str] = "first line\\nsecond \\x1b[31mline"
        remark: str

    said = yield Page
    return {"remark": said.remark}


@workflow("One")
def one():
    return begin >> callback_step("Job", order_one, judge) >> confirm


@workflow("Two")
def two():
    return begin >> callback_step("Jobs", order, judge, expect=["ams-1", "ams-2"])
"""


START = """mutation($n: String!) { startWorkflow(input: {workflowName: $n}) {
  ... on StartWorkflowSuccess { process { id } } } }"""


class Site:
    """A server with the workflows, and the command beside it."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def ask(self, query: str, **variables: Any) -> Any:
        said = httpx.post(f"{self.address}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
        assert "errors" not in said, said
        return next(iter(said["data"].values()))

    def start(self, name: str, status: str = "AWAITING_CALLBACK") -> str:
        id: str = self.ask(START, n=name)["process"]["id"]
        self.reaches(id, status)
        return id

    def reaches(self, id: str, status: str) -> None:
        look = "query($id: ID!) { process(id: $id) { status } }"
        until(lambda: True if self.ask(look, id=id)["status"] == status else None)

    def says(self, *words: str) -> str:
        """What the command prints where it succeeds."""
        said = orchestrator(self.folder, *words, "--url", self.address)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def refuses(self, *words: str, code: int = 1) -> str:
        """The sentence that the command is refused with: 1 where the server says no, 2 where the command is wrong."""
        said = orchestrator(self.folder, *words, "--url", self.address)
        assert said.returncode == code, said.stderr
        return said.stderr


@pytest.fixture
def site(tmp_path: Path) -> Any:
    (tmp_path / "trouble.py").write_text(FLOWS)
    with serving(tmp_path, "--workflows", "trouble.py") as server:
        yield Site(tmp_path, server.address)


def test_what_waits_is_listed_and_helped_on_to_its_end(site: Site) -> None:
    nothing = site.says("waits")
    id = site.start("one")
    listed = site.says("waits")
    as_json = json.loads(site.says("waits", "--json"))
    none_overdue = site.says("waits", "--overdue")
    longer = site.says("reawait", id, "--for", "2h", "--reason", "slow today")
    again = site.says("reissue", id, "--reason", "lost")
    site.reaches(id, "AWAITING_CALLBACK")
    (site.folder / "result.json").write_text('{"return_code": 0}')
    completed = site.says("complete", id, "--result", "result.json", "--reason", "seen on the device")
    site.reaches(id, "SUSPENDED")
    shown = site.says("show", id)
    confirmed = site.says("confirm", id, "--set", "remark=looks good", "--yes")
    site.reaches(id, "COMPLETED")
    whole = json.loads(site.says("show", id, "--json"))

    assert nothing == "Nothing waits.\n"
    assert listed.startswith(f"{id}  one  callback, for ")
    assert "23 h left. It waits for a remote service to answer." in listed
    assert (as_json["kind"], as_json["process"]) == ("CALLBACK", id)
    assert none_overdue == "Nothing is overdue.\n"
    assert longer == f"{id} is AWAITING_CALLBACK\n"
    assert again.startswith(f"{id} is ") and completed.startswith(f"{id} is ")
    assert "is WITHDRAWN" in shown and "by operator" in shown and "issued 2 times" in shown
    assert "You may: abort, edit note, submit form" in shown
    assert "  result:\n    first line\n    second \\x1b[31mline\n  remark: looks good\n" in confirmed.lower()
    assert whole["status"] == "COMPLETED"


def test_each_refusal_is_a_sentence(site: Site) -> None:
    id, several = site.start("one"), site.start("two")
    (site.folder / "broken.json").write_text("{")

    assert "There is no process" in site.refuses("show", "01934c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f")
    assert "it asks nobody" in site.refuses("confirm", id, "--yes")
    assert "no delivery that can be adopted" in site.refuses("adopt", id, "--reason", "why not")
    assert "cannot be retried" in site.refuses("retry", id)
    assert "is not JSON" in site.refuses("complete", id, "--result", "broken.json", "--reason", "x", code=2)
    assert "cannot be read" in site.refuses("complete", id, "--result", "none.json", "--reason", "x", code=2)
    assert "It has several: name one of" in site.refuses("reissue", several, code=2)
    assert "is no time" in site.refuses("reawait", id, "--for", "soon", code=2)


def test_who_comes_second_is_told_who_was_first_and_when() -> None:
    said = print_result({"message": "It is decided.", "by": {"name": "Anna"}, "at": "2026-03-02T09:00:00+00:00"})

    assert re.fullmatch(r"It is decided\. \(by Anna at 2026-03-02 09:00:00 UTC\)", said)
    assert print_result({"message": "It is paused.", "by": None, "at": None}) == "It is paused."


def test_a_process_is_aborted_with_a_reason_that_the_audit_log_keeps(site: Site) -> None:
    id = site.start("one")

    said = site.says("abort", id, "--reason", "wrong site")
    (entry,) = site.ask('{ audit(filter: {actions: ["abortProcess"]}) { nodes { details actor { id } } } }')["nodes"]

    assert said == f"{id} is ABORTED\n"
    assert entry == {"details": {"reason": "wrong site"}, "actor": {"id": "local"}}


def test_a_form_is_not_submitted_where_nobody_can_be_asked_or_a_field_is_missing(site: Site) -> None:
    id = site.start("one")
    (site.folder / "result.json").write_text("1")
    site.says("complete", id, "--result", "result.json", "--reason", "seen")
    site.reaches(id, "SUSPENDED")

    assert "say --yes" in site.refuses("confirm", id, code=2)
    assert "/remark: " in site.refuses("confirm", id, "--yes")
    assert "is no NAME=VALUE" in site.refuses("confirm", id, "--set", "remark", "--yes", code=2)
    assert "--pages must be a JSON list" in site.refuses("confirm", id, "--pages", "{}", "--yes", code=2)
