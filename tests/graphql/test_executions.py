"""A step shows its earlier executions with their failures, and only the newest of very many."""

from pathlib import Path
from typing import Any
from uuid import UUID

from stories import COMPLETED, FAILED
from support.database import sqlite_url
from support.operator import ADA
from support.web import Site, site_of

from orchestrator_gql import begin, retrystep, step
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import Workflow, workflow

EXECUTIONS = """query ($id: ID!) { process(id: $id) { steps { name attempt executionCount executions {
  number status attempt enteredBy startedAt completedAt durationSeconds failure { code message } } } } }"""


def failing(times: int, **options: Any) -> Workflow:
    """A workflow whose first step fails so many times; each failure has its number."""
    failures = []

    @(retrystep("Try", **options) if options else step("Try"))
    def attempt() -> State:
        failures.append(1)
        if len(failures) <= times:
            raise ProcessFailureError(f"failure {len(failures)}")
        return {}

    @step("Rest")
    def rest() -> State:
        return {}

    @workflow("Try")
    def tries() -> Any:
        return begin >> attempt >> rest

    return tries


async def retried(site: Site, process_id: UUID, times: int) -> None:
    """Retry the failed process so many times."""
    for _ in range(times):
        await site.engine.reaches(process_id, FAILED)
        site.engine.turn(10)
        await retry_process(site.engine.runtime, ADA, process_id=process_id)


async def test_a_step_shows_its_earlier_executions_and_their_failures(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), tries := failing(2)) as site:
        process_id = await site.engine.start(tries)
        await retried(site, process_id, 2)
        await site.engine.reaches(process_id, COMPLETED)
        attempted, rested = (await site.ask(EXECUTIONS, id=str(process_id)))["process"]["steps"]

    assert attempted["executionCount"] == len(attempted["executions"]) == 3
    assert [each["number"] for each in attempted["executions"]] == [1, 2, 3]
    assert [each["status"] for each in attempted["executions"]] == ["FAILED", "FAILED", "SUCCESS"]
    assert [each["enteredBy"] for each in attempted["executions"]] == ["advance", "retry", "retry"]
    assert [each["attempt"] for each in attempted["executions"]] == [1, 2, 3]
    messages = [(each["failure"] or {}).get("message") for each in attempted["executions"]]
    assert messages == ["failure 1", "failure 2", None]
    starts = [each["startedAt"] for each in attempted["executions"]]
    assert starts == sorted(set(starts))
    assert all(each["completedAt"] for each in attempted["executions"])
    assert rested["executionCount"] == len(rested["executions"]) == 1


async def test_a_step_that_is_not_reached_has_no_executions_and_tries_count_within_one(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), tries := failing(9, attempts=3, delay=0)) as site:
        process_id = await site.engine.start(tries)
        await site.engine.reaches(process_id, FAILED)
        attempted, rested = (await site.ask(EXECUTIONS, id=str(process_id)))["process"]["steps"]

    assert [(each["attempt"], each["failure"]["message"]) for each in attempted["executions"]] == [(3, "failure 3")]
    assert (rested["executionCount"], rested["executions"]) == (0, [])


async def test_only_the_newest_of_many_executions_are_shown(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), tries := failing(99)) as site:
        process_id = await site.engine.start(tries)
        await retried(site, process_id, 54)
        await site.engine.reaches(process_id, FAILED)
        attempted, _ = (await site.ask(EXECUTIONS, id=str(process_id)))["process"]["steps"]

    assert attempted["executionCount"] == 55
    assert [each["number"] for each in attempted["executions"]] == list(range(6, 56))
    assert attempted["executions"][-1]["failure"]["message"] == "failure 55"
