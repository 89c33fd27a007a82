"""Whose operation it is: a client gets no more turns by more addresses."""

from pathlib import Path

import pytest
from support.database import sqlite_url
from support.web import site_of

from orchestrator_gql.graphql.context import Context
from orchestrator_gql.security import LOCAL_OPERATOR, NOBODY, Principal

ADA, BOB = (Principal(name, name, credential="api-token") for name in ("ada", "bob"))

SAME = [
    (ADA, "192.0.2.1", ADA, "198.51.100.7"),
    (ADA, "2001:db8::1", ADA, None),
    (NOBODY, "192.0.2.1", NOBODY, "192.0.2.1"),
    (NOBODY, "2001:db8:0:1::1", NOBODY, "2001:db8:0:1:ffff::2"),
    (LOCAL_OPERATOR, "testclient", LOCAL_OPERATOR, "testclient"),
    (NOBODY, None, NOBODY, None),
]
DIFFERENT = [
    (ADA, "192.0.2.1", BOB, "192.0.2.1"),
    (ADA, None, NOBODY, None),
    (NOBODY, "192.0.2.1", NOBODY, "192.0.2.2"),
    (NOBODY, "::ffff:192.0.2.1", NOBODY, "::ffff:192.0.2.2"),
    (NOBODY, "2001:db8:0:1::1", NOBODY, "2001:db8:0:2::1"),
    (LOCAL_OPERATOR, "127.0.0.1", LOCAL_OPERATOR, "127.0.0.2"),
]


@pytest.mark.parametrize(
    ("first", "first_peer", "second", "second_peer", "is_same"),
    [(*case, True) for case in SAME] + [(*case, False) for case in DIFFERENT],
)
async def test_clients_are_people_or_networks(
    first: Principal, first_peer: str | None, second: Principal, second_peer: str | None, is_same: bool, tmp_path: Path
) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        runtime = site.engine.runtime
        clients = Context(runtime, first, first_peer).client, Context(runtime, second, second_peer).client

    assert (clients[0] == clients[1]) is is_same
