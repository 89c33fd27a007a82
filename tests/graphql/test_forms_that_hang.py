"""An author's function that takes too long in a request is a member of the result, with the code FORM_TIMEOUT."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.database import sqlite_url
from support.holds import Hold
from support.operator import open_request
from support.playbooks import of
from support.web import Site, site_of

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.security import AuthContext
from orchestrator_gql.types import FormGenerator, ProcessStatus
from orchestrator_gql.workflow import StepList, workflow

ERROR = "__typename ... on AuthorCodeError { code message errorId }"
START_FORM = f'query {{ startForm(workflowName: "hangs") {{ {ERROR} }} }}'
START = f'mutation {{ startWorkflow(input: {{workflowName: "hangs"}}) {{ {ERROR} }} }}'
SUBMIT = f"mutation($id: ID!) {{ submitForm(input: {{inputRequestId: $id, pages: [{{}}]}}) {{ {ERROR} }} }}"
RETRY = f"mutation($id: ID!) {{ retryProcess(input: {{processId: $id}}) {{ {ERROR} }} }}"
LOOK = "query($id: ID!) { node(id: $id) { ... on InputRequest { status form { __typename } } } }"
WORKFLOWS = "{ workflows { nodes { name isStartable blockedReason } } }"

holds: list[Hold] = []


def hang() -> None:
    if holds:
        holds[-1].block()


@workflow("Hangs", initial_input_form=hang)
def hangs() -> StepList:
    return begin


@inputstep("Ask")
def ask() -> FormGenerator:
    hang()
    yield FormPage
    return {}


@step("Fail")
def fail() -> None:
    raise ValueError("as it should")


def allows(_: AuthContext) -> bool:
    hang()
    return True


@workflow("Fails", retry_auth_callback=allows)
def fails() -> StepList:
    return begin >> fail


@workflow("Guarded", authorize_callback=allows)
def guarded() -> StepList:
    return begin


asks = of(ask, name="asks")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    settings: dict[str, Any] = {"authors_loop": "own", "form_timeout": 1.0}
    async with site_of(sqlite_url(tmp_path), hangs, asks, fails, guarded, **settings) as site:
        yield site
        while holds:
            holds.pop().let_go()


def demand_timeout(result: dict[str, Any], what: str) -> None:
    assert (result["__typename"], result["code"]) == ("AuthorCodeError", "FORM_TIMEOUT")
    message = f"{what} took longer than its 1 seconds, and nothing was changed"
    assert result["message"] == f"{message} (error {result['errorId']} in the server's log)."


async def test_a_start_form(site: Site) -> None:
    holds.append(Hold())

    demand_timeout((await site.ask(START_FORM))["startForm"], "The start form of 'hangs'")
    demand_timeout((await site.ask(START))["startWorkflow"], "The start form of 'hangs'")


async def test_an_open_form_stays_open(site: Site) -> None:
    request_id = str((await open_request(site.engine, await site.engine.start(asks))).id)
    holds.append(Hold())

    looked = await site.answer(LOOK, id=request_id)
    submitted = (await site.ask(SUBMIT, id=request_id))["submitForm"]
    holds.pop().let_go()
    again = (await site.ask(SUBMIT, id=request_id))["submitForm"]

    assert looked["data"]["node"] == {"status": "OPEN", "form": None}
    assert looked["errors"][0]["extensions"]["code"] == "FORM_TIMEOUT"
    demand_timeout(submitted, "The form of step 'Ask'")
    assert again["__typename"] == "SubmitFormSuccess"


async def test_a_rule_of_a_retry(site: Site) -> None:
    process_id = await site.engine.start(fails)
    await site.engine.reaches(process_id, ProcessStatus.FAILED)
    holds.append(Hold())

    result = (await site.ask(RETRY, id=str(process_id)))["retryProcess"]

    demand_timeout(result, "The rule of step 'Fail' of workflow 'fails'")


async def test_a_rule_that_hangs_hides_no_other_workflow(site: Site) -> None:
    holds.append(Hold())

    nodes = {node["name"]: node for node in (await site.ask(WORKFLOWS))["workflows"]["nodes"]}

    assert {name: node["isStartable"] for name, node in nodes.items()} == {
        "asks": True, "fails": True, "guarded": False, "hangs": True,
    }  # fmt: skip
    assert "took longer than its 1 seconds" in nodes["guarded"]["blockedReason"]
