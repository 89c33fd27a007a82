"""Decisions over GraphQL: who is signed in, what they may do and why not, and many at once."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from stories import SUSPENDED, deliver
from support.database import sqlite_url
from support.holds import Hold
from support.remote import Remote
from support.sign_in import answer_as, api_token, ask_as, token_of
from support.web import GRAPHQL, Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.principals import Team
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, Json, Permission, ProcessStatus
from orchestrator_gql.workflow import workflow

START = """mutation ($name: String!) { startWorkflow(input: {workflowName: $name}) {
  ... on StartWorkflowSuccess { process { id } } ... on UserError { code message } } }"""
REQUEST = """query ($id: ID!) { node(id: $id) { ... on Process { openInputRequest { id } } } }"""
LOOK = """query ($id: ID!) { node(id: $id) { ... on InputRequest {
  version status title canSubmit canReject blockedReason sendBackTo approvalsNeeded claimedAt
  assignee { key name } assignableTo { key name } claimedBy { id }
  decisions { verdict comment policy pages shownDigest by { id } }
  form { ... on FormPage { index digest initialData } } } } }"""
SUBMIT = """mutation ($input: SubmitFormInput!) { submitForm(input: $input) { __typename
  ... on SubmitFormSuccess { inputRequest { status version } process { status } }
  ... on FormInvalid { pageIndex errors { path pointer type message } page { key } }
  ... on FormIncomplete { nextPage { key index } }
  ... on ForbiddenError { permission } ... on PayloadInvalidError { errors { pointer type } }
  ... on ConflictError { by { id } at } ... on UserError { code message } } }"""
DECIDE = """mutation ($input: DecideInputRequestsInput!) { decideInputRequests(input: $input) {
  submitted { __typename ... on SubmitFormSuccess { inputRequest { status } } ... on UserError { code } }
  rejected { __typename ... on InputRequestActionSuccess { inputRequest { status } } ... on UserError { code } } } }"""
INBOX = """query ($filter: InputRequestFilter) { inputRequests(filter: $filter) { nodes { id assignee { key } } } }"""


def act(name: str) -> str:
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename
      ... on InputRequestActionSuccess {{ inputRequest {{ status version claimedBy {{ id }} assignee {{ key }} }}
        process {{ status failure {{ code }} steps {{ name status }} }} }}
      ... on PayloadInvalidError {{ errors {{ pointer type }} }}
      ... on ConflictError {{ by {{ id }} at }} ... on UserError {{ code message }} }} }}"""


class Change(FormPage):
    minutes: int = 30


HELD: list[Hold] = []
"""What the step "Draft" waits for."""


@step("Draft")
async def draft() -> None:
    for hold in HELD:
        await hold.wait()


@inputstep("Approve", assignee=Assignee("NOC"), approvals=2, allow_self_approval=False, on_reject="Draft")
def approve() -> FormGenerator:
    answer = yield Change
    return {"minutes": answer.minutes}


@inputstep("Confirm")
def confirm() -> FormGenerator:
    yield Change
    return {}


@workflow("Approve a change")
def approving() -> Any:
    return begin >> draft >> approve


@workflow("Confirm a change")
def confirming() -> Any:
    return begin >> confirm


@inputstep("Restricted", resume_auth_callback=lambda context: context.user.id == "ada")
def restrict() -> FormGenerator:
    yield Change
    return {}


@workflow("Confirm by a rule")
def restricted() -> Any:
    return begin >> restrict


TEAMS = (Team(key="NOC", name="Network operations"), Team(key="FIELD"), Team(key="OPEN"))
TOKENS = (
    api_token("ada", "NOC"),
    api_token("bob", "NOC"),
    api_token("cay", "NOC"),
    api_token("eve", "FIELD"),
    api_token("guest", role="viewer"),
    api_token("boss", role="admin"),
)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(
        sqlite_url(tmp_path), approving, confirming, restricted, teams=TEAMS, api_tokens=TOKENS
    ) as found:
        yield found


async def asked(site: Site, name: str, by: str = "ada") -> tuple[str, str]:
    """A process that somebody started and that waits for people, and what it asks."""
    id = (await ask_as(site, by, START, name=name))["process"]["id"]
    await site.engine.reaches(UUID(id), SUSPENDED)
    return id, (await ask_as(site, by, REQUEST, id=id))["openInputRequest"]["id"]


