"""The turns of a wizard: every kind of form that an author may write, and how each form ends."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from datetime import date
from typing import Any, TypeAlias

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_forms.core.shared import validation_error
from pydantic_forms.validators import Button, ButtonsConfig

from orchestrator_gql.forms import (
    Complete,
    Form,
    FormPage,
    NextPage,
    PageInvalid,
    ReadOnly,
    SubmitFormPage,
    dialogue,
    turn,
)
from orchestrator_gql.forms.dialogue import MAX_PAGES
from orchestrator_gql.forms.shown import Page, show
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import StepError

Pages: TypeAlias = Generator[Any, Any, Any]
AsyncPages: TypeAlias = AsyncGenerator[Any, Any]


class SitePage(FormPage):
    site: str
    since: date = date(2024, 5, 1)


class VlanPage(SubmitFormPage):
    vlan: int


def two_pages(state: State) -> Pages:
    site = yield SitePage
    vlan = yield VlanPage
    return {"label": f"{state['customer']}-{site.site}-{vlan.vlan}", "since": site.since}


async def two_pages_async(state: State) -> AsyncPages:
    site = yield SitePage
    vlan = yield VlanPage
    yield {"label": f"{state['customer']}-{site.site}-{vlan.vlan}", "since": site.since}


def one_page(state: State) -> type[FormPage]:
    return SitePage


async def one_page_later(state: State) -> type[FormPage]:
    return SitePage


def two_pages_async_from_a_plain_function(state: State) -> AsyncPages:
    return two_pages_async(state)


async def two_pages_later(state: State) -> Pages:
    return two_pages(state)


def no_page(state: State) -> State:
    return {"seen": True}


def nothing(state: State) -> None:
    return None


@pytest.mark.parametrize("form", [two_pages, two_pages_async, two_pages_async_from_a_plain_function, two_pages_later])
async def test_each_submitted_page_brings_the_next_page_and_the_last_page_brings_the_data(form: Form) -> None:
    submitted = [{"site": "ams"}, {"vlan": 12}]

    first, second, last = [await turn(form, {"customer": "acme"}, submitted[:sent]) for sent in range(3)]

    assert isinstance(first, NextPage)
    assert (first.page.key, first.page.index, first.page.has_next) == ("site-page", 0, True)
    assert isinstance(second, NextPage)
    assert (second.page.key, second.page.index, second.page.has_next) == ("vlan-page", 1, False)
    pages = ({"site": "ams", "since": "2024-05-01"}, {"vlan": 12})
    assert last == Complete(data={"label": "acme-ams-12", "since": "2024-05-01"}, pages=pages)


@pytest.mark.parametrize("form", [one_page, one_page_later])
async def test_a_function_may_return_its_only_page(form: Form) -> None:
    first = await turn(form, {}, [])

    second = await turn(form, {}, [{"site": "ams"}])

    assert isinstance(first, NextPage)
    assert isinstance(second, Complete)
    assert second.data == {"site": "ams", "since": "2024-05-01"}


@pytest.mark.parametrize(("form", "data"), [(no_page, {"seen": True}), (nothing, {})])
async def test_a_function_without_a_page_is_complete_at_once(form: Form, data: State) -> None:
    outcome = await turn(form, {}, [])

    assert outcome == Complete(data=data, pages=())


async def test_an_async_form_that_yields_no_data_adds_nothing_to_the_state() -> None:
    async def form(state: State) -> AsyncPages:
        yield SitePage

    outcome = await turn(form, {}, [{"site": "ams"}])

    assert isinstance(outcome, Complete)
    assert outcome.data == {}


async def test_the_form_sees_the_values_of_each_page_in_its_state() -> None:
    def form(state: State) -> Pages:
        yield SitePage
        return {"seen": state["site"], "day": state["since"].year}

    outcome = await turn(form, {}, [{"site": "ams"}])

    assert isinstance(outcome, Complete)
    assert outcome.data == {"seen": "ams", "day": 2024}


async def test_accepted_pages_that_are_sent_again_give_the_same_result() -> None:
    first = await turn(two_pages, {"customer": "acme"}, [{"site": "ams"}, {"vlan": "12"}])
    assert isinstance(first, Complete)

    again = await turn(two_pages, {"customer": "acme"}, first.pages)

    assert again == first


async def test_accepted_pages_hold_no_read_only_values() -> None:
    class Confirm(FormPage):
        result: ReadOnly[str] = "large"
        buttons: ButtonsConfig = ButtonsConfig(next=Button(text="Go"))
        comment: str = ""

    outcome = await turn(lambda state: Confirm, {}, [{"result": "forged", "comment": "fine"}])

    assert isinstance(outcome, Complete)
    assert outcome.data.items() >= {"result": "large", "comment": "fine"}.items()
    assert outcome.pages == ({"comment": "fine"},)


@pytest.mark.parametrize("form", [two_pages, two_pages_async])
async def test_a_surplus_page_is_a_field_error_of_the_last_page(form: Form) -> None:
    submitted = [{"site": "ams"}, {"vlan": 12}, {}]

    outcome = await turn(form, {"customer": "acme"}, submitted)

    assert isinstance(outcome, PageInvalid)
    assert (outcome.page_index, outcome.page.index, outcome.page.key) == (1, 1, "vlan-page")
    [error] = outcome.errors
    assert (error.path, error.type, error.context) == ((), "too_many_pages", {"expected": 2, "received": 3})
    assert error.message == "This form has 2 pages, but 3 were sent."


async def test_a_page_for_a_form_without_pages_is_a_field_error() -> None:
    outcome = await turn(no_page, {}, [{}])

    assert isinstance(outcome, PageInvalid)
    assert outcome.page_index == 0
    assert outcome.page.schema["properties"] == {}
    assert outcome.errors[0].message == "This form has no page, but 1 was sent."


async def test_a_form_that_never_ends_is_stopped() -> None:
    def endless(state: State) -> Pages:
        while True:
            yield SitePage

    outcome = await turn(endless, {}, [{"site": "ams"}] * (MAX_PAGES + 1))

    assert isinstance(outcome, PageInvalid)
    assert outcome.errors[0].type == "too_many_pages"


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("submitted", [[], [{"site": 3}], [{"site": "ams"}, {}], [{"site": "ams"}, {"vlan": 1}]])
async def test_every_turn_closes_the_form(is_async: bool, submitted: list[Any]) -> None:
    closed = threading.Event()

    kept: list[Pages] = []  # otherwise the garbage collector would close the form

    def pages() -> Pages:
        try:
            yield SitePage
            yield VlanPage
        finally:
            closed.set()

    def form(state: State) -> Pages:
        kept.append(pages())
        return kept[0]

    async def form_async(state: State) -> AsyncPages:
        try:
            yield SitePage
            yield VlanPage
        finally:
            closed.set()

    await turn(form_async if is_async else form, {}, submitted)

    assert closed.is_set()


async def test_an_ordinary_form_runs_in_a_thread_and_an_async_form_on_the_loop() -> None:
    threads: list[int] = []

    def form(state: State) -> Pages:
        threads.append(threading.get_ident())
        yield SitePage

    async def form_async(state: State) -> AsyncPages:
        threads.append(threading.get_ident())
        yield SitePage

    await turn(form, {}, [])
    await turn(form_async, {}, [])

    assert threads[0] != threading.get_ident() == threads[1]


async def test_the_shown_digest_is_computed_in_a_thread_as_the_form_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []

    def recording_show(*arguments: Any) -> Page:
        threads.append(threading.get_ident())
        return show(*arguments)

    monkeypatch.setattr(dialogue, "show", recording_show)

    class Only(FormPage):
        minutes: int = 30

    def one_page_form(state: State) -> Pages:
        yield Only
        return {}

    done = await turn(one_page_form, {}, [{}])

    assert isinstance(done, Complete)
    assert len(done.shown_digest) == 64
    assert threads
    assert threading.get_ident() not in threads


async def test_a_slow_form_does_not_block_the_loop() -> None:
    loop, started, may_go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def slow(state: State) -> Pages:
        loop.call_soon_threadsafe(started.set)
        assert may_go_on.wait(timeout=10)
        yield SitePage

    running = asyncio.create_task(turn(slow, {}, []))
    await started.wait()
    may_go_on.set()
    outcome = await running

    assert isinstance(outcome, NextPage)


async def test_an_exception_of_a_form_reaches_the_caller() -> None:
    def form(state: State) -> Pages:
        yield SitePage
        raise LookupError("no such port")

    with pytest.raises(LookupError, match="no such port"):
        await turn(form, {}, [{"site": "ams"}])


class Port(BaseModel):
    speed: int


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_validation_error_of_the_form_itself_belongs_to_its_last_page(is_async: bool) -> None:
    def form(state: State) -> Pages:
        yield SitePage
        Port.model_validate({"speed": "fast"})
        return {}

    async def form_async(state: State) -> AsyncPages:
        yield SitePage
        Port.model_validate({"speed": "fast"})

    outcome = await turn(form_async if is_async else form, {}, [{"site": "ams"}])

    assert isinstance(outcome, PageInvalid)
    assert (outcome.page_index, outcome.page.key) == (0, "site-page")
    assert [(error.path, error.type) for error in outcome.errors] == [((), "int_parsing")]


async def test_a_form_may_refuse_its_last_page_with_the_error_of_the_library() -> None:
    def form(state: State) -> Pages:
        answer = yield SitePage
        try:
            SitePage.model_validate({"site": 3})
        except ValidationError as error:
            raise validation_error(SitePage, error) from error
        return answer.model_dump()

    outcome = await turn(form, {}, [{"site": "ams"}])

    assert isinstance(outcome, PageInvalid)
    assert [(error.path, error.type) for error in outcome.errors] == [(("site",), "string_type")]


async def test_a_cancelled_turn_closes_an_async_form() -> None:
    started, closed = asyncio.Event(), asyncio.Event()

    async def form(state: State) -> AsyncPages:
        try:
            started.set()
            await asyncio.Event().wait()
            yield SitePage
        finally:
            closed.set()

    running = asyncio.create_task(turn(form, {}, []))
    await started.wait()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert closed.is_set()


async def test_a_later_page_is_not_read_after_the_form_refused_an_earlier_page() -> None:
    def form(state: State) -> Pages:
        yield SitePage
        Port.model_validate({"speed": "fast"})
        yield VlanPage

    outcome = await turn(form, {}, [{"site": "ams"}, {"vlan": "x"}])

    assert isinstance(outcome, PageInvalid)
    assert (outcome.page_index, outcome.errors[0].type) == (0, "int_parsing")


async def test_a_validation_error_before_any_page_is_an_error_of_the_author() -> None:
    def form(state: State) -> Pages:
        Port.model_validate({"speed": "fast"})
        yield SitePage

    with pytest.raises(ValidationError):
        await turn(form, {}, [])
    with pytest.raises(ValidationError):
        await turn(form, {}, [{"site": "ams"}])


def yields_a_number(state: State) -> Pages:
    yield 3


def returns_a_page_instance(state: State) -> Pages:
    return (yield SitePage)


def returns_a_value_that_is_not_json(state: State) -> State:
    return {"lock": threading.Lock()}


def stops(state: State) -> State:
    raise StopIteration


@pytest.mark.parametrize(
    ("form", "submitted", "message"),
    [
        (yields_a_number, [], "yields page classes, not int"),
        (returns_a_page_instance, [{"site": "ams"}], "returns a dict or nothing, not SitePage"),
        (returns_a_value_that_is_not_json, [], "under 'lock' that is not JSON: lock"),
        (stops, [], "raised StopIteration"),
    ],
)
async def test_a_form_that_breaks_the_rules_gets_an_error_with_the_reason(
    form: Form, submitted: list[Any], message: str
) -> None:
    with pytest.raises(StepError, match=message):
        await turn(form, {}, submitted)
