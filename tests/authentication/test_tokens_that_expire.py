"""When a token of the settings is accepted, wherever it is shown."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from support.database import sqlite_url
from support.sign_in import api_token, token_of
from support.web import site_of

from orchestrator_gql.authentication.tokens import principal_of
from orchestrator_gql.config.principals import ApiToken
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.utils.errors import SettingsError, Unauthenticated

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LAST_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
HEADER = {"authorization": f"Bearer {token_of('ada')}"}
MOMENT = timedelta(microseconds=1)


def expiring(text: object) -> Any:
    """The settings with a token that expires then."""
    digest = hashlib.sha256(token_of("ada").encode()).hexdigest()
    return read_settings(api_tokens=[{"name": "ada", "sha256": digest, "roles": ["admin"], "expires_at": text}])


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-01T12:00:00Z",
        "2026-06-01T12:00:00+00:00",
        "2026-06-01T14:00:00+02:00",
        "2026-06-01T02:30:00-09:30",
        datetime(2026, 6, 1, 21, tzinfo=timezone(timedelta(hours=9))),
    ],
)
def test_a_token_is_refused_from_that_time_on_in_every_time_zone(text: object) -> None:
    settings = expiring(text)

    assert principal_of(settings, HEADER["authorization"], NOON - MOMENT).id == "ada"
    for later in (NOON, NOON + MOMENT, NOON + timedelta(days=365)):
        with pytest.raises(Unauthenticated, match="The token of 'ada' has expired"):
            principal_of(settings, HEADER["authorization"], later)


@pytest.mark.parametrize("text", ["2026-06-01T12:00:00", "2026-06-01", "soon", ""])
def test_a_time_that_is_not_clear_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match=r"ORCHESTRATOR_API_TOKENS: 0\.expires_at: "):
        expiring(text)


def expired() -> ApiToken:
    """A token that expired before the server began."""
    return api_token("ada", role="admin").model_copy(update={"expires_at": LAST_YEAR})


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "/graphql", {"json": {"query": "{ viewer { id } }"}}),
        ("POST", "/graphql", {"json": {"query": "subscription { processEvents { cursor } }"}}),
        ("GET", "/graphql", {"params": {"query": "{ viewer { id } }"}}),
        ("GET", "/api/audit/export", {}),
    ],
)
async def test_a_token_that_expired_before_the_start_opens_nothing(
    method: str, path: str, options: dict[str, Any], tmp_path: Path
) -> None:
    accept = {"accept": "text/event-stream" if "subscription" in str(options) else "*/*"}
    async with site_of(sqlite_url(tmp_path), api_tokens=(expired(),), allows_get_queries=True) as site:
        refused = await site.http.request(method, path, headers=HEADER | accept, **options)
        without = await site.http.request(method, path, headers=accept, **options)

    assert (refused.status_code, without.status_code) == (401, 401)  # nobody becomes the local operator
    assert "expired" in refused.text
    assert token_of("ada") not in refused.text


@pytest.mark.parametrize("headers", [HEADER, {}], ids=["with the expired token", "without a token"])
async def test_callbacks_need_no_token_over_rest(headers: dict[str, str], tmp_path: Path) -> None:
    path = "/api/processes/01934c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f/callback/" + "x" * 43
    async with site_of(sqlite_url(tmp_path), api_tokens=(expired(),)) as site:
        answered = await site.http.post(path, json={}, headers=headers)

    assert answered.status_code == 404  # the URL is unknown: the token of a user does not matter
