"""A lens that blocks holds up nobody, also if it puts the values of a person or a remote service into the state."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from support.hanging import Hanging, Others, ask, call_remote, entered, input_of, rest, routes, site_with
from support.holds import Hold
from support.operator import ADA, open_request
from support.playbooks import of
from support.remote import answer, token_of
from support.web import Site

from orchestrator_gql import begin, callback_step, step, steplens
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.utils.errors import FormTimeout

COMPLETED = ProcessStatus.COMPLETED


class Lens:
    """A lens that blocks when it puts its part back, once it is armed."""

    def __init__(self, steps: Any) -> None:
        self.hold = Hold()
        self.is_armed = False
        flow = of(steplens(self.view, self.setter)(steps), name="hangs")
        self.one = Hanging("sync that blocks", self.hold, flow, lambda: None)

    def view(self, state: State) -> State:
        """The part: the whole."""
        return state

    def setter(self, state: State) -> Callable[[State], State]:
        """What puts the part back."""

        def put_back(part: State) -> State:
            if self.is_armed:
                self.hold.block()
            return {**part, "was_put_back": True}

        return put_back


Send: TypeAlias = Callable[[Site, UUID], Awaitable[Any]]


async def _submit(site: Site, process_id: UUID) -> Any:
    request = await open_request(site.engine, process_id)
    return await submit_form(site.engine.runtime, ADA, input_request_id=request.id, pages=[{}])


async def _deliver(site: Site, process_id: UUID) -> None:
    await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    await answer(site.engine.runtime, token_of(routes[-1]), {"rc": 0})


async def _time_out(site: Site, process_id: UUID) -> None:
    await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    site.engine.turn(3600)


def _polled() -> State:
    return {"rc": 0}


CASES: dict[str, tuple[Any, Send]] = {
    "submit": (input_of(ask), _submit),
    "callback": (callback_step("Job", call_remote, rest), _deliver),
    "poll": (callback_step("Job", call_remote, rest, poll=_polled, timeout=3600), _time_out),
}


@pytest.mark.parametrize("kind", CASES)
async def test_a_lens_that_puts_a_result_back_blocks_nobody(tmp_path: Path, kind: str) -> None:
    steps, send = CASES[kind]
    lens = Lens(steps)
    async with site_with(tmp_path, lens.one, form_timeout=20.0) as site:
        others = await Others.ready(site)
        process_id = await site.engine.start(lens.one.flow)
        await site.engine.until(lambda: _rests(site, process_id), awaited="the process to rest")
        lens.is_armed = True
        sent = asyncio.create_task(_sent(send, site, process_id))
        await entered(lens.hold)

        await others.go_on()

        assert lens.hold.inside == 1  # it still blocks: neither the loop nor a transaction waited for it
        assert not lens.hold.ran_out
        lens.hold.let_go()
        await sent
        done = await site.engine.reaches(process_id, COMPLETED)
        assert done.state["was_put_back"] is True
        assert kind == "submit" or done.state["callback_result"] == {"rc": 0}


async def _sent(send: Send, site: Site, process_id: UUID) -> None:
    await send(site, process_id)


async def _rests(site: Site, process_id: UUID) -> bool | None:
    resting = (ProcessStatus.SUSPENDED, ProcessStatus.AWAITING_CALLBACK)
    return True if (await site.engine.process(process_id)).status in resting else None


async def test_a_lens_that_takes_too_long_in_a_submit_is_a_typed_error_and_the_form_stays_open(tmp_path: Path) -> None:
    lens = Lens(input_of(ask))
    async with site_with(tmp_path, lens.one) as site:
        process_id = await site.engine.start(lens.one.flow)
        await open_request(site.engine, process_id)
        lens.is_armed = True

        with pytest.raises(FormTimeout, match="The lens of 'Ask' took longer than its 2 seconds, and nothing"):
            await _submit(site, process_id)

        lens.is_armed = False
        lens.hold.let_go()
        await _submit(site, process_id)
        await site.engine.reaches(process_id, COMPLETED)


@pytest.mark.parametrize("kind", ["callback", "poll"])
async def test_a_lens_of_a_wait_that_takes_too_long_fails_the_step(tmp_path: Path, kind: str) -> None:
    steps, send = CASES[kind]
    lens = Lens(steps)
    async with site_with(tmp_path, lens.one) as site:
        process_id = await site.engine.start(lens.one.flow)
        await site.engine.until(lambda: _rests(site, process_id), awaited="the process to rest")
        lens.is_armed = True
        await send(site, process_id)
        failed = await site.engine.reaches(process_id, ProcessStatus.FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "form-timeout"
    assert failed.failure.message == "The lens of 'Job - Await callback' took longer than its 2 seconds."


async def test_the_lenses_of_a_result_that_came_before_the_wait_run_too(tmp_path: Path) -> None:
    may_return = asyncio.Event()

    @step("Call")
    async def calls(callback_route: str) -> None:
        routes.append(callback_route)
        await may_return.wait()

    lens = Lens(begin >> callback_step("Job", calls, rest))
    async with site_with(tmp_path, lens.one, authors_loop="server") as site:
        routes.clear()
        process_id = await site.engine.start(lens.one.flow)
        await site.engine.until(_asked, awaited="the call")
        await answer(site.engine.runtime, token_of(routes[-1]), {"rc": 0})
        may_return.set()

        done = await site.engine.reaches(process_id, COMPLETED)
        assert done.state == {"callback_result": {"rc": 0}, "was_put_back": True}


async def _asked() -> bool | None:
    return True if routes else None
