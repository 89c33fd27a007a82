"""Changes of a sealed log by SQL are detected, on every storage."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, delete, func, insert, select, update
from support.engine import Engine, engine_of
from support.operator import ADA

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry, digest_of
from orchestrator_gql.audit.seals import Anchor, Seal
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.engine.workers.audit_sealer import seal_at_the_end, seal_new
from orchestrator_gql.reads.audit import MOST, Verified, verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import audit_seals as log
from orchestrator_gql.storage.audit_seals import BATCH, Outrun
from orchestrator_gql.storage.tables import audit, audit_seals
from orchestrator_gql.utils.errors import CursorInvalid, StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher

KEY = "a key of the deployment"
A, B, C, D = (UUID(int=number) for number in (10, 20, 30, 40))


async def decide(engine: Engine, *chains: UUID | None) -> None:
    """Append an entry to each of the chains, all in the same transaction."""

    def unit(conn: Connection) -> None:
        for chain in chains:
            write_down(conn, engine.runtime, chain, actor="ada", action="retryProcess", now=engine.clock.now())

    await engine.runtime.database.transaction(unit)


def chain_of(size: int, chain: UUID, now: datetime) -> list[dict[str, Any]]:
    """The rows of a chain as the engine would write them."""
    rows, previous = [], BEGINNING
    for seq in range(1, size + 1):
        entry = AuditEntry(new_id(), chain, seq, now, "ada", "retryProcess", {}, previous, "")
        rows.append(asdict(entry) | {"digest": (previous := digest_of(entry, KEY.encode()))})
    return rows


async def sealed(offer: Offer) -> Engine:
    """A log of three seals: A and B; A, B and C; A and the engine's."""
    engine = await offer(audit_key=KEY)
    for chains in ((A, A, B), (A, B, C), (A, None)):
        await decide(engine, *chains)
        assert await seal_new(engine.runtime) in (len(chains), 0)  # 0: the engine's own sealer was first
    return engine


async def verified(
    engine: Engine, after: str | None = None, first: int = 10_000, anchor: Anchor | None = None
) -> Verified:
    return await verify_audit(engine.runtime, LOCAL_OPERATOR, after=after, first=first, anchor=anchor)


async def tampered(engine: Engine, act: Callable[[Connection], object]) -> Verified:
    """The verification after this change of the rows."""
    whole = await verified(engine)
    assert (whole.fault, whole.entries, whole.has_more) == (None, 8, False)

    def unit(conn: Connection) -> None:
        act(conn)

    await engine.runtime.database.transaction(unit)
    return await verified(engine)


def entry(chain: UUID, seq: int) -> Callable[[Connection], AuditEntry]:
    def find(conn: Connection) -> AuditEntry:
        row = conn.execute(select(audit).where(audit.c.chain == chain, audit.c.seq == seq)).one()
        return AuditEntry(**row._mapping)

    return find


def at(chain: UUID, seq: int) -> tuple[object, object]:
    return audit.c.chain == chain, audit.c.seq == seq


def remove(*conditions: object) -> Callable[[Connection], object]:
    return lambda conn: conn.execute(delete(audit).where(*conditions))  # type: ignore[arg-type]


def change(chain: UUID, seq: int, **values: object) -> Callable[[Connection], object]:
    return lambda conn: conn.execute(update(audit).where(*at(chain, seq)).values(**values))  # type: ignore[arg-type]


def change_seal(seq: int, **values: object) -> Callable[[Connection], object]:
    return lambda conn: conn.execute(update(audit_seals).where(audit_seals.c.seq == seq).values(**values))


def remove_seal(seq: int) -> Callable[[Connection], object]:
    return lambda conn: conn.execute(delete(audit_seals).where(audit_seals.c.seq == seq))


def add(chain: UUID, key: bytes | None, seal: int | None) -> Callable[[Connection], object]:
    """Insert an entry without a decision, chained with this key."""

    def act(conn: Connection) -> None:
        mine = select(audit).where(audit.c.chain == chain).order_by(audit.c.seq.desc()).limit(1)
        last = conn.execute(mine).one()._mapping
        forged = {**last, "id": new_id(), "seq": last["seq"] + 1, "previous": last["digest"], "seal": seal}
        forged["digest"] = digest_of(AuditEntry(**forged), key)
        conn.execute(insert(audit), forged)

    return act


