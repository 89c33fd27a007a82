"""Each text that a person writes has a limit, and the refusal names the field and the limit, on both databases."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from support.engine import Engine
from support.operator import ADA
from support.playbooks import judge
from support.remote import Remote

from orchestrator_gql import begin, callback_step
from orchestrator_gql.audit.free_text import LONGEST
from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
    reissue_callback,
)
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.processes import abort_process, continue_process, update_process_note
from orchestrator_gql.commands.product_subscriptions import set_in_sync, update_product_subscription_note
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

Write = Callable[[Engine, UUID, UUID, str], Awaitable[Any]]
ANY = new_id()

TEXTS: dict[str, tuple[str, Write]] = {
    "start": ("note", lambda e, p, c, t: start_workflow(e.runtime, ADA, workflow_name="calling", pages=[], note=t)),
    "note": ("note", lambda e, p, c, t: update_process_note(e.runtime, ADA, process_id=p, note=t)),
    "abort": ("reason", lambda e, p, c, t: abort_process(e.runtime, ADA, process_id=p, reason=t)),
    "continue": ("reason", lambda e, p, c, t: continue_process(e.runtime, ADA, process_id=p, reason=t)),
    "reissue": ("reason", lambda e, p, c, t: reissue_callback(e.runtime, ADA, callback_id=c, reason=t)),
    "reawait": ("reason", lambda e, p, c, t: reawait_callback(e.runtime, ADA, callback_id=c, timeout=60, reason=t)),
    "complete": ("reason", lambda e, p, c, t: complete_callback(e.runtime, ADA, callback_id=c, result=1, reason=t)),
    "adopt": ("reason", lambda e, p, c, t: adopt_callback_attempt(e.runtime, ADA, attempt_id=ANY, reason=t)),
    "confirm": ("comment", lambda e, p, c, t: submit_form(e.runtime, ADA, input_request_id=ANY, pages=[], comment=t)),
    "reject": ("comment", lambda e, p, c, t: reject_input_request(e.runtime, ADA, input_request_id=ANY, comment=t)),
    "set in sync": ("reason", lambda e, p, c, t: set_in_sync(e.runtime, ADA, subscription_id=ANY, reason=t)),
    "note of a product subscription": (
        "note",
        lambda e, p, c, t: update_product_subscription_note(e.runtime, ADA, subscription_id=ANY, note=t),
    ),
    "pause": ("reason", lambda e, p, c, t: set_engine_state(e.runtime, ADA, paused=True, reason=t)),
}


async def test_a_text_that_is_too_long_is_refused_with_its_field_and_the_limit(offer: Offer) -> None:
    remote = Remote()

    @workflow("Call")
    def calling() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    engine = await offer(calling)
    process_id = await engine.start(calling)
    await remote.asked()
    callback_id = (await engine.callback(process_id)).id
    before = await engine.process(process_id)
    for field, write in TEXTS.values():
        with pytest.raises(PayloadInvalid) as refused:
            await write(engine, process_id, callback_id, "x" * (LONGEST + 1))
        (error,) = refused.value.errors
        limit = "1,000" if write is TEXTS["pause"][1] else "10,000"
        assert (error.path, error.type) == ((field,), "string_too_long")
        assert refused.value.message == f"The {field} has 10,001 characters; {limit} are the most."
    longest = await abort_process(engine.runtime, ADA, process_id=process_id, reason="x" * LONGEST)

    assert before.note is None
    assert longest.status == "ABORTED"
