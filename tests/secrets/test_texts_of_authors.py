"""Texts that authors make of values of the state: messages of their rules, and names of callbacks, show no secrets."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Offer
from pydantic import SecretStr, ValidationInfo, field_validator, model_validator
from support.operator import ADA, open_request

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.forms import FormPage, PageInvalid
from orchestrator_gql.reads.input_requests import open_form
from orchestrator_gql.types import FormGenerator, ProcessStatus
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

SECRET = "s3cr3t-Pass"


class Login(FormPage):
    """The first page of the start form."""

    pin: SecretStr


def by_field(pin: str) -> type[FormPage]:
    """A page whose field has a rule."""

    class Page(FormPage):
        code: str

        @field_validator("code")
        @classmethod
        def differs(cls, code: str) -> str:
            raise ValueError(f"{code} differs from {pin!r}")

    return Page


def by_page(pin: str) -> type[FormPage]:
    """A page with a rule for all its fields."""

    class Page(FormPage):
        code: str

        @model_validator(mode="before")
        @classmethod
        def differs(cls, values: Any, info: ValidationInfo) -> Any:
            raise ValueError(f"x differs from {pin!r}")

    return Page


def by_form(pin: str) -> type[FormPage]:
    """A page that is valid; the form refuses it afterwards, with the rule of another model."""

    class Page(FormPage):
        code: str

        @property
        def judged(self) -> FormPage:
            return by_field(pin).model_validate({"code": self.code})

    return Page


Rule = Callable[[str], type[FormPage]]
RULES = [by_field, by_page, by_form]


@pytest.mark.parametrize("rule", RULES)
async def test_the_message_of_a_rule_does_not_show_a_secret_of_the_process(offer: Offer, rule: Rule) -> None:
    @inputstep("Ask")
    def ask(pin: str) -> FormGenerator:
        page = yield rule(pin)
        return {"code": page.judged.code}

    def login() -> FormGenerator:
        page = yield Login
        return {"pin": page.pin}

    @workflow("Asks", initial_input_form=login)
    def asks() -> Any:
        return begin >> ask

    engine = await offer(asks)
    id = await engine.start(asks, {"pin": SECRET})
    await engine.reaches(id, ProcessStatus.SUSPENDED)
    turn = await open_form(engine.runtime, ADA, await open_request(engine, id), [{"code": "x"}])

    assert isinstance(turn, PageInvalid)
    assert [error.message for error in turn.errors] == [f"x differs from '{MASK}'"]


@pytest.mark.parametrize("rule", RULES)
async def test_the_message_of_a_rule_does_not_show_a_secret_of_an_earlier_page(offer: Offer, rule: Rule) -> None:
    def login() -> FormGenerator:
        first = yield Login
        page = yield rule(first.pin.get_secret_value())
        return {"code": page.judged.code}

    @workflow("Asks", initial_input_form=login)
    def asks() -> Any:
        return begin

    engine = await offer(asks)
    turn = await start_workflow(engine.runtime, ADA, workflow_name="asks", pages=[{"pin": SECRET}, {"code": "x"}])

    assert isinstance(turn, PageInvalid)
    assert [error.message for error in turn.errors] == [f"x differs from '{MASK}'"]


async def test_a_name_of_a_callback_that_would_show_a_secret_is_refused(offer: Offer) -> None:
    def login() -> FormGenerator:
        page = yield Login
        return {"pin": page.pin}

    @step("Call")
    def call(callback_urls: dict[str, str]) -> None:
        """Nothing: it is never called."""

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> None:
        """Nothing."""

    def names(pin: str) -> list[str]:
        return [f"router-{pin}", "other"]

    @workflow("Names", initial_input_form=login)
    def asks() -> Any:
        return begin >> callback_step("Job", call, judge, expect=names)

    engine = await offer(asks)
    failed = await engine.reaches(await engine.start(asks, {"pin": SECRET}), ProcessStatus.FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "bad-expect"
    assert "would show a secret" in failed.failure.message
