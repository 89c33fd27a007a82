"""A digest in the audit log or of a page does not tell a secret: a reader cannot try the few that there are."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from pydantic_forms.validators import LongText
from support.operator import ADA
from support.remote import Remote, answer
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.callback_deliveries import fail_callback
from orchestrator_gql.commands.callback_operator_actions import complete_callback
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.engine.secrecy import LARGEST_SEARCHED, digest_of
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.storage import input_requests
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.workflow import workflow

START, KEY, CODE, TYPED = "4711", "9923", "0815", "1234"
PAGE = """query($id: ID!) { process(id: $id) { openInputRequest {
  form { ... on FormPage { digest initialData schema } } } } }"""
AUDIT = "{ audit { nodes { action details } } }"


class Key(BaseModel):
    """The result of the remote service."""

    key: SecretStr
    log: str = ""


def login() -> FormGenerator:
    """Ask for a PIN."""

    class Login(FormPage):
        user: str
        pin: SecretStr

    page = yield Login
    data: State = page.model_dump()
    return data


@step("Judge")
def judge(callback_result: dict[str, Any]) -> None:
    """Refuse a key."""
    if callback_result["log"] == "wrong":
        raise ProcessFailureError("wrong")


@inputstep("Confirm")
def confirm() -> FormGenerator:
    """Ask for a code."""

    class Confirm(FormPage):
        code: SecretStr

    page = yield Confirm
    data: State = page.model_dump()
    return data


def digest(*parts: Json, mark: bytes = b"") -> str:
    """The digest of the value as canonical JSON."""
    return hashlib.sha256(mark + b"".join(map(canonical, parts))).hexdigest()


async def digests(site: Site) -> dict[str, set[str | None]]:
    """The digests in the audit log by action."""
    found: dict[str, set[str | None]] = {}
    for entry in (await site.ask(AUDIT))["audit"]["nodes"]:
        details = entry["details"]
        found.setdefault(entry["action"], set()).add(details.get("pages_digest", details.get("digest")))
    return found


@pytest.mark.one_dispatcher
async def test_no_digest_in_the_audit_log_covers_a_secret(storage: str) -> None:
    remote = Remote()

    @workflow("Keys", initial_input_form=login)
    def keys() -> Any:
        return begin >> callback_step("Job", remote.action(), judge, contract=Key) >> confirm

    async with site_of(storage, keys) as site:
        engine, runtime = site.engine, site.engine.runtime
        id = await engine.start(keys, {"user": "ada", "pin": START})
        await answer(runtime, await remote.asked(), {"key": KEY, "log": "wrong"})
        await engine.reaches(id, ProcessStatus.FAILED)
        callback = await engine.callback(id)
        typed = {"key": TYPED, "log": f"instead of {KEY}"}
        await complete_callback(runtime, ADA, callback_id=callback.id, result=typed, reason="I looked")
        await engine.reaches(id, ProcessStatus.SUSPENDED)
        opened = await engine.read(lambda conn: input_requests.open_of_process(conn, id))
        assert opened is not None
        await submit_form(runtime, ADA, input_request_id=opened.id, pages=[{"code": CODE}])
        await engine.reaches(id, ProcessStatus.COMPLETED)
        await engine.start(keys, {"user": "ada", "pin": START})
        await fail_callback(runtime, token=await remote.asked(), code="no", message=f"not with {START}")
        found = await digests(site)

    assert found["startWorkflow"] == {digest(["keys", [{"user": "ada", "pin": MASK}]])}
    assert found["receiveCallback"] == {digest({"key": MASK, "log": "wrong"})}
    assert found["completeCallback"] == {digest({"key": MASK, "log": f"instead of {MASK}"})}
    assert found["submitForm"] == {digest([{"code": MASK}])}
    reported = {"code": "no", "message": f"not with {START}"}
    assert found["failCallback"].isdisjoint({digest(reported), digest(reported, mark=b"fail:")})


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        (NOTHING, digest),
        (Secrets(frozenset({"/a"})), lambda _: digest({"a": MASK, "b": "x"})),
        (Secrets(values=("7001",)), digest),
    ],
)
def test_a_digest_without_secrets_is_that_of_the_value(secrets: Secrets, expected: Callable[[Json], str]) -> None:
    value = {"a": "7000", "b": "x"}

    assert digest_of(value, secrets) == expected(value)


def test_a_large_value_with_secrets_has_no_digest() -> None:
    value = {"a": "7000", "b": "x" * LARGEST_SEARCHED}

    assert digest_of(value, Secrets(frozenset({"/a"}))) is None
    assert digest_of(value, NOTHING) == digest(value)


@pytest.mark.one_dispatcher
async def test_the_digest_of_a_page_does_not_tell_what_is_hidden_by_its_name(storage: str) -> None:
    def ask() -> FormGenerator:
        class Ask(FormPage):
            value: str

        page = yield Ask
        return {"value": page.value}

    @inputstep("Show")
    def show(value: str) -> FormGenerator:
        facts = {"user": "ada", "api_key": value}

        class Show(FormPage):
            password: str = value
            login: ReadOnly[dict] = facts  # type: ignore[type-arg]
            output: ReadOnly[LongText] = f"login with password={value} failed"

        page = yield Show
        return {"password": page.password}

    @workflow("Shows", initial_input_form=ask)
    def shows() -> Any:
        return begin >> show

    found = []
    async with site_of(storage, shows) as site:
        for value in ("4711", "0815"):
            id = await site.engine.start(shows, {"value": value})
            await site.engine.reaches(id, ProcessStatus.SUSPENDED)
            answer = await site.ask(PAGE, id=str(id))
            found.append(answer["process"]["openInputRequest"]["form"])

    assert found[0] == found[1]
    assert found[0]["initialData"]["login"] == {"user": "ada", "api_key": MASK}
