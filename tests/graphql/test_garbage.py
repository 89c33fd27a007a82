"""No request and no failed step leaves objects that only the garbage collector finds: it stops the loop for them."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import pytest
from stories import FAILED
from support.database import sqlite_url
from support.web import Site, site_of

from orchestrator_gql import begin, step
from orchestrator_gql.workflow import Workflow, workflow

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


@workflow("Fail in a thread")
def in_thread() -> Any:
    return begin >> fail_in_thread


@workflow("Fail on a loop")
def on_loop() -> Any:
    return begin >> fail_on_loop


@contextmanager
def only_circles() -> Iterator[list[str]]:
    """The names of our objects that only the garbage collector finds, after the context."""
    names: list[str] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield names
        gc.collect()
        names += sorted(Counter(filter(None, map(_name, gc.garbage))))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.collect()


def _name(thing: object) -> str:
    if isinstance(thing, TracebackType):
        thing = thing.tb_frame
    if isinstance(thing, FrameType):
        module, name = thing.f_globals.get("__name__", ""), thing.f_code.co_qualname
    else:
        module, name = type(thing).__module__, type(thing).__qualname__
    return f"{module}.{name}" if module.startswith("orchestrator_gql.") else ""


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
@pytest.mark.parametrize("fails", [in_thread, on_loop], ids=lambda each: each.name)
async def test_a_failed_step_leaves_no_circle_of_objects(fails: Workflow, loop: str, tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), fails, authors_loop=loop) as site:
        await site.engine.reaches(await site.engine.start(fails), FAILED)
        with only_circles() as circles:
            for _ in range(TIMES):
                await site.engine.reaches(await site.engine.start(fails), FAILED)

    assert circles == []
