"""What authors' code raises in a request, as GraphQL clients see it; and many decisions, each with its own result."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support.database import sqlite_url
from support.odd import ODD
from support.operator import open_request
from support.web import Site, site_of

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.forms import FormPage
from orchestrator_gql.graphql.mutations import input_requests as mutations
from orchestrator_gql.security import AuthContext
from orchestrator_gql.types import FormGenerator, Json
from orchestrator_gql.utils.errors import ProcessFailureError, StorageUnavailable
from orchestrator_gql.workflow import workflow

ERROR = "... on AuthorCodeError { errorId } ... on UserError { code message }"
START_FORM = f"query ($name: String!) {{ startForm(workflowName: $name) {{ __typename {ERROR} }} }}"
START = f"""mutation ($name: String!) {{ startWorkflow(input: {{workflowName: $name, pages: [{{}}]}}) {{
  __typename ... on StartWorkflowSuccess {{ process {{ id }} }} {ERROR} }} }}"""
LOOK = "query ($id: ID!) { node(id: $id) { ... on InputRequest { status canSubmit form { __typename } } } }"
SUBMIT = f"""mutation ($id: ID!) {{ submitForm(input: {{inputRequestId: $id, pages: [{{}}]}}) {{
  __typename {ERROR} }} }}"""
CLAIM = f"mutation ($id: ID!) {{ claimInputRequest(input: {{inputRequestId: $id}}) {{ __typename {ERROR} }} }}"
WORKFLOWS = "{ workflows { nodes { name isStartable blockedReason } } }"
DECIDE = """mutation ($input: DecideInputRequestsInput!) { decideInputRequests(input: $input) {
  submitted { __typename ... on ServerError { errorId } ... on UserError { code } }
  rejected { __typename ... on ServerError { errorId } ... on UserError { code } } } }"""


class Trigger:
    """What is raised now, and by the form of which process."""

    kind: str | None = None
    hangs = False

    @classmethod
    def pull(cls) -> None:
        if cls.kind is not None:
            ODD[cls.kind]()


@pytest.fixture(autouse=True)
def at_rest() -> None:
    Trigger.kind, Trigger.hangs = None, False


def ask() -> FormGenerator:
    Trigger.pull()
    yield FormPage
    return {}


def polite() -> Any:
    raise ProcessFailureError("No router is free in ams.")


@inputstep("Confirm")
def confirm() -> FormGenerator:
    yield FormPage
    return {}


@inputstep("Confirm oddly")
async def confirm_oddly() -> AsyncIterator[Any]:
    Trigger.pull()
    if Trigger.hangs:
        await asyncio.sleep(60)
    yield FormPage
    yield {}


def allows(_: AuthContext) -> bool:
    Trigger.pull()
    return True


def predicate() -> None:
    Trigger.pull()


@step("Rest")
async def rest() -> None: ...


@workflow("Starts oddly", initial_input_form=ask)
def starts_oddly() -> Any:
    return begin >> rest


@workflow("Starts politely", initial_input_form=polite)
def starts_politely() -> Any:
    return begin >> rest


@workflow("Asks", run_predicate=predicate, authorize_callback=allows)
def guarded() -> Any:
    return begin >> rest


@workflow("Sound")
def sound() -> Any:
    return begin >> confirm


@workflow("Odd")
def odd() -> Any:
    return begin >> confirm_oddly


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(sqlite_url(tmp_path), starts_oddly, starts_politely, guarded, sound, odd) as site:
        yield site


async def asking(site: Site, played: Any) -> str:
    """The id of the form of a fresh process."""
    return str((await open_request(site.engine, await site.engine.start(played))).id)


def logged(caplog: pytest.LogCaptureFixture, error_id: str) -> str:
    (record,) = (one for one in caplog.records if getattr(one, "error_id", None) == error_id)
    return f"{record.getMessage()}\n{record.exc_text}"


@pytest.mark.parametrize("kind", ["keyboard-interrupt", "system-exit", "mute", "nameless", "away", "forbidden"])
async def test_a_start_form_that_raises_is_a_member_of_the_result(
    site: Site, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    Trigger.kind = kind

    shown = (await site.ask(START_FORM, name="starts_oddly"))["startForm"]
    started = (await site.ask(START, name="starts_oddly"))["startWorkflow"]

    for response in (shown, started):
        assert (response["__typename"], response["code"]) == ("AuthorCodeError", "FORM_RAISED")
        assert response["errorId"] in response["message"]
        assert response["message"].startswith(
            "The start form of workflow 'starts_oddly' failed, and nothing was changed"
        )
        assert "Traceback" not in response["message"]
        assert "Traceback" in logged(caplog, response["errorId"])


async def test_the_polite_message_of_an_author_reaches_the_client(site: Site) -> None:
    response = (await site.ask(START_FORM, name="starts_politely"))["startForm"]

    assert response["__typename"] == "AuthorCodeError"
    assert "No router is free in ams." in response["message"]


@pytest.mark.parametrize("kind", ["keyboard-interrupt", "cancels-itself", "closed"])
async def test_a_form_that_raises_leaves_the_rest_of_the_answer(site: Site, kind: str) -> None:
    request_id = await asking(site, odd)
    Trigger.kind = kind

    looked = await site.answer(LOOK, id=request_id)
    submitted = (await site.ask(SUBMIT, id=request_id))["submitForm"]
    Trigger.kind = None
    again = (await site.ask(SUBMIT, id=request_id))["submitForm"]

    assert looked["data"]["node"] == {"status": "OPEN", "canSubmit": True, "form": None}
    (error,) = looked["errors"]
    assert error["path"] == ["node", "form"]
    assert error["extensions"]["code"] == "FORM_RAISED"
    assert error["extensions"]["errorId"] in error["message"]
    assert (submitted["__typename"], submitted["code"]) == ("AuthorCodeError", "FORM_RAISED")
    assert again["__typename"] == "SubmitFormSuccess"


async def test_a_predicate_that_raises_hides_no_other_workflow(site: Site) -> None:
    Trigger.kind = "system-exit"

    nodes = (await site.ask(WORKFLOWS))["workflows"]["nodes"]

    received = {one["name"]: one for one in nodes}
    assert {name: one["isStartable"] for name, one in received.items()} == {
        "guarded": False, "odd": True, "sound": True, "starts_oddly": True, "starts_politely": True,
    }  # fmt: skip
    assert "The rule of workflow 'guarded' failed" in received["guarded"]["blockedReason"]


async def decided(site: Site, submit: list[str], reject: list[str]) -> Any:
    submits: Json = [{"inputRequestId": one, "pages": [{}]} for one in submit]
    rejects: Json = [{"inputRequestId": one, "comment": "no"} for one in reject]
    response = await site.ask(DECIDE, input={"submit": submits, "reject": rejects})
    return response["decideInputRequests"]


def members(results: Any) -> list[str]:
    return [one["__typename"] for one in results]


@pytest.mark.parametrize("kind", ["keyboard-interrupt", "stop-iteration", "mute", "cancels-itself", "away"])
async def test_a_form_that_raises_stops_no_other_decision(site: Site, kind: str) -> None:
    first, second, last = [await asking(site, sound) for _ in range(3)]
    raising = await asking(site, odd)
    Trigger.kind = kind

    response = await decided(site, [first, raising, second], [last])

    assert members(response["submitted"]) == ["SubmitFormSuccess", "AuthorCodeError", "SubmitFormSuccess"]
    assert members(response["rejected"]) == ["InputRequestActionSuccess"]
    assert response["submitted"][1]["code"] == "FORM_RAISED"


Verb = Callable[..., Awaitable[Any]]


def failing_at(real: Verb, error: BaseException, turn: int) -> Verb:
    """The command, which raises when it is asked for that time."""
    asked: list[int] = []

    async def verb(*given: Any, **options: Any) -> Any:
        asked.append(1)
        if len(asked) == turn:
            raise error
        return await real(*given, **options)

    return verb


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageUnavailable(), "STORAGE_UNAVAILABLE"),
        (TimeoutError(), "EXECUTION_TIMEOUT"),
        (ZeroDivisionError(), "INTERNAL"),
    ],
)
async def test_a_decision_that_fails_keeps_no_other_decision_from_its_result(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, code: str
) -> None:
    asked = [await asking(site, sound) for _ in range(6)]
    monkeypatch.setattr(mutations, "submit_form", failing_at(submit_form, error, 2))
    monkeypatch.setattr(mutations, "reject_input_request", failing_at(reject_input_request, error, 2))

    response = await decided(site, asked[:3], asked[3:])

    assert members(response["submitted"]) == ["SubmitFormSuccess", "ServerError", "SubmitFormSuccess"]
    assert members(response["rejected"]) == ["InputRequestActionSuccess", "ServerError", "InputRequestActionSuccess"]
    for one in (response["submitted"][1], response["rejected"][1]):
        assert one["code"] == code
        assert logged(caplog, one["errorId"])


async def test_a_form_that_hangs_takes_the_time_of_no_other_decision(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutations, "DECIDING", 2.0)
    hanging, also = await asking(site, odd), await asking(site, odd)
    first, last = await asking(site, sound), await asking(site, sound)
    Trigger.hangs = True

    response = await decided(site, [first, hanging, also, last], [])

    assert members(response["submitted"]) == ["SubmitFormSuccess", "ServerError", "ServerError", "SubmitFormSuccess"]
    assert [one.get("code") for one in response["submitted"]] == [None, "EXECUTION_TIMEOUT", "EXECUTION_TIMEOUT", None]


async def test_an_authorizer_that_raises_is_a_no(site: Site) -> None:
    Trigger.kind = "keyboard-interrupt"

    response = (await site.ask(START, name="guarded"))["startWorkflow"]

    assert (response["__typename"], response["code"]) == ("ForbiddenError", "FORBIDDEN")


async def test_taking_a_form_asks_none_of_it(site: Site) -> None:
    request_id = await asking(site, odd)
    Trigger.kind = "keyboard-interrupt"

    assert (await site.ask(CLAIM, id=request_id))["claimInputRequest"]["__typename"] == "InputRequestActionSuccess"
