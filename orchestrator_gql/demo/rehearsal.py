"""A workflow to rehearse recovery: the answer comes too late, or never, or during a change freeze."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field
from pydantic_forms.validators import Choice

from orchestrator_gql import StepList, begin, callback_step, inputstep, step
from orchestrator_gql.callbacks.lso import LsoPlaybookResult
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.demo.forms import NodeChoice, result_page
from orchestrator_gql.demo.proxy_client import ask_proxy
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflows.utils import task

TIMEOUT = timedelta(seconds=15)
"""Short, for people who watch; a playbook on real devices gets minutes."""

LATE = 10
"""Seconds between the tasks of the playbook (two pauses), so that its answer comes too late."""


class TroubleChoice(Choice):
    """The kinds of trouble."""

    NONE = "none", "Nothing"
    LATE = "late", "The answer comes too late"
    NEVER = "never", "No answer comes"


def trouble_form() -> FormGenerator:
    """Ask for the kind of trouble, and for the device."""

    class TroublePage(SubmitFormPage):
        model_config = ConfigDict(title="What is to go wrong?")

        node_name: NodeChoice = Field(title="Device")  # type: ignore[valid-type]
        trouble: TroubleChoice = Field(TroubleChoice.LATE, title="Trouble")

    answers = yield TroublePage
    return {**answers.model_dump()}


@step("Run the playbook")
def run_playbook(node_name: str, trouble: str, callback_url: str, progress_url: str) -> State:
    """Start a dry run of the playbook on one device."""
    order: dict[str, Any] = {
        "playbook_name": "l2vpn.yml",
        "inventory": node_name,
        "extra_vars": {
            "circuit": "rehearsal",
            "vlan": 4000,
            "SiteA": node_name,
            "interfaceA": "ge-0/0/9",
            "SiteB": node_name,
            "interfaceB": "ge-0/0/9",
            "dry_run": True,
            "rest": LATE if trouble == "late" else 0,
        },
        "progress": progress_url,
    }
    if trouble != "never":
        order["callback"] = callback_url
    return {"job_id": ask_proxy("POST", "/api/playbook/", order)["job_id"]}


@step("Judge the result")
def judge(callback_result: dict[str, Any]) -> None:
    """Accept no result during a change freeze: people create and remove a file for it."""
    if freeze().exists():
        raise ProcessFailureError(f"There is a change freeze: remove {freeze()} and retry.")
    if callback_result["return_code"] != 0:
        raise ProcessFailureError("The playbook failed.", details=callback_result)


def freeze() -> Path:
    """The file that exists during a change freeze."""
    return Path(os.environ.get("DEMO_FREEZE", ".demo/freeze"))


@inputstep("Confirm the rehearsal", assignee=Assignee("NOC"))
def confirm(callback_result: dict[str, Any]) -> FormGenerator:
    """Show the result."""
    yield result_page("This came of it", "Done", callback_result)
    return {}


@task("Rehearse a recovery", initial_input_form=trouble_form)
def rehearse_recovery() -> StepList:
    """Cause a failure that an operator can repair without running the playbook again."""
    waits = callback_step("Rehearsal", run_playbook, judge, timeout=TIMEOUT, contract=LsoPlaybookResult)
    return begin >> waits >> confirm
