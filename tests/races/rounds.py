"""Rounds of rivals for one callback, and the checks after each round."""

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
class Judgements:
    """How often the result of each process was validated."""

    times: Counter[str] = field(default_factory=Counter)


def contested(remote: Remote, judgements: Judgements, **options: Any) -> Workflow:
    """A workflow with one callback, and a validation that counts its runs."""

    @step("Judge")
    def judge(process_id: UUID, callback_result: Any) -> None:
        judgements.times[str(process_id)] += 1

    @workflow("Contested")
    def contest() -> Any:
        return begin >> callback_step("Job", remote.action(), judge, timeout=3600, **options)

    return contest


async def start_waiting(engine: Engine, contested_workflow: Workflow, remote: Remote) -> tuple[UUID, str]:
    """Start a process; its id and its token, once it waits for the callback."""
    process_id = await engine.start(contested_workflow)
    await engine.reaches(process_id, AWAITING)
    hint = (await engine.callback(process_id)).token_hint  # other processes have tokens too, after a reissue
    return process_id, next(token for token in reversed(remote.tokens) if token.endswith(hint))


async def duplicates(
    engines: Sequence[Engine], contested_workflow: Workflow, remote: Remote, judgements: Judgements, *, posts: int
) -> None:
    """Deliver ``posts`` results at once, over all servers: equal, then different ones. One is accepted each time."""
    first = engines[0]
    for is_equal in (True, False):
        process_id, token = await start_waiting(first, contested_workflow, remote)
        deliveries = [{"rc": 0, "number": 0 if is_equal else number} for number in range(posts)]
        runtimes = [engines[number % len(engines)].runtime for number in range(posts)]
        responses = await asyncio.gather(
            *(answer(runtime, token, payload) for runtime, payload in zip(runtimes, deliveries, strict=True)),
            return_exceptions=True,
        )
        await first.reaches(process_id, ProcessStatus.COMPLETED)
        receipts = [response for response in responses if isinstance(response, Receipt)]
        refusals = [type(response) for response in responses if not isinstance(response, Receipt)]
        assert sum(not receipt.is_duplicate for receipt in receipts) == 1, responses
        if is_equal:
            assert len({receipt.receipt for receipt in receipts}) == 1 and len(receipts) == posts, responses
        else:
            assert refusals == [CallbackConflict] * (posts - 1), responses
        assert judgements.times[str(process_id)] == 1
        logged, kept = await first.read(lambda conn, id=process_id: _counted(conn, id))  # type: ignore[misc]
        assert (logged, kept) == (1, min(posts, 20))


def _counted(conn: Connection, process_id: UUID) -> tuple[int, int]:
    """How many events of a received callback and how many attempts the process has."""
    logged = select(func.count()).where(events.c.process_id == process_id, events.c.kind == EventKind.CALLBACK_RECEIVED)
    callback_ids = [callback.id for callback in callbacks.of_processes(conn, [process_id])[process_id]]
    kept = select(func.count()).where(callback_attempts.c.callback_id.in_(callback_ids))
    return conn.execute(logged).scalar_one(), conn.execute(kept).scalar_one()


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
    engines: Sequence[Engine], contested_workflow: Workflow, remote: Remote, judgements: Judgements, dice: random.Random
) -> Counter[str]:
    """Let three to seven rivals compete at the same time, over all servers; the names of the winners."""
    first = engines[0]
    process_id, token = await start_waiting(first, contested_workflow, remote)
    callback_id = (await first.callback(process_id)).id
    names = dice.sample(sorted(RIVALS), dice.randint(3, len(RIVALS)))
    responses = await asyncio.gather(
        *(RIVALS[name](dice.choice(engines), process_id, callback_id, token) for name in names),
        return_exceptions=True,
    )
    for response in responses:
        assert not isinstance(response, BaseException) or isinstance(response, OrchestratorError), repr(response)
    await _rests(first, process_id)
    by_name = zip(names, responses, strict=True)
    won = {name: response for name, response in by_name if not isinstance(response, BaseException)}
    faults = await first.read(lambda conn: left_behind(conn, process_id, won))
    assert faults == [], (names, won, faults)
    assert judgements.times[str(process_id)] <= 1, (names, won)
    await _end(first, process_id)
    return Counter(name for name in won if name != "timeout")


async def _rests(engine: Engine, process_id: UUID) -> None:
    async def look() -> bool | None:
        process = await engine.process(process_id)
        return process.status in RESTING or None

    await engine.until(look, awaited=f"process {process_id} to stop running")


async def _end(engine: Engine, process_id: UUID) -> None:
    """Abort the process, which must be possible whatever the rivals did, and check it again."""
    if not (await engine.process(process_id)).status.is_ended:
        await abort_process(engine.runtime, BOB, process_id=process_id)
    faults = await engine.read(lambda conn: left_behind(conn, process_id, {}))
    assert faults == [], faults


def left_behind(conn: Connection, process_id: UUID, won: dict[str, Any]) -> list[str]:
    """Contradictions between the rows of a process that does not run."""
    process = processes.load(conn, process_id)
    assert process is not None
    all_callbacks = callbacks.of_processes(conn, [process_id])[process_id]
    pending = {callback.id for callback in all_callbacks if callback.status is CallbackStatus.PENDING}
    faults = []
    if pending and process.status is not AWAITING:
        faults.append(f"a URL is open, and the process is {process.status}")
    if not pending and process.status is AWAITING:
        faults.append("the process waits, and no URL is open")
    with_timers = set(conn.execute(select(timers.c.callback_id).where(timers.c.process_id == process_id)).scalars())
    if with_timers != pending:
        faults.append(f"timers are set for {with_timers}, and {pending} are open")
    if input_requests.open_of_process(conn, process_id) is not None:
        faults.append("a form is open")
    for name in ("answer", "fail"):
        receipt = won.get(name)
        if isinstance(receipt, Receipt) and not _is_kept(conn, receipt, all_callbacks, process.status):
            faults.append(f"the receipt of the {name} is stored nowhere")
    return faults


def _is_kept(conn: Connection, receipt: Receipt, all_callbacks: Sequence[Any], status: ProcessStatus) -> bool:
    """True if a callback has the receipt, or an attempt has it, as after a wait that was opened again or an abort."""
    holds = any(callback.receipt == receipt.receipt for callback in all_callbacks)
    kept = select(func.count()).where(callback_attempts.c.receipt == receipt.receipt)
    return holds or conn.execute(kept).scalar_one() == 1
