"""Old processes go with everything that belongs to them, on every storage, and nothing else goes."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from sqlalchemy import Connection, func, select
from support.engine import Engine
from support.operator import ADA, confirm
from support.remote import Remote, answer, report
from support.traces import ids_of, orphans, traces

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.retention import Retention, read
from orchestrator_gql.engine.retention import CHANGED, Pruned, Request, Wish, by_setting, prune, selection_of
from orchestrator_gql.engine.workers.audit_sealer import seal_new
from orchestrator_gql.forms import FormPage
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import callbacks, processes
from orchestrator_gql.storage.tables import audit, metadata
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
    done = await prune(runtime.database, runtime.clock.now, runtime.settings.audit_secret, request)
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
