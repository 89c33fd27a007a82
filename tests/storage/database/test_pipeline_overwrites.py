"""On PostgreSQL a later write of a row may replace the one that waits; `undo` forgets it, and nothing before it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, bindparam, update
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD, TEXTS

from orchestrator_gql.storage.database.pipeline import demand_pipeline, is_write_waiting
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import payloads
from orchestrator_gql.utils.tokens import new_id

KEYED = Prepared(ADD._statement, payloads.c.keys(), key=["id"])
APPEND = Prepared(
    update(payloads)
    .where(payloads.c.id == bindparam("b_id"))
    .values(text=payloads.c.text + bindparam("more", type_=payloads.c.text.type)),
    key=["b_id"],
)
"""Its two executions in one transaction must both count."""


class Refused(Exception):
    """A write changed no row."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        async with opened_postgres(url) as opened:
            yield opened


def append(conn: Connection, id: UUID, more: str) -> None:
    """Append to the text of the row, in the write of it that waits, if there is one."""

    def inserted(first: Mapping[str, Any]) -> tuple[Prepared, Mapping[str, Any]]:
        return KEYED, {"id": id, "text": first["text"] + more}

    def appended(first: Mapping[str, Any]) -> tuple[Prepared, Mapping[str, Any]]:
        return APPEND, {"b_id": id, "more": first["more"] + more}

    if not (KEYED.overwrite(conn, id, inserted) or APPEND.overwrite(conn, id, appended)):
        APPEND.write(conn, {"b_id": id, "more": more}, Refused)


def texts(conn: Connection) -> list[str]:
    return sorted(row["text"] for row in TEXTS.all(conn, {}))


BREAKS = ("", "flush", "undo", "other")


@pytest.mark.parametrize("breaks", list(product(BREAKS, repeat=2)), ids="-".join)
@pytest.mark.parametrize("is_new", [True, False])
async def test_writes_of_a_row_have_the_effect_of_all_of_them(
    database: PostgresDatabase, breaks: Sequence[str], is_new: bool
) -> None:
    """Whatever comes between them: they are sent, undone, or other rows are written."""
    id = new_id()
    if not is_new:
        await database.transaction(lambda conn: KEYED.write(conn, {"id": id, "text": "0"}))
    expected = ["0"]

    def unit(conn: Connection) -> None:
        pipeline = demand_pipeline(conn)
        if is_new:
            KEYED.write(conn, {"id": id, "text": "0"})
        for number, between in enumerate(breaks, start=1):
            if between == "undo":
                pipeline.protect()
                append(conn, id, "undone")
                assert pipeline.undo()
            elif between == "flush":
                pipeline.flush(conn)
                assert not is_write_waiting(conn, "payloads")
            elif between == "other":
                KEYED.write(conn, {"id": new_id(), "text": "other"})
                expected.append("other")
            append(conn, id, str(number))
            expected[0] += str(number)

    await database.transaction(unit)

    assert await database.read(texts) == sorted(expected)


async def test_what_was_sent_after_the_protection_is_undone_by_a_rollback_only(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> list[bool]:
        id, pipeline = new_id(), demand_pipeline(conn)
        KEYED.write(conn, {"id": id, "text": "0"})
        pipeline.protect()
        texts(conn)  # sends only what was written before
        sent_before = pipeline.undo()
        pipeline.protect()
        append(conn, id, "1")
        texts(conn)
        return [sent_before, pipeline.undo()]

    assert await database.transaction(unit) == [True, False]


async def test_a_row_that_is_gone_is_refused_although_its_write_was_replaced(database: PostgresDatabase) -> None:
    def unit(conn: Connection) -> None:
        id = new_id()
        append(conn, id, "1")
        append(conn, id, "2")

    with pytest.raises(Refused):
        await database.transaction(unit)
