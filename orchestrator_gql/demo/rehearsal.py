"""A workflow to rehearse recovery with: the answer comes too late, or never, or is not wanted just now."""

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
"""Seconds that the playbook rests between its tasks, twice, where its answer is to come too late."""


class TroubleChoice(Choice):
    """What is to go wrong."""

    NONE = "none", "Nothing"
    LATE = "late", "The answer comes too late"
    NEVER = "never", "No answer comes"


def trouble_form() -> FormGenerator:
    """Ask what is to go wrong, and on which device."""

    class TroublePage(SubmitFormPage):
        model_config = ConfigDict(title="What is to go wrong?")

        node_name: NodeChoice = Field(title="Device")  # type: ignore[valid-type]
        trouble: TroubleChoice = Field(TroubleChoice.LATE, title="Trouble")

    asked = yield TroublePage
    return {**asked.model_dump()}


@step("Run the playbook")
def run_playbook(node_name: str, trouble: str, callback_url: str, progress_url: str) -> State:
    """Have the playbook say what it would do on one device."""
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
    """Take no result while a change freeze is on: a file says so, which people make and remove."""
    if freeze().exists():
        raise ProcessFailureError(f"There is a change freeze: remove {freeze()} and retry.")
    if callback_result["return_code"] != 0:
        raise ProcessFailureError("The playbook failed.", details=callback_result)


def freeze() -> Path:
    """The file that says that nothing may be changed now."""
    return Path(os.environ.get("DEMO_FREEZE", ".demo/freeze"))


@inputstep("Confirm the rehearsal", assignee=Assignee("NOC"))
def confirm(callback_result: dict[str, Any]) -> FormGenerator:
    """Show what came of it."""
    yield result_page("This came of it", "Done", callback_result)
    return {}


@task("Rehearse a recovery", initial_input_form=trouble_form)
def rehearse_recovery() -> StepList:
    """Let something go wrong that an operator can mend without running the playbook again."""
    waits = callback_step("Rehearsal", run_playbook, judge, timeout=TIMEOUT, contract=LsoPlaybookResult)
    return begin >> waits >> confirm
