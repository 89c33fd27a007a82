"""The log of attempts is limited in number and in bytes, and counts all attempts, on both databases."""

from typing import Any

import pytest
from conftest import Offer
from support.callback_logs import attempts_of
from support.engine import Engine
from support.playbooks import waiting_call

from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.commands.callback_deliveries import receive_delivery
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.storage import callback_attempts
from orchestrator_gql.types import AttemptOutcome
from orchestrator_gql.utils.errors import PayloadInvalid

pytestmark = pytest.mark.one_dispatcher

MIB = 1024 * 1024


async def deliver_malformed(engine: Engine, token: str, body: bytes) -> None:
    delivery = Delivery(body, len(body), refusal=AttemptOutcome.MALFORMED, error="a name twice")
    with pytest.raises(PayloadInvalid):
        await receive_delivery(engine.runtime, Address(token), delivery)


async def attempts(engine: Engine, process_id: Any) -> tuple[list[Any], int]:
    callback = await engine.callback(process_id)
    return await engine.read(lambda conn: attempts_of(conn, callback.id))


async def test_the_newest_20_attempts_are_kept_and_all_are_counted(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)

    for number in range(23):
        await deliver_malformed(engine, token, b"%d" % number)
    kept, total = await attempts(engine, process_id)

    assert [int(attempt.body) for attempt in kept] == list(range(3, 23))
    assert total == 23


async def test_no_more_than_20_mib_of_refused_bodies_are_kept(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)

    for number in range(4):
        await deliver_malformed(engine, token, b"%d" % number * (8 * MIB))
    kept, total = await attempts(engine, process_id)

    assert [attempt.body[:1] for attempt in kept] == [b"2", b"3"]
    assert total == 4


async def test_the_newest_attempt_is_kept_even_if_it_is_larger_than_the_limit(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback_attempts, "KEPT_BYTES", 10)
    engine, process_id, token = await waiting_call(offer)

    for body in (b"small", b"larger than the bound"):
        await deliver_malformed(engine, token, body)
    kept, total = await attempts(engine, process_id)

    assert [attempt.body for attempt in kept] == [b"larger than the bound"]
    assert total == 2