def swap(conn: Connection) -> None:
    """Swap two entries of the same chain and seal."""
    first, second = entry(A, 1)(conn), entry(A, 2)(conn)
    for id, seq in ((first.id, 1000), (second.id, 1), (first.id, 2)):
        conn.execute(update(audit).where(audit.c.id == id).values(seq=seq))


def swap_seals(conn: Connection) -> None:
    for was, becomes in ((1, 1000), (2, 1), (1000, 2)):
        conn.execute(update(audit_seals).where(audit_seals.c.seq == was).values(seq=becomes))


def remove_all(conn: Connection) -> None:
    conn.execute(delete(audit))


TAMPERING: dict[str, tuple[Callable[[Connection], object], tuple[UUID, int] | None, str]] = {
    "edited": (change(B, 1, actor="mallory"), (B, 1), "its digest does not fit"),
    "its address edited": (change(B, 1, address="198.51.100.9"), (B, 1), "its digest does not fit"),
    "its method edited": (change(B, 1, method="rest/signature"), (B, 1), "its digest does not fit"),
    "its origin taken off": (change(B, 1, address=None, method=None), (B, 1), "its digest does not fit"),
    "its seal taken off": (change(A, 3, seal=None), None, "which seal 2 covers, is missing"),
    "put under another seal": (change(A, 3, seal=3), None, "which seal 2 covers, is missing"),
    "put under a seal that is not there": (change(A, 4, seal=9), None, "which seal 3 covers, is missing"),
    "the last removed": (remove(*at(B, 2)), None, f"Entry 2 of the chain {B}, which seal 2 covers, is missing"),
    "one between removed": (remove(*at(A, 2)), None, f"Entry 2 of the chain {A}, which seal 1 covers, is missing"),
    "the first removed": (remove(*at(A, 1)), (A, 2), "Entry 1 of its chain is missing"),
    "a chain removed": (remove(audit.c.chain == C), None, f"Entry 1 of the chain {C}, which seal 2 covers"),
    "all of a seal removed": (remove(audit.c.seal == 2), None, "which seal 2 covers, is missing"),
    "all removed": (remove_all, None, "which seal 1 covers, is missing"),
    "swapped": (swap, (A, 1), "does not stand behind"),
    "added without the key": (add(B, None, None), (B, 3), "its digest does not fit"),
    "added with another key": (add(B, b"guessed", None), (B, 3), "its digest does not fit"),
    "added under a seal": (add(C, KEY.encode(), 2), (C, 2), "not among the entries that seal 2 covers"),
    "added under a new seal": (add(C, KEY.encode(), 4), (C, 2), "It says that seal 4 covers it"),
    "a seal edited": (change_seal(2, entries=2), None, "Seal 2 was changed"),
    "a seal's heads edited": (change_seal(2, heads=[]), None, "Seal 2 was changed"),
    "a seal removed": (remove_seal(2), (A, 3), "It says that seal 2 covers it"),
    "the newest seal removed": (remove_seal(3), None, "seal 3 covers it"),
    "seals swapped": (swap_seals, None, "Seal 1 does not stand behind"),
}


@pytest.mark.parametrize("name", TAMPERING)
async def test_every_change_of_the_rows_is_detected(offer: Offer, name: str) -> None:
    act, place, words = TAMPERING[name]
    engine = await sealed(offer)

    found = await tampered(engine, act)

    assert words in str(found.fault)
    if place is not None:
        assert found.broken is not None
        assert (found.broken.chain, found.broken.seq) == place


async def test_the_removal_of_the_newest_seals_is_detected_with_a_noted_digest(offer: Offer) -> None:
    engine = await sealed(offer)
    noted = (await verified(engine)).seal
    assert noted is not None
    before = await verified(engine, anchor=noted)

    def cut(conn: Connection) -> None:
        conn.execute(delete(audit).where(audit.c.seal == 3))
        remove_seal(3)(conn)

    await engine.runtime.database.transaction(cut)
    without, with_anchor = await verified(engine), await verified(engine, anchor=noted)
    forged = await verified(engine, anchor=Anchor(2, "0" * 64))
    nowhere = await verified(engine, anchor=Anchor(2**40, "0" * 64))

    assert before.fault is None
    assert without.fault is None
    assert with_anchor.fault == "Seal 3, whose digest was noted down, is missing."
    assert forged.fault == "Seal 2 is not the one whose digest was noted down."
    assert nowhere.fault is not None and "is missing" in nowhere.fault


