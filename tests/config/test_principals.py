"""The names of tokens tell people and machines from the server itself."""

import hashlib

import pytest

from orchestrator_gql.config.principals import RESERVED, ApiToken, check_principals
from orchestrator_gql.security import ENGINE, LOCAL_OPERATOR, NOBODY, Principal


def token_of(name: str) -> ApiToken:
    return ApiToken(name=name, sha256=hashlib.sha256(name.encode()).hexdigest())


@pytest.mark.parametrize("actor", [ENGINE, LOCAL_OPERATOR, NOBODY], ids=lambda actor: actor.id)
def test_a_token_cannot_have_the_name_of_an_actor_without_a_token(actor: Principal) -> None:
    with pytest.raises(ValueError, match=f"the name {actor.id!r} is reserved"):
        check_principals([token_of("ada"), token_of(actor.id)], [], [])


def test_no_other_name_is_reserved() -> None:
    assert {ENGINE.id, LOCAL_OPERATOR.id, NOBODY.id} == RESERVED
    check_principals([token_of("ada"), token_of("engine-room")], [], [])
