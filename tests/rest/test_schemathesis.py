"""Remote teams by the hundred, made by schemathesis of what `/openapi.json` says: careful ones, and careless ones.

The server is a real one. Every answer has to be one that the document tells, in the shape that it tells; a body that
fits the contract is taken, one that does not is refused, and nothing leaves a trace in the log.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import ordering
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import BaseSchema, Case
from support.command_line import SECONDS, running, until

from orchestrator_gql.rest.openapi import openapi_document

START = 'mutation { startWorkflow(input: {workflowName: "configure"}) { __typename } }'
ADDRESS = "/api/processes/{process_id}/callback/{token}"

SOME = settings(
    max_examples=80,
    deadline=None,  # the machine may be busy with other tests
    derandomize=True,  # one that fails does so for everybody
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def document() -> dict[str, Any]:
    return openapi_document([ordering.configure], "http://127.0.0.1")


def remote_teams(told: dict[str, Any]) -> BaseSchema:
    """Those who read the document and send what PostgreSQL can keep: that NUL is refused is told in words only."""
    teams = schemathesis.openapi.from_dict(told)
    teams.config.generation.update(allow_x00=False, codec="utf-8")
    return teams


def contract_at_the_door() -> dict[str, Any]:
    """The document with the step's contract where any result is delivered."""
    told = document()
    content = told["paths"][ADDRESS]["post"]["requestBody"]["content"]
    content["application/json"]["schema"] = {"$ref": "#/components/schemas/configure.Playbook"}
    return told


@dataclass(frozen=True, slots=True)
class Site:
    """A server with a process that waits, and the URL that it waits at."""

    address: str
    process_id: str
    token: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose one process waits for its playbook."""
    folder = tmp_path_factory.mktemp("site")
    bounds = {"ORCHESTRATOR_MISSES_PER_MINUTE": "1000000", "ORCHESTRATOR_MAX_CALLBACK_BYTES": "65536"}
    with running(folder, "serve", "--workflows", ordering.__file__, "--port", "0", **bounds) as server:
        address = server.address
        said = httpx.post(f"{address}/graphql", json={"query": START}, trust_env=False, timeout=SECONDS)
        assert "StartWorkflow" in said.text
        yield Site(address, *until(lambda: _address_on(folder / ordering.PAPER)))
        assert "Traceback" not in server.err.read_text()
        assert " status=500" not in server.err.read_text()


def _address_on(paper: Path) -> tuple[str, str] | None:
    parts = paper.read_text().split("/") if paper.exists() else []
    return (parts[3], parts[5]) if len(parts) == 6 else None


@remote_teams(document()).parametrize()
@SOME
def test_a_stranger_is_answered_as_the_document_says(case: Case[Any], site: Site) -> None:
    case.call_and_validate(base_url=site.address)


@remote_teams(contract_at_the_door()).include(path_regex="/callback/").parametrize()
@SOME
def test_a_remote_service_that_tries_is_answered_as_the_document_says(case: Case[Any], site: Site) -> None:
    case.path_parameters = {"process_id": site.process_id, "token": site.token}
    case.query = {"dryRun": "true"}
    case.call_and_validate(base_url=site.address)


@remote_teams(contract_at_the_door()).include(path_regex="/callback/").parametrize()
@SOME
def test_a_remote_service_that_means_it_is_answered_as_the_document_says(case: Case[Any], site: Site) -> None:
    case.path_parameters = {"process_id": site.process_id, "token": site.token}
    case.query = {}
    case.call_and_validate(base_url=site.address)
