"""Everything that can be asked."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stories import COMPLETED, FAILED, SUSPENDED, judge, telling
from support.database import sqlite_url
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.graphql.types import common, stats
from orchestrator_gql.storage import listing, pagination
from orchestrator_gql.types import Json
from orchestrator_gql.workflow import workflow

PAGE = """query ($filter: ProcessFilter, $orderBy: ProcessOrder, $first: Int, $after: String, $last: Int,
  $before: String) { processes(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last,
  before: $before) { totalCount edges { cursor } nodes { id }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
ONE = """query ($id: ID!) { process(id: $id) { id status steps { index name status attempt group
  callbacks { id } inputRequest { id } } currentStep { name } state durationSeconds createdBy { id }
  availableActions failure { code message details } openInputRequest { title form { __typename } }
  events { nodes { __typename } } } }"""
OLDEST_FIRST = {"field": "STARTED_AT", "direction": "ASC"}


async def page(site: Site, **variables: Json) -> Any:
    """One page of processes."""
    return (await site.ask(PAGE, **variables))["processes"]


def ids(found: Any) -> list[str]:
    """Which rows a page holds."""
    return [node["id"] for node in found["nodes"]]


async def codes(site: Site, query: str, **variables: Json) -> list[str]:
    """The codes of the errors of an operation."""
    return [error["extensions"]["code"] for error in (await site.answer(query, **variables))["errors"]]


async def test_pages_forward_hold_every_row_once_while_rows_are_added(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        made = await story.notes(5)
        first = await page(story.site, first=2)
        await story.notes(2)
        second = await page(story.site, first=2, after=first["pageInfo"]["endCursor"])
        third = await page(story.site, first=2, after=second["pageInfo"]["endCursor"])

    assert [*ids(first), *ids(second), *ids(third)] == made[::-1]
    assert [one["pageInfo"]["hasNextPage"] for one in (first, second, third)] == [True, True, False]
    assert [one["pageInfo"]["hasPreviousPage"] for one in (first, second, third)] == [False, True, True]
    assert [one["totalCount"] for one in (first, second, third)] == [5, 7, 7]


async def test_pages_backward_hold_every_row_once_while_rows_are_added(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        made = await story.notes(5)
        last = await page(story.site, last=2)
        await story.notes(2)
        middle = await page(story.site, last=2, before=last["pageInfo"]["startCursor"])
        rest = await page(story.site, last=3, before=middle["pageInfo"]["startCursor"])

    assert [*ids(rest)[-1:], *ids(middle), *ids(last)] == made[::-1]
    assert [one["pageInfo"]["hasPreviousPage"] for one in (last, middle, rest)] == [True, True, False]
    assert [one["pageInfo"]["hasNextPage"] for one in (last, middle, rest)] == [False, True, True]


async def test_the_order_can_be_turned(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        made = await story.notes(3)
        story.site.engine.turn(1)
        await story.act("updateProcessNote", made[0], note="touched last")
        oldest = await page(story.site, orderBy=OLDEST_FIRST, first=2)
        behind = await page(story.site, orderBy=OLDEST_FIRST, first=2, after=oldest["pageInfo"]["endCursor"])
        touched = await page(story.site, orderBy={"field": "UPDATED_AT", "direction": "DESC"}, first=1)

    assert [*ids(oldest), *ids(behind)] == made
    assert ids(touched) == made[:1]


@pytest.mark.parametrize(
    "cursor", ["", "x", "====", "ÿ", "W10", "bnVsbA", "W1tbW1tb", base64.b64encode(b"[" * 5000).decode()]
)
async def test_a_malformed_cursor_is_refused(tmp_path: Path, cursor: str) -> None:
    lists = ("processes", "workflows", "inputRequests", "callbacks", "products", "events")

    async with telling(tmp_path) as story:
        received = {
            name: await codes(story.site, f"query ($c: String) {{ {name}(after: $c) {{ __typename }} }}", c=cursor)
            for name in lists
        }

    assert received == {name: ["CURSOR_INVALID"] for name in lists}


@pytest.mark.parametrize("filter", ["", 'filter: {processIds: ["ID"]}', 'filter: {workflowNames: ["note"]}'])
async def test_a_page_of_no_events_keeps_its_place(tmp_path: Path, filter: str) -> None:
    async with telling(tmp_path) as story:
        await story.notes(2)
        id = ids(await page(story.site, first=1))[0]
        chosen = "first: $n, after: $after, " + filter.replace("ID", id)
        ask = (
            "query ($n: Int!, $after: String) { events(ARGUMENTS) { nodes { id } pageInfo { endCursor hasNextPage } } }"
        )
        ask = ask.replace("ARGUMENTS", chosen)
        none = (await story.site.ask(ask, n=0))["events"]
        behind = (await story.site.ask(ask, n=200, after=none["pageInfo"]["endCursor"]))["events"]
        whole = (await story.site.ask(ask, n=200))["events"]
        below = "query ($id: ID!) { process(id: $id) { events(first: 0) { nodes { id } pageInfo { hasNextPage } } } }"
        of_process = (await story.site.ask(below, id=id))["process"]["events"]

    assert (none["nodes"], none["pageInfo"]["hasNextPage"]) == ([], True)
    assert behind["nodes"] == whole["nodes"] != []
    assert of_process == {"nodes": [], "pageInfo": {"hasNextPage": True}}


LONG = "x" * 100_000
ECHOES = {
    "enum": ("query ($v: ProcessFilter) { processes(filter: $v) { totalCount } }", {"statuses": [LONG]}),
    "input field": ("query ($v: ProcessFilter) { processes(filter: $v) { totalCount } }", {LONG: 1}),
    "time": ("query ($v: ProcessFilter) { processes(filter: $v) { totalCount } }", {"startedAt": {"from": LONG}}),
    "field": (f"{{ {LONG} }}", None),
    "literal": (f"{{ remoteServices(window: {LONG}) {{ totalCount }} }}", None),
    "workflow": ("query ($v: String!) { startForm(workflowName: $v) { ... on UserError { message } } }", LONG),
}


@pytest.mark.parametrize("name", ECHOES)
async def test_no_answer_repeats_a_long_text_of_the_client(tmp_path: Path, name: str) -> None:
    document, value = ECHOES[name]

    async with telling(tmp_path) as story:
        answer = json.dumps(await story.site.answer(document, v=value))

    assert "xxx" in answer
    assert len(answer) < 4_000


async def test_a_cursor_of_another_order_is_refused(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        await story.notes(2)
        cursor = (await page(story.site, first=1))["pageInfo"]["endCursor"]
        received = await codes(story.site, PAGE, after=cursor, orderBy=OLDEST_FIRST)

    assert received == ["CURSOR_INVALID"]


@pytest.mark.parametrize("size", [-1, 201])
async def test_a_page_of_an_impossible_size_is_refused(tmp_path: Path, size: int) -> None:
    async with telling(tmp_path) as story:
        [received] = await codes(story.site, PAGE, first=size)

    assert received in ("PAYLOAD_INVALID", "BAD_USER_INPUT")


async def test_every_filter_of_processes_finds_its_own(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        [note] = await story.notes(1)
        await story.act("updateProcessNote", note, note="100% of _it")
        story.site.engine.turn(100)
        asked, _ = await story.asks()
        instant = "2026-03-02T09:00:30Z"
        found = {
            json.dumps(filter): ids(await page(story.site, filter=filter))
            for filter in (
                {"ids": [note, "nonsense"]},
                {"statuses": ["COMPLETED"]},
                {"workflowNames": ["note", "nothing"]},
                {"search": "100% of _"},
                {"search": note},
                {"search": note[-8:]},
                {"search": "write a NOTE"},
                {"statuses": ["COMPLETED", "FAILED"], "search": "write"},
                {"startedAt": {"to": instant}},
                {"updatedAt": {"to": instant}},
            )
        }
        others = {
            json.dumps(filter): ids(await page(story.site, filter=filter))
            for filter in ({"assigneeKeys": ["NOC"]}, {"startedAt": {"from": instant}}, {"search": "change_p"})
        }
        empty: tuple[dict[str, Json], ...] = (
            {"ids": []},
            {"search": "1000 of"},
            {"search": "100% ofx"},
            {"createdBy": "ada"},
            {"targets": ["TERMINATE"]},
            {"productSubscriptionId": "nonsense"},
        )
        nothing = [ids(await page(story.site, filter=filter)) for filter in empty]
        mine = ids(await page(story.site, filter={"createdBy": "local", "targets": ["SYSTEM", "CREATE", "MODIFY"]}))

    assert found == {filter: [note] for filter in found}
    assert others == {filter: [str(asked)] for filter in others}
    assert nothing == [[]] * 6
    assert set(mine) == {note, str(asked)}


async def test_a_timeline_shows_what_was_and_what_is_to_come(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, _ = await story.waits()
        waiting = (await story.site.ask(ONE, id=str(process_id)))["process"]
        asked_id, _ = await story.asks()
        asking = (await story.site.ask(ONE, id=str(asked_id)))["process"]

    assert [(one["name"], one["status"]) for one in waiting["steps"]] == [
        ("Call the remote service", "SUCCESS"),
        ("Playbook - Await callback", "AWAITING_CALLBACK"),
        ("Judge the result", "PENDING"),
        ("Confirm the result", "PENDING"),
        ("Activate", "PENDING"),
    ]
    assert [one["index"] for one in waiting["steps"]] == [0, 1, 2, 3, 4]
    assert [one["attempt"] for one in waiting["steps"]] == [1, 1, 0, 0, 0]
    assert waiting["currentStep"] == {"name": "Playbook - Await callback"}
    assert waiting["availableActions"] == [
        "ABORT",
        "COMPLETE_CALLBACK",
        "EDIT_NOTE",
        "REAWAIT_CALLBACK",
        "REISSUE_CALLBACK",
    ]
    assert (asking["status"], asking["openInputRequest"]["title"]) == (SUSPENDED, "Confirm the result")
    assert asking["openInputRequest"]["form"] == {"__typename": "FormPage"}
    assert asking["state"] == {"callback_result": {"rc": 0}, "is_good": True}
    assert asking["availableActions"] == ["ABORT", "EDIT_NOTE", "SUBMIT_FORM"]
    assert asking["createdBy"] == {"id": "local"}


@pytest.mark.parametrize("names", [[], ["ams-1", "ams-1"], "ams-1", None])
async def test_a_callback_that_was_never_issued_cannot_be_completed(tmp_path: Path, names: Any) -> None:
    @step("Configure")
    def configures(callback_urls: dict[str, str]) -> None:
        """Never called."""

    @workflow("Configure routers")
    def configure() -> Any:
        return begin >> callback_step("Routers", configures, judge, expect=lambda: names)

    async with site_of(sqlite_url(tmp_path), configure) as site:
        process_id = await site.engine.start(configure)
        await site.engine.reaches(process_id, FAILED)
        process = (await site.ask(ONE, id=str(process_id)))["process"]

    assert process["failure"]["code"] == "bad-expect"
    assert process["availableActions"] == ["ABORT", "EDIT_NOTE", "RETRY"]


async def test_a_failed_validation_shows_its_details(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.say("receiveCallback", token=token, result={"rc": 2})
        await story.site.engine.reaches(process_id, FAILED)
        process = (await story.site.ask(ONE, id=str(process_id)))["process"]
        found = await story.site.ask("{ callbacks { nodes { status result validation { outcome message } } } }")

    assert process["failure"]["message"] == "The playbook failed."
    assert process["failure"]["details"] == {"rc": 2}
    assert "RETRY" in process["availableActions"]
    assert found["callbacks"]["nodes"] == [
        {
            "status": "REJECTED",
            "result": {"rc": 2},
            "validation": {"outcome": "REJECTED", "message": "The playbook failed."},
        }
    ]


async def test_a_large_result_is_read_piece_by_piece(tmp_path: Path) -> None:
    result = {"out": "é" * 70_000}
    query = """query ($o: Int, $l: Int) { callbacks { nodes { isTruncated result resultBytes
      resultText(offset: $o, length: $l) { text nextOffset totalLength } } } }"""

    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.say("receiveCallback", token=token, result=result)
        await story.site.engine.reaches(process_id, SUSPENDED)
        text = ""
        offset: int | None = 0
        while offset is not None:
            [shown] = (await story.site.ask(query, o=offset, l=30_000))["callbacks"]["nodes"]
            text, offset = text + shown["resultText"]["text"], shown["resultText"]["nextOffset"]
        [odd] = (await story.site.ask(query, o=-5, l=-1))["callbacks"]["nodes"]
        [beyond] = (await story.site.ask(query, o=10_000_000, l=5))["callbacks"]["nodes"]

    assert json.loads(text) == result
    assert (shown["isTruncated"], shown["result"], shown["resultText"]["totalLength"]) == (True, None, len(text))
    assert odd["resultText"]["text"] == ""
    assert beyond["resultText"] == {"text": "", "nextOffset": None, "totalLength": len(text)}


async def test_the_inbox_holds_what_is_open(tmp_path: Path) -> None:
    query = """query ($filter: InputRequestFilter) { inputRequests(filter: $filter) { totalCount
      nodes { id canSubmit blockedReason assignee { key } process { workflowName } step { name } } } }"""

    async with telling(tmp_path) as story:
        process_id, request_id = await story.asks()
        before = (await story.site.ask(query))["inputRequests"]
        await story.submit(inputRequestId=request_id, pages=[{}])
        await story.site.engine.reaches(process_id, COMPLETED)
        after = (await story.site.ask(query))["inputRequests"]
        decided = (await story.site.ask(query, filter={"statuses": ["SUBMITTED"], "assigneeKeys": ["NOC"]}))[
            "inputRequests"
        ]

    assert before["nodes"] == [
        {
            "id": request_id,
            "canSubmit": True,
            "blockedReason": None,
            "assignee": {"key": "NOC"},
            "process": {"workflowName": "change_port"},
            "step": {"name": "Confirm the result"},
        }
    ]
    assert (before["totalCount"], after["totalCount"], decided["totalCount"]) == (1, 0, 1)


async def test_a_node_of_every_kind_is_found_by_its_id(tmp_path: Path) -> None:
    collect = """{ processes { nodes { id steps { id } openInputRequest { id }
      callbacks { id attempts { nodes { id } } } } }
      workflows { nodes { id } } }"""
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"

    async with telling(tmp_path) as story:
        await story.asks()
        response = await story.site.ask(collect)
        [process] = response["processes"]["nodes"]
        [callback] = process["callbacks"]
        wanted = [
            ("Process", process["id"]),
            ("ProcessStep", process["steps"][0]["id"]),
            ("ProcessStep", process["steps"][-1]["id"]),
            ("Callback", callback["id"]),
            ("CallbackAttempt", callback["attempts"]["nodes"][0]["id"]),
            ("InputRequest", process["openInputRequest"]["id"]),
            ("Workflow", response["workflows"]["nodes"][0]["id"]),
        ]
        unknown = ["nonsense", "", ":", "workflow:x", "product:x", f"{process['id']}:99", f"{process['id']}:-1"]
        found = (await story.site.ask(query, ids=[*(id for _, id in wanted), *unknown]))["nodes"]
        too_many = await codes(story.site, query, ids=["x"] * 201)

    assert found == [{"__typename": kind, "id": id} for kind, id in wanted] + [None] * len(unknown)
    assert too_many == ["PAYLOAD_INVALID"]


async def test_a_start_form_is_evaluated_without_side_effects(tmp_path: Path) -> None:
    query = """query ($name: String!, $pages: [JSON!]!) { startForm(workflowName: $name, pages: $pages) { __typename
      ... on FormPage { index } ... on FormInvalid { pageIndex } ... on FormComplete { data } } }"""

    async with telling(tmp_path) as story:
        turns = [
            (await story.site.ask(query, name="ask", pages=pages))["startForm"]
            for pages in ([], [{"port": "x"}], [{"port": 1}], [{"port": 1}, {}])
        ]
        missing = (await story.site.ask(query, name="nonsense", pages=[]))["startForm"]
        left = await story.site.ask("{ processes { totalCount } events { nodes { id } } }")

    assert turns == [
        {"__typename": "FormPage", "index": 0},
        {"__typename": "FormInvalid", "pageIndex": 0},
        {"__typename": "FormPage", "index": 1},
        {"__typename": "FormComplete", "data": {"port": 1, "speed": 10}},
    ]
    assert missing == {"__typename": "NotFoundError"}
    assert left == {"processes": {"totalCount": 0}, "events": {"nodes": []}}


async def test_the_numbers_are_counted_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (common, pagination, stats):
        monkeypatch.setattr(module, "MOST_COUNTED", 1)
    query = """{ stats { openInputRequests pendingCallbacks overdueCallbacks
      all: processesByStatus { status count isExact }
      some: processesByStatus(filter: {statuses: [SUSPENDED, AWAITING_CALLBACK]}) { status count isExact } } }"""

    async with telling(tmp_path) as story:
        for _ in range(3):
            await story.asks()
            await story.waits()
        now = story.site.engine.runtime.clock.now() + timedelta(days=30)
        counts = await story.site.engine.read(lambda conn: listing.counts(conn, since=now, now=now))
        shown = (await story.site.ask(query))["stats"]

    counted = (counts.open_input_requests, counts.pending_callbacks, counts.overdue_callbacks)
    assert counted == (2, 2, 2)  # one more than the bound says that there are more; nothing is counted behind it
    assert {number for number in counts.by_status.values() if number} == {2}
    assert (shown["openInputRequests"], shown["pendingCallbacks"], shown["overdueCallbacks"]) == (1, 1, 0)
    for name in ("all", "some"):
        found = {each["status"]: (each["count"], each["isExact"]) for each in shown[name]}
        assert found["SUSPENDED"] == found["AWAITING_CALLBACK"] == (1, False)
        assert found["COMPLETED"] == (0, True)


@pytest.mark.parametrize(("most", "shown"), [(2, 2), (3, 3), (4, 3)])
async def test_a_total_is_counted_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, shown: int
) -> None:
    for module in (common, pagination):
        monkeypatch.setattr(module, "MOST_COUNTED", most)
    query = "{ processes(first: 1) { totalCount totalCountIsExact nodes { id } } }"

    async with telling(tmp_path) as story:
        await story.notes(3)
        found = (await story.site.ask(query))["processes"]

    assert (found["totalCount"], found["totalCountIsExact"], len(found["nodes"])) == (shown, most >= 3, 1)


async def test_processes_are_counted_by_status_with_a_filter(tmp_path: Path) -> None:
    query = """query ($filter: ProcessFilter) {
      stats { processesByStatus(filter: $filter) { status count } } }"""
    filters = [None, {}, {"search": "NOTE"}, {"search": "nothing like it"}, {"statuses": ["FAILED"]}]

    async with telling(tmp_path) as story:
        await story.notes(3)
        answers = [(await story.site.ask(query, filter=each))["stats"]["processesByStatus"] for each in filters]

    assert {len(counts) for counts in answers} == {8}
    found = [{each["status"]: each["count"] for each in counts if each["count"]} for counts in answers]
    assert found[:3] == [{"COMPLETED": 3}] * 3
    assert found[3:] == [{}, {}]


async def test_workflows_are_listed_with_their_steps(tmp_path: Path) -> None:
    query = """{ workflows(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes { name hasStartForm
      isStartable blockedReason steps { kind name } processes { totalCount } } }
      workflow(name: "note") { description } missing: workflow(name: "x") { name }
      found: workflows(filter: {search: "PORT"}) { nodes { name } } viewer { user { id } permissions }
      engine { state } stats { processesByStatus { status count } } }"""

    async with telling(tmp_path) as story:
        response = await story.site.ask(query)
        rest = await story.site.ask(
            "query ($c: String) { workflows(after: $c) { nodes { name } } }",
            c=response["workflows"]["pageInfo"]["endCursor"],
        )

    assert [one["name"] for one in response["workflows"]["nodes"]] == ["ask", "change_port"]
    assert response["workflows"]["pageInfo"]["hasNextPage"]
    assert rest["workflows"]["nodes"] == [{"name": "note"}]
    assert response["missing"] is None
    assert {"name": "change_port"} in response["found"]["nodes"]
    assert response["viewer"]["user"] == {"id": "local"}
    assert response["engine"] == {"state": "RUNNING"}
    assert len(response["stats"]["processesByStatus"]) == 8
