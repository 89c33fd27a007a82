"""A search finds processes by what their workflow is called on the screen: its description, which only the code has."""

from pathlib import Path
from typing import Any

from support.database import sqlite_url
from support.web import Site, site_of

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.graphql.types.filters import LONGEST_SEARCH
from orchestrator_gql.types import FormGenerator, ProcessStatus
from orchestrator_gql.workflow import workflow

FIND = """query ($search: String!) {
  processes(filter: {search: $search}) { totalCount nodes { workflowName } }
  inputRequests(filter: {search: $search}) { nodes { process { workflowName } } }
  stats { processesByStatus(filter: {search: $search}) { status count } } }"""

SUBJECTS = "query ($search: String!) { processes(filter: {search: $search}) { nodes { subject } } }"


@step("Find the switches")
def find_switches() -> dict[str, Any]:
    return {"site": "ams"}


@inputstep("Confirm", assignee=Assignee("NOC"))
def confirm() -> Any:
    yield SubmitFormPage
    return {}


async def found(site: Site, search: str) -> tuple[list[str], list[str], int]:
    """The workflows of the processes and of the forms that are found, and the sum of the counts."""
    data = await site.ask(FIND, search=search)
    processes = [node["workflowName"] for node in data["processes"]["nodes"]]
    forms = [node["process"]["workflowName"] for node in data["inputRequests"]["nodes"]]
    assert data["processes"]["totalCount"] == len(processes)
    return processes, forms, sum(each["count"] for each in data["stats"]["processesByStatus"])


async def test_processes_forms_and_counts_are_found_by_the_description_of_the_workflow(tmp_path: Path) -> None:
    @workflow("Upgrade 100% of the firmware", title="Switches of {site}")
    def upgrade_all() -> Any:
        return begin >> find_switches >> confirm

    @workflow("Order a circuit", title="Circuit of {site}")
    def circuit() -> Any:
        return begin >> find_switches >> confirm

    async with site_of(sqlite_url(tmp_path), upgrade_all, circuit) as site:
        for each in (upgrade_all, circuit):
            await site.engine.reaches(await site.engine.start(each), ProcessStatus.SUSPENDED)
        by_description = await found(site, "OF THE FIRM")
        by_name = await found(site, "upgrade_a")
        by_both = await found(site, "circuit")
        by_neither = await found(site, "firm%ware")

    assert by_description == by_name == (["upgrade_all"], ["upgrade_all"], 1)
    assert by_both == (["circuit"], ["circuit"], 1)
    assert by_neither == ([], [], 0)


@step("Name the site")
def name_site(site: str) -> None:
    """Nothing more to do."""


def site_form() -> FormGenerator:
    class SitePage(SubmitFormPage):
        site: str

    answer = yield SitePage
    return {"site": answer.site}


CASES = {"Île de Ré": "ÎLE DE RÉ", "ÅRHUS 7": "århus 7", "Киев": "кИЕВ", "[ü]*?": "[Ü]*?", "Ωmega": "ωMEGA"}


async def test_a_search_finds_capitals_beyond_a_to_z_on_sqlite(tmp_path: Path) -> None:
    @workflow("Name it", title="{site}", initial_input_form=site_form)
    def name_it() -> Any:
        return begin >> name_site

    async with site_of(sqlite_url(tmp_path), name_it) as site:
        for name in CASES:
            await site.engine.start(name_it, {"site": name})
        subjects = {
            searched: [node["subject"] for node in (await site.ask(SUBJECTS, search=searched))["processes"]["nodes"]]
            for name, other in CASES.items()
            for searched in (name, other)
        }

    assert subjects == {searched: [name] for name, other in CASES.items() for searched in (name, other)}


async def test_a_search_is_not_longer_than_what_is_searched_for(tmp_path: Path) -> None:
    """PostgreSQL compares it with each row, and a long one takes a thousand times longer."""
    async with site_of(sqlite_url(tmp_path)) as site:
        nothing = await found(site, "x" * LONGEST_SEARCH)
        refused = await site.answer(FIND, search="x" * (LONGEST_SEARCH + 1))

    assert nothing == ([], [], 0)
    assert sorted((error["path"][0], error["extensions"]["code"]) for error in refused["errors"]) == [
        ("inputRequests", "PAYLOAD_INVALID"),
        ("processes", "PAYLOAD_INVALID"),
        ("stats", "PAYLOAD_INVALID"),
    ]