async def test_a_chain_that_was_rebuilt_without_the_key_is_detected(offer: Offer) -> None:
    engine = await sealed(offer)

    def forge(conn: Connection) -> None:
        conn.execute(delete(audit_seals))
        conn.execute(update(audit).values(seal=None))
        while log.seal(conn, engine.clock.now(), b"guessed"):
            continue

    found = await tampered(engine, forge)

    assert found.fault == "Seal 1 was changed: its digest does not fit."


async def test_a_verification_continues_after_a_fault(offer: Offer) -> None:
    engine = await sealed(offer)
    engine.turn(60)
    acts = [change(A, 1, actor="mallory"), remove(*at(C, 1)), change_seal(3, at=engine.clock.now())]

    def all_of_them(conn: Connection) -> None:
        for act in acts:
            act(conn)

    found = await tampered(engine, all_of_them)
    faults = [found.fault]
    while found.has_more:
        found = await verified(engine, found.cursor)
        faults.append(found.fault)

    assert faults == [
        "The entry was changed: its digest does not fit.",
        f"Entry 1 of the chain {C}, which seal 2 covers, is missing.",
        "Seal 3 was changed: its digest does not fit.",
        None,
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 9])
async def test_the_log_is_verified_in_pages_of_any_size(offer: Offer, size: int) -> None:
    engine = await sealed(offer)
    await decide(engine, A, D)

    pages, found = [], await verified(engine, first=size)
    while found.has_more:
        pages.append(found.entries)
        assert found.fault is None
        found = await verified(engine, found.cursor, size)

    assert found.fault is None
    assert sum(pages) + found.entries == 10
    assert all(page == size for page in pages)


async def test_a_page_that_ends_at_a_removed_entry_still_detects_the_removal(offer: Offer) -> None:
    engine = await sealed(offer)
    await tampered(engine, remove(*at(C, 1)))  # the last of seal 2

    first = await verified(engine, first=5)
    then = await verified(engine, first.cursor)

    assert (first.entries, first.fault, first.has_more) == (5, None, True)
    assert then.fault == f"Entry 1 of the chain {C}, which seal 2 covers, is missing."


async def test_new_entries_are_verified_from_the_cursor_of_the_last_verification(offer: Offer) -> None:
    engine = await sealed(offer)
    first = await verified(engine)
    await decide(engine, A, B)
    await seal_new(engine.runtime)

    since = await verified(engine, first.cursor)

    assert (since.entries, since.fault) == (2, None)
    assert since.seal is not None and since.seal.seq == 4


async def test_an_unsealed_entry_is_chained_and_is_no_fault(offer: Offer) -> None:
    engine = await sealed(offer)
    await decide(engine, A, D, D)

    before = await verified(engine)
    await engine.runtime.database.transaction(lambda conn: change(D, 2, action="x")(conn) and None)
    after = await verified(engine)

    assert (before.fault, before.entries) == (None, 11)
    assert after.broken is not None and (after.broken.chain, after.broken.seq) == (D, 2)