async def submit(site: Site, by: str, id: str, *pages: Json, **more: Json) -> Any:
    return await ask_as(site, by, SUBMIT, input={"inputRequestId": id, "pages": list(pages), **more})


async def test_two_of_three_confirm_the_form_they_saw_and_the_starter_learns_why_he_may_not(site: Site) -> None:
    process_id, id = await asked(site, "approving")
    for_ada, for_bob, for_eve = [await ask_as(site, name, LOOK, id=id) for name in ("ada", "bob", "eve")]

    own = await submit(site, "ada", id, {})
    stale = await submit(site, "bob", id, {}, shownDigest="0" * 64)
    first = await submit(site, "bob", id, {"minutes": 5}, shownDigest=for_bob["form"]["digest"], expectedVersion=1)
    twice = await submit(site, "bob", id, {"minutes": 5})
    shown = await ask_as(site, "cay", LOOK, id=id)
    other = await submit(site, "cay", id, {"minutes": 6})
    digest = shown["form"]["digest"]
    second = await submit(site, "cay", id, shown["form"]["initialData"], shownDigest=digest, comment="Go.")

    assert (for_ada["canSubmit"], for_ada["canReject"]) == (False, False)
    assert "somebody else must decide" in for_ada["blockedReason"]
    assert (for_bob["canSubmit"], for_bob["canReject"], for_bob["sendBackTo"]) == (True, True, "Draft")
    assert "Network operations" in for_eve["blockedReason"]
    assert (own["__typename"], own["code"], own["permission"]) == ("ForbiddenError", "SELF_APPROVAL", "SUBMIT_FORM")
    assert stale["code"] == "STALE_VERSION"
    assert first["inputRequest"] == {"status": "OPEN", "version": 1}
    assert (twice["code"], twice["by"]) == ("ALREADY_DECIDED", {"id": "bob"})
    assert (shown["approvalsNeeded"], shown["form"]["initialData"]) == (2, {"minutes": 5})
    assert [one["by"]["id"] for one in shown["decisions"]] == ["bob"]
    assert (other["code"], other["by"]) == ("STALE_VERSION", {"id": "bob"})
    assert second["inputRequest"] == {"status": "SUBMITTED", "version": 2}
    assert (await ask_as(site, "eve", LOOK, id=id))["blockedReason"] == "cay decided this first: approved."
    assert (await site.engine.process(UUID(process_id))).state["minutes"] == 5


async def test_a_wrong_page_gets_field_errors_and_the_form_stays_open(site: Site) -> None:
    _, id = await asked(site, "confirming")

    unknown = await submit(site, "ada", id, {"minutes": 1, "hours": 2})
    wrong = await submit(site, "ada", id, {"minutes": "long"})
    many = await submit(site, "ada", id, {}, {})
    lengthy = await submit(site, "ada", id, {}, comment="x" * 10_001)

    assert [(one["pointer"], one["type"]) for one in unknown["errors"]] == [("/hours", "extra_forbidden")]
    assert [(one["pointer"], one["type"]) for one in wrong["errors"]] == [("/minutes", "int_parsing")]
    assert many["errors"][0]["type"] == "too_many_pages"
    assert lengthy["errors"] == [{"pointer": "/comment", "type": "string_too_long"}]
    look = await ask_as(site, "ada", LOOK, id=id)
    assert (look["status"], look["version"], look["decisions"]) == ("OPEN", 1, [])


async def test_field_errors_are_in_the_language_of_the_reader(site: Site) -> None:
    _, id = await asked(site, "confirming")
    head = {"accept": GRAPHQL, "authorization": f"Bearer {token_of('ada')}", "accept-language": "fr;q=0.9, nl;q=0.8"}
    body = {"query": SUBMIT, "variables": {"input": {"inputRequestId": id, "pages": [{"minutes": "lang"}]}}}

    response = (await site.http.post("/graphql", json=body, headers=head)).json()["data"]["submitForm"]

    assert "geheel getal" in response["errors"][0]["message"]


