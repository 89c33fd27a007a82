"""Stored documents of older versions are rewritten, whatever happens beside and however often it is stopped."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from conftest import Offer
from sqlalchemy import Connection, insert, select, update
from support.aged_products import (
    NODE,
    PORT,
    Node,
    look_at_it,
    node,
    older,
    port,
    rename_the_name,
    rewrite,
    speed_node_up,
    write,
)
from support.engine import Engine
from support.gates import Gate
from support.network import begun, document_of, rested, run
from support.operator import ADA
from support.sizes import size

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.domain import migrations
from orchestrator_gql.engine import product_documents, product_migration
from orchestrator_gql.engine.product_documents import checked
from orchestrator_gql.engine.product_migration import Outcome, Writer, planned, written
from orchestrator_gql.storage.tables import (
    audit,
    product_subscription_locks,
    product_subscription_values,
    product_subscription_versions,
    product_subscriptions,
)
from orchestrator_gql.types import EventKind, ProcessStatus, State
from orchestrator_gql.workflows.utils import validate_workflow

IDS = [NODE.product_id, PORT.product_id]

gate = Gate()


@step("Correct the speed")
def correct(subscription: Node) -> State:
    gate.pass_through()
    subscription.node.speed_mbit += 1_000
    return {"subscription": subscription}


@validate_workflow("Correct a node", products=[NODE.name])
def correct_node() -> StepList:
    """A validation takes no lock, so a migration may come while its step runs."""
    return begin >> correct


async def stored(engine: Engine, *models: tuple[Any, int]) -> list[UUID]:
    """Store the subscriptions, each as the classes of that version did; their ids."""
    ids: list[UUID] = []
    for start in range(0, len(models), 20):  # a transaction has a time limit
        ids += await engine.runtime.database.transaction(partial(write_all, models=models[start : start + 20]))
    return ids


def write_all(conn: Connection, models: Sequence[tuple[Any, int]]) -> list[UUID]:
    """Store the subscriptions, each as the classes of that version did; their ids."""
    return [write(conn, model, version) for model, version in models]


def writer(engine: Engine) -> Writer:
    return Writer(engine.runtime.database, engine.runtime.clock.now, None, "ada")


async def migrate(engine: Engine) -> list[Outcome]:
    """Migrate everything; what became of each older document."""
    return [outcome async for _, page in written(writer(engine), IDS) for outcome in page]


async def plan(engine: Engine) -> list[Outcome]:
    return [outcome async for _, page in planned(engine.runtime.database.read, IDS) for outcome in page]


async def history(engine: Engine, id: UUID) -> list[Any]:
    """The versions of the subscription, the oldest first."""
    v = product_subscription_versions.c
    query = select(v.version, v.changes, v.process_id).where(v.subscription_id == id).order_by(v.version)
    return list(await engine.read(lambda conn: conn.execute(query).all()))


async def test_older_documents_become_versions_of_today(offer: Offer) -> None:
    engine = await offer()
    owner = node("ams1")
    ids = await stored(engine, (owner, 1), (port("xe-0", owner), 1), (node("ams2"), 2), (node("ams3"), 3))
    before = [await document_of(engine, str(id)) for id in ids]

    would = await plan(engine)
    untouched = [await document_of(engine, str(id)) for id in ids]
    did = await migrate(engine)

    assert [(each.found.versions, each.is_left) for each in would] == [
        ((1, 3), False),
        ((1, 2), False),
        ((2, 3), False),
    ]
    assert untouched == before
    assert [each.found.id for each in did] == ids[:3]
    new = [await document_of(engine, str(id)) for id in ids]
    assert [document["version"] for document in new] == [2, 2, 2, 1]
    assert [document["product"]["version"] for document in new] == [3, 2, 3, 3]
    assert new[1]["port"]["label"] == "XE-0"
    assert new[1]["port"]["node"] == before[1]["port"]["node"]  # still a reference
    [_, version] = await history(engine, ids[0])
    assert (version.version, version.process_id) == (2, None)
    assert version.changes["node.speed_gbit"] == {"from": 10, "to": None}
    assert version.changes["product.version"] == {"from": None, "to": 3}
    assert await migrate(engine) == await plan(engine) == []


async def test_a_migration_is_in_the_events_the_audit_log_and_the_index_of_values(offer: Offer) -> None:
    engine = await offer()
    [id] = await stored(engine, (node("ams1"), 1))

    await migrate(engine)

    events = await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED)
    assert [(event.payload["product_subscription_id"], event.actor) for event in events] == [(str(id), "ada")]
    entries = await engine.read(lambda conn: conn.execute(select(audit.c.action, audit.c.actor, audit.c.details)).all())
    details = {"product_subscription_id": str(id), "version": 2, "from_model_version": 1, "to_model_version": 3}
    assert [tuple(entry) for entry in entries] == [("migrateProductSubscription", "ada", details)]
    v = product_subscription_values.c
    paths = select(v.path, v.value).where(v.subscription_id == id)
    indexed = dict(map(tuple, await engine.read(lambda conn: conn.execute(paths).all())))
    assert (indexed["node_name"], indexed["speed_mbit"]) == ('"ams1"', "10000")
    assert "hostname" not in indexed and "speed_gbit" not in indexed


async def test_a_step_loads_older_documents_and_writes_only_what_it_changes(offer: Offer) -> None:
    engine = await offer(look_at_it, speed_node_up)
    owner = node("ams1")
    [owner_id, port_id] = await stored(engine, (owner, 1), (port("xe-0", owner), 1))

    looked = [await run(engine, look_at_it, subscription_id=str(id)) for id in (owner_id, port_id)]
    untouched = [await document_of(engine, str(id)) for id in (owner_id, port_id)]
    await run(engine, speed_node_up, subscription_id=str(owner_id))

    assert looked[0].state["seen"]["node"]["speed_mbit"] == 10_000
    assert looked[1].state["seen"]["port"]["label"] == "XE-0"
    assert looked[1].state["seen"]["port"]["node"]["node_name"] == "ams1"
    assert ["version" in document["product"] for document in untouched] == [False, False]
    changed = await document_of(engine, str(owner_id))
    assert (changed["product"]["version"], changed["node"]["speed_mbit"]) == (3, 11_000)
    assert [each.found.id for each in await migrate(engine)] == [port_id]


async def test_a_subscription_that_a_process_holds_stays(offer: Offer) -> None:
    engine = await offer()
    process_id = uuid4()
    held, free = await stored(engine, (node("ams1"), 1), (node("ams2"), 1))
    row = {"subscription_id": held, "locked_by": process_id, "locked_at": engine.runtime.clock.now()}
    await engine.runtime.database.transaction(lambda conn: conn.execute(insert(product_subscription_locks), row))

    would, did = await plan(engine), await migrate(engine)

    for outcomes in (would, did):
        by_id = {each.found.id: each for each in outcomes}
        assert (by_id[held].held_by, by_id[held].is_left, by_id[free].is_left) == (process_id, True, False)
    assert "version" not in (await document_of(engine, str(held)))["product"]


async def test_a_lock_or_a_change_between_the_reading_and_the_writing_counts(
    offer: Offer,
) -> None:
    engine = await offer(speed_node_up)
    held, changed, free = await stored(engine, *((node(name), 1) for name in ("a", "b", "c")))
    process_id = uuid4()

    def take_the_lock(conn: Connection) -> None:
        row = {"subscription_id": held, "locked_by": process_id, "locked_at": engine.runtime.clock.now()}
        conn.execute(insert(product_subscription_locks), row)

    outcomes = []
    async for _, page in planned(engine.runtime.database.read, IDS):
        await run(engine, speed_node_up, subscription_id=str(changed))
        await engine.runtime.database.transaction(take_the_lock)
        outcomes = await product_migration._stored(writer(engine), page)

    by_id = {each.found.id: each for each in outcomes}
    assert (by_id[held].held_by, by_id[changed].is_changed, by_id[free].is_left) == (process_id, True, False)
    assert (await document_of(engine, str(changed)))["node"]["speed_mbit"] == 11_000
    assert "version" not in (await document_of(engine, str(held)))["product"]


async def test_a_process_that_loaded_the_older_document_is_stale_and_its_retry_goes_on(offer: Offer) -> None:
    engine = await offer(correct_node)
    [id] = await stored(engine, (node("ams1"), 1))
    gate.__init__()  # type: ignore[misc]
    gate.is_armed = True
    process_id = await begun(engine, correct_node, subscription_id=str(id))
    assert await asyncio.to_thread(gate.entered.wait, 20)

    done = await migrate(engine)
    gate.may_go.set()
    failed = await rested(engine, process_id)
    await retry_process(engine.runtime, ADA, process_id=process_id, expected_version=failed.version)
    completed = await rested(engine, process_id)

    assert [each.is_left for each in done] == [False]
    assert failed.failure is not None and failed.failure.code == "subscription-stale"
    assert "`products migrate` rewrote it since" in failed.failure.message
    assert completed.status is ProcessStatus.COMPLETED
    assert (await document_of(engine, str(id)))["node"]["speed_mbit"] == 11_000


async def test_a_result_that_cannot_be_loaded_is_named_and_never_stored(offer: Offer) -> None:
    engine = await offer()
    good, bad = await stored(engine, (node("ams1"), 1), (node("ams2", gbit=1), 1))
    document = await document_of(engine, str(bad))
    slow = {**document, "node": {**document["node"], "speed_gbit": 0}}
    await engine.runtime.database.transaction(lambda conn: rewrite(conn, bad, slow))

    findings = [(each.found.id, each.finding) for each in await plan(engine)]
    did = await migrate(engine)

    assert [(id, finding and (finding.code, finding.faults[0][0])) for id, finding in findings] == [
        (good, None),
        (bad, ("model-invalid", "node.speed_mbit")),
    ]
    assert {each.found.id: each.is_left for each in did} == {good: False, bad: True}
    assert await document_of(engine, str(bad)) == slow
    assert len(await history(engine, bad)) == 1


async def test_a_migration_cannot_drop_a_block_in_use_and_the_others_are_stored(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_another_id(document: dict[str, Any]) -> dict[str, Any]:
        made = rename_the_name(document)
        made["node"]["subscription_instance_id"] = str(uuid5(UUID(made["subscription_id"]), "node"))
        return made

    monkeypatch.setitem(migrations._declared, (NODE.name, 1), with_another_id)
    engine = await offer()
    owner = node("ams1")
    used, _, free = await stored(engine, (owner, 1), (port("xe-0", owner), 2), (node("ams2"), 1))

    by_id = {each.found.id: each for each in await migrate(engine)}

    finding = by_id[used].finding
    assert finding is not None and finding.code == "block-in-use"
    assert by_id[free].is_left is False
    assert "version" not in (await document_of(engine, str(used)))["product"]
    assert await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED) != []


async def test_every_document_is_checked_and_older_ones_are_no_fault(offer: Offer) -> None:
    engine = await offer()
    owner = node("ams1")
    models = [(owner, 1), *((port(f"xe-{number}", owner), 1 + number % 2) for number in range(250))]
    ids = await stored(engine, *models)
    broken, empty = ids[200], ids[149]
    is_empty = product_subscriptions.c.id == empty
    emptied = update(product_subscriptions).where(is_empty).values(model={})
    await engine.runtime.database.transaction(lambda conn: conn.execute(emptied))
    document = {**older(models[200][0].dump(), 2), "customer_id": None}
    await engine.runtime.database.transaction(lambda conn: rewrite(conn, broken, document))

    pages = [page async for page in checked(engine.runtime.database.read, IDS)]

    assert [len(page) for page in pages] == [100, 100, 51]
    found = {document.id: (document.is_older, finding) for page in pages for document, finding in page}
    assert list(found) == sorted(ids)
    faults = {id: finding.faults for id, (_, finding) in found.items() if finding}
    assert faults.keys() == {broken, empty}
    assert faults[broken] == (("customer_id", "is not set"),)
    assert "its product or its status is missing" in faults[empty][0][1]
    assert sum(is_older for is_older, _ in found.values()) == sum(version == 1 for _, version in models) - 1


@pytest.mark.each_pair
@pytest.mark.one_dispatcher
@pytest.mark.parametrize("seed", range(size(2, 3)))
async def test_a_run_that_is_stopped_anywhere_goes_on(seed: int, offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = Random(seed)
    monkeypatch.setattr(product_documents, "PAGE", dice.randint(1, 7))
    monkeypatch.setattr(product_migration, "BATCH", dice.randint(1, 4))
    engine = await offer()
    nodes = [node(f"ams{number}", gbit=number + 1) for number in range(12)]
    ports = [port(f"xe-{number}", dice.choice(nodes)) for number in range(8)]
    ids = await stored(
        engine, *((model, dice.randint(1, 3)) for model in nodes), *((each, dice.randint(1, 2)) for each in ports)
    )
    older_ids = {each.found.id for each in await plan(engine)}

    migrated: list[UUID] = []
    while left := dice.randint(1, 3) if len(migrated) < len(older_ids) else 0:
        async with aclosing(written(writer(engine), IDS)) as pages:
            async for _, page in pages:
                migrated += [each.found.id for each in page]
                left -= bool(page)
                if left <= 0:
                    break

    assert sorted(migrated) == sorted(older_ids)  # each once
    documents = {id: await document_of(engine, str(id)) for id in ids}
    for model in (*nodes, *ports):
        stored_now, id = documents[model.subscription_id], model.subscription_id
        assert {**stored_now, "version": 1} == model.dump()
        assert [row.version for row in await history(engine, id)] == [1, 2][: 1 + (id in older_ids)]
