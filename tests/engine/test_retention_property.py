"""Random processes, random rules and deaths at any transaction: exactly the right ones go, and nothing goes by half."""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, func, select
from support.engine import Engine
from support.old_processes import ENDED, Maker, Old
from support.sizes import size
from support.traces import ids_of, orphans, traces

from orchestrator_gql.commands.processes import update_process_note
from orchestrator_gql.config.retention import Retention, read
from orchestrator_gql.engine import large_processes
from orchestrator_gql.engine import retention as runs
from orchestrator_gql.engine.retention import Request, prune
from orchestrator_gql.engine.retention_selection import by_setting
from orchestrator_gql.engine.workers.audit_sealer import seal_new
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.reads.processes import process
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import closed_chains, retention_parts
from orchestrator_gql.storage.tables import decisions, input_requests, process_steps, processes
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import NotFound

pytestmark = pytest.mark.one_dispatcher

T = TypeVar("T")
KEY = "a key of the deployment"
NUMBER = 25


class Killed(BaseException):
    """The server died."""


class Dying:
    """The database of a server that dies at one of its transactions, before or after the COMMIT."""

    def __init__(self, database: Any, left: int, *, is_after: bool) -> None:
        self._database, self._left, self._is_after = database, left, is_after
        self.read = database.read

    async def transaction(self, unit: Callable[[Connection], T]) -> T:
        """Run the unit, or die."""
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._is_after):
            raise Killed
        result: T = await self._database.transaction(unit)
        if self._left == 0:
            raise Killed
        return result


def days_of(chance: Random) -> dict[str, float]:
    """A random setting."""
    keys = chance.sample([*Target, *ENDED, ProcessStatus.FAILED, "DEAD", "default"], chance.randint(1, 5))
    return {str(key): chance.choice([5, 90, 365, 700]) for key in keys}


def may_go(old: Old, days: dict[str, float]) -> bool:
    """What the page "Retention" promises, read word by word."""
    if old.status not in (*ENDED, ProcessStatus.FAILED) or old.is_needed:
        return False
    if old.status is ProcessStatus.FAILED and "FAILED" not in days:
        return False
    if old.was_given_up and not ("DEAD" in days and old.age > days["DEAD"]):
        return False
    named = [days[key] for key in (old.target, old.status) if key in days]
    kept = max(named) if named else days.get("default")
    return kept is not None and old.age > kept


def shape(conn: Connection, ids: list[UUID]) -> dict[UUID, tuple[int, int]]:
    """The numbers of steps and decisions of each process that is there: what goes only with the process."""
    counts = {}
    for id in conn.execute(select(processes.c.id).where(processes.c.id.in_(ids))).scalars():
        steps = conn.execute(select(func.count()).where(process_steps.c.process_id == id)).scalar_one()
        mine = decisions.join(input_requests)
        query = select(func.count()).select_from(mine).where(input_requests.c.process_id == id)
        counts[id] = (steps, conn.execute(query).scalar_one())
    return counts


async def demand_unknown(engine: Engine, id: UUID) -> None:
    """Demand that nobody finds the process by its id or acts on it."""
    for found in (
        process(engine.runtime, LOCAL_OPERATOR, id),
        update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=id, note="x"),
    ):
        with pytest.raises(NotFound, match="was removed by retention on"):
            await found


async def demand_whole(
    engine: Engine, all_ids: dict[UUID, set[UUID]], before: dict[UUID, tuple[int, int]]
) -> set[UUID]:
    """Demand that no process is found by half; the processes that are gone."""
    there = await engine.read(lambda conn: shape(conn, list(all_ids)))
    gone = all_ids.keys() - there.keys()
    going = await engine.read(lambda conn: closed_chains.closed_of(conn, list(there)))
    assert all(there[id] == before[id] for id in there if id not in going)
    for id in going:
        await demand_unknown(engine, id)
    assert await engine.read(lambda conn: traces(conn, {id for process in gone for id in all_ids[process]})) == []
    assert await engine.read(orphans) == {"payloads": 0}
    await seal_new(engine.runtime)
    assert (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=10_000)).fault is None
    return gone


@pytest.mark.each_pair
@pytest.mark.parametrize("seed", range(size(2, 4)))
async def test_exactly_the_right_processes_go_whatever_dies(
    offer: Offer, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    monkeypatch.setattr(retention_parts, "ROWS", chance.choice([3, 40, 500]))
    monkeypatch.setattr(retention_parts, "BYTES", chance.choice([1_000, 4_000_000]))
    monkeypatch.setattr(runs, "LARGEST", chance.choice([1, 5, 100]))
    monkeypatch.setattr(large_processes, "ENTRIES", chance.choice([1, 100]))
    engine = await offer(audit_key=KEY)
    now, key = engine.clock.now(), engine.runtime.settings.audit_secret
    made = await engine.runtime.database.transaction(lambda conn: Maker(conn, chance, now, key).make(NUMBER))
    await seal_new(engine.runtime)
    all_ids = await engine.read(lambda conn: ids_of(conn, [old.id for old in made]))
    before = await engine.read(lambda conn: shape(conn, list(all_ids)))
    days = days_of(chance)
    request = Request(by_setting(read(days), now), "ada", rest=0.0)

    for life in range(6):
        dying: Any = Dying(engine.runtime.database, chance.randint(1, 4), is_after=life % 2 == 0)
        try:
            await prune(dying, engine.clock.now, key, request)
        except Killed:
            await demand_whole(engine, all_ids, before)
    await prune(engine.runtime.database, engine.clock.now, key, request)
    again = await prune(engine.runtime.database, engine.clock.now, key, request)

    gone = await demand_whole(engine, all_ids, before)
    assert gone == {old.id for old in made if may_go(old, days)}
    assert again.number == 0
    assert again.kept.total() == sum(1 for old in made if old.id not in gone and is_old(old, days))


def is_old(old: Old, days: dict[str, float]) -> bool:
    """Whether only something living keeps the process."""
    kept = Retention(days).of_process(old.target, old.status)
    return kept is not None and old.age > kept
