"""The operator's verbs against a real server."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import orchestrator, serving, until

from orchestrator_gql.cli.operator.mutations import verb_refusal

FLOWS = """
from typing import Any

from orchestrator_gql import begin, callback_step, inputstep, step, wait_until
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

    answer = yield Page
    return {"remark": answer.remark}


@workflow("One")
def one():
    return begin >> callback_step("Job", order_one, judge) >> confirm


@workflow("Later")
def later():
    return begin >> wait_until("Wait for the night", lambda: "2100-01-01T22:00:00+01:00")


@workflow("Guarded", lock="node:ams-1", on_locked="queue")
def guarded():
    return begin >> callback_step("Job", order_one, judge) >> confirm


@workflow("Two")
def two():
    return begin >> callback_step("Jobs", order, judge, expect=["ams-1", "ams-2"])


@workflow("Silent")
def silent():
    jobs = callback_step("Jobs", order, judge, expect=["ams-1", "ams-2"], timeout=0.5, on_timeout="operator")
    return begin >> callback_step("Job", order_one, judge) >> jobs
"""


START = """mutation($n: String!) { startWorkflow(input: {workflowName: $n}) {
  ... on StartWorkflowSuccess { process { id } } } }"""


class Site:
    """A server with the workflows, and the command line."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def ask(self, query: str, **variables: Any) -> Any:
        response = httpx.post(
            f"{self.address}/graphql", json={"query": query, "variables": variables}, timeout=30
        ).json()
        assert "errors" not in response, response
        return next(iter(response["data"].values()))

    def start(self, name: str, status: str = "AWAITING_CALLBACK") -> str:
        id: str = self.ask(START, n=name)["process"]["id"]
        self.wait_for_status(id, status)
        return id

    def wait_for_status(self, id: str, status: str) -> None:
        look = "query($id: ID!) { process(id: $id) { status } }"
        until(lambda: True if self.ask(look, id=id)["status"] == status else None)

    def output(self, *words: str) -> str:
        """The output of the command, which must succeed."""
        result = orchestrator(self.folder, *words, "--url", self.address)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refuses(self, *words: str, code: int = 1) -> str:
        """The sentence of a refused command; code 1: the server refuses, 2: the command is wrong."""
        result = orchestrator(self.folder, *words, "--url", self.address)
        assert result.returncode == code, result.stderr
        return result.stderr


@pytest.fixture
def site(tmp_path: Path) -> Any:
    (tmp_path / "trouble.py").write_text(FLOWS)
    with serving(tmp_path, "--workflows", "trouble.py") as server:
        yield Site(tmp_path, server.address)


def test_waits_for_a_time_a_lock_and_a_service_are_listed_with_their_reasons(site: Site) -> None:
    later, holder = site.start("later", "WAITING"), site.start("guarded")
    queued = site.start("guarded", "WAITING")
    every = [json.loads(line) for line in site.output("waits", "--json").splitlines()]
    lines = site.output("waits").splitlines()
    kinds = {kind: site.output("waits", "--kind", kind) for kind in ("time", "lock", "callback", "form")}
    mine = site.output("waits", "--mine")
    none_overdue = site.output("waits", "--overdue")
    refused = site.refuses("waits", "--kind", "person", code=2)
    for words in (("--mine",), ("--assignee", "NOC")):
        assert "leave --kind lock out" in site.refuses("waits", "--kind", "lock", *words, code=2)
    listed = site.output("processes", "--status", "WAITING")

    assert {(wait["kind"], wait["process"]) for wait in every} == {
        ("TIME", later),
        ("LOCK", queued),
        ("CALLBACK", holder),
    }
    assert [line.split()[0] for line in lines] == [holder, later, queued], "those without an end are the last"
    assert re.search(
        r"later  its time, for \d+ s, in \d+ d.* 'Wait for the night' waits for its time\. "
        r"It goes on at 2100-01-01 21:00:00 UTC\.",
        lines[1],
    )
    assert "guarded  its lock, for " in lines[2] and holder in lines[2]
    assert [kinds[kind].split()[0] for kind in ("time", "lock", "callback")] == [later, queued, holder]
    assert kinds["form"] == "Nothing waits for a form.\n"
    assert mine == "Nothing waits that you may answer.\n"
    assert none_overdue == "Nothing is overdue.\n"
    assert "person" in refused
    assert "(waits for its lock)" in listed


