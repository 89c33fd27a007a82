"""Secrets in a process: entered, approved, sent back as masks, and forgotten; on both databases."""

import json
import logging
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from kinds import spellings_in, stored_texts
from pydantic import BaseModel, ConfigDict, Field, Secret, SecretStr
from support.operator import ADA, BOB, confirm, open_request
from support.remote import Remote, answer, fail
from support.web import site_of

from orchestrator_gql import begin, callback_step, conditional, focussteps, inputstep, step
from orchestrator_gql.cli.operator.forms import shown
from orchestrator_gql.cli.serving.log_lines import LineFormatter
from orchestrator_gql.commands.callback_operator_actions import complete_callback
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.forms import FormPage, NextPage, PageInvalid
from orchestrator_gql.reads.input_requests import open_form
from orchestrator_gql.storage import input_requests, product_subscriptions
from orchestrator_gql.testing import Kit
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import PayloadInvalid, ProcessFailureError, WorkflowBlocked
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.secrets import DISPLAY
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

COMPLETED, FAILED, SUSPENDED = ProcessStatus.COMPLETED, ProcessStatus.FAILED, ProcessStatus.SUSPENDED
SECRET = "s3cr3t-Pass"


class Login(BaseModel):
    """A part of a page."""

    user: str
    pin: SecretStr


class Access(FormPage):
    """A page with every kind of secret field."""

    password: SecretStr = SecretStr("first")
    short: SecretStr = SecretStr("x7")
    number: Secret[int] = Secret[int](4711)
    login: Login = Login(user="ada", pin=SecretStr("1"))
    many: list[SecretStr] = Field([SecretStr("m0"), SecretStr("m1")])
    by_name: dict[str, SecretStr] = Field({"k": SecretStr("v0")})
    maybe: SecretStr | None = None
    marked: str = Field("plain0", json_schema_extra={"format": "password"})
    user: str = "ada"


INITIAL = {
    "password": "first", "short": "x7", "number": 4711, "login": {"user": "ada", "pin": "1"}, "many": ["m0", "m1"],
    "by_name": {"k": "v0"}, "maybe": None, "marked": "plain0", "user": "ada",
}  # fmt: skip
SHOWN = {
    "password": MASK, "short": MASK, "number": MASK, "login": {"user": "ada", "pin": MASK}, "many": [MASK, MASK],
    "by_name": {"k": MASK}, "maybe": None, "marked": MASK, "user": "ada",
}  # fmt: skip


def asks(page: type[FormPage], values_in_steps: list[Any], **options: Any) -> Workflow:
    """Return a workflow with one form; its next step adds the values to ``values_in_steps``."""

    @inputstep("Ask", **options)
    def ask() -> FormGenerator:
        form_values = yield page
        data: State = form_values.model_dump()
        return data

    @step("See")
    def see(state: State) -> None:
        values_in_steps.append({key: value for key, value in state.items() if key in page.model_fields})

    @workflow("Asks")
    def asking() -> Any:
        return begin >> ask >> see

    return asking


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param({}, INITIAL, id="nothing"),
        pytest.param(SHOWN, INITIAL, id="what was shown"),
        pytest.param({"password": DISPLAY, "many": [DISPLAY, MASK]}, INITIAL, id="pydantic's mask"),
        pytest.param(
            SHOWN | {"password": "new", "many": [MASK, "m2"], "login": {"user": "bob", "pin": MASK}},
            INITIAL | {"password": "new", "many": ["m0", "m2"], "login": {"user": "bob", "pin": "1"}},
            id="some new values",
        ),
    ],
)
async def test_a_form_shows_masks_and_restores_the_values_that_they_hide(offer: Offer, sent: Any, stored: Any) -> None:
    values_in_steps: list[Any] = []
    engine = await offer(asking := asks(Access, values_in_steps))
    id = await engine.start(asking)
    await engine.reaches(id, SUSPENDED)

    first_page = await open_form(engine.runtime, ADA, await open_request(engine, id), [])
    await confirm(engine, id, sent)
    await engine.reaches(id, COMPLETED)

    assert isinstance(first_page, NextPage)
    assert first_page.page.initial_data == SHOWN
    schema_text = json.dumps(first_page.page.schema | {"page": first_page.page.ui_schema})
    assert [
        secret for secret in ("first", "x7", "4711", "m0", "m1", "v0", "plain0", DISPLAY) if secret in schema_text
    ] == []
    assert values_in_steps == [stored]


