"""Dry runs: a delivery is judged on a snapshot and nothing is stored, on both databases."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, select
from support.callback_logs import progress_of
from support.playbooks import waiting_call
from support.remote import answer

from orchestrator_gql.callbacks.progress import Report
from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.commands.callback_deliveries import receive_delivery, receive_failure, receive_report
from orchestrator_gql.engine.callbacks import deliveries
from orchestrator_gql.engine.callbacks.deliveries import DRY_RUN, Address
from orchestrator_gql.reads.callbacks import DeliveryStatus, status_of_receipt
from orchestrator_gql.storage.tables import callback_attempts, callback_progress, callbacks, events
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import CallbackConflict, StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher


def payload(result: Any) -> Delivery:
    return Delivery.of(result, b"{}", peer=None)


async def test_a_dry_run_returns_the_verdict_and_writes_nothing(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)
    runtime, address = engine.runtime, Address(token, is_dry_run=True)

    def rows(conn: Connection) -> list[Any]:
        return [conn.execute(select(table)).all() for table in (callbacks, callback_attempts, events)]

    before = await engine.read(rows)
    dry_receipts = [
        await receive_delivery(runtime, address, payload({"rc": 0})),
        await receive_report(runtime, address, Report(50.0, "half")),
        await receive_failure(runtime, address, {"message": "down"}, b"{}"),
    ]
    after = await engine.read(rows)
    accepted = await answer(runtime, token, {"rc": 0})
    await engine.reaches(process_id, ProcessStatus.COMPLETED)
    again = await receive_delivery(runtime, address, payload({"rc": 0}))
    with pytest.raises(CallbackConflict):
        await receive_delivery(runtime, address, payload({"rc": 1}))

    assert [receipt.receipt for receipt in dry_receipts] == [DRY_RUN] * 3
    assert after == before
    assert (again.receipt, again.is_duplicate) == (accepted.receipt, True)
    assert len(await engine.attempts(process_id)) == 1
    assert await status_of_receipt(runtime, UUID(accepted.receipt)) == DeliveryStatus("validated")


async def test_a_write_in_a_dry_run_is_not_stored(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)

    def write(conn: Connection) -> None:
        conn.execute(callback_progress.insert().values(id=new_id(), callback_id=callback_id, at=now))

    callback_id, now = (await engine.callback(process_id)).id, engine.runtime.clock.now()
    with suppress(StorageUnavailable):  # PostgreSQL refuses the statement, SQLite rolls it back
        await deliveries.carry_out(engine.runtime, Address(token, is_dry_run=True), write, lambda _: None)
    after_dry_run = (await engine.read(lambda conn: progress_of(conn, callback_id)))[1]
    await deliveries.carry_out(engine.runtime, Address(token), write, lambda _: None)
    after_real_one = (await engine.read(lambda conn: progress_of(conn, callback_id)))[1]

    assert (after_dry_run, after_real_one) == (0, 1)