async def test_a_rejection_needs_a_comment_and_can_send_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    process_id, id = await asked(site, "approving")

    silent = await ask_as(
        site, "bob", act("rejectInputRequest"), input={"inputRequestId": id, "comment": "", "sendBack": True}
    )
    monkeypatch.setattr(sys.modules[__name__], "HELD", [hold := Hold()])
    try:
        sent = await ask_as(
            site,
            "bob",
            act("rejectInputRequest"),
            input={"inputRequestId": id, "comment": "Shorter.", "sendBack": True},
        )
    finally:
        hold.let_go()
    await site.engine.reaches(UUID(process_id), SUSPENDED)
    again = (await ask_as(site, "bob", REQUEST, id=process_id))["openInputRequest"]["id"]
    done = await ask_as(
        site, "bob", act("rejectInputRequest"), input={"inputRequestId": again, "comment": "Never mind."}
    )

    assert silent["errors"] == [{"pointer": "/comment", "type": "missing"}]
    assert sent["inputRequest"]["status"] == "REJECTED"
    assert [step["status"] for step in sent["process"]["steps"]] == ["RUNNING", "PENDING"]
    assert again != id
    assert done["process"]["failure"] == {"code": "rejected"}
    (decision,) = (await ask_as(site, "ada", LOOK, id=id))["decisions"]
    assert (decision["verdict"], decision["comment"], decision["by"]) == ("SENT_BACK", "Shorter.", {"id": "bob"})


async def test_a_claim_a_release_and_an_assignment_are_seen_by_everybody(site: Site) -> None:
    _, id = await asked(site, "confirming")

    taken = await ask_as(site, "bob", act("claimInputRequest"), input={"inputRequestId": id, "expectedVersion": 1})
    blocked = await submit(site, "ada", id, {})
    stranger = await ask_as(site, "eve", act("releaseInputRequest"), input={"inputRequestId": id})
    freed = await ask_as(site, "bob", act("releaseInputRequest"), input={"inputRequestId": id})
    nobody = await ask_as(site, "bob", act("assignInputRequest"), input={"inputRequestId": id, "assigneeKey": "NOBODY"})
    given = await ask_as(site, "bob", act("assignInputRequest"), input={"inputRequestId": id, "assigneeKey": "FIELD"})

    assert (taken["inputRequest"]["claimedBy"], taken["inputRequest"]["version"]) == ({"id": "bob"}, 2)
    assert (blocked["code"], blocked["by"]) == ("CLAIMED_BY_OTHER", {"id": "bob"})
    assert stranger["code"] == "CLAIMED_BY_OTHER"
    assert freed["inputRequest"]["claimedBy"] is None
    assert nobody["code"] == "NOT_FOUND"
    assert given["inputRequest"]["assignee"] == {"key": "FIELD"}
    assert (await submit(site, "eve", id, {}))["__typename"] == "SubmitFormSuccess"


@pytest.mark.parametrize("name", ["approving", "confirming"])
@pytest.mark.parametrize("who", ["ada", "bob", "eve", "guest", "boss"])
async def test_the_teams_that_are_offered_are_those_to_which_the_server_assigns(
    site: Site, name: str, who: str
) -> None:
    known = ["FIELD", "NOC", "OPEN", "SYSTEM"]
    _, id = await asked(site, name)
    offered = [team["key"] for team in (await ask_as(site, who, LOOK, id=id))["assignableTo"]]
    accepted = []
    for key in known:
        _, other = await asked(site, name)
        answer = await ask_as(site, who, act("assignInputRequest"), input={"inputRequestId": other, "assigneeKey": key})
        before = "NOC" if name == "approving" else "SYSTEM"
        if answer["__typename"] == "InputRequestActionSuccess" and key != before:
            accepted.append(key)

    assert offered == accepted
    assert (offered != []) == (who in ("bob", "boss") or (name == "confirming" and who != "guest"))


async def test_no_team_is_offered_for_a_form_that_is_closed_or_claimed_by_another(site: Site) -> None:
    _, closed = await asked(site, "confirming")
    _, claimed = await asked(site, "confirming")
    await submit(site, "bob", closed, {})
    await ask_as(site, "bob", act("claimInputRequest"), input={"inputRequestId": claimed})

    offered = [
        (await ask_as(site, who, LOOK, id=id))["assignableTo"] for who, id in [("boss", closed), ("ada", claimed)]
    ]

    assert offered == [[], []]


