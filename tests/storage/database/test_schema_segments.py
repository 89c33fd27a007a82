"""Product subscriptions of the release before get the segments by which a search for a frequent word is read."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from support.database import PostgresServer
from support.many_subscriptions import made, write
from support.old_schemas import empty_database, upgrade_to

from orchestrator_gql.storage import product_subscription_lists as lists
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.product_subscription_segments import SIZE
from orchestrator_gql.storage.tables import product_subscription_words as words
from orchestrator_gql.storage.tables import product_subscriptions

COUNT = 2 * SIZE + 50


def before(conn: Connection) -> None:
    """The schema of the release before, with subscriptions."""
    upgrade_to(conn, "0015")
    write(conn, range(COUNT), has_segments=False)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_subscriptions_of_the_release_before_get_segments(
    kind: str, tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty_database(kind, tmp_path, postgres) as url:
        database = connect(url)
        await database.open()
        try:
            await database.alter(before)
            await migrate(database)
            monkeypatch.setattr(lists, "FEW", 0)
            rows, found = await database.read(_read)
        finally:
            await database.close()

    newest_first = sorted(range(COUNT), key=lambda index: made(index).updated_at)
    assert [row.created_segment for row in rows] == [index // SIZE for index in range(COUNT)]
    by_id = {row.id: row for row in rows}
    assert [by_id[made(index).id].updated_segment for index in newest_first] == [at // SIZE for at in range(COUNT)]
    assert found == [made(index).id for index in range(COUNT - 1, 0, -1) if index % 2][:50]


def _read(conn: Connection) -> tuple[list[Any], list[Any]]:
    s = product_subscriptions.c
    rows = conn.execute(select(s.id, s.created_segment, s.updated_segment).order_by(s.id)).all()
    segments = select(s.created_segment, s.updated_segment, words.c.created_segment, words.c.updated_segment)
    copies = conn.execute(segments.join(words, words.c.subscription_id == s.id).distinct()).all()
    assert copies
    assert all(tuple(row[:2]) == tuple(row[2:]) for row in copies)
    found = lists.page(conn, lists.ProductSubscriptionFilter(search="link"), PageArgs(50))
    return list(rows), [row.id for _, row in found.items]
