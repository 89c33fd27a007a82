"""A result is compared with an earlier one, and nobody is shown a secret of either."""

from typing import Any
from uuid import UUID

import pytest
from support.remote import Remote, answer
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, dry_run_then_commit, step
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

CALLBACKS = """query ($id: ID!) { process(id: $id) { openInputRequest { id } callbacks {
  id step { name } earlierResults { id process { id } } } } }"""
DIFF = "query ($id: ID!, $other: ID!) { node(id: $id) { ... on Callback { diffAgainst(callbackId: $other) } } }"
SUBMIT = "mutation ($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) { __typename } }"
AWAITING = ProcessStatus.AWAITING_CALLBACK


@step("Judge")
def judge(callback_result: Json) -> None:
    """Accept every result."""


def two_phases(remote: Remote) -> Workflow:
    @step("Configure")
    def configure(callback_route: str, dry_run: bool) -> None:
        remote.take(callback_route)

    @workflow("Configure")
    def configures() -> Any:
        return begin >> dry_run_then_commit("Configure", configure, judge)

    return configures


async def both_phases(site: Site, flow: Workflow, remote: Remote, dry: Json, real: Json) -> tuple[UUID, list[Any]]:
    """The process that got both results, and its callbacks in order."""
    process_id = await site.engine.start(flow)
    await answer(site.engine.runtime, await remote.asked(), dry)
    await site.engine.reaches(process_id, ProcessStatus.SUSPENDED)
    asked = (await site.ask(CALLBACKS, id=str(process_id)))["process"]["openInputRequest"]["id"]
    await site.ask(SUBMIT, id=asked)
    await answer(site.engine.runtime, await remote.asked(), real)
    await site.engine.reaches(process_id, ProcessStatus.SUSPENDED)
    return process_id, (await site.ask(CALLBACKS, id=str(process_id)))["process"]["callbacks"]


async def diff(site: Site, new: Any, old: str) -> Any:
    return (await site.ask(DIFF, id=new["id"], other=old))["node"]["diffAgainst"]


async def test_the_change_is_compared_with_its_dry_run(storage: str) -> None:
    remote = Remote()
    flow = two_phases(remote)
    dry = {"return_code": 0, "changed": ["ams-1"], "version": 1, "output": "would change"}
    real = {"return_code": 0, "changed": ["ams-1", "lyon-1"], "version": 2}
    async with site_of(storage, flow) as site:
        process_id, (first, second) = await both_phases(site, flow, remote, dry, real)
        found = await diff(site, second, first["id"])
        same = await diff(site, first, first["id"])

    assert first["earlierResults"] == []
    assert second["earlierResults"] == [{"id": first["id"], "process": {"id": str(process_id)}}]
    assert found == [
        {"path": "result.changed[1]", "change": "added", "old": None, "new": "lyon-1"},
        {"path": "result.version", "change": "changed", "old": 1, "new": 2},
        {"path": "result.output", "change": "removed", "old": "would change", "new": None},
    ]
    assert same == []


@pytest.mark.parametrize(
    ("dry", "real"),
    [
        ({"password": "swordfish"}, {"password": "sturgeon"}),
        ([{"hosts": {"a": {"ansible_ssh_pass": "swordfish"}}}], [{"hosts": {"a": {"ansible_ssh_pass": "sturgeon"}}}]),
        ("login with password=swordfish", "login with password=sturgeon"),
        ({"a": "x" * 3_000 + " password=swordfish"}, {"a": "x" * 3_000 + " password=sturgeon"}),
        ({"log": ["x" * 30_000], "password": "swordfish"}, {"log": ["x" * 30_000], "password": "sturgeon"}),
    ],
)
async def test_no_difference_shows_a_secret(storage: str, dry: Json, real: Json) -> None:
    remote = Remote()
    flow = two_phases(remote)
    async with site_of(storage, flow) as site:
        _, (first, second) = await both_phases(site, flow, remote, dry, real)
        found = await diff(site, second, first["id"])

    assert found is not None
    assert "swordfish" not in str(found)
    assert "sturgeon" not in str(found)


async def test_without_two_small_results_there_is_no_difference(storage: str) -> None:
    remote = Remote()
    flow = two_phases(remote)

    @workflow("Wait")
    def waits() -> Any:
        return begin >> callback_step("Job", remote.action(), judge)

    async with site_of(storage, flow, waits) as site:
        _, (first, second) = await both_phases(site, flow, remote, "x" * 70_000, [None])
        waiting_id = await site.engine.start(waits)
        await site.engine.reaches(waiting_id, AWAITING)
        (waiting,) = (await site.ask(CALLBACKS, id=str(waiting_id)))["process"]["callbacks"]
        found = [await diff(site, second, other) for other in (first["id"], waiting["id"], str(new_id()), "nonsense")]
        found.append(await diff(site, waiting, second["id"]))

    assert found == [None] * 5
