"""Deliveries of the release before get the service of their callback."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert
from support.database import PostgresServer
from support.old_schemas import empty_database, store_under
from support.rows import BEGIN, process_row, store

from orchestrator_gql.storage import remote_services
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.tables import callback_attempts, callbacks
from orchestrator_gql.types import AttemptOutcome, CallbackStatus

SERVICES = ("ansible", None, "dns")


def _callback(number: int, service: str | None) -> dict[str, Any]:
    return {
        "id": UUID(int=number + 1),
        "process_id": UUID(int=1),
        "step_index": 0,
        "record_seq": number,
        "status": CallbackStatus.RECEIVED if service == "ansible" else CallbackStatus.PENDING,
        "token_hint": "hint",
        "result_key": "callback_result",
        "issued_at": BEGIN,
        "is_early": False,
        "service": service,
    }


def _before(conn: Connection) -> None:
    store(conn, [process_row(0)])
    conn.execute(insert(callbacks), [_callback(number, service) for number, service in enumerate(SERVICES)])
    attempts = [
        {"id": UUID(int=number + 1), "callback_id": UUID(int=number % 2 + 1), "at": BEGIN, "bytes": 1}
        | {"outcome": AttemptOutcome.ACCEPTED if number == 0 else AttemptOutcome.CONFLICT}
        for number in range(4)
    ]
    conn.execute(insert(callback_attempts), attempts)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_deliveries_of_the_release_before_belong_to_the_service_of_their_callback(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    with empty_database(kind, tmp_path, postgres) as url:
        await store_under("0022", url, _before)
        database = connect(url)
        await database.open()
        try:
            names = await database.read(remote_services.names)
            found = await database.read(lambda conn: remote_services.deliveries(conn, "ansible", BEGIN))
            waiting = await database.read(lambda conn: remote_services.open_count(conn, "dns"))
        finally:
            await database.close()

    assert names == {"ansible", "dns"}
    assert {(each.outcome, each.count) for each in found} == {
        (AttemptOutcome.ACCEPTED, 1),
        (AttemptOutcome.CONFLICT, 1),
    }
    assert waiting == 1
