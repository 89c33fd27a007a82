"""Random deeds of operators on products that use each other, and what must hold after them."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from orchestrator_gql import inputstep, step
from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.tables import (
    process_steps,
    processes,
    product_subscription_locks,
    product_subscription_uses,
    product_subscription_versions,
)
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, StepStatus, SubscriptionLifecycle
from orchestrator_gql.workflow import Workflow
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
    reconciles,
    terminates,
    validates,
)

TERMINATED = SubscriptionLifecycle.TERMINATED
MARK, CORRECT = "Mark it", "Correct it"


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

    return step(CORRECT)(correct)


@inputstep("Confirm")
def confirm() -> FormGenerator:
    yield FormPage
    return {}


MODELS: tuple[type[SubscriptionModel], ...] = (Node, Port, Circuit, Monitor)
CREATES = (create_node, create_port, create_circuit, create_monitor)
MODIFIES = [modifies(model, marks(model), confirm, marks(model)) for model in MODELS]
VALIDATES = [validates(model, corrects(model), corrects(model)) for model in MODELS]
RECONCILES = [reconciles(model, marks(model), marks(model)) for model in MODELS]
TERMINATES = [terminates(model) for model in MODELS]
LIVES = (*CREATES, *MODIFIES, *VALIDATES, *RECONCILES, *TERMINATES)


class DeedRefused(Exception):
    """The server refused a deed with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Seen:
    """What an operator sees of a process that rests."""

    status: ProcessStatus
    failure: str | None
    subscription_id: str | None


