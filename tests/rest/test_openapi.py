"""`/openapi.json` is valid, complete and fits what the server does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import jsonschema_rs
import pytest
import schemathesis
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.routing import Route
from support.database import sqlite_url
from support.web import site_of
from waits import judge, waiting

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.lso import LsoExecutableResult, LsoPlaybookResult
from orchestrator_gql.rest.openapi import openapi_document
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json.redaction import Redactor
from orchestrator_gql.workflow import Workflow, workflow

BY_NAME = "{ workflows { nodes { name steps { name callbackContract } } } }"
T = TypeVar("T")
CONTRACT = "query ($id: ID!) { process(id: $id) { callbacks { contract } } }"


class Host(BaseModel):
    name: str
    neighbours: "list[Host]" = []


class Tree(BaseModel):
    root: Host
    kind: Literal["tree"] = "tree"


@step("Order")
def order(callback_url: str) -> None: ...


def job(name: str, contract: Any = None) -> Any:
    return callback_step(name, order, judge, contract=contract)


@workflow("Configure a node")
def configure_node() -> Any:
    return begin >> job("Dry run", LsoPlaybookResult) >> job("Run: à Paris!", Tree) >> job("Run Paris?") >> job("Any")


@workflow("Ping", on_abort=job("Clean up", LsoExecutableResult))
def ping() -> Any:
    return begin >> job("Ping", LsoExecutableResult)


DEPLOYED = (configure_node, ping)
KEYS = [
    "configure_node.Dry_run",
    "configure_node.Run_Paris_",
    "configure_node.Run_Paris__2",
    "configure_node.Any",
    "ping.Ping",
    "ping.Clean_up",
]


def document(*workflows: Workflow) -> dict[str, Any]:
    return openapi_document(workflows or DEPLOYED, "https://orchestrator.example.org", Redactor(()))


def references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def within(value: Json, reference: str) -> Json:
    for key in reference.removeprefix("#/").split("/"):
        value = value[key.replace("~1", "/").replace("~0", "~")]
    return value


@pytest.mark.parametrize("workflows", [DEPLOYED, (ping,)])
def test_the_document_is_valid_openapi_3_1(workflows: tuple[Workflow, ...]) -> None:
    described = document(*workflows)

    schemathesis.openapi.from_dict(described).validate()

    assert described["openapi"].startswith("3.1.")


@pytest.mark.parametrize(
    ("place", "wrong"), [("info", {}), ("paths", {"/a": {"post": {"responses": 7}}}), ("tags", "x")]
)
def test_a_document_that_is_no_openapi_3_1_is_recognized(place: str, wrong: Json) -> None:
    with pytest.raises(Exception, match=r"required property|is not of type"):
        schemathesis.openapi.from_dict(document() | {place: wrong}).validate()


def test_every_reference_resolves_and_every_operation_id_is_unique() -> None:
    described = document()
    operations = re.findall(r"'operationId': '([^']+)'", str(described))

    assert list(references(described))
    for reference in references(described):
        assert within(described, reference) is not None, reference
    assert len(operations) == len(set(operations))


def test_each_job_of_each_workflow_has_a_webhook_and_a_callback_with_its_name() -> None:
    described = document()

    assert list(described["webhooks"]) == list(described["components"]["callbacks"]) == KEYS
    for key in KEYS:
        order = described["webhooks"][key]["post"]
        callbacks = within(described, order["callbacks"][key]["$ref"])
        result = callbacks["{$request.body#/callback_url}"]["post"]
        assert result["requestBody"]["content"]["application/json"]["schema"] == {"$ref": f"#/components/schemas/{key}"}
        assert set(callbacks) == {"{$request.body#/callback_url}" + behind for behind in ("", "/progress", "/fail")}


def test_every_schema_is_json_schema_and_every_example_fits_its_schema() -> None:
    described = document()

    for name, schema in described["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": described["jsonSchemaDialect"], **schema})
        whole = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        for example in schema.get("examples", []):
            jsonschema_rs.validate(whole, example)
    for response in described["components"]["responses"].values():
        for content in response["content"].values():
            for example in content["examples"].values():
                jsonschema_rs.validate(within(described, content["schema"]["$ref"]), example["value"])


def test_all_responses_to_a_result_are_described() -> None:
    responses = document()["paths"]["/api/processes/{process_id}/callback/{token}"]["post"]["responses"]

    assert sorted(responses) == sorted(map(str, (200, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 503)))


async def test_every_path_of_the_rest_api_is_described_and_no_other(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), *DEPLOYED) as site:
        described = (await site.http.get("/openapi.json")).json()
        routes = [route for route in site.app.routes if isinstance(route, Route)]
        served = {
            (route.path, method.lower())
            for route in routes
            for method in set(route.methods or ()) - {"HEAD"}
            if route.path.startswith(("/api/", "/health/")) and not route.path.endswith(("/", ":path}"))
        }

    methods = {"get", "post", "put", "delete", "patch"}
    assert served == {
        (path, method) for path, item in described["paths"].items() for method in item if method in methods
    }


def schemas(value: Json) -> Iterator[dict[str, Any]]:
    """All schemas in a part of the document."""
    if isinstance(value, list):
        for inner in value:
            yield from schemas(inner)
    elif isinstance(value, dict):
        yield value
        for key, inner in value.items():
            if key not in ("default", "enum", "const", "example", "examples"):
                yield from schemas(inner)


def test_generators_find_a_name_and_a_type_for_every_schema() -> None:
    described = document()
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in described["components"]["schemas"]]

    assert len(set(names)) == len(names)
    for schema in schemas([described["components"], described["paths"]]):
        assert "type" in schema or not {"const", "enum"} & set(schema), schema
        assert "$defs" not in schema
        assert not isinstance(schema.get("title"), str), schema


class Box(BaseModel, Generic[T]):
    content: T


class Named(BaseModel):
    """A model whose property and data are named as keywords of JSON Schema."""

    title: Box[int]
    properties: dict[str, Box[str]] = Field({}, examples=[{"title": "kept"}])
    default: Literal["title"] = "title"
    size: Literal[1, 2, "auto", None] = None


def test_only_titles_of_schemas_are_left_out_of_a_contract() -> None:
    @workflow("Name it")
    def named() -> Any:
        return begin >> job("Name", Named)

    found = document(named)["components"]["schemas"]

    schema = found["named.Name"]
    assert schema["properties"]["title"] == {"$ref": "#/components/schemas/named.Name_Box_int_"}
    assert schema["properties"]["properties"]["examples"] == [{"title": "kept"}]
    assert schema["properties"]["default"] == {"const": "title", "default": "title", "type": "string"}
    assert schema["properties"]["size"] == {
        "anyOf": [
            {"type": "integer", "enum": [1, 2]},
            {"type": "string", "enum": ["auto"]},
            {"type": "null", "enum": [None]},
        ],
        "default": None,
    }
    assert {"named.Name_Box_int_", "named.Name_Box_str_"} < set(found)


def resolved(value: Json) -> Json:
    """The contract without titles and `$defs`, and with the name of the model for each reference."""
    if isinstance(value, list):
        return [resolved(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2].rpartition("_")[2]
    kept = {key: inner for key, inner in value.items() if key not in ("$defs", "title")}
    return {key: resolved(inner) for key, inner in kept.items()}


async def test_a_contract_is_the_same_in_graphql_and_in_openapi(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), *DEPLOYED) as site:
        described = (await site.http.get("/openapi.json")).json()
        deployed = (await site.ask(BY_NAME))["workflows"]["nodes"]
    in_graphql = {
        f"{workflow['name']}.{step['name'].removesuffix(' - Await callback')}": step["callbackContract"]
        for workflow in deployed
        for step in workflow["steps"]
        if step["callbackContract"]
    }

    for name, key in (
        ("configure_node.Dry run", "configure_node.Dry_run"),
        ("configure_node.Run: à Paris!", "configure_node.Run_Paris_"),
        ("ping.Ping", "ping.Ping"),
    ):
        in_openapi = described["components"]["schemas"][key]
        assert in_openapi["properties"]
        assert resolved(in_openapi) == resolved(in_graphql[name])
        for model, definition in in_graphql[name].get("$defs", {}).items():
            in_openapi = described["components"]["schemas"][f"{key}_{model}"]
            assert resolved(in_openapi) == resolved(definition)


async def test_the_contract_of_a_waiting_callback_is_that_of_its_step(tmp_path: Path) -> None:
    async with waiting(tmp_path, contract=Tree) as wait:
        described = (await wait.site.http.get("/openapi.json")).json()
        process = await wait.site.ask(CONTRACT, id=str(wait.process_id))
        steps = await wait.site.ask(BY_NAME)

    (callback,) = process["process"]["callbacks"]
    assert callback["contract"] == steps["workflows"]["nodes"][0]["steps"][1]["callbackContract"]
    assert {f"run_playbook.Playbook_{model}" for model in callback["contract"]["$defs"]} < set(
        described["components"]["schemas"]
    )


class Part(BaseModel):
    token: str = "hidden-1"
    pin: SecretStr = SecretStr("hidden-2")


class Login(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"user": "shown-1", "password": "hidden-3"}]})

    user: str = Field("shown-2", examples=["shown-3"])
    password: str = Field("hidden-4", examples=["hidden-5"])
    marked: str = Field("hidden-6", json_schema_extra={"writeOnly": True}, examples=["hidden-7"])
    part: Part = Part(token="hidden-8", pin=SecretStr("hidden-9"))
    more: dict[str, str] = Field({"api_key": "hidden-10", "site": "shown-4"})


async def test_nobody_reads_defaults_and_examples_of_secrets(tmp_path: Path) -> None:
    async with waiting(tmp_path, contract=Login) as wait:
        described = (await wait.site.http.get("/openapi.json")).text
        in_graphql = json.dumps((await wait.site.ask(BY_NAME))["workflows"])

    for shown in (described, in_graphql):
        assert set(re.findall(r"(?:hidden|shown)-[0-9]+", shown)) == {f"shown-{number}" for number in range(1, 5)}


async def test_a_client_with_the_current_document_gets_304(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), *DEPLOYED) as site:
        first = await site.http.get("/openapi.json")
        tag = first.headers["etag"]
        again = [
            await site.http.get("/openapi.json", headers={"if-none-match": known})
            for known in (tag, f"W/{tag}", f'"x", {tag}', "*", '"x"', "")
        ]

    assert [response.status_code for response in again] == [304, 304, 304, 304, 200, 200]
    assert again[0].content == b""
    assert again[0].headers["etag"] == tag
    assert first.headers["cache-control"] == "no-cache"


def test_the_document_names_the_public_url_and_not_the_host_of_the_request() -> None:
    assert document()["servers"] == [{"url": "https://orchestrator.example.org"}]
