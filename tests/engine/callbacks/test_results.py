"""Whatever way a result comes, its outcome, attempt, event and audit entry follow one table, on both databases."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection
from support.engine import Engine
from support.operator import ADA, open_request
from support.playbooks import calls
from support.remote import Remote, answer

from orchestrator_gql.callbacks.rules import Delivery, Receipt
from orchestrator_gql.commands.callback_deliveries import receive_delivery
from orchestrator_gql.commands.callback_operator_actions import adopt_callback_attempt, complete_callback
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.callbacks import results
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import callbacks, processes
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import AttemptOutcome, EventKind, Json, ProcessStatus, ResultSource
from orchestrator_gql.utils.errors import (
    AlreadyDecided,
    InputRequestClosed,
    InvalidState,
    OrchestratorError,
    PayloadInvalid,
)
from orchestrator_gql.utils.json import encode

pytestmark = pytest.mark.one_dispatcher

AWAITING, FAILED, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED, ProcessStatus.SUSPENDED
RESULT: Json = {"rc": 0}
OTHER: Json = {"rc": 1}

BODY = b'{"rc": 0, "note": "\\u0000"}'
MALFORMED = Delivery.unread(
    BODY, AttemptOutcome.MALFORMED, "NUL", size=len(BODY), kept=len(BODY), media_type="application/json", peer=None
)
"""A body that is refused, and that an operator may adopt."""

BY_OPERATOR = ("operator", "adoption")

RESULT_EVENTS = (EventKind.CALLBACK_RECEIVED,)
OF_RESULTS = {*results.ACTIONS.values(), "failCallback"}


@dataclass(frozen=True, slots=True)
class Wait:
    """A process that waits for a result, the token of its callback, and the form that asks for the result, if any."""

    engine: Engine
    process_id: UUID
    token: str
    form: UUID | None = None

    async def take(self, source: ResultSource, payload: Json, *, receipt: str | None = None) -> str:
        """Take a result that does not come by the URL, as the commit of a wait does; its outcome."""

        def unit(conn: Connection) -> str:
            process = processes.lock(conn, self.process_id)
            (callback,) = callbacks.of_processes(conn, [self.process_id])[self.process_id]
            assert process is not None
            delivery = Delivery.of(payload, encode(payload).encode(), peer=None)
            now, key = self.engine.clock.now(), self.engine.runtime.settings.audit_secret
            arrived = results.arrival(process, callback, None, delivery, source=source, at=now, receipt=receipt)
            taken = results.take(conn, process, arrived, now=now, audit_key=key)
            return arrived.outcome.outcome if isinstance(taken, Receipt) else taken.outcome

        return await self.engine.runtime.database.transaction(unit)


Send: TypeAlias = Callable[[Wait, Json], Awaitable[str]]


async def by_url(wait: Wait, payload: Json) -> str:
    """Deliver to the URL."""
    receipt = await answer(wait.engine.runtime, wait.token, payload)
    return AttemptOutcome.DUPLICATE if receipt.is_duplicate else AttemptOutcome.ACCEPTED


async def by_external_id(wait: Wait, payload: Json) -> str:
    """Take a delivery that the action claimed."""
    return await wait.take(ResultSource.CALLBACK, payload, receipt="0190b6a1-7d5e-4c1f-9b0a-2f6f4f1d7c11")


async def by_poll(wait: Wait, payload: Json) -> str:
    """Take the result of a poll."""
    return await wait.take(ResultSource.POLL, payload)


async def by_operator(wait: Wait, payload: Json) -> str:
    """Type the result in."""
    id = (await wait.engine.callback(wait.process_id)).id
    await complete_callback(wait.engine.runtime, ADA, callback_id=id, result=payload, reason="seen")
    return AttemptOutcome.ACCEPTED


async def by_adoption(wait: Wait, payload: Json) -> str:
    """Adopt the refused body of the wait, whose payload is always the same."""
    (attempt, *_) = await wait.engine.attempts(wait.process_id)
    await adopt_callback_attempt(wait.engine.runtime, ADA, attempt_id=attempt.id, reason="seen")
    return AttemptOutcome.ACCEPTED


async def by_form(wait: Wait, payload: Json) -> str:
    """Type the result into the form of the unanswered callback."""
    runtime = wait.engine.runtime
    assert wait.form is not None
    pages: list[Json] = [{"answer": "complete"}, {"result": encode(payload), "reason": "seen"}]
    await submit_form(runtime, ADA, input_request_id=wait.form, pages=pages)
    return AttemptOutcome.ACCEPTED


WAYS: dict[str, Send] = {
    "url": by_url,
    "external id": by_external_id,
    "poll": by_poll,
    "operator": by_operator,
    "adoption": by_adoption,
    "form": by_form,
}

ACCEPTED, DUPLICATE, CONFLICT = "ACCEPTED", "DUPLICATE", "CONFLICT"
LATE, WITHDRAWN, REFUSED = "LATE", "WITHDRAWN", "refused"

TABLE = {
    # way: the outcomes of the first result, an equal one, another one, one after the deadline, one after an abort
    "url": (ACCEPTED, DUPLICATE, CONFLICT, LATE, WITHDRAWN),
    "external id": (ACCEPTED, DUPLICATE, CONFLICT, LATE, WITHDRAWN),
    "poll": (ACCEPTED, DUPLICATE, CONFLICT, ACCEPTED, WITHDRAWN),  # a service is polled because the time is over
    "operator": (ACCEPTED, REFUSED, REFUSED, ACCEPTED, REFUSED),
    "adoption": (ACCEPTED, REFUSED, REFUSED, ACCEPTED, REFUSED),
    "form": (ACCEPTED, REFUSED, REFUSED, ACCEPTED, REFUSED),
}
SITUATIONS = ("first", "equal", "other", "late", "withdrawn")
ACTIONS = {
    "url": "receiveCallback",
    "external id": "receiveCallback",
    "poll": "pollCallback",
    "operator": "completeCallback",
    "adoption": "adoptCallbackAttempt",
    "form": "completeCallback",
}
CELLS = [
    (way, situation, outcome)
    for way, outcomes in TABLE.items()
    for situation, outcome in zip(SITUATIONS, outcomes, strict=True)
]


async def prepared(engine: Engine, remote: Remote, way: str, situation: str) -> Wait:
    """A wait in the situation. Results by other ways than an operator's come while the engine rests."""
    process_id = await engine.start(engine.runtime.registry.get("run_playbook"))
    wait = Wait(engine, process_id, await remote.asked())
    await engine.reaches(process_id, AWAITING)
    if way == "adoption":
        with pytest.raises(PayloadInvalid):
            await receive_delivery(engine.runtime, Address(wait.token), MALFORMED)
    if way == "form":
        engine.turn(3600)
        await engine.reaches(process_id, SUSPENDED)
        wait = replace(wait, form=(await open_request(engine, process_id)).id)
    elif way not in BY_OPERATOR:
        await set_engine_state(engine.runtime, ADA, paused=True)
    match situation:
        case "equal" | "other" if way == "form":
            await by_operator(wait, RESULT)
        case "equal" | "other":
            await answer(engine.runtime, wait.token, RESULT)
        case "late" if way != "form":
            engine.turn(3600)
            if way in BY_OPERATOR:
                await engine.reaches(process_id, FAILED)
        case "withdrawn":
            await abort_process(engine.runtime, ADA, process_id=process_id)
    return wait


