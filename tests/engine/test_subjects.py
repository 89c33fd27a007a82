"""Each process has a subject, which is stored at its start without the secrets of its form."""

from typing import Any

import pytest
from conftest import Offer
from pydantic import SecretStr
from support.engine import Engine

from orchestrator_gql import begin, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import EventKind, FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

SECRET = "correct-horse-battery"


class Deployment(FormPage):
    site: str
    token_of_site: SecretStr
    version: int


def ask() -> FormGenerator:
    answer = yield Deployment
    return {
        **answer.model_dump(),
        "label": f"v{answer.version}",
        "quoted": f"opens with {answer.token_of_site.get_secret_value()}",
    }


@step("Rest")
def rest() -> State:
    return {}


def deploy_with(title: str | None, *, form: Any = ask, description: str = "Deploy a release") -> Workflow:
    @workflow(description, initial_input_form=form, title=title)
    def deploy() -> Any:
        return begin >> rest

    return deploy


ANSWERS = {"site": "AMS", "token_of_site": SECRET, "version": 2}
BY_ANSWERS = "site AMS, version 2"


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("Deploy {label} to {site}", "Deploy v2 to AMS"),
        ("Deploy {version} of {{this}}", "Deploy 2 of {this}"),
        ("Open {token_of_site}", "Open [redacted]"),
        ("It {quoted}", "It opens with [redacted]"),
        (None, BY_ANSWERS),
    ],
)
async def test_the_subject_follows_the_title_or_the_answers(offer: Offer, title: str | None, subject: str) -> None:
    engine = await offer(deploy := deploy_with(title))

    process_id = await engine.start(deploy, ANSWERS)

    process = await engine.reaches(process_id, ProcessStatus.COMPLETED)
    [created] = await engine.events(kind=EventKind.PROCESS_CREATED)
    assert process.subject == created.payload["subject"] == subject
    assert SECRET not in str(await stored_subjects(engine))


@pytest.mark.parametrize(("description", "subject"), [("Rest a while", "Rest a while"), ("", "deploy")])
async def test_a_process_without_answers_has_the_workflow_as_its_subject(
    offer: Offer, description: str, subject: str
) -> None:
    engine = await offer(deploy := deploy_with(None, form=None, description=description))

    process = await engine.reaches(await engine.start(deploy), ProcessStatus.COMPLETED)

    assert process.subject == subject


async def stored_subjects(engine: Engine) -> Json:
    """All subjects and events, as they are in the tables."""

    def read(conn: Any) -> list[Any]:
        subjects = conn.exec_driver_sql("SELECT subject FROM processes").all()
        return [*subjects, *conn.exec_driver_sql("SELECT payload FROM events").all()]

    return await engine.read(read)
