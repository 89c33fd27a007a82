"""Random lives of products that use each other, by several operators at once: no acknowledged change is ever lost."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, select
from support.engine import Engine
from support.network import (
    Circuit,
    Monitor,
    Node,
    Port,
    create_circuit,
    create_monitor,
    create_node,
    create_port,
    modifies,
    rested,
    terminates,
    validates,
)

from orchestrator_gql import inputstep, step
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import Started, abort_process, retry_process, start_workflow
from orchestrator_gql.commands.product_subscriptions import set_in_sync
from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.forms import FormPage
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests, product_subscriptions
from orchestrator_gql.storage.tables import (
    process_steps,
    processes,
    product_subscription_locks,
    product_subscription_uses,
    product_subscription_versions,
)
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, StepStatus, SubscriptionLifecycle
from orchestrator_gql.utils.errors import NotFound, OrchestratorError, Refused

TERMINATED = SubscriptionLifecycle.TERMINATED
OPERATORS = 4
DEEDS = 20
MARK = "Mark it"


def marks(model: type[SubscriptionModel]) -> Any:
    """A step that adds a mark to the note of a subscription: the mark of an acknowledged step must stay for ever."""

    async def mark(subscription: model, process_id: UUID, chance: float = 0.0) -> State:  # type: ignore[valid-type]
        await asyncio.sleep(0)
        marked: Any = subscription
        if chance > 0.8:
            raise RuntimeError("the network is away")
        marked.note = f"{marked.note or ''} {process_id}"
        return {"subscription": marked}

    return step(MARK)(mark)


def corrects(model: type[SubscriptionModel]) -> Any:
    """A step of a validation that now and then changes something, and always returns the subscription."""

    async def correct(subscription: model, process_id: UUID) -> State:  # type: ignore[valid-type]
        await asyncio.sleep(0)
        marked: Any = subscription
        if process_id.int % 3 == 0:
            marked.note = f"{marked.note or ''} {process_id}"
        return {"subscription": marked}

    return step("Correct it")(correct)


@inputstep("Confirm")
def confirm() -> FormGenerator:
    yield FormPage
    return {}


MODELS: tuple[type[SubscriptionModel], ...] = (Node, Port, Circuit, Monitor)
CREATES = (create_node, create_port, create_circuit, create_monitor)
MODIFIES = [modifies(model, marks(model), confirm, marks(model)) for model in MODELS]
VALIDATES = [validates(model, corrects(model), corrects(model)) for model in MODELS]
TERMINATES = [terminates(model) for model in MODELS]
LIVES = (*CREATES, *MODIFIES, *VALIDATES, *TERMINATES)


@dataclass
class Site:
    """The subscriptions that the operators know, and the kinds of what happened."""

    engine: Engine
    seed: int
    made: dict[int, list[str]] = field(default_factory=lambda: {kind: [] for kind in range(len(MODELS))})
    counted: Counter[str] = field(default_factory=Counter)

    async def operate(self, number: int) -> None:
        """Do what one operator does, in an order of chance."""
        chance = random.Random(self.seed * 100 + number)
        for _ in range(DEEDS):
            deed = chance.choices(
                [self.create, self.change, self.validate, self.terminate, self.mend], weights=[4, 6, 5, 3, 2]
            )[0]
            try:
                await deed(chance)
            except (Refused, NotFound) as refused:
                self.counted[refused.code] += 1

    def some(self, chance: random.Random, kind: int, most: int = 1) -> list[str]:
        """Some known subscriptions of the kind."""
        return chance.sample(self.made[kind], min(most, len(self.made[kind])))

    async def start(self, workflow: Any, *pages: Any) -> UUID:
        """Start the workflow; the id of its process."""
        started = await start_workflow(
            self.engine.runtime, LOCAL_OPERATOR, workflow_name=workflow.name, pages=list(pages)
        )
        assert isinstance(started, Started), started
        return started.process.id

    async def create(self, chance: random.Random) -> None:
        """Create a subscription that uses some others."""
        kind = chance.randrange(len(MODELS))
        nodes, ports, circuits = self.some(chance, 0), self.some(chance, 1, 2), self.some(chance, 2)
        order: dict[str, Any] = {"name": "n"}
        if kind == 1:
            order["node"] = nodes[0] if nodes else None
        if kind == 2:
            order["ports"] = ports
        if kind == 3:
            order["watched"] = [*circuits, *nodes]
        if kind and not any(order.get(name) for name in ("node", "ports", "watched")):
            return
        process = await rested(self.engine, await self.start(CREATES[kind], order))
        if process.status is ProcessStatus.COMPLETED:
            self.made[kind].append(process.state["subscription_id"])
        else:
            assert process.failure is not None
            self.counted[process.failure.code] += 1
            await self.abort(process.id)

    async def change(self, chance: random.Random) -> None:
        """Modify a subscription, and confirm, abort or leave the process."""
        kind = chance.randrange(len(MODELS))
        for id in self.some(chance, kind):
            process_id = await self.start(MODIFIES[kind], {"subscription_id": id}, {"chance": chance.random()})
            if chance.random() < 0.15:
                await self.abort(process_id)
                return
            process = await rested(self.engine, process_id)
            if process.status is ProcessStatus.SUSPENDED and chance.random() < 0.8:
                await self.submit(process_id)
                process = await rested(self.engine, process_id)
            if process.status is not ProcessStatus.COMPLETED:
                await self.abort(process_id)

    async def validate(self, chance: random.Random) -> None:
        """Validate a subscription beside everything else."""
        kind = chance.randrange(len(MODELS))
        for id in self.some(chance, kind):
            process = await rested(self.engine, await self.start(VALIDATES[kind], {"subscription_id": id}))
            if process.failure is not None:
                self.counted[process.failure.code] += 1
                if chance.random() < 0.5:
                    await retry_process(self.engine.runtime, LOCAL_OPERATOR, process_id=process.id)
                    process = await rested(self.engine, process.id)
                if process.status is ProcessStatus.FAILED:
                    await self.abort(process.id)

    async def terminate(self, chance: random.Random) -> None:
        """Terminate a subscription, in use or not."""
        kind = chance.randrange(len(MODELS))
        for id in self.some(chance, kind):
            process = await rested(self.engine, await self.start(TERMINATES[kind], {"subscription_id": id}))
            if process.failure is not None:
                self.counted[process.failure.code] += 1
                await self.abort(process.id)

    async def mend(self, chance: random.Random) -> None:
        """Put a subscription in sync by hand."""
        for id in self.some(chance, chance.randrange(len(MODELS))):
            runtime = self.engine.runtime
            await set_in_sync(runtime, LOCAL_OPERATOR, subscription_id=UUID(id), reason="I looked.")

    async def submit(self, process_id: UUID) -> None:
        """Confirm the open form of the process."""
        request = await self.engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
        assert request is not None
        await submit_form(self.engine.runtime, LOCAL_OPERATOR, input_request_id=request.id, pages=[{}])

    async def abort(self, process_id: UUID) -> None:
        """Abort the process unless it has ended."""
        try:
            await abort_process(self.engine.runtime, LOCAL_OPERATOR, process_id=process_id)
        except OrchestratorError as refused:
            self.counted[f"abort {refused.code}"] += 1


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("seed", range(2))
async def test_no_acknowledged_change_is_lost_and_nothing_refers_to_what_has_ended(offer: Offer, seed: int) -> None:
    site = Site(await offer(*LIVES), seed)
    for kind in (0, 0, 1, 1, 2, 3):
        await site.create(random.Random(kind + seed))
    first_change = await site.start(MODIFIES[0], {"subscription_id": site.made[0][0]}, {"chance": 0.0})
    await rested(site.engine, first_change)  # marked at least once, whatever the chances do
    await site.submit(first_change)

    await asyncio.gather(*(site.operate(number) for number in range(OPERATORS)))

    await site.engine.read(_demand_marks)
    await site.engine.read(_demand_living_owners)
    await site.engine.read(_demand_locks)
    await site.engine.read(_demand_history)
    assert site.counted, "the operators never met"


def _demand_marks(conn: Connection) -> None:
    """Each step that was acknowledged has left its mark, as often as it was acknowledged."""
    marks = conn.execute(
        select(process_steps.c.process_id, process_steps.c.delta).where(
            process_steps.c.name == MARK, process_steps.c.status == StepStatus.SUCCESS
        )
    ).all()
    expected = Counter((row.delta["subscription"]["subscription_id"], str(row.process_id)) for row in marks)
    notes = {str(row.id): row.note or "" for row in conn.execute(select(subscriptions.c.id, subscriptions.c.note))}

    assert marks
    for (subscription_id, process_id), count in expected.items():
        assert notes[subscription_id].count(process_id) == count


def _demand_living_owners(conn: Connection) -> None:
    """No living subscription refers to an ended one, and every reference leads to a block."""
    u, user, owner = product_subscription_uses, subscriptions.alias("user"), subscriptions.alias("owner")
    broken = (
        select(user.c.id)
        .join(u, u.c.subscription_id == user.c.id)
        .join(owner, owner.c.id == u.c.owner_id)
        .where(user.c.status != TERMINATED, owner.c.status == TERMINATED)
    )
    assert conn.execute(broken).all() == []
    for id in conn.execute(select(subscriptions.c.id)).scalars().all():
        stored = product_subscriptions.stored(conn, [id])
        SubscriptionModel.load(stored.documents[id], stored.documents)


def _demand_locks(conn: Connection) -> None:
    """A held subscription is held by a living process; a left one says by which aborted process, and why."""
    status = {row.id: row.status for row in conn.execute(select(processes.c.id, processes.c.status))}
    in_sync = {row.id: row.insync for row in conn.execute(select(subscriptions.c.id, subscriptions.c.insync))}
    locks = conn.execute(select(product_subscription_locks)).all()
    assert {id for id, is_in_sync in in_sync.items() if not is_in_sync} == {lock.subscription_id for lock in locks}
    for lock in locks:
        assert lock.locked_by is not None or lock.out_of_sync_by is not None
        assert lock.locked_by is None or not status[lock.locked_by].is_ended
        if lock.locked_by is None:
            assert status[lock.out_of_sync_by] is ProcessStatus.ABORTED
            assert lock.out_of_sync_reason


def _demand_history(conn: Connection) -> None:
    """The versions of a subscription have no gap, and the newest one is the stored model."""
    v = product_subscription_versions
    for row in conn.execute(select(subscriptions)).all():
        history = conn.execute(select(v).where(v.c.subscription_id == row.id).order_by(v.c.version)).all()
        assert [version.version for version in history] == list(range(1, row.version + 1))
        assert history[-1].model == row.model
