"""Workflows that ask people: two of a team, one of them, and for no more than a yes."""

from typing import Any

from pydantic_forms.validators import LongText

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator
from orchestrator_gql.workflow import workflow

NOC = Assignee("NOC")


class Change(SubmitFormPage):
    """What is asked before something is changed."""

    minutes: int = 30
    device: str = "ams-1"


def asks_for_change() -> FormGenerator:
    """One page to fill in."""
    answer = yield Change
    return {"minutes": answer.minutes, "device": answer.device}


@step("Draft")
def draft() -> None:
    """Nothing to do."""


by_two = inputstep("Approve the change", assignee=NOC, approvals=2, allow_self_approval=False, on_reject="Draft")
by_one = inputstep("Name the device", assignee=NOC)


@inputstep("Confirm the reading", assignee=NOC, due=1)
def confirm() -> FormGenerator:
    """Asks for nothing but a press of the button."""

    class Reading(SubmitFormPage):
        shown: ReadOnly[LongText] = "two interfaces changed"

    yield Reading
    return {}


@workflow("Change a device")
def change_device() -> Any:
    """Two of three must say yes."""
    return begin >> draft >> by_two(asks_for_change)


@workflow("Name a device")
def name_device() -> Any:
    """The first answer counts."""
    return begin >> by_one(asks_for_change)


@workflow("Read a meter")
def read_meter() -> Any:
    """Something to confirm."""
    return begin >> confirm
