"""Workflows that ask people: two people of a team, one person, and a form with nothing to fill in."""

from typing import Any

from pydantic import SecretStr
from pydantic_forms.validators import LongText

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator
from orchestrator_gql.workflow import workflow

NOC = Assignee("NOC")


class Change(SubmitFormPage):
    """The form of a change."""

    minutes: int = 30
    device: str = "ams-1"


def asks_for_change() -> FormGenerator:
    """One page to fill in."""
    answer = yield Change
    return {"minutes": answer.minutes, "device": answer.device}


class SecuredChange(Change):
    """The form of a change, with a secret that the second person approves unseen."""

    pin: SecretStr | None = None


def asks_for_secured_change() -> FormGenerator:
    """One page to fill in."""
    answer = yield SecuredChange
    return {"minutes": answer.minutes, "device": answer.device, "has_pin": answer.pin is not None}


@step("Draft")
def draft() -> None:
    """Nothing to do."""


by_two_people = inputstep("Approve the change", assignee=NOC, approvals=2, allow_self_approval=False, on_reject="Draft")
by_anybody = inputstep("Name the device", assignee=NOC)


@inputstep("Confirm the reading", assignee=NOC, due=1)
def confirm() -> FormGenerator:
    """A form with nothing to fill in."""

    class Reading(SubmitFormPage):
        shown: ReadOnly[LongText] = "two interfaces changed"

    yield Reading
    return {}


@workflow("Change a device")
def change_device() -> Any:
    """Two people must approve."""
    return begin >> draft >> by_two_people(asks_for_secured_change)


@workflow("Name a device")
def name_device() -> Any:
    """The first answer decides."""
    return begin >> by_anybody(asks_for_change)


@workflow("Read a meter")
def read_meter() -> Any:
    """A reading to confirm."""
    return begin >> confirm