async def test_the_log_of_an_earlier_release_is_sealed_by_the_first_run_batch_by_batch(
    offer: Offer, caplog: pytest.LogCaptureFixture
) -> None:
    engine = await offer(audit_key=KEY)
    count = 2 * BATCH + 7
    chains = [UUID(int=number // 8 + 1) for number in range(count)]
    await decide(engine, *chains)
    caplog.set_level(logging.INFO)

    while await engine.read(log.has_unsealed):
        await seal_new(engine.runtime)
    again = await seal_new(engine.runtime)
    found = await verified(engine)

    assert again == 0
    assert (found.fault, found.entries) == (None, count)
    assert found.seal is not None and found.seal.seq == 3
    logged = [record for record in caplog.records if record.message == "audit sealed"]
    assert vars(logged[-1])["digest"] == found.seal.digest


async def test_two_sealers_seal_every_entry_once(offer: Offer) -> None:
    engine = await offer(audit_key=KEY)

    for _ in range(10):
        await asyncio.gather(decide(engine, A), decide(engine, B), *(seal_new(engine.runtime) for _ in range(3)))
    while await engine.read(log.has_unsealed):
        await seal_new(engine.runtime)
    found = await verified(engine)

    assert (found.fault, found.entries) == (None, 20)
    assert not await engine.read(log.has_unsealed)


async def test_entries_that_arrive_while_others_are_sealed_wait_for_the_next_run(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await offer(audit_key=KEY)
    seal, arriving = log.seal, iter(range(10))

    def seal_while_an_entry_arrives(conn: Connection, now: datetime, key: bytes | None) -> Seal | None:
        new_seal = seal(conn, now, key)
        if next(arriving, None) is not None:
            write_down(conn, engine.runtime, A, actor="ada", action="retryProcess", now=now)
        return new_seal

    await decide(engine, A)
    monkeypatch.setattr(log, "seal", seal_while_an_entry_arrives)

    assert await seal_new(engine.runtime) in (1, 0)  # 0: the engine's own sealer was first
    assert await engine.read(log.has_unsealed)


async def test_the_second_of_two_sealers_undoes_its_work(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = await sealed(offer)
    await decide(engine, A)
    monkeypatch.setattr(log, "newest_anchor", lambda _: Anchor(2, "0" * 64))

    with pytest.raises(Outrun):
        await engine.runtime.database.transaction(lambda conn: log.seal(conn, engine.clock.now(), KEY.encode()))
    monkeypatch.undo()
    await seal_new(engine.runtime)

    assert (await verified(engine)).fault is None


@pytest.mark.parametrize(("first", "later"), [(KEY, "a key of another one"), (KEY, None), (None, KEY)])
async def test_a_server_with_another_key_than_the_newest_seal_says_so_at_its_start(
    storage: str, first: str | None, later: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    warnings: list[bool] = []
    for key in (first, first, later):
        caplog.clear()
        async with engine_of(storage, audit_key=key) as engine:
            warnings.append(log.OTHER_KEY in [record.getMessage() for record in caplog.records])
            await decide(engine, A)
            await seal_new(engine.runtime)

    assert warnings == [False, False, True]


async def test_an_orderly_stop_seals_the_last_entries(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = await sealed(offer)
    await decide(engine, A)
    await seal_at_the_end(engine.runtime)
    is_left = await engine.read(log.has_unsealed)

    async def away(_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(engine.runtime.database, "read", away)
    await seal_at_the_end(engine.runtime)

    assert not is_left


async def test_a_lone_surrogate_in_a_reason_is_replaced_in_the_entry(offer: Offer) -> None:
    engine = await offer(audit_key=KEY)

    def unit(conn: Connection) -> None:
        now = engine.clock.now()
        write_down(conn, engine.runtime, A, actor=ADA.id, action="abortProcess", now=now, reason="gone \ud800")

    await engine.runtime.database.transaction(unit)

    assert (await engine.read(entry(A, 1))).details == {"reason": "gone ?"}
    assert (await verified(engine)).fault is None


async def test_a_big_log_is_verified_in_pages(offer: Offer) -> None:
    engine = await offer(audit_key=KEY)
    rows = [row for number in range(500) for row in chain_of(8, UUID(int=number + 1), engine.clock.now())]
    await engine.runtime.database.transaction(lambda conn: conn.execute(insert(audit), rows) and None)
    while await engine.read(log.has_unsealed):
        await seal_new(engine.runtime)

    found, pages, seen = await verified(engine, first=1_500), 1, 0
    while found.has_more:
        assert found.fault is None
        seen += found.entries
        found, pages = await verified(engine, found.cursor, 1_500), pages + 1

    assert (found.fault, seen + found.entries, pages) == (None, 4_000, 3)
    assert MOST >= 20_000


@pytest.mark.parametrize("text", ["", "x", "WzFd", "WyJ4Il0", "WyItMSB4IDEgc2VhbGVkIl0"])
async def test_an_invalid_cursor_is_refused(offer: Offer, text: str) -> None:
    engine = await offer()

    with pytest.raises(CursorInvalid):
        await verified(engine, text)


async def test_an_empty_log_has_no_fault(offer: Offer) -> None:
    engine = await offer()

    found = await verified(engine)

    assert (found.fault, found.entries, found.cursor, found.seal, found.has_more) == (None, 0, None, None, False)
    assert await engine.read(lambda conn: conn.execute(select(func.count()).select_from(audit_seals)).scalar_one()) == 0
