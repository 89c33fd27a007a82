"""`pruneProcesses`, and what GraphQL answers about a removed process."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from stories import telling
from support.database import sqlite_url
from support.web import Site, site_of
from test_subscription import FOLLOW, first_event, follow, heard, logged, socket_of
from toy_face import serving

from orchestrator_gql import begin, step
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

PRUNE = """mutation ($input: PruneProcessesInput!) { pruneProcesses(input: $input) { __typename
  ... on PruneProcessesSuccess { dryRun processes counts { status target processes oldest } kept { reason processes }
    notifications hasMore endCursor }
  ... on UserError { code message } ... on ForbiddenError { permission }
  ... on PayloadInvalidError { errors { path } } } }"""
ABORT = """mutation ($id: ID!) { abortProcess(input: {processId: $id}) { __typename
  ... on NotFoundError { code message id } } }"""
AUDIT = """{ audit(first: 10) { nodes { action processId process { id } details } } }"""


@step("Greet")
def greet() -> State:
    return {"greeting": "hello"}


@workflow("Greet")
def greeting() -> Any:
    return begin >> greet


async def completed(site: Site) -> str:
    process_id = await site.engine.start(greeting)
    await site.engine.reaches(process_id, ProcessStatus.COMPLETED)
    return str(process_id)


async def test_processes_are_counted_deleted_and_reported_as_removed(storage: str) -> None:
    async with site_of(storage, greeting) as site:
        id = await completed(site)
        site.engine.turn(400 * 86_400)
        young = await completed(site)
        counted = (await site.ask(PRUNE, input={"olderThanDays": 365}))["pruneProcesses"]
        assert await site.ask("query ($id: ID!) { process(id: $id) { id } }", id=id) == {"process": {"id": id}}
        done = (await site.ask(PRUNE, input={"olderThanDays": 365, "dryRun": False}))["pruneProcesses"]
        wish = {"olderThanDays": 365, "dryRun": False, "after": done["endCursor"]}
        behind = (await site.ask(PRUNE, input=wish))["pruneProcesses"]
        found = await site.answer("query ($id: ID!) { process(id: $id) { id } node(id: $id) { id } }", id=id)
        unknown = await site.answer("query ($id: ID!) { process(id: $id) { id } }", id=id[:-3] + "fff")
        aborted = (await site.ask(ABORT, id=id))["abortProcess"]
        nodes = (await site.ask(AUDIT))["audit"]["nodes"]
        metrics = (await site.http.get("/metrics")).text
        today = f"{site.engine.clock.now():%Y-%m-%d}"

    assert "orchestrator_processes_pruned_total 1.0" in metrics
    assert "orchestrator_oldest_ended_process_seconds 0.0" in metrics
    oldest = counted["counts"][0].pop("oldest")
    count = {"status": "COMPLETED", "target": "SYSTEM", "processes": 1}
    assert oldest is not None and counted["counts"] == [count]
    assert (counted["dryRun"], counted["processes"], done["dryRun"], done["processes"]) == (True, 1, False, 1)
    assert (done["kept"], done["notifications"], done["hasMore"]) == ([], 0, False)
    assert (behind["processes"], behind["hasMore"], behind["endCursor"]) == (0, False, done["endCursor"])
    message = f"Process {id} was removed by retention on {today}."
    assert found["data"] == {"process": None, "node": None}
    (error,) = found["errors"]
    assert (error["message"], error["path"], error["extensions"]["code"]) == (message, ["process"], "NOT_FOUND")
    assert unknown == {"data": {"process": None}}
    assert aborted == {"__typename": "NotFoundError", "code": "NOT_FOUND", "message": message, "id": id}
    by_place = {(node["action"], node["processId"]): node for node in nodes}
    assert by_place["startWorkflow", id]["process"] is None
    assert list(by_place["startWorkflow", id]["details"]) == ["pruned"]
    assert by_place["startWorkflow", young]["process"] == {"id": young}
    assert by_place["pruneProcesses", None]["details"] == {
        "processes": 1,
        "by_status": {"COMPLETED SYSTEM": 1},
        "older_than_days": 365.0,
    }
    assert by_place["pruneProcesses", id]["details"]["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("wish", "path", "message"),
    [
        ({}, ["olderThanDays"], "ORCHESTRATOR_RETENTION_DAYS"),
        ({"olderThanDays": -1}, ["olderThanDays"], "from 0 to 36,500"),
        ({"olderThanDays": 1e300}, ["olderThanDays"], "from 0 to 36,500"),
        ({"olderThanDays": 1, "after": "x"}, ["after"], "is not the endCursor"),
        ({"olderThanDays": 1, "after": "WyJlbmRlZCAyMDI2LTAxLTAxIHgiXQ"}, ["after"], "is not the endCursor"),
        ({"olderThanDays": 1, "statuses": ["RUNNING"]}, ["statuses"], "RUNNING never goes"),
        ({"olderThanDays": 1, "statuses": ["SUSPENDED", "COMPLETED"]}, ["statuses"], "SUSPENDED never goes"),
    ],
)
@pytest.mark.parametrize("is_dry", [True, False])
async def test_a_wrong_wish_is_refused_with_its_field(
    tmp_path: Path, wish: dict[str, Any], path: list[str], message: str, is_dry: bool
) -> None:
    async with site_of(sqlite_url(tmp_path), greeting) as site:
        refused = (await site.ask(PRUNE, input={**wish, "dryRun": is_dry}))["pruneProcesses"]

    assert (refused["__typename"], refused["errors"][0]["path"]) == ("PayloadInvalidError", path)
    assert message in refused["message"]


async def test_an_operator_may_not_delete(storage: str) -> None:
    tokens = [{"name": "ada", "sha256": hashlib.sha256(b"t").hexdigest(), "roles": ["operator", "auditor"]}]
    async with site_of(storage, greeting, api_tokens=tokens) as site:
        site.http.headers["authorization"] = "Bearer t"
        for is_dry in (True, False):
            refused = (await site.ask(PRUNE, input={"olderThanDays": 1, "dryRun": is_dry}))["pruneProcesses"]
            assert (refused["__typename"], refused["permission"]) == ("ForbiddenError", "MANAGE_ENGINE")


async def test_a_cursor_before_a_deleted_event_is_reset_over_both_transports(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address:
        await story.notes(2)
        ids = await logged(story)
        done = (await story.site.ask(PRUNE, input={"olderThanDays": 0, "dryRun": False}))["pruneProcesses"]
        async with socket_of(address) as socket:
            await follow(socket, after=ids[0])
            by_socket = await heard(socket)
        sent = await first_event(address, "POST", {"query": FOLLOW}, ids[0])
        page = (await story.site.ask("query ($c: String) { events(after: $c) { reset } }", c=ids[0]))["events"]

    by_sse = json.loads(sent["data"])["data"]["processEvents"]
    assert done["processes"] == 2
    assert (by_socket["reset"], by_socket["events"], by_sse["reset"], page) == (True, [], True, {"reset": True})
    assert by_socket["cursor"] == by_sse["cursor"] == sent["id"]