@pytest.mark.parametrize(
    ("sent", "places"),
    [
        pytest.param({"maybe": MASK}, ["/maybe"], id="nothing was there"),
        pytest.param({"user": MASK}, ["/user"], id="no secret was there"),
        pytest.param({"many": [MASK]}, ["/many/0"], id="which of two?"),
        pytest.param({"by_name": {"j": MASK}}, ["/by_name/j"], id="another key"),
        pytest.param({"password": f"{MASK}!"}, ["/password"], id="within a text"),
        pytest.param({"maybe": DISPLAY}, ["/maybe"], id="pydantic's mask"),
    ],
)
async def test_a_mask_that_hides_nothing_is_a_field_error_and_changes_nothing(
    offer: Offer, sent: Any, places: list[str]
) -> None:
    engine = await offer(asking := asks(Access, []))
    id = await engine.start(asking)
    request = await open_request(engine, id)

    response = await open_form(engine.runtime, ADA, request, [sent])

    assert isinstance(response, PageInvalid)
    assert [(error.pointer, error.type) for error in response.errors] == [(place, "mask") for place in places]


async def test_the_second_approver_sees_masks_and_confirms_the_values_that_they_hide(offer: Offer) -> None:
    class Ask(FormPage):
        password: SecretStr
        user: str

    values_in_steps: list[Any] = []
    engine = await offer(asking := asks(Ask, values_in_steps, approvals=2))
    id = await engine.start(asking)
    await confirm(engine, id, {"password": SECRET, "user": "ada"}, by=ADA)
    request = await open_request(engine, id)
    (decision,) = await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])[request.id])

    assert SECRET in (await engine.process(id)).secrets.values, "a failure until then could show it"
    first_page = await open_form(engine.runtime, BOB, request, [], decisions=[decision])
    stored = await engine.read(stored_texts)
    assert isinstance(first_page, NextPage)
    await confirm(engine, id, first_page.page.initial_data, by=BOB)
    await engine.reaches(id, COMPLETED)

    assert first_page.page.initial_data == {"password": MASK, "user": "ada"}
    assert decision.secrets.shown(list(decision.pages)) == [{"password": MASK, "user": "ada"}]
    assert {place: text for place, text in stored.items() if spellings_in(text, SECRET)} == {}
    assert values_in_steps == [{"password": SECRET, "user": "ada"}]


async def test_automatically_confirmed_values_reach_the_step_and_are_masked(offer: Offer) -> None:
    values_in_steps: list[Any] = []
    engine = await offer(asking := asks(Access, values_in_steps, auto_confirm=lambda: True))
    id = await engine.start(asking)
    process = await engine.reaches(id, COMPLETED)

    (request,) = (await engine.read(lambda conn: input_requests.of_processes(conn, [id])))[id]
    (decision,) = (await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])))[request.id]
    assert values_in_steps == [INITIAL]
    assert process.secrets.shown(dict(process.state)) == SHOWN
    assert decision.secrets.shown(list(decision.pages)) == [SHOWN]


async def test_a_place_is_forgotten_after_its_value_changes_and_the_text_is_not(offer: Offer) -> None:
    @step("Take")
    def take() -> State:
        return {"key": SecretStr(SECRET), "login": Login(user="ada", pin=SecretStr("12")), "copy": "none"}

    @step("Overwrite")
    def overwrite(login: dict[str, Any]) -> State:
        return {"key": "public", "login": login | {"user": "bob"}, "copy": SECRET}

    @step("Fail")
    def stumble() -> None:
        raise ProcessFailureError(f"{SECRET} was wrong", details={"pin": "12", "tried": [SECRET]})

    @workflow("Forget")
    def forgets() -> Any:
        return begin >> take >> overwrite >> stumble

    engine = await offer(forgets)
    id = await engine.start(forgets)
    process = await engine.reaches(id, FAILED)

    assert process.state == {"key": "public", "login": {"user": "bob", "pin": "12"}, "copy": SECRET}
    assert process.secrets.places == {"/login/pin", "/copy"}
    deltas = [execution.delta for execution in await engine.steps(id)]
    assert deltas[1] == {"key": "public", "login": {"user": "bob", "pin": MASK}, "copy": MASK}
    assert process.failure is not None
    assert (process.failure.message, process.failure.details) == (
        f"{MASK} was wrong", {"pin": MASK, "tried": [MASK]}
    )  # fmt: skip


