"""Sign-in by the API tokens of the configuration."""

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from orchestrator_gql.authentication.guess_limiter import GuessLimiter
from orchestrator_gql.config.principals import Team
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.security import LOCAL_OPERATOR, NOBODY, Principal
from orchestrator_gql.utils.errors import Unauthenticated


def signed_in(
    settings: Settings, authorization: str | None, sign_ins: GuessLimiter, address: str | None, now: datetime
) -> Principal:
    """The principal like `principal_of`. A wrong value is logged with its address and limited.

    Raises `Unauthenticated`, or `RateLimited` after too many wrong values from the address.
    """
    try:
        return principal_of(settings, authorization, now)
    except Unauthenticated as error:
        raise sign_ins.refusal(address, error) from None


@lru_cache(maxsize=8)
def _local_operator(teams: tuple[Team, ...]) -> Principal:
    return replace(LOCAL_OPERATOR, teams=frozenset(team.key for team in teams))


def principal_of(settings: Settings, authorization: str | None, now: datetime) -> Principal:
    """The principal for the value of the ``Authorization`` header. Raises `Unauthenticated` for a wrong value.

    If no sign-in is configured, the principal is always the local operator, who belongs to every team.
    """
    if not settings.has_sign_in:
        return _local_operator(settings.teams)
    if authorization is None:
        return NOBODY
    scheme, _, secret = authorization.partition(" ")
    digest = hashlib.sha256(secret.strip().encode("utf-8", "surrogateescape")).hexdigest()
    matches = [token for token in settings.api_tokens if hmac.compare_digest(token.sha256, digest)]
    if scheme.lower() != "bearer" or not matches:
        raise Unauthenticated("The token is not one of this server's: send `Authorization: Bearer TOKEN`.")
    if matches[0].expires_at is not None and matches[0].expires_at <= now:
        raise Unauthenticated(f"The token of {matches[0].name!r} has expired: ask for a new one.")
    token, roles = matches[0], settings.permissions_of
    teams = {team.key for team in settings.teams if token.name in team.users} | set(token.teams)
    permissions = frozenset(permission for role in token.roles for permission in roles[role])
    return Principal(token.name, token.name, token.email, permissions, frozenset(teams), credential="api-token")
