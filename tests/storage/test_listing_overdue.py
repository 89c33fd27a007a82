"""Lists, counts and metrics use the same rule for overdue callbacks and forms, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from conftest import Offer
from sqlalchemy import insert
from support.many_subscriptions import plain_engine
from support.operator import confirm, open_request
from support.playbooks import calls
from support.query_work import statements_of, work_of
from support.remote import Remote, answer
from support.rows import BEGIN, process_row, store

from orchestrator_gql import begin, inputstep
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import input_requests as request_rows
from orchestrator_gql.storage import listing, metrics, pagination
from orchestrator_gql.storage.listing import CallbackFilter, Inbox, InputRequestFilter
from orchestrator_gql.storage.pagination import PageArgs, RowPage
from orchestrator_gql.storage.tables import input_requests
from orchestrator_gql.types import FormGenerator, InputRequestStatus, ProcessStatus
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

LATER = timedelta(days=1)
MANY, OVERDUE = 3_000, 4


@pytest.mark.parametrize("by", [timedelta(0), LATER])
async def test_a_callback_is_overdue_only_if_it_waits_after_its_deadline(offer: Offer, by: timedelta) -> None:
    remote = Remote()
    engine = await offer(played := calls(remote, timeout=60))
    answered = await engine.start(played)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    await engine.reaches(answered, ProcessStatus.COMPLETED)
    await engine.start(played)
    await remote.asked()
    now = engine.runtime.clock.now() + by

    def look(conn: Any) -> tuple[int, int, int, int, int]:
        return (
            listing.callback_count(conn, CallbackFilter(now)),
            listing.callback_count(conn, CallbackFilter(now, overdue=True)),
            listing.callback_count(conn, CallbackFilter(now, overdue=False)),
            listing.counts(conn, since=now, now=now).overdue_callbacks,
            metrics.load(conn, now=now, workers_since=now).overdue_callbacks,
        )

    every, overdue, others, counted, measured = await engine.read(look)
    assert every == 2
    assert overdue == counted == measured == (1 if by else 0)
    assert overdue + others == every


@pytest.mark.parametrize("by", [timedelta(0), LATER])
async def test_a_form_is_overdue_only_if_it_is_open_after_its_due_date(offer: Offer, by: timedelta) -> None:
    @inputstep("Confirm", due=60)
    def ask() -> FormGenerator:
        yield FormPage
        return {}

    @inputstep("Confirm whenever it suits")
    def ask_once_more() -> FormGenerator:
        yield FormPage
        return {}

    @workflow("Ask")
    def asking() -> Any:
        return begin >> ask >> ask_once_more

    engine = await offer(asking)
    first, second = await engine.start(asking), await engine.start(asking)
    for process_id in (first, second):
        await open_request(engine, process_id)
    await confirm(engine, first)
    await open_request(engine, first)
    now = engine.runtime.clock.now() + by

    def look(conn: Any) -> tuple[int, int, int, int]:
        return (
            listing.input_request_count(conn, InputRequestFilter(now, statuses=None)),
            listing.input_request_count(conn, InputRequestFilter(now, statuses=None, overdue=True)),
            listing.input_request_count(conn, InputRequestFilter(now, statuses=None, overdue=False)),
            listing.counts(conn, since=now, now=now).overdue_input_requests,
        )

    every, overdue, others, counted = await engine.read(look)
    assert every == 3
    assert overdue == counted == (1 if by else 0)
    assert overdue + others == every


async def test_the_work_for_overdue_forms_does_not_grow_with_the_open_ones(storage: str) -> None:
    now = BEGIN + LATER
    rows = [process_row(number, status=ProcessStatus.SUSPENDED, ended_at=None) for number in range(MANY)]
    forms = [
        {"id": row["id"], "process_id": row["id"], "step_index": 0, "record_seq": 1, "status": InputRequestStatus.OPEN}
        | {"version": 1, "title": "t", "assignee": "NOC", "created_at": BEGIN, "escalations": 0, "approvals_needed": 1}
        | {"due_at": now + LATER if number < MANY - OVERDUE else BEGIN}
        for number, row in enumerate(rows)
    ]
    engine = plain_engine(storage)
    filters = InputRequestFilter(now, overdue=True, inbox=Inbox("bob", frozenset()))

    with engine.begin() as conn:
        store(conn, rows, is_analyzed=False)
        conn.execute(insert(input_requests), forms)
        if conn.dialect.name == "postgresql":  # which counts its rows by itself
            conn.exec_driver_sql("ANALYZE")
        counted = listing.counts(conn, since=now, now=now).overdue_input_requests
        page = listing.input_request_page(conn, filters, PageArgs(first=5))
        reads: list[Callable[[], Any]] = [
            lambda: listing.input_request_page(conn, filters, PageArgs(first=5)),
            lambda: listing.input_request_count(conn, filters),
            lambda: pagination.count_by_index(conn, request_rows.overdue_ids(conn, now)),
        ]
        work = [work_of(conn, statements_of(conn, read)) for read in reads]
    engine.dispose()

    assert counted == listing_size(page) == OVERDUE
    assert max(work) < MANY


@pytest.mark.parametrize("most", [0, 1, 10])
async def test_overdue_forms_are_found_however_many_they_are(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(listing, "MOST_OVERDUE", most)

    @inputstep("Confirm", due=60)
    def ask() -> FormGenerator:
        yield FormPage
        return {}

    @workflow("Ask")
    def asking() -> Any:
        return begin >> ask

    engine = await offer(asking)
    for process_id in [await engine.start(asking) for _ in range(2)]:
        await open_request(engine, process_id)
    filters = InputRequestFilter(engine.runtime.clock.now() + LATER, overdue=True)

    page = await engine.read(lambda conn: listing.input_request_page(conn, filters, PageArgs()))
    number = await engine.read(lambda conn: listing.input_request_count(conn, filters))
    assert number == listing_size(page) == 2


def listing_size(page: RowPage[Any]) -> int:
    return len(page.items)
