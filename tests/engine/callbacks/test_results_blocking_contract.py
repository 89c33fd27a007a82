"""Authors' code that a transaction needs blocks nobody: other people and remote services are answered meanwhile."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from pydantic import computed_field
from support.engine import Engine
from support.gates import RESULT, Blocking, gate, jobs, other_remote, others, waiting
from support.operator import ADA, open_request
from support.playbooks import judge, of
from support.remote import Remote, answer

from orchestrator_gql import callback_step, inputstep, step, steplens
from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.callbacks.signature import Proof
from orchestrator_gql.commands.callback_deliveries import receive_delivery
from orchestrator_gql.commands.callback_operator_actions import complete_callback
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.domain import SubscriptionModel, register_product
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import AttemptOutcome, FormGenerator, Json, ProcessStatus, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import AuthorCodeFailed, FormTimeout, PayloadInvalid
from orchestrator_gql.utils.json import encode

pytestmark = pytest.mark.one_dispatcher

AWAITING, COMPLETED, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED, ProcessStatus.SUSPENDED
CREDENTIAL = "s3cret-of-the-proxy"
SERVICES = {"proxy": {"credential_sha256": sha256(CREDENTIAL.encode()).hexdigest()}}


@pytest.fixture(autouse=True)
def _fresh_gate() -> Iterator[None]:
    gate.__init__()  # type: ignore[misc]  # the contract, which is cached, knows this object
    yield
    gate.may_go.set()


def lens_of_part() -> Any:
    """A lens that blocks."""

    def put(state: State, part: State) -> State:
        gate.pass_through()
        return {**state, "part": part}

    return steplens(lambda state: dict(state.get("part", {})), lambda state: partial(put, state))


Go = Callable[[], Awaitable[Any]]


async def by_url(offer: Offer) -> tuple[Engine, UUID, Go]:
    engine, id, token = await waiting(offer)
    return engine, id, lambda: answer(engine.runtime, token, RESULT)


async def by_dry_run(offer: Offer) -> tuple[Engine, UUID, Go]:
    engine, id, token = await waiting(offer)
    delivery = Delivery.of(RESULT, encode(RESULT).encode(), peer=None)

    async def go() -> None:
        await receive_delivery(engine.runtime, Address(token, id, is_dry_run=True), delivery)
        await answer(engine.runtime, token, RESULT)

    return engine, id, go


async def by_ref_after_the_action(offer: Offer) -> tuple[Engine, UUID, Go]:
    return await _by_ref(offer, is_early=False)


async def by_ref_before_the_action_ends(offer: Offer) -> tuple[Engine, UUID, Go]:
    return await _by_ref(offer, is_early=True)


async def _by_ref(offer: Offer, *, is_early: bool) -> tuple[Engine, UUID, Go]:
    released, is_ordered = threading.Event(), threading.Event()

    @step("Order")
    async def order(callback_route: str) -> State:
        is_ordered.set()
        await asyncio.to_thread(released.wait, 20)
        return {"remote_ref": "job-7"}

    wait = callback_step("Job", order, judge, contract=Blocking, service="proxy", timeout=3600)
    engine = await offer(flow := of(wait, name="orders"), others(), services=SERVICES)
    process_id = await engine.start(flow)
    assert await asyncio.to_thread(is_ordered.wait, 20)
    body = encode(RESULT).encode()
    delivery = Delivery.of(RESULT, body, peer=None)
    address = Address(service="proxy", ref="job-7", proof=Proof(body, bearer=CREDENTIAL))

    async def deliver() -> Any:
        return await receive_delivery(engine.runtime, address, delivery)

    async def go_early() -> None:
        released.set()

    if is_early:
        await deliver()
        return engine, process_id, go_early
    released.set()
    await engine.reaches(process_id, AWAITING)
    return engine, process_id, deliver


async def by_operator(offer: Offer) -> tuple[Engine, UUID, Go]:
    engine, id, _ = await waiting(offer)
    callback = await engine.callback(id)
    return (
        engine,
        id,
        lambda: complete_callback(engine.runtime, ADA, callback_id=callback.id, result=RESULT, reason="seen"),
    )


async def by_form(offer: Offer) -> tuple[Engine, UUID, Go]:
    engine, id, _ = await waiting(offer, on_timeout="operator")
    engine.turn(3600)
    await engine.reaches(id, SUSPENDED)
    request = await open_request(engine, id)
    pages: list[Json] = [{"answer": "complete"}, {"result": encode(RESULT), "reason": "seen"}]
    return engine, id, lambda: submit_form(engine.runtime, ADA, input_request_id=request.id, pages=pages)


async def by_poll(offer: Offer) -> tuple[Engine, UUID, Go]:
    engine, id, _ = await waiting(offer, poll=lambda: RESULT)

    async def go() -> None:
        engine.turn(3600)

    return engine, id, go


async def lens_of_a_wait(offer: Offer) -> tuple[Engine, UUID, Go]:
    remote = Remote()
    flow = of(lens_of_part()(callback_step("Job", remote.action(), judge)), name="jobs")
    engine = await offer(flow, others())
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    return engine, process_id, lambda: answer(engine.runtime, token, RESULT)


async def lens_of_a_form(offer: Offer) -> tuple[Engine, UUID, Go]:
    @inputstep("Confirm")
    def confirm() -> FormGenerator:
        yield FormPage
        return {"confirmed": True}

    engine = await offer(flow := of(lens_of_part()(confirm), name="forms"), others())
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)
    return engine, process_id, lambda: submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])


class BlockingPort(SubscriptionModel, is_base=True):
    """A product subscription that blocks when it is stored: its first dump is for the result of the step."""

    kind: str
    dumps: ClassVar[int] = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """The text of the port."""
        type(self).dumps += 1
        if type(self).dumps > 1:
            gate.pass_through()
        return ""


class ActiveBlockingPort(BlockingPort, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """The active product subscription."""


BLOCKING_PORT = register_product(name="Port with a blocking serializer", model=BlockingPort)


async def serializer_of_a_model(offer: Offer) -> tuple[Engine, UUID, Go]:
    may_return = threading.Event()

    @step("Create")
    def create() -> State:
        may_return.wait(60)
        customer = str(uuid4())
        port = BlockingPort.from_product_id(BLOCKING_PORT.product_id, customer, kind="fast")
        return {"subscription": BlockingPort.from_other_lifecycle(port, SubscriptionLifecycle.ACTIVE)}

    BlockingPort.dumps = ActiveBlockingPort.dumps = 0
    engine = await offer(flow := of(create, name="creates"), others())
    process_id = await engine.start(flow)

    async def go() -> None:
        may_return.set()

    return engine, process_id, go


SOURCES = [
    by_url,
    by_dry_run,
    by_ref_after_the_action,
    by_ref_before_the_action_ends,
    by_operator,
    by_form,
    by_poll,
    lens_of_a_wait,
    lens_of_a_form,
    serializer_of_a_model,
]


@pytest.mark.parametrize("source", SOURCES, ids=[source.__name__ for source in SOURCES])
async def test_others_are_answered_while_an_authors_function_blocks(
    offer: Offer, source: Callable[[Offer], Awaitable[tuple[Engine, UUID, Go]]]
) -> None:
    engine, process_id, go = await source(offer)
    await engine.start(engine.runtime.registry.get("others"))
    token = await other_remote.asked()
    gate.is_armed = True

    taking = asyncio.ensure_future(go())
    assert await asyncio.to_thread(gate.entered.wait, 20)
    await answer(engine.runtime, token, RESULT)
    await engine.process(process_id)
    was_blocked = gate.is_blocked
    gate.may_go.set()
    await taking
    await engine.reaches(process_id, COMPLETED)

    assert was_blocked, "the others were answered only after the function had returned"


async def test_a_contract_that_takes_too_long_refuses_and_the_attempt_can_be_adopted(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := jobs(remote), form_timeout=0.3)
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    gate.is_armed = True

    with pytest.raises(PayloadInvalid) as refused:
        await answer(engine.runtime, token, RESULT)
    gate.is_armed = True
    with pytest.raises(PayloadInvalid) as of_operator:
        id = (await engine.callback(process_id)).id
        await complete_callback(engine.runtime, ADA, callback_id=id, result=RESULT, reason="seen")
    gate.may_go.set()

    for error in (refused, of_operator):
        assert [field.type for field in error.value.errors] == ["contract-timeout"]
        assert "0.3 seconds" in error.value.errors[0].message
    (attempt,) = await engine.attempts(process_id)
    assert (attempt.outcome, attempt.is_adoptable) == (AttemptOutcome.INVALID, True)
    await answer(engine.runtime, token, RESULT)  # the URL is not spent
    await engine.reaches(process_id, COMPLETED)


async def test_a_lens_of_a_form_that_takes_too_long_leaves_the_form_open(offer: Offer) -> None:
    @inputstep("Confirm")
    def confirm() -> FormGenerator:
        yield FormPage
        return {"confirmed": True}

    engine = await offer(flow := of(lens_of_part()(confirm), name="forms"), form_timeout=0.3)
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)
    gate.is_armed = True

    with pytest.raises(FormTimeout):
        await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    gate.may_go.set()

    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    await engine.reaches(process_id, COMPLETED)


async def test_a_lens_of_a_form_that_raises_is_a_typed_error(offer: Offer) -> None:
    def put(part: State) -> State:
        raise SystemExit("lens")

    @inputstep("Confirm")
    def confirm() -> FormGenerator:
        yield FormPage
        return {"confirmed": True}

    lens = steplens(dict, lambda state: put)
    engine = await offer(flow := of(lens(confirm), name="forms"))
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)

    with pytest.raises(AuthorCodeFailed, match="lens of step 'Confirm'"):
        await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])


async def test_two_deliveries_whose_contract_blocks_have_one_winner(offer: Offer) -> None:
    engine, process_id, token = await waiting(offer)
    gate.is_armed = True

    taking = [asyncio.ensure_future(answer(engine.runtime, token, payload)) for payload in (RESULT, {"rc": 0, "n": 1})]
    await asyncio.to_thread(gate.entered.wait, 20)
    gate.may_go.set()
    taken = await asyncio.gather(*taking, return_exceptions=True)
    await engine.reaches(process_id, COMPLETED)

    assert sorted(type(result).__name__ for result in taken) == ["CallbackConflict", "Receipt"]
    assert sorted(attempt.outcome for attempt in await engine.attempts(process_id)) == ["ACCEPTED", "CONFLICT"]


async def test_a_delivery_that_came_in_time_is_in_time_however_long_its_contract_takes(offer: Offer) -> None:
    engine, process_id, token = await waiting(offer)
    gate.is_armed = True

    taking = asyncio.ensure_future(answer(engine.runtime, token, RESULT))
    await asyncio.to_thread(gate.entered.wait, 20)
    engine.clock.turn(3601)  # the timers are not woken: the deadline is over, and nobody has noticed
    gate.may_go.set()
    await taking

    assert (await engine.attempts(process_id))[-1].outcome == AttemptOutcome.ACCEPTED


async def test_a_repeated_delivery_does_not_call_the_contract_again(offer: Offer) -> None:
    engine, process_id, token = await waiting(offer)
    await answer(engine.runtime, token, RESULT)
    gate.is_armed = True
    gate.may_go.set()

    assert (await answer(engine.runtime, token, RESULT)).is_duplicate
    assert gate.calls == 0
    await engine.reaches(process_id, COMPLETED)
