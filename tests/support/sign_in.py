"""People who sign in with tokens of the settings, for tests."""

import hashlib
from typing import Any

from orchestrator_gql.config.principals import ApiToken
from orchestrator_gql.types import Json
from support.web import GRAPHQL, Site


def token_of(name: str) -> str:
    """The token of that person."""
    return f"secret-of-{name}"


def api_token(name: str, *teams: str, role: str = "operator") -> ApiToken:
    """The person's entry in the setting for tokens."""
    digest = hashlib.sha256(token_of(name).encode()).hexdigest()
    return ApiToken(name=name, sha256=digest, roles=(role,), teams=teams)


async def answer_as(site: Site, name: str, query: str, /, **variables: Json) -> Any:
    """The whole response to an operation of that person."""
    head = {"accept": GRAPHQL, "authorization": f"Bearer {token_of(name)}"}
    response = await site.http.post("/graphql", json={"query": query, "variables": variables}, headers=head)
    return response.json()


async def ask_as(site: Site, name: str, query: str, /, **variables: Json) -> Any:
    """The value of the only field of an operation; fails if there are errors."""
    result = await answer_as(site, name, query, **variables)
    assert "errors" not in result, result
    (value,) = result["data"].values()
    return value
