"""People decide at their terminals, each signed in with a token; all tests share one server."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import orchestrator, serving, until
from support.sign_in import api_token, token_of
from support.terminal import Terminal, terminal

from orchestrator_gql.cli.client import authorization
from orchestrator_gql.cli.main import main
from orchestrator_gql.utils.errors import SettingsError

FLOWS = """
from typing import Any

from pydantic import Field

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, SubmitFormPage
from orchestrator_gql.workflow import workflow


class Change(FormPage):
    minutes: int = 30


class Where(FormPage):
    site: str


class When(SubmitFormPage):
    minutes: int = Field(ge=5, le=120)
    remark: str = "none"


@step("Draft")
def draft():
    return None


@inputstep("Approve", assignee=Assignee("NOC"), approvals=2, allow_self_approval=False, on_reject="Draft", due=7200)
def approve():
    answer = yield Change
    return {"minutes": answer.minutes}


@inputstep("Plan", assignee=Assignee("FIELD"))
def plan():
    where = yield Where
    when = yield When
    return {"site": where.site, "minutes": when.minutes, "remark": when.remark}


def ordering():
    where = yield Where
    when = yield When
    return {"site": where.site, "minutes": when.minutes, "remark": when.remark}


async def nobody(user):
    return False


@workflow("Order", initial_input_form=ordering)
def order():
    return begin >> draft


@workflow("Secret", authorize_callback=nobody)
def secret():
    return begin >> draft


@workflow("Change")
def change():
    return begin >> draft >> approve


@workflow("Survey")
def survey():
    return begin >> plan
