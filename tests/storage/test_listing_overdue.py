"""Lists, counts and metrics use the same rule for overdue callbacks and forms, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from conftest import Offer
from support.operator import confirm, open_request
from support.playbooks import calls
from support.remote import Remote, answer

from orchestrator_gql import begin, inputstep
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import listing, metrics
from orchestrator_gql.storage.listing import CallbackFilter, InputRequestFilter
from orchestrator_gql.types import FormGenerator, ProcessStatus
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

LATER = timedelta(days=1)


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
