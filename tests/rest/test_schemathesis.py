"""Schemathesis sends valid and invalid requests, made from `/openapi.json`, to a real server.

The document must describe every response and its shape. A body that fits the contract is accepted, any other body is
refused, and no request causes a traceback in the log.
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
from schemathesis.specs.openapi.checks import positive_data_acceptance
from support.command_line import SECONDS, running, until
from support.sizes import size

from orchestrator_gql.rest.openapi import openapi_document
from orchestrator_gql.utils.json.redaction import Redactor

START = 'mutation { startWorkflow(input: {workflowName: "configure"}) { __typename } }'
ADDRESS = "/api/processes/{process_id}/callback/{token}"

SOME = settings(
    max_examples=size(40, 80),
    deadline=None,  # the machine may be busy with other tests
    derandomize=True,  # an example that fails, fails on every machine
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def document() -> dict[str, Any]:
    return openapi_document([ordering.configure], "http://127.0.0.1", Redactor(()))


def remote_teams(described: dict[str, Any]) -> BaseSchema:
    """Requests from the document, without NUL: that NUL is refused stands only in its descriptions."""
    teams = schemathesis.openapi.from_dict(described)
    teams.config.generation.update(allow_x00=False, codec="utf-8")
    return teams


def document_with_contract() -> dict[str, Any]:
    """The document with the contract of the step as the schema of any result."""
    described = document()
    content = described["paths"][ADDRESS]["post"]["requestBody"]["content"]
    content["application/json"]["schema"] = {"$ref": "#/components/schemas/configure.Playbook"}
    return described


@dataclass(frozen=True, slots=True)
class Site:
    """A server with a waiting process and the parts of its callback URL."""

    address: str
    process_id: str
    token: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with one process, which waits for its playbook."""
    folder = tmp_path_factory.mktemp("site")
    bounds = {"ORCHESTRATOR_MISSES_PER_MINUTE": "1000000", "ORCHESTRATOR_MAX_CALLBACK_BYTES": "65536"}
    with running(folder, "serve", "--workflows", ordering.__file__, "--port", "0", **bounds) as server:
        address = server.address
        response = httpx.post(f"{address}/graphql", json={"query": START}, trust_env=False, timeout=SECONDS)
        assert "StartWorkflow" in response.text
        yield Site(address, *until(lambda: _route_parts(folder / ordering.ROUTE_FILE)))
        assert "Traceback" not in server.err.read_text()
        assert " status=500" not in server.err.read_text()


def _route_parts(file: Path) -> tuple[str, str] | None:
    parts = file.read_text().split("/") if file.exists() else []
    return (parts[3], parts[5]) if len(parts) == 6 else None


@remote_teams(document()).parametrize()
@SOME
def test_a_stranger_is_answered_as_the_document_says(case: Case[Any], site: Site) -> None:
    # Only an earlier response gives a cursor, and no schema describes it: a text of the right type may be refused.
    has_cursor = "after" in (case.query or {})
    case.call_and_validate(base_url=site.address, excluded_checks=[positive_data_acceptance] if has_cursor else [])


@remote_teams(document_with_contract()).include(path_regex="/callback/").parametrize()
@SOME
def test_a_dry_run_of_a_remote_service_gets_a_documented_response(case: Case[Any], site: Site) -> None:
    case.path_parameters = {"process_id": site.process_id, "token": site.token}
    case.query = {"dryRun": "true"}
    case.call_and_validate(base_url=site.address)


@remote_teams(document_with_contract()).include(path_regex="/callback/").parametrize()
@SOME
def test_a_delivery_of_a_remote_service_gets_a_documented_response(case: Case[Any], site: Site) -> None:
    case.path_parameters = {"process_id": site.process_id, "token": site.token}
    case.query = {}
    case.call_and_validate(base_url=site.address)