@pytest.mark.parametrize("what", ["condition", "form", "title"])
async def test_an_error_in_a_condition_or_a_form_does_not_show_a_secret(offer: Offer, what: str) -> None:
    @step("Take")
    def take() -> State:
        return {"key": SecretStr(SECRET)}

    def raises(state: State) -> bool:
        raise LookupError(f"no {state['key']}")

    @inputstep("Ask")
    def ask(key: str) -> FormGenerator:
        if what == "form":
            raise LookupError(f"no {key}")

        class Ask(FormPage):
            model_config = ConfigDict(title=f"With {key}?")

        yield Ask
        return {}

    @workflow("Asked")
    def asked() -> Any:
        return begin >> take >> (conditional(raises)(take) if what == "condition" else ask)

    engine = await offer(asked)
    id = await engine.start(asked)
    await engine.reaches(id, SUSPENDED if what == "title" else FAILED)

    stored = await engine.read(stored_texts)
    assert MASK in stored["input_requests.title" if what == "title" else "processes.failure"]
    assert {place: text for place, text in stored.items() if spellings_in(text, SECRET)} == {}


async def test_a_step_that_fails_after_it_returned_a_secret_does_not_show_it(offer: Offer) -> None:
    class Loud(BaseModel):
        key: SecretStr

    @step("Return")
    def returns() -> State:
        return {"loud": Loud(key=SecretStr(SECRET)), SECRET: object()}

    @workflow("Loud")
    def loud() -> Any:
        return begin >> returns

    engine = await offer(loud)
    id = await engine.start(loud)
    process = await engine.reaches(id, FAILED)

    assert process.failure is not None
    assert spellings_in(process.failure.message, SECRET) == []


async def test_a_secret_in_a_part_of_the_state_is_found_at_its_place_in_the_state(offer: Offer) -> None:
    @step("Add")
    def add() -> State:
        return {"pin": SecretStr("12"), "user": "ada"}

    @step("See")
    def see(part: dict[str, Any]) -> State:
        return {"saw": part["pin"] == "12"}

    @workflow("Lens")
    def lenses() -> Any:
        return begin >> focussteps("part")(add) >> see

    engine = await offer(lenses)
    process = await engine.reaches(await engine.start(lenses), COMPLETED)

    assert process.state == {"part": {"pin": "12", "user": "ada"}, "saw": True}
    assert process.secrets.places == {"/part/pin"}


class Answer(BaseModel):
    """The result of the remote service."""

    pin: SecretStr
    number: Secret[int] = Secret[int](0)
    rc: int


def judged(remote: Remote, values_in_steps: list[Any], **options: Any) -> Workflow:
    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> None:
        values_in_steps.append(callback_result)
        if callback_result["rc"]:
            raise ProcessFailureError(f"not with '{callback_result['pin']}'")

    @workflow("Judged")
    def judging() -> Any:
        return begin >> callback_step("Job", remote.action(), judge, contract=Answer, **options)

    return judging


async def test_a_result_from_an_operator_may_contain_the_masks_of_the_result_before(offer: Offer) -> None:
    remote, values_in_steps = Remote(), list[Any]()
    engine = await offer(judging := judged(remote, values_in_steps))
    id = await engine.start(judging)
    await answer(engine.runtime, await remote.asked(), {"pin": "12", "number": 345, "rc": 1})
    process = await engine.reaches(id, FAILED)
    callback = await engine.callback(id)
    typed: dict[str, Any] = {"callback_id": callback.id, "reason": "I looked"}

    with pytest.raises(PayloadInvalid) as refused:
        await complete_callback(engine.runtime, ADA, **typed, result={"pin": f"1{MASK}", "rc": 0})
    await complete_callback(engine.runtime, ADA, **typed, result={"pin": MASK, "number": MASK, "rc": 0})
    done = await engine.reaches(id, COMPLETED)

    assert process.failure is not None and process.failure.message == f"not with '{MASK}'"
    assert process.secrets.places == {"/callback_result/pin", "/callback_result/number"}
    assert [(error.pointer, error.type) for error in refused.value.errors] == [("/result/pin", "mask")]
    assert values_in_steps[-1] == {"pin": "12", "number": 345, "rc": 0}
    assert done.secrets.shown(dict(done.state))["callback_result"] == {"pin": MASK, "number": MASK, "rc": 0}
    assert (await engine.callback(id)).result_preview == json.dumps(
        {"pin": MASK, "number": MASK, "rc": 0}, separators=(",", ":")
    )