OPEN_TO_ALL = "query ($id: ID!) { node(id: $id) { ... on InputRequest { isOpenToAll } } }"


async def test_a_form_without_a_rule_is_open_to_all_if_its_team_has_no_members(site: Site) -> None:
    asking = {name: (await asked(site, name))[1] for name in ("approving", "confirming", "restricted")}

    async def open_to_all() -> dict[str, bool]:
        return {name: (await ask_as(site, "ada", OPEN_TO_ALL, id=id))["isOpenToAll"] for name, id in asking.items()}

    assert await open_to_all() == {"approving": False, "confirming": True, "restricted": False}
    may_answer = {name: (await ask_as(site, "eve", LOOK, id=id))["canSubmit"] for name, id in asking.items()}
    assert may_answer == {"approving": False, "confirming": True, "restricted": False}
    await submit(site, "bob", asking["confirming"], {})
    assert not (await open_to_all())["confirming"]


async def test_without_sign_in_no_form_is_marked_as_open_to_all(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), confirming) as site:
        _, id = await asked(site, "confirming")
        assert not (await ask_as(site, "ada", OPEN_TO_ALL, id=id))["isOpenToAll"]


async def test_the_inbox_is_what_somebody_can_answer(site: Site) -> None:
    _, for_noc = await asked(site, "approving")
    _, for_all = await asked(site, "confirming")
    _, taken = await asked(site, "confirming")
    await ask_as(site, "eve", act("claimInputRequest"), input={"inputRequestId": taken})
    await submit(site, "bob", for_noc, {})

    async def inbox(name: str, **filter: Json) -> set[str]:
        return {node["id"] for node in (await ask_as(site, name, INBOX, filter=filter))["nodes"]}

    viewer = "{ viewer { user { id } assignees { name } permissions openInputRequests { nodes { id } } } }"
    for_cay, for_eve = [await ask_as(site, name, viewer) for name in ("cay", "eve")]

    assert await inbox("cay", mine=True) == {for_noc, for_all}
    assert await inbox("cay", mine=False) == {taken}
    assert await inbox("bob", mine=True) == {for_all}
    assert await inbox("eve", mine=True) == {for_all, taken}
    assert await inbox("eve", claimedBy="eve") == {taken}
    assert await inbox("cay", claimed=True) == {taken}
    assert await inbox("cay", claimed=False) == {for_noc, for_all}
    assert await inbox("guest", mine=True) == set()
    assert for_cay["assignees"] == [{"name": "Network operations"}]
    assert {node["id"] for node in for_cay["openInputRequests"]["nodes"]} == {for_noc, for_all}
    assert for_eve["user"] == {"id": "eve"}


async def test_the_inbox_holds_no_approval_of_a_change_of_ones_own(site: Site) -> None:
    asking = {by: (await asked(site, "approving", by))[1] for by in ("ada", "bob")}
    own = (await asked(site, "confirming", "ada"))[1]  # a form that its starter may answer

    async def inbox(name: str, *, mine: bool) -> set[str]:
        return {node["id"] for node in (await ask_as(site, name, INBOX, filter={"mine": mine}))["nodes"]}

    assert await inbox("ada", mine=True) == {asking["bob"], own}
    assert await inbox("bob", mine=True) == {asking["ada"], own}
    assert await inbox("cay", mine=True) == {*asking.values(), own}
    assert await inbox("ada", mine=False) == {asking["ada"]}
    for name in ("ada", "bob", "cay"):
        may = {id for id in (*asking.values(), own) if (await ask_as(site, name, LOOK, id=id))["canSubmit"]}
        assert may == await inbox(name, mine=True)