async def observed(wait: Wait) -> tuple[list[str], list[str], list[str]]:
    """The outcomes of the attempts, the events of results, and the audit entries of results."""
    attempts = [attempt.outcome.value for attempt in await wait.engine.attempts(wait.process_id)]
    kinds = [event.kind.value for event in await wait.engine.events(wait.process_id) if event.kind in RESULT_EVENTS]
    page = await audit_list.page(wait.engine.runtime, LOCAL_OPERATOR, AuditFilter(wait.process_id), PageArgs(100))
    entries = [entry.action for _, entry in reversed(page.items) if entry.action in OF_RESULTS]
    return attempts, kinds, entries


@pytest.mark.parametrize(("way", "situation", "outcome"), CELLS, ids=[f"{way}-{case}" for way, case, _ in CELLS])
async def test_the_outcome_the_attempt_the_event_and_the_audit_entry_of_a_result(
    offer: Offer, way: str, situation: str, outcome: str
) -> None:
    remote = Remote()
    on_timeout = "operator" if way == "form" else "fail"
    engine = await offer(calls(remote, timeout=3600, on_timeout=on_timeout))
    wait = await prepared(engine, remote, way, situation)
    before = await observed(wait)

    payload = OTHER if situation == "other" else RESULT
    try:
        seen = str(await WAYS[way](wait, payload))
    except (AlreadyDecided, InputRequestClosed, InvalidState):
        seen = REFUSED
    except OrchestratorError as refused:
        seen = (await wait.engine.attempts(wait.process_id))[-1].outcome.value
        assert refused.code
    attempts, kinds, entries = [now[len(earlier) :] for now, earlier in zip(await observed(wait), before, strict=True)]

    is_by_remote = way not in (*BY_OPERATOR, "form")
    assert seen == outcome
    assert attempts == ([outcome] if is_by_remote else [])
    assert kinds == (["CALLBACK_RECEIVED"] if outcome == ACCEPTED else [])
    assert entries == ([ACTIONS[way]] if outcome == ACCEPTED else [])