async def test_secrets_in_the_result_of_a_poll_are_masked(offer: Offer) -> None:
    remote, values_in_steps = Remote(), list[Any]()

    def ask() -> dict[str, Any]:
        return {"pin": SecretStr(SECRET), "extra": SecretStr("e1"), "rc": 0}

    engine = await offer(judging := judged(remote, values_in_steps, poll=ask, timeout=60))
    id = await engine.start(judging)
    await remote.asked()
    await engine.reaches(id, ProcessStatus.AWAITING_CALLBACK)
    engine.turn(61)
    process = await engine.reaches(id, COMPLETED)

    assert values_in_steps == [{"pin": SECRET, "extra": "e1", "rc": 0}]
    assert process.secrets.places == {"/callback_result/pin", "/callback_result/extra"}
    assert spellings_in((await engine.callback(id)).result_preview or "", SECRET) == []


async def test_secrets_that_a_contract_marks_in_a_large_result_are_known(offer: Offer) -> None:
    big = await offer(alone := judged(second := Remote(), []))

    other = await big.start(alone)
    await answer(big.runtime, await second.asked(), {"pin": SECRET, "rc": 0, "log": "x" * 100_000})
    large = await big.reaches(other, COMPLETED)

    assert "/callback_result/pin" in large.secrets.places
    assert SECRET in large.secrets.values


async def test_a_failure_report_does_not_show_secrets_of_the_process(offer: Offer) -> None:
    remote = Remote()

    @step("Take")
    def take() -> State:
        return {"key": SecretStr(SECRET)}

    @step("Judge")
    def judge() -> None:
        pass

    @workflow("Reported")
    def reported() -> Any:
        return begin >> take >> callback_step("Job", remote.action(), judge)

    engine = await offer(reported)
    id = await engine.start(reported)
    await fail(engine.runtime, await remote.asked(), f"login with {SECRET} failed")
    process = await engine.reaches(id, FAILED)
    stored = await engine.read(stored_texts)

    assert process.failure is not None and process.failure.message == f"login with {MASK} failed"
    (attempt,) = await engine.attempts(id)
    assert spellings_in((attempt.body or b"").decode(), SECRET) == []
    assert {place: text for place, text in stored.items() if spellings_in(text, SECRET)} == {}


async def test_a_refusal_does_not_show_a_secret_in_the_path_of_an_error(offer: Offer) -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")

        rc: int

    remote = Remote()

    @step("Take")
    def take() -> State:
        return {"key": SecretStr(SECRET)}

    @workflow("Refused")
    def refusing() -> Any:
        return begin >> take >> callback_step("Job", remote.action(), take, contract=Strict)

    engine = await offer(refusing)
    await engine.start(refusing)
    with pytest.raises(PayloadInvalid) as refused:
        await answer(engine.runtime, await remote.asked(), {"rc": 0, SECRET: 1})

    assert [error.path for error in refused.value.errors] == [(MASK,)]


class Box(ProductBlockModel, product_block_name="Box of secrets"):
    """A block with a secret."""

    community: SecretStr
    vlan: int


class Router(SubscriptionModel, is_base=True):
    """A product with a secret."""

    box: Box


ROUTER = register_product(name="Router of the secrets' tests", model=Router)