def test_a_waiting_process_is_listed_and_brought_to_its_end(site: Site) -> None:
    nothing = site.output("waits")
    id = site.start("one")
    listed = site.output("waits")
    as_json = json.loads(site.output("waits", "--json"))
    none_overdue = site.output("waits", "--overdue")
    longer = site.output("reawait", id, "--for", "2h", "--reason", "slow today")
    again = site.output("reissue", id, "--reason", "lost")
    site.wait_for_status(id, "AWAITING_CALLBACK")
    (site.folder / "result.json").write_text('{"return_code": 0}')
    completed = site.output("complete", id, "--result", "result.json", "--reason", "seen on the device")
    site.wait_for_status(id, "SUSPENDED")
    shown = site.output("show", id)
    confirmed = site.output("confirm", id, "--set", "remark=looks good", "--yes")
    site.wait_for_status(id, "COMPLETED")
    whole = json.loads(site.output("show", id, "--json"))

    assert nothing == "Nothing waits.\n"
    assert listed.startswith(f"{id}  one  callback, for ")
    assert "1 d left. It waits for a remote service to answer." in listed
    assert (as_json["kind"], as_json["process"]) == ("CALLBACK", id)
    assert none_overdue == "Nothing is overdue.\n"
    assert longer == f"{id} is AWAITING_CALLBACK\n"
    assert again.startswith(f"{id} is ") and completed.startswith(f"{id} is ")
    assert "is WITHDRAWN" in shown and "by operator" in shown and "issued 2 times" in shown
    assert "You may: abort, confirm; and edit its note on the dashboard" in shown
    assert "  result:\n    first line\n    second \\x1b[31mline\n  remark: looks good\n" in confirmed.lower()
    assert whole["status"] == "COMPLETED"


def test_a_process_that_waits_for_its_window_goes_on_at_once_with_a_reason(site: Site) -> None:
    id = site.start("later", "WAITING")
    shown = site.output("show", id)
    refused = site.refuses("continue", id, code=2)
    done = site.output("continue", id, "--reason", "the customer agreed")
    site.wait_for_status(id, "COMPLETED")
    (entry,) = site.ask('{ audit(filter: {actions: ["continueProcess"]}) { nodes { details } } }')["nodes"]

    assert re.search(
        r"'Wait for the night' waits for its time\. \(\d+ d.* left, until 2100-01-01 21:00:00 UTC\)", shown
    )
    assert "You may: abort, continue; and edit its note on the dashboard" in shown
    assert "--reason" in refused
    assert done.startswith(f"{id} is ")
    assert entry["details"] == {"reason": "the customer agreed", "until": "2100-01-01T21:00:00+00:00"}
    refused = site.refuses("continue", id, "--reason", "again")
    assert "waits at a step of wait_until can be continued: this process is COMPLETED." in refused


def test_null_is_typed_in_as_a_result(site: Site) -> None:
    id = site.start("one")
    (site.folder / "null.json").write_text("null\n")

    site.output("complete", id, "--result", "null.json", "--reason", "the service answers nothing")
    site.wait_for_status(id, "SUSPENDED")

    assert json.loads(site.output("show", id, "--json"))["callbacks"][0]["status"] == "VALIDATED"


def test_each_refusal_is_a_sentence(site: Site) -> None:
    id, several = site.start("one"), site.start("two")
    (site.folder / "broken.json").write_text("{")

    assert "There is no process" in site.refuses("show", "01934c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f")
    assert "it asks nobody" in site.refuses("confirm", id, "--yes")
    assert "no delivery that can be adopted" in site.refuses("adopt", id, "--reason", "why not")
    assert "cannot be retried" in site.refuses("retry", id)
    assert "broken.json: The text is not JSON" in site.refuses(
        "complete", id, "--result", "broken.json", "--reason", "x", code=2
    )
    for text in ("none.json", '{"ok": true}'):
        assert "--result names a file" in site.refuses("complete", id, "--result", text, "--reason", "x", code=2)
    assert "give --name with one of ams-1 (PENDING), ams-2 (PENDING)." in site.refuses("reissue", several, code=2)
    assert "No callback has the name 'ams-3': they are ams-1, ams-2." in site.refuses(
        "reawait", several, "--name", "ams-3", "--for", "1h", code=2
    )
    assert "the step has one callback, and it has no name" in site.refuses("reissue", id, "--name", "ams-1", code=2)
    assert "is not a duration" in site.refuses("reawait", id, "--for", "soon", code=2)


