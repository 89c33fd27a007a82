"""A root field that the caller may not read is null, and its siblings in the document are answered."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, get_named_type, is_required_argument
from stories import telling
from support.sign_in import answer_as, api_token

from orchestrator_gql.config.principals import ROLES
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.types import Permission

QUERY = build_schema()._schema.query_type
assert QUERY is not None
FIELDS: dict[str, GraphQLField] = dict(QUERY.fields)
CUSTOM = {
    "starter": frozenset({Permission.START_WORKFLOW}),
    "archivist": frozenset({Permission.READ_AUDIT}),
    "mechanic": frozenset({Permission.MANAGE_ENGINE}),
    "guest": frozenset[Permission](),
}
ALL_ROLES = {**ROLES, **CUSTOM}
NEEDED = {
    "audit": Permission.READ_AUDIT,
    "verifyAudit": Permission.READ_AUDIT,
    "notifications": Permission.MANAGE_ENGINE,
    "startForm": Permission.START_WORKFLOW,
}
"""The permission of each root field that needs another one than READ."""

ARGUMENTS = {"id": '"x"', "ids": '["x"]', "name": '"note"', "workflowName": '"note"'}


def call(name: str) -> str:
    """The root field with its required arguments and a selection."""
    required = [key for key, argument in FIELDS[name].args.items() if is_required_argument(argument)]
    arguments = f"({', '.join(f'{key}: {ARGUMENTS[key]}' for key in required)})" if required else ""
    return f"{name}{arguments} {{ __typename }}"


@pytest.mark.parametrize("role", ALL_ROLES)
async def test_siblings_of_a_forbidden_root_field_are_answered(tmp_path: Path, role: str) -> None:
    settings: dict[str, Any] = {"roles": CUSTOM, "api_tokens": [api_token("ada", role=role)]}
    received, expected = {}, {}

    async with telling(tmp_path, **settings) as story:
        for name in FIELDS:
            document = f"{{ me: viewer {{ user {{ id }} }} {call(name)} again: viewer {{ permissions }} }}"
            answer = await answer_as(story.site, "ada", document)
            data, errors = answer["data"], answer.get("errors", [])
            assert (data["me"], data["again"]["permissions"]) == ({"user": {"id": "ada"}}, sorted(ALL_ROLES[role])), (
                name
            )
            received[name] = [(error["extensions"]["code"], error["path"]) for error in errors]
            is_allowed = name == "viewer" or NEEDED.get(name, Permission.READ) in ALL_ROLES[role]
            # `startForm` has a union, whose member says what is wrong.
            expected[name] = [] if is_allowed or name == "startForm" else [("FORBIDDEN", [name])]
            if not is_allowed:
                assert data[name] == ({"__typename": "ForbiddenError"} if name == "startForm" else None)

    assert received == expected


@pytest.mark.parametrize("role", CUSTOM)
async def test_the_viewer_survives_forbidden_input_requests(tmp_path: Path, role: str) -> None:
    settings: dict[str, Any] = {"roles": CUSTOM, "api_tokens": [api_token("ada", role=role)]}

    async with telling(tmp_path, **settings) as story:
        document = "{ viewer { user { id } openInputRequests { totalCount } } }"
        answer = await answer_as(story.site, "ada", document)

    assert answer["data"] == {"viewer": {"user": {"id": "ada"}, "openInputRequests": None}}
    assert [error["path"] for error in answer["errors"]] == [["viewer", "openInputRequests"]]


@pytest.mark.parametrize("name", [name for name in FIELDS if "after" in FIELDS[name].args])
async def test_siblings_of_a_root_field_with_a_wrong_cursor_are_answered(tmp_path: Path, name: str) -> None:
    async with telling(tmp_path) as story:
        answer = await story.site.answer(f'{{ viewer {{ user {{ id }} }} {name}(after: "x") {{ __typename }} }}')

    assert answer["data"] == {"viewer": {"user": {"id": "local"}}, name: None}
    assert [error["path"] for error in answer["errors"]] == [[name]]


def test_only_fields_that_never_fail_are_non_null() -> None:
    non_null = [name for name, field in FIELDS.items() if isinstance(field.type, GraphQLNonNull)]

    assert sorted(non_null) == ["startForm", "viewer"]
    assert isinstance(get_named_type(FIELDS["viewer"].type), GraphQLObjectType)
