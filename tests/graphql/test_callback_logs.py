"""The logs of a callback in pages from both ends, and the failure of a callback that has no good result."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from stories import FAILED, Story, telling

from orchestrator_gql.graphql.types import common
from orchestrator_gql.storage import pagination
from orchestrator_gql.types import Json

LOG = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { process(id: $id) { callbacks {
  log: %s(first: $first, after: $after, last: $last, before: $before) {
    totalCount totalCountIsExact edges { cursor } nodes { %s }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""
PROGRESS, ATTEMPTS = LOG % ("progressLog", "line: message"), LOG % ("attempts", "line: bytes")
LINES = [f"line {number}" for number in range(7)]
FAILURE = """query ($id: ID!) { process(id: $id) { callbacks { status
  failure { code message details retryable occurredAt } } } }"""


async def page(story: Story, process_id: UUID, document: str = PROGRESS, **arguments: Json) -> Any:
    """A page of the log of the only callback, and its lines."""
    response = await story.site.ask(document, id=str(process_id), **arguments)
    log = response["process"]["callbacks"][0]["log"]
    return log, [node["line"] for node in log["nodes"]]


async def test_the_progress_log_is_read_from_its_end_while_it_grows(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        for line in LINES:
            await story.say("reportCallbackProgress", token=token, message=line)
        last, last_lines = await page(story, process_id, last=3)
        await story.say("reportCallbackProgress", token=token, message="newest")
        middle, middle_lines = await page(story, process_id, last=3, before=last["pageInfo"]["startCursor"])
        first, first_lines = await page(story, process_id, last=3, before=middle["pageInfo"]["startCursor"])
        _, new_lines = await page(story, process_id, after=last["pageInfo"]["endCursor"])
        between, between_lines = await page(
            story, process_id, last=9, after=first["edges"][0]["cursor"], before=last["edges"][0]["cursor"]
        )
        _, nothing = await page(story, process_id, last=0)
        _, by_default = await page(story, process_id)

    assert [*first_lines, *middle_lines, *last_lines] == LINES
    assert new_lines == ["newest"]
    assert between_lines == LINES[1:4]
    assert nothing == []
    assert by_default == [*LINES, "newest"]
    infos = [each["pageInfo"] for each in (first, middle, last, between)]
    assert [info["hasPreviousPage"] for info in infos] == [False, True, True, False]
    assert [info["hasNextPage"] for info in infos] == [True, True, False, True]
    assert [each["totalCount"] for each in (last, middle)] == [7, 8]


async def test_the_attempts_are_read_from_their_end(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.say("receiveCallback", token=token, result={"rc": 0})
        for more in range(3):
            await story.say("receiveCallback", token=token, result={"rc": 10**more})
        newest, sizes = await page(story, process_id, ATTEMPTS, last=2)
        _, earlier = await page(story, process_id, ATTEMPTS, last=20, before=newest["pageInfo"]["startCursor"])

    assert len(sizes) == 2
    assert sizes == sorted(sizes)
    assert newest["totalCount"] == len(earlier) + 2 == 4


@pytest.mark.parametrize("document", [PROGRESS, ATTEMPTS])
async def test_the_total_of_a_log_has_no_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str) -> None:
    for module in (common, pagination):
        monkeypatch.setattr(module, "MOST_COUNTED", 1)
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        for line in LINES:
            await story.say("reportCallbackProgress", token=token, message=line)
        for line in LINES:
            await story.say("receiveCallback", token=token, result={"no": line})
        log, lines = await page(story, process_id, document)
        workflows = (await story.site.ask("{ workflows { totalCount totalCountIsExact nodes { name } } }"))["workflows"]

    assert (log["totalCount"], log["totalCountIsExact"]) == (len(lines), True)
    assert len(lines) > 1
    assert (workflows["totalCount"], workflows["totalCountIsExact"]) == (len(workflows["nodes"]), True)


@pytest.mark.parametrize("arguments", [{"last": -1}, {"last": 201}, {"before": "x"}, {"after": "x", "last": 1}])
async def test_a_page_of_a_log_that_cannot_be_is_refused(tmp_path: Path, arguments: dict[str, Json]) -> None:
    async with telling(tmp_path) as story:
        process_id, _ = await story.waits()
        response = await story.site.answer(PROGRESS, id=str(process_id), **arguments)

    assert response["errors"][0]["extensions"]["code"] in ("PAYLOAD_INVALID", "CURSOR_INVALID", "BAD_USER_INPUT")


async def failure_after(story: Story, name: str, **input: Json) -> Any:
    """The status and the failure of the callback after a mutation of the remote service."""
    process_id, token = await story.waits()
    await story.say(name, token=token, **input)
    await story.site.engine.reaches(process_id, FAILED)
    return (await story.site.ask(FAILURE, id=str(process_id)))["process"]["callbacks"][0]


async def test_a_callback_without_a_good_result_says_why(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        reported = {"code": "no-route", "message": "password=hunter2 is wrong", "details": {"rc": 3}, "retryable": True}
        failed = await failure_after(story, "failCallback", **reported)
        rejected = await failure_after(story, "receiveCallback", result={"rc": 1})
        process_id, _ = await story.waits()
        pending = (await story.site.ask(FAILURE, id=str(process_id)))["process"]["callbacks"][0]
        story.site.engine.turn(90_000)
        await story.site.engine.reaches(process_id, FAILED)
        expired = (await story.site.ask(FAILURE, id=str(process_id)))["process"]["callbacks"][0]
        fine, token = await story.waits()
        await story.say("receiveCallback", token=token, result={"rc": 0})
        received = (await story.site.ask(FAILURE, id=str(fine)))["process"]["callbacks"][0]

    assert failed["failure"] == {
        "code": "no-route",
        "message": "password=[redacted] is wrong",
        "details": {"rc": 3},
        "retryable": True,
        "occurredAt": failed["failure"]["occurredAt"],
    }
    assert (rejected["status"], rejected["failure"]["code"]) == ("REJECTED", "process-failure")
    assert (rejected["failure"]["message"], rejected["failure"]["details"]) == ("The playbook failed.", {"rc": 1})
    assert (expired["status"], expired["failure"]["code"]) == ("EXPIRED", "callback-expired")
    assert pending["failure"] is received["failure"] is None
