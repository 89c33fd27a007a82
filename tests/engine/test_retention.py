"""Old processes go with everything that belongs to them, on every storage, and nothing else goes."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from sqlalchemy import Connection, insert, select, update
from support.engine import Engine
from support.operator import confirm
from support.remote import Remote, answer, report
from support.traces import ids_of, orphans, traces

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.audit.entries import ENGINE
from orchestrator_gql.audit.judging import Judge
from orchestrator_gql.audit.lines import read_lines
from orchestrator_gql.audit.pruned import PRUNE, without_details
from orchestrator_gql.audit.walk import WITHOUT_NOTE
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.retention import read
from orchestrator_gql.engine import retention as engine_retention
from orchestrator_gql.engine.large_processes import CHANGED, HELD
from orchestrator_gql.engine.retention import Pruned, Request, prune
from orchestrator_gql.engine.retention_selection import by_setting
from orchestrator_gql.engine.workers.audit_sealer import seal_new
from orchestrator_gql.forms import FormPage
from orchestrator_gql.reads.audit import audit_parts, verify_audit
from orchestrator_gql.rest.audit import _lines
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import processes
from orchestrator_gql.storage.audit import chains, remove_details
from orchestrator_gql.storage.tables import audit, payloads
from orchestrator_gql.storage.tables import processes as tables
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import CallbackConflict, CallbackUnknown, NotFound
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

KEY = "a key of the deployment"
COMPLETED, FAILED, ABORTED = ProcessStatus.COMPLETED, ProcessStatus.FAILED, ProcessStatus.ABORTED
DAY = timedelta(days=1).total_seconds()

remote = Remote()


@pytest.fixture(autouse=True)
def fresh_remote() -> None:
    """A queue belongs to the event loop of one test."""
    remote._asked = asyncio.Queue()


@step("Judge")
def judge(callback_result: dict[str, Any]) -> State:
    return {"rc": callback_result["rc"]}


@inputstep("Confirm", assignee=Assignee("NOC"))
def confirms(rc: int) -> FormGenerator:
    class Page(FormPage):
        is_agreed: bool = True

    yield Page
    return {"is_done": True}


@workflow("Change a port")
def changes_port() -> Any:
    return begin >> callback_step("Playbook", remote.action(), judge) >> confirms


@step("Break")
def breaks() -> State:
    raise ValueError("It broke.")


@workflow("Fail")
def fails() -> Any:
    return begin >> breaks


@workflow("Do nothing")
def nothing() -> Any:
    return begin


async def delete(engine: Engine, days: Any = 365, **options: Any) -> Pruned:
    """Delete by the setting, and demand that the audit log stays whole."""
    wanted = by_setting(read(days), engine.clock.now())
    return await _delete(engine, Request(wanted, "ada", **options))


async def _delete(engine: Engine, request: Request) -> Pruned:
    runtime = engine.runtime
    database, now, key = runtime.database, runtime.clock.now, runtime.settings.audit_secret
    done = await prune(database, now, key, request)
    for _ in range(100):
        if HELD not in done.kept:  # a worker or timekeeper may act on it just now: then it goes with the next run
            break
        gone = done.processes
        done = await prune(database, now, key, request)
        done.processes += gone
    await seal_new(runtime)
    assert await fault(engine) is None
    return done


async def fault(engine: Engine) -> str | None:
    return (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=10_000)).fault


async def confirmable(engine: Engine, *, lines: int = 3) -> tuple[UUID, str]:
    """A process that waits for its confirmation, with everything that a process can have; its id and its token."""
    process_id = await engine.start(changes_port, idempotency_key=str(uuid4()), note="a note")
    token = await remote.asked()
    await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    await report(engine.runtime, token, "half", 50.0)
    await answer(engine.runtime, token, {"rc": 0, "output": ["line"] * lines})
    with pytest.raises(CallbackConflict):
        await answer(engine.runtime, token, {"rc": 1})
    await engine.reaches(process_id, ProcessStatus.SUSPENDED)
    return process_id, token


async def completed(engine: Engine, *, lines: int = 3) -> tuple[UUID, str]:
    process_id, token = await confirmable(engine, lines=lines)
    await confirm(engine, process_id)
    await engine.reaches(process_id, COMPLETED)
    return process_id, token


async def is_there(engine: Engine, process_id: UUID) -> bool:
    return await engine.read(lambda conn: processes.load(conn, process_id)) is not None


@pytest.mark.parametrize("lines", [3, 20_000], ids=["a small result", "a large result"])
async def test_a_process_goes_without_a_trace_and_the_others_stay_whole(offer: Offer, lines: int) -> None:
    engine = await offer(changes_port, audit_key=KEY)
    old, token = await completed(engine, lines=lines)
    engine.turn(400 * DAY)
    young, _ = await completed(engine)
    waiting, _ = await confirmable(engine)
    await seal_new(engine.runtime)
    ids = await engine.read(lambda conn: ids_of(conn, [old, young, waiting]))
    before = await engine.read(lambda conn: traces(conn, ids[old]))

    done = await delete(engine)

    assert {"processes", "events", "callbacks", "payloads", "decisions", "idempotency_keys"} <= {
        name for name, _ in before
    }
    assert (done.number, dict(done.kept), done.has_more) == (1, {}, False)
    assert await engine.read(lambda conn: traces(conn, ids[old])) == []
    assert await engine.read(orphans) == {"payloads": 0}
    assert [await is_there(engine, id) for id in (old, young, waiting)] == [False, True, True]
    with pytest.raises(CallbackUnknown):
        await answer(engine.runtime, token, {"rc": 0})
    with pytest.raises(NotFound):
        await abort_process(engine.runtime, LOCAL_OPERATOR, process_id=old)
    await confirm(engine, waiting)
    await engine.reaches(waiting, COMPLETED)


@pytest.mark.parametrize(
    ("wanted_seconds", "sizes"), [(60.0, [1, 2, 4, 3]), (0.0, [1] * 10)], ids=["each in time", "each too slow"]
)
async def test_the_time_of_a_transaction_decides_the_size_of_the_next(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, wanted_seconds: float, sizes: list[int]
) -> None:
    monkeypatch.setattr(engine_retention, "WANTED_SECONDS", wanted_seconds)
    engine = await offer(nothing)
    for _ in range(10):
        await engine.reaches(await engine.start(nothing), COMPLETED)
    engine.turn(400 * DAY)
    numbers, now = [0], engine.runtime.clock.now
    request = Request(by_setting(read(365), now()), "ada", rest=0.0)

    await prune(engine.runtime.database, now, None, request, lambda done: numbers.append(done.number))

    assert [after - before for before, after in pairwise(numbers)] == sizes


@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without a key"])
async def test_the_audit_log_is_whole_and_holds_nothing_of_what_went(offer: Offer, with_key: bool) -> None:
    engine = await offer(changes_port, audit_key=KEY if with_key else None)
    old, _ = await completed(engine)
    await seal_new(engine.runtime)
    anchor = (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=10_000)).seal
    engine.turn(400 * DAY)

    await delete(engine)

    rows = await engine.read(lambda conn: conn.execute(select(audit).where(audit.c.chain == old)).all())
    *entries, last = sorted(rows, key=lambda row: row.seq)
    assert [row.action for row in entries] == ["startWorkflow", "receiveCallback", "submitForm"]
    assert all(list(row.details) == ["pruned"] for row in entries)
    assert (last.action, last.actor, last.details["status"], last.details["entries"]) == (PRUNE, "ada", COMPLETED, 3)
    (summary,) = await engine.read(lambda conn: conn.execute(select(audit).where(audit.c.chain == ENGINE)).all())
    assert (summary.action, summary.actor, summary.details["processes"]) == (PRUNE, "ada", 1)
    checked = await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=10_000, anchor=anchor)
    assert (checked.fault, checked.entries) == (None, 5)


RULES: list[tuple[Any, set[str]]] = [
    (365, {"C", "A"}),
    ({"default": 365}, {"C", "A"}),
    ({"SYSTEM": 365}, {"C", "A"}),
    ({"VALIDATE": 1}, set()),
    ({"VALIDATE": 1, "default": 500}, set()),
    ({"COMPLETED": 365}, {"C"}),
    ({"ABORTED": 365}, {"A"}),
    ({"FAILED": 365}, {"F"}),
    ({"FAILED": 365, "default": 365}, {"C", "A", "F"}),
    ({"FAILED": 365, "SYSTEM": 500}, set()),
    ({"SYSTEM": 1, "COMPLETED": 500}, {"A"}),
    (500, set()),
]


@pytest.mark.parametrize(("days", "gone"), RULES, ids=[str(days) for days, _ in RULES])
async def test_the_setting_decides_by_target_and_status(offer: Offer, days: Any, gone: set[str]) -> None:
    engine = await offer(nothing, fails, changes_port)
    ids = {"C": await engine.start(nothing), "F": await engine.start(fails), "A": await engine.start(fails)}
    await engine.reaches(ids["C"], COMPLETED)
    await engine.reaches(ids["F"], FAILED)
    await engine.reaches(ids["A"], FAILED)
    await abort_process(engine.runtime, LOCAL_OPERATOR, process_id=ids["A"])
    await engine.reaches(ids["A"], ABORTED)
    engine.turn(400 * DAY)

    done = await delete(engine, days)

    assert {name for name, id in ids.items() if not await is_there(engine, id)} == gone
    assert done.number == len(gone)


async def test_nothing_goes_before_its_time_and_the_last_second_counts(offer: Offer) -> None:
    engine = await offer(nothing)
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, COMPLETED)

    engine.turn(7 * DAY - 1)
    early = await delete(engine, 7)
    engine.turn(1)
    late = await delete(engine, 7)

    assert (early.number, late.number) == (0, 1)


async def test_a_changed_audit_entry_is_not_hidden_by_a_deletion(offer: Offer) -> None:
    engine = await offer(nothing, audit_key=KEY)
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, COMPLETED)
    engine.turn(400 * DAY)

    def forge(conn: Connection) -> None:
        conn.execute(update(audit).where(audit.c.chain == process_id).values(actor="mallory"))

    await engine.runtime.database.transaction(forge)
    request = Request(by_setting(read(365), engine.clock.now()), "ada")
    runtime = engine.runtime
    done = await prune(runtime.database, runtime.clock.now, runtime.settings.audit_secret, request)

    assert (done.number, dict(done.kept)) == (0, {CHANGED: 1})
    assert await is_there(engine, process_id)
    assert await fault(engine) == "The entry was changed: its digest does not fit."


async def test_another_key_deletes_nothing(offer: Offer) -> None:
    engine = await offer(nothing, audit_key=KEY)
    await engine.reaches(await engine.start(nothing), COMPLETED)
    engine.turn(400 * DAY)

    for key in (None, b"another key of somebody"):
        request = Request(by_setting(read(365), engine.clock.now()), "ada")
        done = await prune(engine.runtime.database, engine.clock.now, key, request)
        assert (done.number, dict(done.kept)) == (0, {CHANGED: 1})

    assert await fault(engine) is None


FORGERIES: dict[str, tuple[dict[str, Any], str]] = {
    "a pruned entry has another actor": ({"actor": "mallory"}, "The entry was changed"),
    "a pruned entry has another time": ({"at": timedelta(days=1)}, "The entry was changed"),
    "a proof of nothing": ({"details": {"pruned": "0" * 64}}, "The entry was changed"),
    "details of another form": ({"details": {"pruned": "0" * 64, "why": "x"}}, "The entry was changed"),
    "no details at all": ({"details": {}}, "The entry was changed"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_entry_of_a_removed_process_is_found_by_server_and_file(offer: Offer, name: str) -> None:
    values, words = FORGERIES[name]
    engine = await offer(nothing, audit_key=KEY)
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, COMPLETED)
    engine.turn(400 * DAY)
    await delete(engine)
    if "at" in values:
        values = {"at": engine.clock.now()}

    def forge(conn: Connection) -> None:
        first = (audit.c.chain == process_id, audit.c.seq == 1)
        conn.execute(update(audit).where(*first).values(**values))

    await engine.runtime.database.transaction(forge)

    assert words in str(await fault(engine))
    assert words in str(await fault_of_file(engine))


async def test_an_entry_whose_details_were_removed_without_a_removal_is_found(offer: Offer) -> None:
    """Even somebody with the key, who removes the details of one entry, is found: the chain does not say so."""
    engine = await offer(nothing, audit_key=KEY)
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, COMPLETED)
    await seal_new(engine.runtime)

    def forge(conn: Connection) -> None:
        (entry,) = chains(conn, [process_id])[process_id]
        remove_details(conn, [without_details(entry, KEY.encode())])

    await engine.runtime.database.transaction(forge)

    assert await fault(engine) == WITHOUT_NOTE
    assert await fault_of_file(engine) == WITHOUT_NOTE


async def test_without_a_key_a_change_under_a_removal_is_found_by_what_the_removal_covers(offer: Offer) -> None:
    engine = await offer(nothing)
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, COMPLETED)
    engine.turn(400 * DAY)
    await delete(engine)

    def forge(conn: Connection) -> None:
        entry, _ = chains(conn, [process_id])[process_id]
        forged = without_details(replace(entry, actor="mallory"), None)
        conn.execute(update(audit).where(audit.c.id == entry.id).values(actor="mallory", details=forged.details))

    await engine.runtime.database.transaction(forge)

    assert "an entry before it was changed" in str(await fault(engine))
    assert "an entry before it was changed" in str(await fault_of_file(engine))


async def test_exports_before_and_after_a_removal_are_one_log(offer: Offer) -> None:
    engine = await offer(changes_port, audit_key=KEY)
    await completed(engine)
    await seal_new(engine.runtime)
    before = await exported(engine)
    cursor = (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=10_000)).cursor
    engine.turn(400 * DAY)
    await delete(engine)

    after = await exported(engine, cursor)
    whole = await exported(engine)

    assert Judge(KEY.encode()).judge([*read_lines(before), *read_lines(after)]).fault is None
    judged = Judge(KEY.encode()).judge(read_lines(whole))
    assert (judged.fault, judged.entries) == (None, 5)
    assert b"playbook" not in b"".join(whole).lower()


async def exported(engine: Engine, after: str | None = None) -> list[bytes]:
    parts = audit_parts(engine.runtime, LOCAL_OPERATOR, after)
    return [line async for block in _lines(parts) for line in block.splitlines(keepends=True)]


async def fault_of_file(engine: Engine) -> str | None:
    found = Judge(KEY.encode() if engine.runtime.settings.audit_key else None).judge(read_lines(await exported(engine)))
    return found.fault.words if found.fault else None


async def test_payloads_that_nothing_uses_go_and_all_others_stay(offer: Offer) -> None:
    engine = await offer(changes_port, audit_key=KEY)
    waiting, _ = await confirmable(engine, lines=20_000)
    used = (await engine.callback(waiting)).payload_id
    joined, replaced = uuid4(), uuid4()

    def store(conn: Connection) -> None:
        conn.execute(insert(payloads), [{"id": id, "text": "[]"} for id in (joined, replaced)])
        loaded = conn.execute(select(tables.c.stored).where(tables.c.id == waiting)).scalar_one()
        stored = {**loaded, "joined": [str(joined), 2]}
        conn.execute(update(tables).where(tables.c.id == waiting).values(stored=stored))

    await engine.runtime.database.transaction(store)
    await delete(engine, {"VALIDATE": 1})
    before = await engine.read(lambda conn: set(conn.execute(select(payloads.c.id)).scalars()))
    await delete(engine)
    after = await engine.read(lambda conn: set(conn.execute(select(payloads.c.id)).scalars()))

    assert before == {used, joined, replaced}
    assert after == {used, joined}
