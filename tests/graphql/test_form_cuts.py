"""A long read-only text of a form is cut, its exact length stands beside it, and the whole text comes in parts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic_forms.validators import LongText
from stories import SUSPENDED, telling
from support.database import sqlite_url
from support.web import Site, site_of

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow

WORD = "größer "
LOG = WORD * 700_000 + "password=hunter2 end"

FORM = """query ($id: ID!, $longest: Int) { process(id: $id) { openInputRequest {
  form(longestText: $longest) { ... on FormPage { digest initialData schema
    cuts { key shownLength totalLength totalBytes } } } } } }"""
TEXT = """query ($id: ID!, $key: String!, $offset: Int, $length: Int) { process(id: $id) { openInputRequest {
  fieldText(key: $key, offset: $offset, length: $length) { text nextOffset totalLength } } } }"""


@asynccontextmanager
async def asking(folder: Path) -> AsyncIterator[tuple[Site, UUID]]:
    """A process whose form shows 4.9 million characters."""

    @step("Collect")
    def collect() -> State:
        return {"log": LOG}

    @inputstep("Confirm")
    def confirm(log: str) -> FormGenerator:
        class Page(FormPage):
            log_of_run: ReadOnly[LongText] = LongText(log)
            short: ReadOnly[str] = "short"
            remark: str = "y" * 150_000

        yield Page
        return {}

    @workflow("Ask")
    def asks() -> Any:
        return begin >> collect >> confirm

    async with site_of(sqlite_url(folder), asks, max_step_bytes=64 * 1024 * 1024) as site:
        process_id = await site.engine.start(asks)
        await site.engine.reaches(process_id, SUSPENDED)
        yield site, process_id


async def form(site: Site, process_id: UUID, longest: int | None) -> Any:
    """The open form with texts of at most so many characters."""
    data = await site.ask(FORM, id=str(process_id), longest=longest)
    return data["process"]["openInputRequest"]["form"]


async def test_a_cut_text_has_its_exact_length_beside_it(tmp_path: Path) -> None:
    async with asking(tmp_path) as (site, process_id):
        shown = {longest: await form(site, process_id, longest) for longest in (None, 1_000, 7, 10**6)}

    for longest, page in shown.items():
        most = 100_000 if longest is None else min(longest, 100_000)
        [cut] = page["cuts"]
        assert cut == {
            "key": "log_of_run",
            "shownLength": most,
            "totalLength": len(LOG),
            "totalBytes": len(LOG.encode()),
        }
        note = f"\n[… {len(LOG) - most:,} more characters]"
        assert page["initialData"]["log_of_run"] == LOG[:most] + note
        assert page["schema"]["properties"]["log_of_run"]["default"] == LOG[:most] + note
        assert page["initialData"]["short"] == "short"
        assert len(page["initialData"]["remark"]) == 150_000  # an editable text is never cut
    assert len({page["digest"] for page in shown.values()}) == 1


async def test_the_whole_text_comes_in_parts_without_its_secrets(tmp_path: Path) -> None:
    async with asking(tmp_path) as (site, process_id):
        parts: list[str] = []
        offset: int | None = 0
        while offset is not None:
            data = await site.ask(TEXT, id=str(process_id), key="log_of_run", offset=offset, length=10**6)
            part = data["process"]["openInputRequest"]["fieldText"]
            parts.append(part["text"])
            offset = part["nextOffset"]
        others = [await site.ask(TEXT, id=str(process_id), key=key) for key in ("remark", "nothing")]

    whole = "".join(parts)
    assert whole == LOG.replace("hunter2", "[redacted]")
    assert part["totalLength"] == len(whole)
    assert [data["process"]["openInputRequest"]["fieldText"] for data in others] == [None, None]


async def test_a_viewer_of_a_large_form_reads_little(tmp_path: Path) -> None:
    async with asking(tmp_path) as (site, process_id):
        page = await form(site, process_id, 2_000)

    del page["initialData"]["remark"], page["schema"]["properties"]["remark"]
    assert len(json.dumps(page)) < 20_000


@pytest.mark.parametrize("length", [10_000, 10_001, 1_000_000])
async def test_a_cut_message_says_how_long_it_was(tmp_path: Path, length: int) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.say("reportCallbackProgress", token=token, message="x" * length)
        data = await story.site.ask(
            "query ($id: ID!) { process(id: $id) { callbacks { progress { message } } } }", id=str(process_id)
        )

    [callback] = data["process"]["callbacks"]
    rest = f"\n[… {length - 10_000:,} more characters]" if length > 10_000 else ""
    assert callback["progress"]["message"] == "x" * 10_000 + rest
