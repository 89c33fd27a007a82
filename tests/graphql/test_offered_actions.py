"""An action is offered if, and only if, its mutation takes it from that person: by the role and by the rules."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from stories import SUBMIT, judge
from support.remote import Remote
from support.sign_in import answer_as, api_token, ask_as
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step, wait_until
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import ProcessAction
from orchestrator_gql.security import AuthContext
from orchestrator_gql.types import FormGenerator, Json, Permission, ProcessStatus
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow
from orchestrator_gql.workflow.model import Workflow

pytestmark = pytest.mark.one_dispatcher

STALE = 99
"""A version that nothing has: a mutation with it checks the rights, and changes nothing."""

START = """mutation ($name: String!) { startWorkflow(input: {workflowName: $name}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
SHOWN = """query ($id: ID!) { node(id: $id) { ... on Process { version availableActions
  openInputRequest { id version canSubmit canReject }
  callbacks { id attempts { nodes { id } } } } } }"""

ASKED_OF_RULES = ("retry_workflow", "continue_workflow", "abort_workflow", "recover_callback", "resume_workflow")
ALL = frozenset(Permission)
NEEDED = {action.permission for action in ProcessAction}
ROLES = {"everything": ALL, **{f"no-{permission.lower()}": ALL - {permission} for permission in sorted(NEEDED)}}
ROLES["only-forms"] = frozenset({Permission.READ, Permission.SUBMIT_FORM})
PEOPLE = {"ada": "everything", **{f"not-{asked}": "everything" for asked in ASKED_OF_RULES}}
PEOPLE |= {f"has-{role}": role for role in ROLES if role != "everything"}
"""The role of each person. The rules refuse ``not-<action>`` that action."""


def rule(context: AuthContext) -> bool:
    return context.user.id != f"not-{context.action}"


REMOTES: list[Remote] = []
"""The remote service of the running test."""


@step("Call")
async def call_remote(callback_route: str) -> None:
    REMOTES[-1].take(callback_route)


NEVER = wait_until("Wait for the window", lambda: datetime.now(UTC) + timedelta(days=300))


@step("Break")
def break_down() -> None:
    raise ProcessFailureError("It is broken.")


@inputstep("Confirm", resume_auth_callback=rule)
def confirm() -> FormGenerator:
    yield FormPage
    return {}


def flow(name: str, steps: Any, **rules: Any) -> Workflow:
    @workflow(name, retry_auth_callback=rule, **rules)
    def made() -> Any:
        return begin >> steps

    return made


def calling(name: str, **options: Any) -> Workflow:
    return flow(name, callback_step("Playbook", call_remote, judge, timeout=60, **options))


async def deliver(site: Site, id: str, token: str, body: bytes) -> None:
    path = f"/api/processes/{id}/callback/{token}"
    await site.http.post(path, content=body, headers={"content-type": "application/json"})


async def nothing(site: Site, id: str) -> None:
    """Wait for the status alone."""


async def refused(site: Site, id: str) -> None:
    """A delivery that is kept, and can be adopted."""
    await deliver(site, id, await REMOTES[-1].asked(), b'{"rc": 2, "rc": 2}')


async def bad(site: Site, id: str) -> None:
    """A result that the validation refuses."""
    await deliver(site, id, await REMOTES[-1].asked(), b'{"rc": 2}')


async def late(site: Site, id: str) -> None:
    """No result in time."""
    await REMOTES[-1].asked()
    await site.engine.reaches(UUID(id), ProcessStatus.AWAITING_CALLBACK)
    site.engine.turn(61)


async def answered(site: Site, id: str) -> None:
    await site.engine.reaches(UUID(id), ProcessStatus.SUSPENDED)
    request = (await ask_as(site, "ada", SHOWN, id=id))["openInputRequest"]["id"]
    await ask_as(site, "ada", SUBMIT, input={"inputRequestId": request, "pages": [{}]})


Prepare = Callable[[Site, str], Awaitable[None]]
RECOVERY = {"REISSUE_CALLBACK", "REAWAIT_CALLBACK", "COMPLETE_CALLBACK"}
SITUATIONS: dict[str, tuple[Workflow, Prepare, ProcessStatus, set[str]]] = {
    "a wait": (calling("Wait"), refused, ProcessStatus.AWAITING_CALLBACK, {*RECOVERY, "ADOPT_CALLBACK_ATTEMPT"}),
    "a failed action": (flow("Fail", break_down), nothing, ProcessStatus.FAILED, {"RETRY"}),
    "a failed wait": (calling("Miss"), late, ProcessStatus.FAILED, RECOVERY),
    "a failed validation": (
        calling("Judge"),
        bad,
        ProcessStatus.FAILED,
        {"RETRY", "REISSUE_CALLBACK", "COMPLETE_CALLBACK"},
    ),
    "a form": (flow("Ask", confirm), nothing, ProcessStatus.SUSPENDED, {"SUBMIT_FORM"}),
    "a form of a wait": (
        calling("Ask about a wait", on_timeout="operator"),
        late,
        ProcessStatus.SUSPENDED,
        {"SUBMIT_FORM", *RECOVERY},
    ),
    "a time": (flow("Window", NEVER), nothing, ProcessStatus.WAITING, {"CONTINUE"}),
    "its end": (flow("End", confirm), answered, ProcessStatus.COMPLETED, set()),
}


def call(action: ProcessAction, id: str, shown: Any) -> tuple[str, dict[str, Json]] | None:
    """The mutation of the action and its input; None if there is nothing that it could be for."""
    callback = shown["callbacks"][-1] if shown["callbacks"] else None
    attempts = callback["attempts"]["nodes"] if callback else ()
    request = shown["openInputRequest"]
    reason = "It must be."
    match action:
        case ProcessAction.RETRY:
            return "retryProcess", {"processId": id}
        case ProcessAction.CONTINUE:
            return "continueProcess", {"processId": id, "reason": reason}
        case ProcessAction.ABORT:
            return "abortProcess", {"processId": id, "reason": reason}
        case ProcessAction.EDIT_NOTE:
            return "updateProcessNote", {"processId": id, "note": "A note"}
        case ProcessAction.SUBMIT_FORM:
            return ("submitForm", {"inputRequestId": request["id"], "pages": [{}]}) if request else None
        case ProcessAction.ADOPT_CALLBACK_ATTEMPT:
            return ("adoptCallbackAttempt", {"attemptId": attempts[-1]["id"], "reason": reason}) if attempts else None
    if callback is None:
        return None
    name = f"{action.split('_')[0].lower()}Callback"
    more: dict[ProcessAction, dict[str, Json]] = {
        ProcessAction.COMPLETE_CALLBACK: {"result": {"rc": 0}, "reason": reason},
        ProcessAction.REAWAIT_CALLBACK: {"timeoutSeconds": 60},
    }
    return name, {"callbackId": callback["id"], **more.get(action, {})}


async def code_of(
    site: Site, person: str, action: ProcessAction, id: str, shown: Any, version: int | None = None
) -> str | None:
    """The code with which the mutation refuses the person; None if there is nothing that it could be for."""
    called = call(action, id, shown)
    if called is None:
        return None
    name, input = called
    document = f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
      __typename ... on UserError {{ code }} }} }}"""
    versioned = input if version is None else {**input, "expectedVersion": version}
    response = await answer_as(site, person, document, input=versioned)
    assert "errors" not in response, response
    answer = response["data"][name]
    return str(answer.get("code", answer["__typename"]))


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_what_is_offered_is_what_the_mutations_take(storage: str, situation: str) -> None:
    made, prepare, status, possible = SITUATIONS[situation]
    REMOTES[:] = [Remote()]
    tokens = [api_token(person, role=role) for person, role in PEOPLE.items()]
    possible = possible | {"EDIT_NOTE"} | (set() if status is ProcessStatus.COMPLETED else {"ABORT"})
    offered, taken = dict[str, set[str]](), dict[str, set[str]]()
    async with site_of(storage, made, roles=ROLES, api_tokens=tokens) as site:
        id = (await ask_as(site, "ada", START, name=made.name))["process"]["id"]
        await prepare(site, id)
        await site.engine.reaches(UUID(id), status)
        for person in PEOPLE:
            shown = await ask_as(site, person, SHOWN, id=id)
            offered[person] = set(shown["availableActions"])
            codes = {name: await code_of(site, person, ProcessAction(name), id, shown, STALE) for name in possible}
            taken[person] = {name for name, code in codes.items() if code == "STALE_VERSION"}
            if request := shown["openInputRequest"]:
                assert request["canSubmit"] is ("SUBMIT_FORM" in taken[person])
                assert request["canReject"] is (request["canSubmit"] and situation == "a form")
        others = [action for action in ProcessAction if action not in possible]
        refusals = {await code_of(site, "ada", action, id, shown) for action in others} - {None}

    assert offered["ada"] == possible
    assert offered == taken
    assert refusals <= {"INVALID_STATE", "ALREADY_DECIDED"}
