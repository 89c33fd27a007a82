"""No request and no step leaves objects that only the garbage collector finds: it stops the loop for them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from stories import COMPLETED, FAILED
from support.circles import only_circles
from support.database import sqlite_url
from support.web import Site, site_of

from orchestrator_gql import begin, step
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.usefixtures("little_to_look_through")

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
TIMES = 5

DOCUMENTS = {
    "query": "{ processes(first: 5) { edges { node { id status } } } }",
    "list of objects": "{ workflows(first: 5) { edges { node { name steps { name } } } } }",
    "nothing found": f'{{ process(id: "{NOBODY}") {{ id }} }}',
    "error of a resolver": '{ processes(after: "no cursor") { edges { node { id } } } }',
    "refused mutation": f'mutation {{ abortProcess(input: {{processId: "{NOBODY}"}}) {{ __typename }} }}',
    "unknown field": "{ nothing }",
    "syntax error": "{ nothing",
}


@step("Fail")
def fail_in_thread() -> None:
    raise ValueError("in a thread")


@step("Fail")
async def fail_on_loop() -> None:
    raise ValueError("on a loop")


@step("Work")
def work_in_thread() -> None:
    """Nothing."""


@step("Work")
async def work_on_loop() -> None:
    """Nothing."""


@step("Work, and wait")
async def wait_on_loop() -> None:
    await asyncio.sleep(0.001)


@workflow("Succeed")
def succeeding() -> Any:
    return begin >> work_in_thread >> work_on_loop >> wait_on_loop


@workflow("Fail in a thread")
def in_thread() -> Any:
    return begin >> fail_in_thread


@workflow("Fail on a loop")
def on_loop() -> Any:
    return begin >> fail_on_loop


async def answered(site: Site, document: str) -> None:
    response = await site.http.post("/graphql", json={"query": document})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
async def test_a_request_leaves_no_circle_of_objects(document: str, tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), in_thread) as site:
        await answered(site, document)  # what is kept for later requests is made now
        with only_circles() as circles:
            for _ in range(TIMES):
                await answered(site, document)

    assert circles == []


@pytest.mark.parametrize("loop", ["own", "server"])
@pytest.mark.parametrize(
    ("flow", "end"),
    [(succeeding, COMPLETED), (in_thread, FAILED), (on_loop, FAILED)],
    ids=["succeeds", "thread", "loop"],
)
async def test_a_process_leaves_no_circle_of_objects(
    flow: Workflow, end: ProcessStatus, loop: str, tmp_path: Path
) -> None:
    async with site_of(sqlite_url(tmp_path), flow, authors_loop=loop) as site:
        await site.engine.reaches(await site.engine.start(flow), end)
        with only_circles() as circles:
            for _ in range(TIMES):
                await site.engine.reaches(await site.engine.start(flow), end)

    assert circles == []