def test_missing_results_are_typed_in_by_name_or_all_at_once_in_the_form(site: Site) -> None:
    (site.folder / "result.json").write_text("1")
    typed = ("--result", "result.json", "--reason", "seen")
    by_name, by_form = [site.start("silent") for _ in range(2)]
    for id in (by_name, by_form):
        site.output("complete", id, *typed)
        site.wait_for_status(id, "SUSPENDED")

    guessed = site.refuses("complete", by_name, *typed, code=2)
    site.output("complete", by_name, "--name", "ams-2", *typed)
    site.wait_for_status(by_name, "SUSPENDED")
    site.output("complete", by_name, *typed)  # one is left
    pages = [{"answer": "complete"}, {"result_1": "2", "result_2": "3", "reason": "seen"}]
    site.output("confirm", by_form, "--pages", json.dumps(pages), "--yes")

    for id in (by_name, by_form):
        site.wait_for_status(id, "COMPLETED")
    assert "give --name with one of ams-1 (EXPIRED), ams-2 (EXPIRED)." in guessed


def text_of(response: dict[str, object]) -> str:
    """The sentence about a refusal."""
    return str(verb_refusal(response))


def test_the_second_person_learns_who_was_first_and_when() -> None:
    message = text_of({"message": "It is decided.", "by": {"name": "Anna"}, "at": "2026-03-02T09:00:00+00:00"})

    assert re.fullmatch(r"It is decided\. \(by Anna at 2026-03-02 09:00:00 UTC\)", message)
    assert text_of({"message": "It is paused.", "by": None, "at": None}) == "It is paused."


def test_a_refusal_gives_each_fact_once() -> None:
    id, at = "01a22e2c-d313-7482-be49-4ff14756c4c5", "2026-03-02T09:00:00+00:00"
    first = {"by": {"name": "Anna"}, "at": at, "conflictingProcess": {"id": id}}
    whole = f"'node:ams-1' is held by process {id}, started by Anna at 2026-03-02 09:00:00 UTC: wait until it ends."

    assert text_of({"message": whole, **first}) == whole
    assert text_of({"message": f"Anna has it. It is in process {id}.", **first}).endswith(
        "(at 2026-03-02 09:00:00 UTC)"
    )
    assert text_of({"message": "No.", **first}) == f"No. (by Anna at 2026-03-02 09:00:00 UTC) (process {id})"


def test_a_process_is_aborted_with_a_reason_that_the_audit_log_keeps(site: Site) -> None:
    id = site.start("one")

    message = site.output("abort", id, "--reason", "wrong site")
    (entry,) = site.ask('{ audit(filter: {actions: ["abortProcess"]}) { nodes { details actor { id } } } }')["nodes"]

    assert message == f"{id} is ABORTED\n"
    assert entry == {"details": {"reason": "wrong site"}, "actor": {"id": "local"}}


def test_a_form_is_not_submitted_without_a_terminal_or_with_a_missing_field(site: Site) -> None:
    id = site.start("one")
    (site.folder / "result.json").write_text("1")
    site.output("complete", id, "--result", "result.json", "--reason", "seen")
    site.wait_for_status(id, "SUSPENDED")

    assert "give --yes" in site.refuses("confirm", id, code=2)
    assert "Remark: " in site.refuses("confirm", id, "--yes")
    assert "is no NAME=VALUE" in site.refuses("confirm", id, "--set", "remark", "--yes", code=2)
    assert "--pages must be a JSON list" in site.refuses("confirm", id, "--pages", "{}", "--yes", code=2)
