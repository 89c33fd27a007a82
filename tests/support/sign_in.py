"""People who sign in by a token each, as a deployment's settings name them."""

import hashlib
from typing import Any

from orchestrator_gql.config.principals import ApiToken
from orchestrator_gql.types import Json
from support.web import GRAPHQL, Site


def token_of(name: str) -> str:
    """The secret of that person."""
    return f"secret-of-{name}"


def api_token(name: str, *teams: str, role: str = "operator") -> ApiToken:
    """The entry of the settings that lets the person in."""
    digest = hashlib.sha256(token_of(name).encode()).hexdigest()
    return ApiToken(name=name, sha256=digest, roles=(role,), teams=teams)


async def answer_as(site: Site, name: str, query: str, /, **variables: Json) -> Any:
    """The whole answer to an operation of that person."""
    head = {"accept": GRAPHQL, "authorization": f"Bearer {token_of(name)}"}
    said = await site.http.post("/graphql", json={"query": query, "variables": variables}, headers=head)
    return said.json()


async def ask_as(site: Site, name: str, query: str, /, **variables: Json) -> Any:
    """The one field of an operation that succeeds."""
    said = await answer_as(site, name, query, **variables)
    assert "errors" not in said, said
    (value,) = said["data"].values()
    return value
