"""`/openapi.json`: what a remote team reads is valid, whole, and what the server does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import pytest
import schemathesis
from pydantic import BaseModel
from starlette.routing import Route
from support.database import sqlite_url
from support.web import site_of
from waits import judge, waiting

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.lso import LsoExecutableResult, LsoPlaybookResult
from orchestrator_gql.rest.openapi import openapi_document
from orchestrator_gql.types import Json
from orchestrator_gql.workflow import Workflow, workflow

BY_NAME = "{ workflows { nodes { name steps { name callbackContract } } } }"
ONE = "query ($id: ID!) { process(id: $id) { callbacks { contract } } }"


class Host(BaseModel):
    name: str
    neighbours: "list[Host]" = []


class Tree(BaseModel):
    root: Host
    kind: Literal["tree"] = "tree"


@step("Order")
def order(callback_url: str) -> None: ...


def one(name: str, contract: Any = None) -> Any:
    return callback_step(name, order, judge, contract=contract)


@workflow("Configure a node")
def configure_node() -> Any:
    return begin >> one("Dry run", LsoPlaybookResult) >> one("Run: à Paris!", Tree) >> one("Run Paris?") >> one("Any")


@workflow("Ping", on_abort=one("Clean up", LsoExecutableResult))
def ping() -> Any:
    return begin >> one("Ping", LsoExecutableResult)


OFFERED = (configure_node, ping)
KEYS = [
    "configure_node.Dry_run",
    "configure_node.Run_Paris_",
    "configure_node.Run_Paris__2",
    "configure_node.Any",
    "ping.Ping",
    "ping.Clean_up",
]


def document(*workflows: Workflow) -> dict[str, Any]:
    return openapi_document(workflows or OFFERED, "https://orchestrator.example.org")


def references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def within(told: Json, reference: str) -> Json:
    for key in reference.removeprefix("#/").split("/"):
        told = told[key.replace("~1", "/").replace("~0", "~")]
    return told


@pytest.mark.parametrize("workflows", [OFFERED, (ping,)])
def test_it_is_valid_openapi_3_1(workflows: tuple[Workflow, ...]) -> None:
    told = document(*workflows)

    schemathesis.openapi.from_dict(told).validate()

    assert told["openapi"].startswith("3.1.")


@pytest.mark.parametrize(
    ("place", "wrong"), [("info", {}), ("paths", {"/a": {"post": {"responses": 7}}}), ("tags", "x")]
)
def test_what_is_no_openapi_3_1_would_not_pass_for_it(place: str, wrong: Json) -> None:
    with pytest.raises(Exception, match=r"required property|is not of type"):
        schemathesis.openapi.from_dict(document() | {place: wrong}).validate()


def test_every_reference_leads_somewhere_and_every_name_is_given_once() -> None:
    told = document()
    operations = re.findall(r"'operationId': '([^']+)'", str(told))

    for reference in references(told):
        assert within(told, reference) is not None, reference
    assert len(operations) == len(set(operations))


def test_each_job_of_each_workflow_is_found_by_its_name_with_the_answer_it_awaits() -> None:
    told = document()

    assert list(told["webhooks"]) == list(told["components"]["callbacks"]) == KEYS
    for key in KEYS:
        order = told["webhooks"][key]["post"]
        answers = within(told, order["callbacks"][key]["$ref"])
        result = answers["{$request.body#/callback_url}"]["post"]
        assert result["requestBody"]["content"]["application/json"]["schema"] == {"$ref": f"#/components/schemas/{key}"}
        assert set(answers) == {"{$request.body#/callback_url}" + behind for behind in ("", "/progress", "/fail")}


def test_every_schema_is_json_schema_and_every_example_fits_its_own() -> None:
    told = document()

    for name, schema in told["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": told["jsonSchemaDialect"], **schema})
        whole = {"$ref": f"#/components/schemas/{name}", "components": told["components"]}
        for example in schema.get("examples", []):
            jsonschema_rs.validate(whole, example)
    for answer in told["components"]["responses"].values():
        for content in answer["content"].values():
            for example in content["examples"].values():
                jsonschema_rs.validate(within(told, content["schema"]["$ref"]), example["value"])


def test_all_answers_are_told_where_a_result_is_delivered() -> None:
    told = document()["paths"]["/api/processes/{process_id}/callback/{token}"]["post"]["responses"]

    assert sorted(told) == sorted(map(str, (200, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 503)))


async def test_every_address_of_the_rest_door_is_told_and_nothing_else(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), *OFFERED) as site:
        told = (await site.http.get("/openapi.json")).json()
        routes = [route for route in site.app.routes if isinstance(route, Route)]
        served = {
            (route.path, method.lower())
            for route in routes
            for method in set(route.methods or ()) - {"HEAD"}
            if route.path.startswith(("/api/", "/health/")) and not route.path.endswith(("/", ":path}"))
        }

    methods = {"get", "post", "put", "delete", "patch"}
    assert served == {(path, method) for path, item in told["paths"].items() for method in item if method in methods}


async def test_a_contract_is_the_same_in_graphql_in_the_callback_and_here(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), *OFFERED) as site:
        told = (await site.http.get("/openapi.json")).json()
        offered = (await site.ask(BY_NAME))["workflows"]["nodes"]
    in_graphql = {
        f"{workflow['name']}.{step['name'].removesuffix(' - Await callback')}": step["callbackContract"]
        for workflow in offered
        for step in workflow["steps"]
        if step["callbackContract"]
    }

    for name, key in (
        ("configure_node.Dry run", "configure_node.Dry_run"),
        ("configure_node.Run: à Paris!", "configure_node.Run_Paris_"),
        ("ping.Ping", "ping.Ping"),
    ):
        here = told["components"]["schemas"][key]
        assert here["properties"]
        assert str(here).replace(f"#/components/schemas/{key}/$defs/", "#/$defs/") == str(in_graphql[name])


async def test_the_contract_of_a_waiting_callback_is_that_of_its_step(tmp_path: Path) -> None:
    async with waiting(tmp_path, contract=Tree) as wait:
        told = (await wait.site.http.get("/openapi.json")).json()
        process = await wait.site.ask(ONE, id=str(wait.process_id))
        steps = await wait.site.ask(BY_NAME)

    (callback,) = process["process"]["callbacks"]
    assert callback["contract"] == steps["workflows"]["nodes"][0]["steps"][1]["callbackContract"]
    assert set(callback["contract"]["$defs"]) == set(told["components"]["schemas"]["run_playbook.Playbook"]["$defs"])


async def test_whoever_has_it_is_not_sent_it_again(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), *OFFERED) as site:
        first = await site.http.get("/openapi.json")
        tag = first.headers["etag"]
        again = [
            await site.http.get("/openapi.json", headers={"if-none-match": known})
            for known in (tag, f"W/{tag}", f'"x", {tag}', "*", '"x"', "")
        ]

    assert [one.status_code for one in again] == [304, 304, 304, 304, 200, 200]
    assert again[0].content == b""
    assert again[0].headers["etag"] == tag
    assert first.headers["cache-control"] == "no-cache"


def test_it_names_the_public_address_and_not_what_a_client_sent() -> None:
    assert document()["servers"] == [{"url": "https://orchestrator.example.org"}]
