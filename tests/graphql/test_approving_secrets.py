"""The next person approves a secret that nobody shows again: a mask that comes back stands for the approved secret."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, SecretStr
from stories import COMPLETED
from support.database import sqlite_url
from support.sign_in import ask_as
from support.web import site_of
from test_deciding import TEAMS, TOKENS, asked, submit

from orchestrator_gql import begin, inputstep
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, Json
from orchestrator_gql.workflow import workflow

MASK = "[redacted]"
FORM = "query ($id: ID!) { node(id: $id) { ... on InputRequest { form { ... on FormPage { initialData } } } } }"


class Login(BaseModel):
    user: str = "root"
    password: SecretStr = SecretStr("preset-password")


class Access(FormPage):
    typed: SecretStr
    preset: SecretStr = SecretStr("preset-secret")
    made: SecretStr = Field(default_factory=lambda: SecretStr("made-secret"))
    login: Login = Login()


@inputstep("Approve", assignee=Assignee("NOC"), approvals=2)
def approve() -> FormGenerator:
    answer = yield Access
    secrets = (answer.typed, answer.preset, answer.made, answer.login.password)
    return {"are_approved": [secret.get_secret_value().endswith("of-bob") for secret in secrets]}


@workflow("Give access")
def giving_access() -> Any:
    return begin >> approve


APPROVED: dict[str, Json] = {
    "typed": "typed-of-bob",
    "preset": "another-of-bob",
    "made": "made-of-bob",
    "login": {"user": "root", "password": "password-of-bob"},
}
MASKS: dict[str, Json] = {
    **dict.fromkeys(("typed", "preset", "made"), MASK),
    "login": {"user": "root", "password": MASK},
}


async def test_the_masks_of_a_form_stand_for_the_secrets_that_another_person_approved(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), giving_access, teams=TEAMS, api_tokens=TOKENS) as site:
        process_id, id = await asked(site, "giving_access")
        await submit(site, "bob", id, APPROVED)
        shown = (await ask_as(site, "cay", FORM, id=id))["form"]["initialData"]
        answer = await submit(site, "cay", id, shown)
        ended = await site.engine.reaches(UUID(process_id), COMPLETED)

    assert shown == MASKS
    assert answer["inputRequest"]["status"] == "SUBMITTED"
    assert ended.state["are_approved"] == [True] * 4


@pytest.mark.parametrize("absent", APPROVED)
async def test_a_secret_that_is_not_sent_is_not_the_approved_secret(tmp_path: Path, absent: str) -> None:
    async with site_of(sqlite_url(tmp_path), giving_access, teams=TEAMS, api_tokens=TOKENS) as site:
        _, id = await asked(site, "giving_access")
        await submit(site, "bob", id, APPROVED)
        answer = await submit(site, "cay", id, {name: mask for name, mask in MASKS.items() if name != absent})

    assert answer["code"] == ("FORM_INVALID" if absent == "typed" else "STALE_VERSION")
