"""Workflows with forms to fill in: several pages, secrets, a long text, and a form that fails."""

import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_forms.validators import LongText

from orchestrator_gql import begin, inputstep
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator
from orchestrator_gql.workflow import workflow

LINES = "".join(f"line {number} of the output\n" for number in range(4000))


class Login(BaseModel):
    """A login with a secret in it."""

    user: str
    password: SecretStr


def asks_for_device() -> FormGenerator:
    """Three pages, the second one with secrets."""

    class SitePage(FormPage):
        site: str
        rack: int = 1

    class LoginPage(FormPage):
        login_name: str = "admin"
        password: SecretStr
        logins: list[Login] = Field(default_factory=list)

    class NotePage(SubmitFormPage):
        remark: LongText = LongText("")

    site = yield SitePage
    login = yield LoginPage
    note = yield NotePage
    return {"site": site.site, "rack": site.rack, "login_name": login.login_name, "remark": note.remark}


def inventory_page() -> type[FormPage]:
    """The author's code fails."""
    raise RuntimeError("The inventory does not answer.")


def asks_in_vain() -> FormGenerator:
    """A form whose page cannot be made."""
    yield inventory_page()
    return {}


def asks_too_late() -> FormGenerator:
    """A form that hangs before its first page, longer than a request waits for it."""
    time.sleep(20)
    yield SubmitFormPage
    return {}


def asks_after_reading() -> FormGenerator:
    """A long text to read, and one field."""

    class ReadingPage(SubmitFormPage):
        output: ReadOnly[LongText] = LINES
        verdict: str = "fine"

    page = yield ReadingPage
    return {"verdict": page.verdict}


def asks_for_name() -> FormGenerator:
    """A page that is called as its workflow, then a page of its own title."""

    class NamePage(FormPage):
        model_config = ConfigDict(title="Rename a site")
        site: str = "ams"

    class RemarkPage(SubmitFormPage):
        model_config = ConfigDict(title="The reason")
        remark: str = ""

    named = yield NamePage
    yield RemarkPage
    return {"site": named.site}


def asks_to_check() -> FormGenerator:
    """A page that is called as its step."""

    class CheckPage(SubmitFormPage):
        model_config = ConfigDict(title="Check the name")
        is_right: bool = True

    page = yield CheckPage
    return {"is_right": page.is_right}


@workflow("Install a device", initial_input_form=asks_for_device)
def install_device() -> Any:
    """The start form does everything."""
    return begin


@workflow("A form that fails", initial_input_form=asks_in_vain)
def failing_form() -> Any:
    """It never starts."""
    return begin


@workflow("A form that hangs", initial_input_form=asks_too_late)
def hanging_form() -> Any:
    """It never starts."""
    return begin


@workflow("Read an output")
def read_output() -> Any:
    """A person reads a long text."""
    return begin >> inputstep("Read the output", assignee=Assignee("NOC"))(asks_after_reading)


@workflow("Rename a site", initial_input_form=asks_for_name)
def rename_site() -> Any:
    """Titles that are the same."""
    return begin >> inputstep("Check the name", assignee=Assignee("NOC"))(asks_to_check)