class Operators(ABC):
    """Operators who know the same subscriptions and do deeds in an order of chance, each on his own."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.made: dict[int, list[str]] = {kind: [] for kind in range(len(MODELS))}
        self.counted: Counter[str] = Counter()
        """The kinds of what happened: codes of refusals and failures."""

    @abstractmethod
    async def start(self, workflow: Workflow, *pages: Any) -> str:
        """Start the workflow; the id of its process. Raises `DeedRefused`."""

    @abstractmethod
    async def rested(self, process_id: str) -> Seen:
        """The process once it no longer runs."""

    @abstractmethod
    async def submit(self, process_id: str) -> None:
        """Confirm the open form of the process."""

    @abstractmethod
    async def retry(self, process_id: str) -> None:
        """Retry the failed process. Raises `DeedRefused`."""

    @abstractmethod
    async def end(self, process_id: str) -> None:
        """Abort the process. Raises `DeedRefused` if it has ended."""

    @abstractmethod
    async def set_in_sync(self, id: str) -> None:
        """Put the subscription in sync by hand. Raises `DeedRefused`."""

    async def furnish(self) -> None:
        """Create the first subscriptions, mark one of them and reconcile another, whatever the chances do."""
        for kind in (0, 0, 1, 1, 2, 3):
            await self.create(random.Random(self.seed), kind)
        marking = await self.start(MODIFIES[0], {"subscription_id": self.made[0][0]}, {"chance": 0.0})
        await self.rested(marking)
        await self.submit(marking)
        await self.rested(marking)
        await self.rested(await self.start(RECONCILES[1], {"subscription_id": self.made[1][0]}))

    async def operate(self, number: int, deeds: int, until: asyncio.Event | None = None) -> None:
        """Do what one operator does, at most ``deeds`` times or until the event is set."""
        chance = random.Random(self.seed * 100 + number)
        for _ in range(deeds):
            if until is not None and until.is_set():
                return
            deed = chance.choices(
                [self.create, self.change, self.validate, self.reconcile, self.terminate, self.mend],
                weights=[4, 6, 5, 3, 3, 2],
            )[0]
            try:
                await deed(chance)
            except DeedRefused as refused:
                self.counted[refused.code] += 1

    def some(self, chance: random.Random, kind: int, most: int = 1) -> list[str]:
        """Some known subscriptions of the kind."""
        return chance.sample(self.made[kind], min(most, len(self.made[kind])))

    async def create(self, chance: random.Random, kind: int | None = None) -> None:
        """Create a subscription that uses some others."""
        kind = chance.randrange(len(MODELS)) if kind is None else kind
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
        process_id = await self.start(CREATES[kind], order)
        process = await self.rested(process_id)
        if process.status is ProcessStatus.COMPLETED:
            assert process.subscription_id is not None
            self.made[kind].append(process.subscription_id)
        else:
            await self.give_up(process_id, process)

    async def change(self, chance: random.Random) -> None:
        """Modify a subscription, and confirm, abort or leave the process."""
        kind = chance.randrange(len(MODELS))
        for id in self.some(chance, kind):
            process_id = await self.start(MODIFIES[kind], {"subscription_id": id}, {"chance": chance.random()})
            if chance.random() < 0.15:
                await self.abort(process_id)
                return
            process = await self.rested(process_id)
            if process.status is ProcessStatus.SUSPENDED and chance.random() < 0.8:
                await self.submit(process_id)
                process = await self.rested(process_id)
            if process.status is not ProcessStatus.COMPLETED:
                await self.give_up(process_id, process)

    async def validate(self, chance: random.Random) -> None:
        """Validate a subscription beside everything else."""
        kind = chance.randrange(len(MODELS))
        for id in self.some(chance, kind):
            process_id = await self.start(VALIDATES[kind], {"subscription_id": id})
            process = await self.rested(process_id)
            if process.failure is not None and chance.random() < 0.5:
                self.counted[process.failure] += 1
                await self.retry(process_id)
                process = await self.rested(process_id)
            if process.status is not ProcessStatus.COMPLETED:
                await self.give_up(process_id, process)

    async def reconcile(self, chance: random.Random) -> None:
        """Reconcile a subscription, in sync or not, and abort some of the processes."""
        kind = chance.randrange(len(MODELS))
        for id in self.some(chance, kind):
            process_id = await self.start(RECONCILES[kind], {"subscription_id": id})
            if chance.random() < 0.15:
                await self.abort(process_id)
                return
            process = await self.rested(process_id)
            if process.status is not ProcessStatus.COMPLETED:
                await self.give_up(process_id, process)

    async def terminate(self, chance: random.Random) -> None:
        """Terminate a subscription, in use or not."""
        kind = chance.randrange(len(MODELS))
        for id in self.some(chance, kind):
            process_id = await self.start(TERMINATES[kind], {"subscription_id": id})
            process = await self.rested(process_id)
            if process.status is not ProcessStatus.COMPLETED:
                await self.give_up(process_id, process)

    async def mend(self, chance: random.Random) -> None:
        """Put a subscription in sync by hand."""
        for id in self.some(chance, chance.randrange(len(MODELS))):
            await self.set_in_sync(id)

    async def give_up(self, process_id: str, process: Seen) -> None:
        """Abort a process that has failed, or that nobody will confirm."""
        if process.failure is not None:
            self.counted[process.failure] += 1
        await self.abort(process_id)

    async def abort(self, process_id: str) -> None:
        """Abort the process unless it has ended."""
        try:
            await self.end(process_id)
        except DeedRefused as refused:
            self.counted[f"abort {refused.code}"] += 1


def demand_all(conn: Connection) -> None:
    """Check everything that must hold, however the processes ended and whenever a server died."""
    for check in (demand_marks, demand_living_owners, demand_locks, demand_history):
        check(conn)


def demand_marks(conn: Connection) -> None:
    """Each step that was acknowledged has left its mark, as often as it was acknowledged."""
    rows: Sequence[Any] = conn.execute(
        select(process_steps.c.process_id, process_steps.c.delta, process_steps.c.name).where(
            process_steps.c.name.in_([MARK, CORRECT]), process_steps.c.status == StepStatus.SUCCESS
        )
    ).all()
    expected = Counter(
        (row.delta["subscription"]["subscription_id"], str(row.process_id))
        for row in rows
        if row.name == MARK or row.process_id.int % 3 == 0
    )
    notes = {str(row.id): row.note or "" for row in conn.execute(select(subscriptions.c.id, subscriptions.c.note))}

    assert expected
    for (subscription_id, process_id), count in expected.items():
        assert notes[subscription_id].count(process_id) == count
    assert sum(len(note.split()) for note in notes.values()) == expected.total(), "a mark of no acknowledged step"


def demand_living_owners(conn: Connection) -> None:
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


def demand_locks(conn: Connection) -> None:
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


def demand_history(conn: Connection) -> None:
    """The versions of a subscription have no gap, and the newest one is the stored model."""
    v = product_subscription_versions
    for row in conn.execute(select(subscriptions)).all():
        history = conn.execute(select(v).where(v.c.subscription_id == row.id).order_by(v.c.version)).all()
        assert [version.version for version in history] == list(range(1, row.version + 1))
        assert history[-1].model == row.model
        assert (history[-1].status, row.model["version"]) == (row.status, row.version)