async def test_a_product_subscription_keeps_its_secret_and_shows_a_mask(storage: str) -> None:
    values_in_steps: list[str] = []

    @step("Construct")
    def construct() -> State:
        subscription = Router.from_product_id(ROUTER.product_id, "c", box=Box(community=SecretStr(SECRET), vlan=1))
        return {"subscription": subscription}

    @step("See")
    def see(subscription: Router) -> State:
        values_in_steps.append(subscription.box.community.get_secret_value())
        subscription.box.vlan = 2
        return {"subscription": subscription}

    @workflow("Construct")
    def constructs() -> Any:
        return begin >> construct >> see

    async with site_of(storage, constructs) as site:
        id = await site.engine.start(constructs)
        process = await site.engine.reaches(id, COMPLETED)
        subscription_id = UUID(process.state["subscription"]["subscription_id"])
        query = "query($id: ID!) { process(id: $id) { state productSubscriptions { model } } }"
        process_data = (await site.ask(query, id=str(id)))["process"]
        models = await site.engine.read(lambda conn: product_subscriptions.models(conn, [subscription_id]))

    assert values_in_steps == [SECRET]
    assert models[subscription_id]["box"]["community"] == SECRET
    assert process_data["productSubscriptions"][0]["model"]["box"]["community"] == MASK
    assert process_data["state"]["subscription"]["box"]["community"] == MASK


@pytest.mark.parametrize("error", [LookupError, WorkflowBlocked], ids=["unforeseen", "shown to clients"])
async def test_a_form_that_raises_shows_its_secret_neither_to_the_client_nor_in_the_log(
    storage: str, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def start() -> FormGenerator:
        class Ask(FormPage):
            password: SecretStr

        form_values = yield Ask
        raise error(f"no user with {form_values.password.get_secret_value()}")

    @workflow("Raises", initial_input_form=start)
    def raises() -> Any:
        return begin

    caplog.set_level(logging.DEBUG)
    query = """mutation($pages: [JSON!]!) {
      startWorkflow(input: {workflowName: "raises", pages: $pages}) { __typename ... on UserError { message } } }"""
    async with site_of(storage, raises) as site:
        response = await site.answer(query, pages=[{"password": SECRET}])

    assert spellings_in(json.dumps(response), SECRET) == []
    assert spellings_in("\n".join(map(LineFormatter().format, caplog.records)), SECRET) == []


async def test_start_pages_and_data_of_a_form_are_masked_before_and_after(storage: str) -> None:
    def start() -> FormGenerator:
        form_values = yield Access
        return {
            "hashed": form_values.password.get_secret_value()[::-1],
            "short": form_values.short,
            "mine": form_values.marked,
        }

    @workflow("Starts", initial_input_form=start)
    def starts() -> Any:
        return begin

    pages = [{"password": SECRET, "marked": "m4rk3d", "short": "q9"}]
    look = """query($pages: [JSON!]!) { startForm(workflowName: "starts", pages: $pages) {
      ... on FormComplete { data pages } } }"""
    async with site_of(storage, starts) as site:
        before = (await site.ask(look, pages=pages))["startForm"]
        id = await site.engine.start(starts, pages[0])
        process = await site.engine.reaches(id, COMPLETED)
        process_data = (await site.ask("query($id: ID!) { process(id: $id) { state startPages } }", id=str(id)))[
            "process"
        ]

    assert process.state == {"hashed": SECRET[::-1], "short": "q9", "mine": "m4rk3d"}
    assert before == {"data": {"hashed": SECRET[::-1], "short": MASK, "mine": MASK}, "pages": [SHOWN]}
    assert process_data == {"state": before["data"], "startPages": [SHOWN]}


def test_a_secret_that_is_entered_at_a_terminal_is_not_shown_again() -> None:
    schema = {"properties": {"password": {"type": "string", "writeOnly": True}, "user": {"type": "string"}}}
    page = {"title": "Log in", "schema": schema, "initialData": {}}

    lines = shown("Log in", page, {"password": SECRET, "user": "ada"})

    assert lines == ["Log in", f"  password: {MASK}", "  user: ada"]


async def test_the_test_kit_behaves_like_the_server() -> None:
    class Ask(FormPage):
        password: SecretStr

    values_in_steps: list[Any] = []
    async with Kit(asks(Ask, values_in_steps)) as kit:
        run = await kit.start("asking")
        page = await run.page()
        await run.submit({"password": SECRET})
        process = await run.rests("COMPLETED")
        deltas = [execution.delta for execution in await run.steps()]

    assert page.schema["properties"]["password"]["writeOnly"] is True
    assert values_in_steps == [{"password": SECRET}]
    assert process.state["password"] == SECRET
    assert deltas[0] == {"password": MASK}