"""
TEAMS = [{"key": "NOC", "name": "Network operations"}, {"key": "FIELD", "name": "Field engineers"}]
PEOPLE = {"ada": "NOC", "bob": "NOC", "cay": "NOC", "dan": "FIELD", "eve": "FIELD"}
START = """mutation($n: String!) { startWorkflow(input: {workflowName: $n}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
STATE = "query($id: ID!) { process(id: $id) { status state } }"
AT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


class Site:
    """A server that knows five people, and the command line of each person."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def ask(self, query: str, **variables: Any) -> Any:
        head = {"authorization": f"Bearer {token_of('ada')}"}
        body = {"query": query, "variables": variables}
        response = httpx.post(f"{self.address}/graphql", json=body, headers=head, timeout=30, trust_env=False).json()
        assert "errors" not in response, response
        return next(iter(response["data"].values()))

    def start(self, name: str) -> str:
        """Start a process as ada, and return its id as soon as its form is open."""
        id: str = self.ask(START, n=name)["process"]["id"]
        return self.wait_for_form(id)

    def wait_for_form(self, id: str) -> str:
        until(lambda: True if self.ask(STATE, id=id)["status"] == "SUSPENDED" else None)
        return id

    def final_state(self, id: str) -> Any:
        """Wait until the process is completed, and return its state."""
        return until(lambda: now["state"] if (now := self.ask(STATE, id=id))["status"] == "COMPLETED" else None)

    def output(self, who: str, *words: str, code: int = 0) -> str:
        """The output of the command for that person; the command must end with ``code``."""
        return self.runs(token_of(who), *words, code=code)

    def runs(self, token: str, *words: str, code: int) -> str:
        response = orchestrator(self.folder, *words, "--url", self.address, ORCHESTRATOR_TOKEN=token)
        assert response.returncode == code, response.stdout + response.stderr
        assert not token or token not in response.stdout + response.stderr
        return response.stderr if code else response.stdout

    def runs_in_process(self, who: str, *words: str, code: int = 1) -> str:
        """As `output`, but without a subprocess, which is faster."""
        with ExitStack() as stack:
            stack.enter_context(pytest.MonkeyPatch.context()).setenv("ORCHESTRATOR_TOKEN", token_of(who))
            out, err = (
                stack.enter_context(redirect_stdout(StringIO())),
                stack.enter_context(redirect_stderr(StringIO())),
            )
            assert main([*words, "--url", self.address]) == code, err.getvalue()
        return err.getvalue() if code else out.getvalue()

    def at_terminal(self, who: str, *words: str) -> AbstractContextManager[Terminal]:
        """Run the command in a terminal of that person."""
        return terminal(self.folder, *words, "--url", self.address, ORCHESTRATOR_TOKEN=token_of(who))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("deciding")
    (folder / "people.py").write_text(FLOWS)
    people = [*(api_token(name, team) for name, team in PEOPLE.items()), api_token("root", role="admin")]
    tokens = [person.model_dump() for person in people]
    settings = {"ORCHESTRATOR_TEAMS": json.dumps(TEAMS), "ORCHESTRATOR_API_TOKENS": json.dumps(tokens)}
    with serving(folder, "--workflows", "people.py", **settings) as server:
        yield Site(folder, server.address)


def test_a_workflow_is_started_page_by_page_at_a_terminal(site: Site) -> None:
    with site.at_terminal("ada", "start", "order") as seat:
        seat.answers("  Site: ", "ams-1")
        seat.answers("Next? [y/N, e edits] ", "y")
        seat.answers("  Minutes: ", "500")
        seat.answers("Start? [y/N, e edits] ", "y")
        seat.answers("  Minutes [500]: ", "45")
        seat.answers("Start? [y/N, e edits] ", "y")
        code, screen = seat.end()
    with site.at_terminal("ada", "start", "order", "--set", "site=ams-1") as seat:
        seat.answers("Next? [y/N, e edits] ", "n")
        declined = seat.end()

    assert code == 0, screen
    assert screen.count("order: Where\n  Site: …\n") == 1 and screen.count("order: When\n") == 2
    assert screen.count("Page 2, 'When': Minutes: Input should be less than or equal to 120") == 1
    (id,) = re.findall(r"^(\S{36}) is [A-Z]+$", screen, re.MULTILINE)
    assert site.final_state(id) | {"site": "ams-1", "minutes": 45, "remark": "none"} == site.final_state(id)
    assert declined[0] == 1 and "Nothing was submitted." in declined[1]


def test_a_start_on_the_command_line_shows_each_page_and_starts_once_for_a_key(site: Site) -> None:
    words = ("start", "order", "--pages", '[{"site": "ams"}, {"minutes": 30}]', "--set", "remark=ok", "--yes")
    once = (*words, "--idempotency-key", "ticket-1")

    first = site.output("ada", *once)
    again = site.runs_in_process("ada", *once, code=0)
    as_json = json.loads(site.runs_in_process("ada", *once, "--json", code=0))
    without_pages = site.runs_in_process("ada", "start", "survey", code=0)

    pages = "order: Where\n  Site: ams\norder: When\n  Minutes: 30\n  Remark: ok\n"
    match = re.fullmatch(rf"{pages}(\S{{36}}) is [A-Z]+\n", first)
    assert match, first
    assert re.search(rf"{match[1]} is [A-Z]+: an earlier start with this idempotency key", again)
    assert (as_json["id"], as_json["created"]) == (match[1], False)
    assert re.fullmatch(r"\S{36} is [A-Z]+\n", without_pages)


def test_a_refused_start_is_explained_in_one_sentence(site: Site) -> None:
    wrong = site.runs_in_process("ada", "start", "order", "--pages", '[{"site": "ams"}, {"minutes": 500}]', "--yes")
    missing = site.runs_in_process("ada", "start", "order", "--yes")
    half = site.runs_in_process("ada", "start", "order", "--set", "site=ams", "--yes", code=2)
    unknown = site.runs_in_process("ada", "start", "ordr", "--yes")
    forbidden = site.runs_in_process("ada", "start", "secret", "--yes")
    too_many = site.runs_in_process("ada", "start", "survey", "--set", "site=ams", "--yes")
    site.runs_in_process("root", "pause", "--reason", "switch upgrade", code=0)
    paused = site.runs_in_process("ada", "start", "survey")
    site.runs_in_process("root", "resume", code=0)

    assert wrong == "orchestrator-gql: Page 2, 'When': Minutes: Input should be less than or equal to 120\n"
    assert missing == "orchestrator-gql: Page 1, 'Where': Site: field required\n"
    assert """--pages '[{"site": "ams"}, {"minutes": "…", "remark": "none"}]'""" in half
    assert "There is no workflow 'ordr'" in unknown
    assert "The rule of workflow 'secret' does not allow you this." in forbidden
    assert "Its form takes 0 pages, not 1." in too_many
    assert "The engine was paused by root at " in paused
    assert all(message.count("\n") == 1 for message in (wrong, missing, half, unknown, forbidden, too_many, paused))


def test_the_starter_is_refused_and_two_others_approve_the_same_answers(site: Site) -> None:
    id = site.start("change")

    by_starter = site.runs_in_process("ada", "confirm", id, "--yes")
    descriptions = [site.runs_in_process(who, "show", id, code=0) for who in ("ada", "bob")]
    first = site.output("bob", "confirm", id, "--set", "minutes=45", "--comment", "Fine.", "--yes")
    waiting = site.runs_in_process("cay", "waits", "--mine", "--assignee", "network operations", code=0)
    other_answers = site.runs_in_process("cay", "confirm", id, "--set", "minutes=5", "--yes")
    second = site.output("cay", "confirm", id, "--yes")
    details = site.runs_in_process("ada", "show", id, code=0)

    assert "You started this process: somebody else must decide" in by_starter
    assert (
        "You may not decide it: You started" in descriptions[0]
        and "confirm" not in descriptions[0].rpartition("You may:")[2]
    )
    assert "You may: abort, confirm; and edit its note on the dashboard" in descriptions[1]
    assert "approved, 1 of 2; still needed: 1 more approval, of Network operations" in first
    assert f"{id}  change  form 'Approve', for " in waiting
    assert re.search(r"(2 h|1 h 59 min) left\. It waits for Network operations, 1 of 2 approvals \(bob\)\.", waiting)
    assert re.search(rf"bob approved other values: .* \(at {AT}\)\n", other_answers)
    assert second == f"Approve: Change\n  Minutes: 45\n{id} is COMPLETED\n"
    assert site.final_state(id)["minutes"] == 45
    assert re.search(rf"bob approved it at {AT}: Fine\.\n +cay approved it at {AT}\n", details)


def test_a_form_goes_back_with_a_comment_and_is_rejected_in_the_end(site: Site) -> None:
    id = site.start("change")

    without_comment = site.runs_in_process("bob", "confirm", id, "--reject", code=2)
    to_unknown_step = site.runs_in_process("bob", "confirm", id, "--send-back", "Sketch", "--comment", "Hm.", "--yes")
    back = site.output("bob", "confirm", id, "--send-back", "draft", "--comment", "Name the site.", "--yes")
    site.wait_for_form(id)
    with site.at_terminal("cay", "confirm", id, "--reject", "--comment", "Never mind.") as seat:
        seat.answers("Reject it? [y/N] ", "y")
        ended = seat.end()
    details = site.runs_in_process("ada", "show", id, code=0)

    assert "give --comment TEXT" in without_comment
    assert "cannot be sent back to 'Sketch': only to 'Draft'" in to_unknown_step
    assert re.fullmatch(rf"{id} is \w+: sent back to 'Draft'\n", back)
    assert ended[0] == 0 and f"{id} is FAILED: rejected\n" in ended[1]
    assert re.search(rf"bob sent it back at {AT}: Name the site\.\n +cay rejected it at {AT}: Never mind\.\n", details)


def test_a_wrong_field_on_page_two_is_named_and_that_page_alone_is_asked_again(site: Site) -> None:
    id = site.start("survey")

    wrong = site.output("eve", "confirm", id, "--pages", '[{"site": "ams"}, {"minutes": 500}]', "--yes", code=1)
    half = site.runs_in_process("eve", "confirm", id, "--set", "site=ams", "--yes", code=2)
    with site.at_terminal("eve", "confirm", id) as seat:
        seat.answers("  Site: ", "ams-1")
        seat.answers("Next? [y/N, e edits] ", "y")
        seat.answers("  Minutes: ", "500")
        seat.answers("Submit? [y/N, e edits] ", "y")
        seat.answers("  Minutes [500]: ", "45")
        seat.answers("Submit? [y/N, e edits] ", "y")
        code, screen = seat.end()

    assert "Page 2, 'When': Minutes: Input should be less than or equal to 120" in wrong
    assert """--pages '[{"site": "ams"}, {"minutes": "…", "remark": "none"}]'""" in half
    assert code == 0
    assert screen.count("Page 2, 'When': Minutes: ") == 1 and screen.count("Site: …") == 1
    assert site.final_state(id) | {"site": "ams-1", "minutes": 45, "remark": "none"} == site.final_state(id)


def test_a_form_is_claimed_released_and_assigned_to_another_team(site: Site) -> None:
    id = site.start("survey")

    claimed = site.output("eve", "claim", id)
    blocked = site.runs_in_process("dan", "confirm", id, "--yes")
    not_sent_back = site.runs_in_process("eve", "confirm", id, "--send-back", "Draft", "--comment", "Hm.", "--yes")
    for_dan = site.runs_in_process("dan", "waits", "--mine", "--json", code=0)
    for_field = [
        json.loads(line)
        for line in site.runs_in_process("dan", "waits", "--assignee", "FIELD", "--json", code=0).splitlines()
    ]
    not_released = site.runs_in_process("dan", "release", id)
    freed = site.runs_in_process("eve", "release", id, code=0)
    assigned = site.runs_in_process("eve", "assign", id, "network operations", code=0)

    assert re.fullmatch(rf"{id} asks 'Plan', claimed by eve since {AT}\n", claimed)
    assert re.search(rf"\(claimed by eve since {AT}\)\n", blocked)
    assert not_sent_back == (
        "orchestrator-gql: This form can be confirmed or rejected (--reject), but not sent back to a step.\n"
    )
    assert id not in for_dan
    (row,) = [wait for wait in for_field if wait["process"] == id]
    assert (row["claimedBy"], row["approvalsNeeded"], row["canSubmit"]) == ({"id": "eve", "name": "eve"}, 1, False)
    assert "claimed by eve" in row["message"] and row["assignee"] == TEAMS[1]
    assert "another person needs the permission MANAGE_ENGINE to release it" in not_released
    assert freed == f"{id} asks 'Plan', free for Field engineers\n"
    assert assigned == f"{id} asks 'Plan', assigned to Network operations\n"


def test_of_two_people_at_the_same_time_the_second_learns_who_decided_and_when(site: Site) -> None:
    id, late = site.start("survey"), site.start("survey")
    pages = '[{"site": "ams"}, {"minutes": 30}]'
    words = ("confirm", id, "--pages", pages, "--yes", "--url", site.address)

    def run(who: str) -> Any:
        return orchestrator(site.folder, *words, ORCHESTRATOR_TOKEN=token_of(who))

    with ThreadPoolExecutor(2) as both:
        results = dict(zip(("dan", "eve"), both.map(run, ("dan", "eve")), strict=True))
    with site.at_terminal("dan", "confirm", late, "--pages", pages) as seat:
        seat.waits_for("Submit? ")
        site.runs_in_process("eve", "claim", late, code=0)
        site.runs_in_process("eve", "release", late, code=0)
        seat.answers("Submit? [y/N, e edits] ", "y")
        stale = seat.end()

    (winner,) = [name for name, result in results.items() if result.returncode == 0]
    (loser,) = [result for result in results.values() if result.returncode == 1]
    assert re.search(rf"{winner} (approved it|decided this first: approved\.) \(?at {AT}", loser.stderr)
    assert site.final_state(id)["minutes"] == 30
    assert stale[0] == 1
    assert "Nothing was decided: look at the form again, then decide." in stale[1]


def test_an_unknown_person_learns_which_variable_to_set(site: Site) -> None:
    nobody = site.runs("", "waits", code=2)
    wrong = site.runs("a-wrong-token", "tail", code=2)
    with pytest.MonkeyPatch.context() as environment, pytest.raises(SettingsError, match="it cannot be a token"):
        environment.setenv("ORCHESTRATOR_TOKEN", "two\nlines")
        authorization()

    assert nobody == (
        "orchestrator-gql: The server asks who you are: set ORCHESTRATOR_TOKEN to your token in the environment.\n"
    )
    assert "does not know the token in ORCHESTRATOR_TOKEN" in wrong
