"""Product subscriptions and their processes that the release before wrote go on, on both databases."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.network import begun, document_of, failing, lock_of, model_of, run
from support.old_schemas import database_of, old_workflows
from support.operator import ADA, confirm
from support.product_lives import demand_history, demand_living_owners
from test_schema_release_before import fill

from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.commands.product_subscriptions import set_in_sync
from orchestrator_gql.process import Process
from orchestrator_gql.storage.tables import product_subscription_locks, product_subscription_uses
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.types import ProcessStatus

HERE = Path(__file__).parent / "release_before"
KNOWN: dict[str, dict[str, str]] = json.loads((HERE / "release_products.json").read_text())
IDS, PROCESSES = KNOWN["subscriptions"], {name: UUID(id) for name, id in KNOWN["processes"].items()}
COMPLETED, FAILED = ProcessStatus.COMPLETED, ProcessStatus.FAILED


@pytest.fixture
def site() -> Iterator[ModuleType]:
    """The workflows of the release before, which do not block any more."""
    with old_workflows(HERE / "release_products.py") as module:
        yield module


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_the_processes_of_the_release_before_go_on_and_their_locks_with_them(
    kind: str, site: ModuleType, tmp_path: Path, postgres: PostgresServer
) -> None:
    with database_of(HERE / "release_products.sql", kind, tmp_path, postgres) as url:
        if kind == "postgres":
            await fill(url, tmp_path)
        async with engine_of(url, *site.WORKFLOWS) as engine:
            locks = {name: await lock_of(engine, id) for name, id in IDS.items()}
            engine.turn(90)  # the lease of the old server ends

            for name in ("suspended", "failing", "running"):
                await finished(engine, name)
            await retry_process(engine.runtime, ADA, process_id=PROCESSES["creating"])
            await engine.reaches(PROCESSES["creating"], COMPLETED)
            refused = await changed(engine, "validated")
            await abort_process(engine.runtime, ADA, process_id=refused.id)
            await run(engine, site.validate_router, subscription_id=IDS["validated"])
            await set_in_sync(engine.runtime, ADA, subscription_id=UUID(IDS["aborted"]), reason="I looked.")

            names = {name: (await model_of(engine, IDS[name]))["router"]["router_name"] for name in PROCESSES}
            left = await engine.read(lambda conn: conn.execute(select(product_subscription_locks)).all())
            await engine.read(demand_history)
            await engine.read(demand_living_owners)

    held = {name: lock.locked_by for name, lock in locks.items() if lock is not None and lock.locked_by is not None}
    kept = {name: lock for name, lock in locks.items() if lock is not None and lock.locked_by is None}
    assert held == {name: PROCESSES[name] for name in ("suspended", "failing", "running", "creating")}
    assert {name: lock.out_of_sync_by for name, lock in kept.items()} == {
        name: PROCESSES[name] for name in ("aborted", "validated")
    }
    assert all(lock.out_of_sync_reason for lock in kept.values())
    assert refused.failure is not None
    assert refused.failure.code == "definition-changed"
    assert left == []
    assert names == {
        "suspended": "suspended", "failing": "failing", "running": "running",
        "aborted": "aborted", "validated": "validated", "creating": "failing",
    }  # fmt: skip


async def finished(engine: Engine, name: str) -> None:
    """Let the modification go on to its end."""
    process_id = PROCESSES[name]
    if name == "failing":
        await retry_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, ProcessStatus.SUSPENDED)
    await confirm(engine, process_id)
    await engine.reaches(process_id, COMPLETED)


async def changed(engine: Engine, name: str) -> Process:
    """The process after a retry, which finds other steps than those it began with."""
    await retry_process(engine.runtime, ADA, process_id=PROCESSES[name])
    return await engine.reaches(PROCESSES[name], FAILED)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_the_copies_of_the_release_before_become_references(
    kind: str, site: ModuleType, tmp_path: Path, postgres: PostgresServer
) -> None:
    with database_of(HERE / "release_products.sql", kind, tmp_path, postgres) as url:
        if kind == "postgres":
            await fill(url, tmp_path)
        async with engine_of(url, *site.WORKFLOWS) as engine:
            documents = {name: await document_of(engine, IDS[name]) for name in IDS}
            seen = {
                name: (await run(engine, site.validate_path, subscription_id=IDS[name])).state["seen"]
                for name in ("path", "twice", "edited", "orphan path")
            }
            renaming = await begun(engine, site.modify_router, subscription_id=IDS["router"], name="utr-1")
            await confirm(engine, renaming)
            await engine.reaches(renaming, COMPLETED)
            after = (await run(engine, site.validate_path, subscription_id=IDS["twice"])).state["seen"]
            refused = await failing(engine, site.modify_copy, subscription_id=IDS["edited"], name="x")
            uses = await engine.read(used)

    link, second = IDS["link"], IDS["link 2"]
    assert [block["owner_subscription_id"] for block in documents["path"]["path"]["links"]] == [link, second]
    assert [block["owner_subscription_id"] for block in documents["twice"]["path"]["links"]] == [link, link]
    assert {len(block) for block in documents["edited"]["path"]["links"]} == {3}
    assert len(documents["link"]["link"]["router"]) == 3
    assert documents["orphan"]["link"]["router"]["router_name"] == "ended"
    assert seen == {
        "path": [["link", "router"], ["link 2", "router"]],
        "twice": [["link", "router"], ["link", "router"]],
        "edited": [["link", "router"]],  # what the owner says, and not the changed copy
        "orphan path": [["orphan", "ended"]],
    }
    assert after == [["link", "utr-1"], ["link", "utr-1"]]
    assert refused.failure is not None
    assert refused.failure.code == "foreign-block"
    expected = {"link": ["router"], "link 2": ["router"], "twice": ["link"], "edited": ["link"]}
    expected |= {"path": ["link", "link 2"], "orphan path": ["orphan"]}
    assert uses == expected


def used(conn: Connection) -> dict[str, list[Any]]:
    """The names of the subscriptions that each one uses."""
    u, name_of = product_subscription_uses, {UUID(id): name for name, id in IDS.items()}
    found: dict[str, list[Any]] = {}
    for row in conn.execute(select(u).join(subscriptions, subscriptions.c.id == u.c.subscription_id)):
        found.setdefault(name_of[row.subscription_id], []).append(name_of[row.owner_id])
    return {name: sorted(owners) for name, owners in found.items()}