async def test_many_are_decided_at_once_and_one_that_fails_stops_no_other(site: Site) -> None:
    ids = [(await asked(site, "confirming"))[1] for _ in range(3)]
    _, for_noc = await asked(site, "approving")
    submit_all = [{"inputRequestId": id, "pages": [{}]} for id in (ids[0], for_noc, ids[1])]
    reject_all = [{"inputRequestId": ids[2], "comment": "No."}, {"inputRequestId": ids[0], "comment": "Late."}]

    response = await ask_as(site, "eve", DECIDE, input={"submit": submit_all, "reject": reject_all})
    too_many = await answer_as(site, "eve", DECIDE, input={"submit": [submit_all[0]] * 101})

    received = [
        one.get("code") or one["inputRequest"]["status"] for one in (*response["submitted"], *response["rejected"])
    ]
    assert received == ["SUBMITTED", "FORBIDDEN", "SUBMITTED", "REJECTED", "ALREADY_DECIDED"]
    assert too_many["errors"][0]["extensions"]["code"] == "PAYLOAD_INVALID"


async def test_without_a_token_only_the_answers_of_remote_services_are_taken(site: Site) -> None:
    async def send(query: str, head: dict[str, str], **variables: Json) -> tuple[int, Any]:
        body = {"query": query, "variables": variables}
        response = await site.http.post("/graphql", json=body, headers={"accept": GRAPHQL, **head})
        return response.status_code, response.json()

    anonymous = await send("{ viewer { user { id } } }", {})
    wrong = await send("{", {"authorization": "Bearer wrong"})
    remote = await send(deliver("receiveCallback"), {}, input={"token": "none", "result": 1})
    mixed = await send("{ receiveCallback: viewer { user { id } } }", {})

    assert (anonymous[0], anonymous[1]["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert (wrong[0], wrong[1]["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert remote[1]["data"]["receiveCallback"]["code"] == "CALLBACK_UNKNOWN"
    assert mixed[0] == 401


async def test_a_viewer_may_look_and_no_more(site: Site) -> None:
    _, id = await asked(site, "confirming")

    look = await ask_as(site, "guest", LOOK, id=id)
    refused = await submit(site, "guest", id, {})

    assert (look["canSubmit"], look["canReject"]) == (False, False)
    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "SUBMIT_FORM")


async def test_who_may_not_read_sees_of_a_process_what_the_answer_says_itself(tmp_path: Path) -> None:
    roles = {"answers": frozenset({Permission.SUBMIT_FORM}), "checks": frozenset({Permission.READ_AUDIT})}
    tokens = (api_token("ada"), api_token("bot", role="answers"), api_token("eye", role="checks"))
    async with site_of(sqlite_url(tmp_path), confirming, roles=roles, api_tokens=tokens) as site:
        _, id = await asked(site, "confirming")
        submitted = await answer_as(
            site,
            "bot",
            """mutation ($input: SubmitFormInput!) { submitForm(input: $input) {
              ... on SubmitFormSuccess { inputRequest { status } process { status state } } } }""",
            input={"inputRequestId": id, "pages": [{}]},
        )
        checked = await answer_as(site, "eye", "{ audit { nodes { action process { state } } } }")

    for response in (submitted, checked):
        assert {error["extensions"]["code"] for error in response["errors"]} == {"FORBIDDEN"}
    assert submitted["data"]["submitForm"]["process"]["state"] is None
    assert {node["process"] for node in checked["data"]["audit"]["nodes"]} == {None}


async def test_a_paused_engine_says_so_to_whoever_has_a_wait_issued_again_by_its_form(tmp_path: Path) -> None:
    remote = Remote()

    @workflow("Call")
    def calling() -> Any:
        return begin >> callback_step("Playbook", remote.action(), draft, timeout=60, on_timeout="operator")

    async with site_of(sqlite_url(tmp_path), calling, api_tokens=(api_token("ada", role="admin"),)) as site:
        process_id = (await ask_as(site, "ada", START, name="calling"))["process"]["id"]
        await remote.asked()
        await site.engine.reaches(UUID(process_id), ProcessStatus.AWAITING_CALLBACK)
        site.engine.turn(60)
        await site.engine.reaches(UUID(process_id), SUSPENDED)
        id = (await ask_as(site, "ada", REQUEST, id=process_id))["openInputRequest"]["id"]
        await ask_as(site, "ada", "mutation { setEngineState(input: {paused: true}) { __typename } }")
        response = await submit(site, "ada", id, {"answer": "reissue"})

    assert (response["__typename"], response["code"]) == ("EnginePausedError", "ENGINE_PAUSED")
