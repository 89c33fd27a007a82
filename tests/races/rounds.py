"""Rounds of rivals: who competes, and what is looked at when the dust has settled."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select
from support.engine import Engine
from support.operator import ADA, BOB
from support.remote import Remote, answer, fail

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_operator_actions import complete_callback, reawait_callback, reissue_callback
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.storage import callbacks, input_requests, processes
from orchestrator_gql.storage.tables import callback_attempts, events, timers
from orchestrator_gql.types import CallbackStatus, EventKind, ProcessStatus
from orchestrator_gql.utils.errors import CallbackConflict, OrchestratorError
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, RUNNING = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.RUNNING
RESTING = frozenset(ProcessStatus) - {ProcessStatus.CREATED, RUNNING}
TAKEN = (CallbackStatus.RECEIVED, CallbackStatus.VALIDATED, CallbackStatus.REJECTED)


@dataclass(slots=True)
class Judged:
    """How often each process's result was judged."""

    times: Counter[str] = field(default_factory=Counter)


def contested(remote: Remote, judged: Judged, **options: Any) -> Workflow:
    """One callback, and a validation that counts how often it runs."""

    @step("Judge")
    def judge(process_id: UUID, callback_result: Any) -> None:
        judged.times[str(process_id)] += 1

    @workflow("Contested")
    def contest() -> Any:
        return begin >> callback_step("Job", remote.action(), judge, timeout=3600, **options)

    return contest


async def begun(engine: Engine, played: Workflow, remote: Remote) -> tuple[UUID, str]:
    """A process at its wait, and the token."""
    process_id = await engine.start(played)
    await engine.reaches(process_id, AWAITING)
    hint = (await engine.callback(process_id)).token_hint  # others were handed tokens too, by a reissue among rivals
    return process_id, next(token for token in reversed(remote.tokens) if token.endswith(hint))


async def duplicates(
    engines: Sequence[Engine], played: Workflow, remote: Remote, judged: Judged, *, posts: int
) -> None:
    """So many posts at once, over all replicas: equal ones, then different ones. One result each."""
    first = engines[0]
    for is_equal in (True, False):
        process_id, token = await begun(first, played, remote)
        deliveries = [{"rc": 0, "number": 0 if is_equal else number} for number in range(posts)]
        ways = [engines[number % len(engines)].runtime for number in range(posts)]
        said = await asyncio.gather(
            *(answer(way, token, payload) for way, payload in zip(ways, deliveries, strict=True)),
            return_exceptions=True,
        )
        await first.reaches(process_id, ProcessStatus.COMPLETED)
        receipts = [one for one in said if isinstance(one, Receipt)]
        assert sum(not one.is_duplicate for one in receipts) == 1, said
        if is_equal:
            assert len({one.receipt for one in receipts}) == 1 and len(receipts) == posts, said
        else:
            assert [type(one) for one in said if not isinstance(one, Receipt)] == [CallbackConflict] * (posts - 1), said
        assert judged.times[str(process_id)] == 1
        told, kept = await first.read(lambda conn, id=process_id: _counted(conn, id))  # type: ignore[misc]
        assert (told, kept) == (1, min(posts, 20))


def _counted(conn: Connection, process_id: UUID) -> tuple[int, int]:
    told = select(func.count()).where(events.c.process_id == process_id, events.c.kind == EventKind.CALLBACK_RECEIVED)
    mine = [box.id for box in callbacks.of_processes(conn, [process_id])[process_id]]
    kept = select(func.count()).where(callback_attempts.c.callback_id.in_(mine))
    return conn.execute(told).scalar_one(), conn.execute(kept).scalar_one()


Rival = Callable[[Engine, UUID, UUID, str], Awaitable[Any]]


async def _answers(engine: Engine, process_id: UUID, callback_id: UUID, token: str) -> Any:
    return await answer(engine.runtime, token, {"rc": 0})


async def _fails(engine: Engine, process_id: UUID, callback_id: UUID, token: str) -> Any:
    return await fail(engine.runtime, token, "no route to host")


async def _expires(engine: Engine, process_id: UUID, callback_id: UUID, token: str) -> Any:
    engine.turn(3600)


async def _aborts(engine: Engine, process_id: UUID, callback_id: UUID, token: str) -> Any:
    await abort_process(engine.runtime, BOB, process_id=process_id)


async def _completes(engine: Engine, process_id: UUID, callback_id: UUID, token: str) -> Any:
    await complete_callback(engine.runtime, ADA, callback_id=callback_id, result={"rc": 7}, reason="seen")


async def _waits_on(engine: Engine, process_id: UUID, callback_id: UUID, token: str) -> Any:
    await reawait_callback(engine.runtime, ADA, callback_id=callback_id, timeout=7200)


async def _asks_again(engine: Engine, process_id: UUID, callback_id: UUID, token: str) -> Any:
    await reissue_callback(engine.runtime, ADA, callback_id=callback_id)


RIVALS: dict[str, Rival] = {
    "answer": _answers,
    "fail": _fails,
    "timeout": _expires,
    "abort": _aborts,
    "complete": _completes,
    "reawait": _waits_on,
    "reissue": _asks_again,
}


async def contest(
    engines: Sequence[Engine], played: Workflow, remote: Remote, judged: Judged, chance: random.Random
) -> Counter[str]:
    """Three to seven rivals at the same instant, over all replicas; who won, by name."""
    first = engines[0]
    process_id, token = await begun(first, played, remote)
    callback_id = (await first.callback(process_id)).id
    names = chance.sample(sorted(RIVALS), chance.randint(3, len(RIVALS)))
    said = await asyncio.gather(
        *(RIVALS[name](chance.choice(engines), process_id, callback_id, token) for name in names),
        return_exceptions=True,
    )
    for one in said:
        assert not isinstance(one, BaseException) or isinstance(one, OrchestratorError), repr(one)
    await _rests(first, process_id)
    won = {name: one for name, one in zip(names, said, strict=True) if not isinstance(one, BaseException)}
    faults = await first.read(lambda conn: left_behind(conn, process_id, won))
    assert faults == [], (names, won, faults)
    assert judged.times[str(process_id)] <= 1, (names, won)
    await _end(first, process_id)
    return Counter(name for name in won if name != "timeout")


async def _rests(engine: Engine, process_id: UUID) -> None:
    async def look() -> bool | None:
        process = await engine.process(process_id)
        return process.status in RESTING or None

    await engine.until(look, told=f"process {process_id} to rest")


async def _end(engine: Engine, process_id: UUID) -> None:
    """Every process can be ended, wherever the rivals left it."""
    if not (await engine.process(process_id)).status.is_ended:
        await abort_process(engine.runtime, BOB, process_id=process_id)
    faults = await engine.read(lambda conn: left_behind(conn, process_id, {}))
    assert faults == [], faults


def left_behind(conn: Connection, process_id: UUID, won: dict[str, Any]) -> list[str]:
    """What does not agree in the rows of a process that rests."""
    process = processes.load(conn, process_id)
    assert process is not None
    boxes = callbacks.of_processes(conn, [process_id])[process_id]
    pending = {box.id for box in boxes if box.status is CallbackStatus.PENDING}
    faults = []
    if pending and process.status is not AWAITING:
        faults.append(f"a URL is open, and the process is {process.status}")
    if not pending and process.status is AWAITING:
        faults.append("the process waits, and no URL is open")
    set_for = set(conn.execute(select(timers.c.callback_id).where(timers.c.process_id == process_id)).scalars())
    if set_for != pending:
        faults.append(f"timers are set for {set_for}, and {pending} are open")
    if input_requests.open_of_process(conn, process_id) is not None:
        faults.append("a form is open")
    for name in ("answer", "fail"):
        receipt = won.get(name)
        if isinstance(receipt, Receipt) and not _is_kept(conn, receipt, boxes, process.status):
            faults.append(f"the receipt of the {name} is not in a mailbox that has it")
    return faults


def _is_kept(conn: Connection, receipt: Receipt, boxes: Sequence[Any], status: ProcessStatus) -> bool:
    """What was acknowledged is the mailbox's, or was when somebody took the wait up anew or gave the process up."""
    holds = any(box.receipt == receipt.receipt for box in boxes)
    kept = select(func.count()).where(callback_attempts.c.receipt == receipt.receipt)
    return holds or conn.execute(kept).scalar_one() == 1
