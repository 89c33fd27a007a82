"""The schema is a contract: it is printed and described, its types fit together, and permissions guard its fields."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import stories
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
)
from strawberry.types import ExecutionResult

from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.schema import build_schema, printed
from orchestrator_gql.security import Permission, Principal

SCHEMA = build_schema()
TYPES = {name: type for name, type in SCHEMA._schema.type_map.items() if not name.startswith("__")}
NOBODY = Principal("nobody", "Nobody")
ID = "00000000-0000-0000-0000-000000000001"

EXPECTED = {
    "Process.id": "ID!",
    "Process.version": "Int!",
    "Process.workflow": "Workflow",
    "Process.status": "ProcessStatus!",
    "Process.availableActions": "[ProcessAction!]!",
    "Process.durationSeconds": "Float",
    "Process.steps": "[ProcessStep!]!",
    "Process.openInputRequest": "InputRequest",
    "Process.callbacks": "[Callback!]!",
    "Process.failure": "Failure",
    "Process.state": "JSON",
    "ProcessStep.status": "StepStatus!",
    "ProcessStep.stateDelta": "JSON",
    "ProcessStep.callbacks": "[Callback!]!",
    "Callback.tokenHint": "String!",
    "Callback.expiresAt": "DateTime",
    "Callback.result": "JSON",
    "Callback.resultText": "ResultSlice",
    "Callback.attempts": "CallbackAttemptConnection!",
    "InputRequest.version": "Int!",
    "InputRequest.form": "FormResult",
    "InputRequest.process": "Process!",
    "FormPage.digest": "String!",
    "FormPage.schema": "JSON!",
    "EventBatch.events": "[Event!]!",
    "EventBatch.caughtUp": "Boolean!",
    "Event.cursor": "String!",
    "Query.node": "Node",
    "Query.nodes": "[Node]",
    "Query.process": "Process",
    "Query.processes": "ProcessConnection",
    "Query.startForm": "StartFormResult!",
    "Query.stats": "Stats",
    "Mutation.startWorkflow": "StartWorkflowResult!",
    "Mutation.submitForm": "SubmitFormResult!",
    "Mutation.receiveCallback": "ReceiveCallbackResult!",
    "Mutation.setEngineState": "SetEngineStateResult!",
    "Engine.state": "EngineState!",
    "Engine.lagSeconds": "Float!",
    "Engine.workers": "[Worker!]!",
    "Subscription.processEvents": "EventBatch!",
    "Subscription.stats": "Stats!",
}
"""The types of the most used fields, written by hand a second time, because clients depend on them."""

OPEN_TO_ALL = {"viewer", "receiveCallback", "reportCallbackProgress", "failCallback"}
"""Root fields without a permission: everybody may read who they are, and the credential of a callback is its token."""

ROOT_FIELDS = {
    "node": f'node(id: "{ID}") {{ id }}',
    "nodes": f'nodes(ids: ["{ID}"]) {{ id }}',
    "workflow": 'workflow(name: "note") { name }',
    "workflows": "workflows { totalCount }",
    "process": f'process(id: "{ID}") {{ id }}',
    "processes": "processes { totalCount }",
    "inputRequests": "inputRequests { totalCount }",
    "callbacks": "callbacks { totalCount }",
    "product": 'product(name: "x") { name }',
    "products": "products { totalCount }",
    "productSubscription": f'productSubscription(id: "{ID}") {{ id }}',
    "productSubscriptions": "productSubscriptions { totalCount }",
    "events": "events { reset }",
    "startForm": 'startForm(workflowName: "ask") { __typename }',
    "audit": "audit { totalCount }",
    "notifications": "notifications { totalCount }",
    "remoteServices": "remoteServices { totalCount }",
    "verifyAudit": "verifyAudit { valid }",
    "stats": "stats { failed }",
    "engine": "engine { version }",
    "startWorkflow": 'startWorkflow(input: {workflowName: "note"}) { __typename }',
    "retryProcess": f'retryProcess(input: {{processId: "{ID}"}}) {{ __typename }}',
    "continueProcess": f'continueProcess(input: {{processId: "{ID}", reason: "x"}}) {{ __typename }}',
    "abortProcess": f'abortProcess(input: {{processId: "{ID}"}}) {{ __typename }}',
    "reissueCallback": f'reissueCallback(input: {{callbackId: "{ID}"}}) {{ __typename }}',
    "reawaitCallback": f'reawaitCallback(input: {{callbackId: "{ID}", timeoutSeconds: 1}}) {{ __typename }}',
    "completeCallback": f'completeCallback(input: {{callbackId: "{ID}", result: 1, reason: "x"}}) {{ __typename }}',
    "adoptCallbackAttempt": f'adoptCallbackAttempt(input: {{attemptId: "{ID}", reason: "x"}}) {{ __typename }}',
    "updateProcessNote": f'updateProcessNote(input: {{processId: "{ID}"}}) {{ __typename }}',
    "resendNotification": f'resendNotification(input: {{notificationId: "{ID}"}}) {{ __typename }}',
    "setEngineState": "setEngineState(input: {paused: true}) { __typename }",
    "pruneProcesses": "pruneProcesses(input: {olderThanDays: 1}) { __typename }",
    "setInSync": f'setInSync(input: {{productSubscriptionId: "{ID}", reason: "x"}}) {{ __typename }}',
    "updateProductSubscriptionNote": (
        f'updateProductSubscriptionNote(input: {{productSubscriptionId: "{ID}", note: "x"}}) {{ __typename }}'
    ),
    "updateCustomerDescription": (
        f'updateCustomerDescription(input: {{productSubscriptionId: "{ID}"}}) {{ __typename }}'
    ),
    "claimInputRequest": f'claimInputRequest(input: {{inputRequestId: "{ID}"}}) {{ __typename }}',
    "releaseInputRequest": f'releaseInputRequest(input: {{inputRequestId: "{ID}"}}) {{ __typename }}',
    "assignInputRequest": (
        f'assignInputRequest(input: {{inputRequestId: "{ID}", assigneeKey: "NOC"}}) {{ __typename }}'
    ),
    "rejectInputRequest": f'rejectInputRequest(input: {{inputRequestId: "{ID}", comment: "x"}}) {{ __typename }}',
    "decideInputRequests": "decideInputRequests(input: {}) { submitted { __typename } }",
    "submitForm": f'submitForm(input: {{inputRequestId: "{ID}", pages: []}}) {{ __typename }}',
}


NEEDED = {
    Permission.START_WORKFLOW: {"startForm", "startWorkflow"},
    Permission.SUBMIT_FORM: {
        "claimInputRequest",
        "releaseInputRequest",
        "assignInputRequest",
        "rejectInputRequest",
        "decideInputRequests",
        "submitForm",
    },
    Permission.RETRY: {"retryProcess", "continueProcess"},
    Permission.ABORT: {"abortProcess"},
    Permission.EDIT_NOTE: {"updateProcessNote", "updateProductSubscriptionNote", "updateCustomerDescription"},
    Permission.RECOVER_CALLBACK: {
        "reissueCallback",
        "reawaitCallback",
        "completeCallback",
        "adoptCallbackAttempt",
    },
    Permission.SET_IN_SYNC: {"setInSync"},
    Permission.MANAGE_ENGINE: {"notifications", "resendNotification", "setEngineState", "pruneProcesses"},
    Permission.READ_AUDIT: {"audit", "verifyAudit"},
}
"""The root fields of each permission; all other root fields need READ."""

NAMED = {"workflow": "note", "startForm": "ask", "startWorkflow": "note", "product": "x", "assignInputRequest": "NOC"}
"""The names that the selections contain besides `ID`."""

FORBIDDEN = (["forbidden"], ["ForbiddenError"])


def needed(name: str) -> Permission:
    """The permission that a root field needs."""
    return next((permission for permission, names in NEEDED.items() if name in names), Permission.READ)


def test_the_schema_file_is_what_the_server_serves() -> None:
    file = Path(__file__).parents[2] / "schema.graphql"

    assert file.read_text() == printed(), "run `make schema`"


def _elements(name: str, type: GraphQLNamedType) -> dict[str, str | None]:
    found = {name: type.description}
    if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
        for field_name, field in type.fields.items():
            found[f"{name}.{field_name}"] = field.description
            found |= {f"{name}.{field_name}({arg})": argument.description for arg, argument in field.args.items()}
    if isinstance(type, GraphQLInputObjectType):
        found |= {f"{name}.{field_name}": field.description for field_name, field in type.fields.items()}
    if isinstance(type, GraphQLEnumType):
        found |= {f"{name}.{value_name}": value.description for value_name, value in type.values.items()}
    return found


def _descriptions() -> dict[str, str | None]:
    descriptions = {place: text for name, type in TYPES.items() for place, text in _elements(name, type).items()}
    assert len(descriptions) > 500
    return descriptions


def test_everything_in_the_schema_is_described() -> None:
    assert [place for place, text in _descriptions().items() if not text] == []


def test_every_description_names_its_subject() -> None:
    riddle = re.compile(r"(It|Its|They|Why|Which|Where|When|Whoever|Who|Since|Until|Of|As)\b|\w+\.$")

    assert [(place, text) for place, text in _descriptions().items() if riddle.match(text or "")] == []


def _field_types(type: GraphQLObjectType) -> dict[str, str]:
    return {name: str(field.type) for name, field in type.fields.items()}


def test_members_of_a_union_or_interface_agree_on_what_a_field_is() -> None:
    schema = SCHEMA._schema
    groups = [type for type in TYPES.values() if isinstance(type, GraphQLUnionType | GraphQLInterfaceType)]

    assert len(groups) > 5
    clashes = [
        (group.name, member.name, other.name, name)
        for group in groups
        if group.name != "Node"  # a client asks `node` with one fragment, for the type that its id has
        for member, other in combinations(schema.get_possible_types(group), 2)
        for name, type in _field_types(member).items()
        if _field_types(other).get(name, type) != type
    ]

    assert clashes == []


def test_the_most_used_fields_keep_the_types_that_clients_depend_on() -> None:
    types = {}
    for place in EXPECTED:
        type_name, field_name = place.split(".")
        owner = TYPES[type_name]
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
        types[place] = str(owner.fields[field_name].type)

    assert types == EXPECTED


def _names(type_name: str) -> set[str]:
    owner = TYPES[type_name]
    assert isinstance(owner, GraphQLObjectType)
    return set(owner.fields)


def test_this_file_lists_every_root_field() -> None:
    roots = _names("Query") | _names("Mutation")

    assert roots == OPEN_TO_ALL | ROOT_FIELDS.keys()


async def outcome(story: stories.Story, name: str, selection: str, principal: Principal) -> list[Any]:
    """The error codes of a root field, or the type of its value if it has no error."""
    kind = "query" if name in _names("Query") else "mutation"
    context = Context(story.site.engine.runtime, principal)
    result = await SCHEMA.execute(f"{kind} {{ {selection} }}", context_value=context)
    originals = [error.original_error for error in result.errors or ()]
    return [getattr(error, "code", None) for error in originals] or [
        value.get("__typename") if isinstance(value, dict) else value for value in (result.data or {}).values()
    ]


async def test_a_caller_without_permissions_gets_no_data(tmp_path: Path) -> None:
    async with stories.telling(tmp_path) as story:
        for name, selection in ROOT_FIELDS.items():
            assert await outcome(story, name, selection, NOBODY) in FORBIDDEN, name


async def test_every_root_field_is_closed_by_the_permission_that_it_needs_and_by_no_other(tmp_path: Path) -> None:
    async with stories.telling(tmp_path) as story:
        for name, selection in ROOT_FIELDS.items():
            for permission in Permission:
                caller = Principal("carl", "Carl", permissions=frozenset(Permission) - {permission})
                is_closed = await outcome(story, name, selection, caller) in FORBIDDEN
                assert is_closed == (permission is needed(name)), (name, permission)


async def test_without_the_permission_existing_and_missing_objects_give_the_same_answer(tmp_path: Path) -> None:
    async with stories.telling(tmp_path) as story:
        process_id, request_id = await story.asks()
        response = await story.site.ask("{ callbacks { edges { node { id attempts { edges { node { id } } } } } } }")
        callback = response["callbacks"]["edges"][0]["node"]
        existing = [str(process_id), request_id, callback["id"], callback["attempts"]["edges"][0]["node"]["id"]]
        existing += [f"{process_id}:0", "workflow:note"]
        missing = [f"{ID}:0", "workflow:none", "product:none", "nothing", ""]
        for name, selection in ROOT_FIELDS.items():
            caller = Principal("carl", "Carl", permissions=frozenset(Permission) - {needed(name)})
            selections = [selection.replace(ID, id) for id in (*existing, *missing)] if ID in selection else []
            selections += [selection.replace(f'"{NAMED[name]}"', '"none"')] if name in NAMED else []
            for other in selections:
                assert await outcome(story, name, other, caller) in FORBIDDEN, other


@pytest.mark.parametrize("selection", ['node(id: "ID") { id }', 'nodes(ids: ["ID"]) { id }'])
async def test_ids_of_objects_that_need_more_than_read_answer_like_missing_ids(tmp_path: Path, selection: str) -> None:
    reader = Principal("rita", "Rita", permissions=frozenset({Permission.READ}))
    async with stories.telling(tmp_path) as story:
        await story.asks()
        entry = (await story.site.ask("{ audit { edges { node { id } } } }"))["audit"]["edges"][0]["node"]["id"]
        context = Context(story.site.engine.runtime, reader)
        existing, missing = [
            await SCHEMA.execute(f"{{ {selection.replace('ID', id)} }}", context_value=context) for id in (entry, ID)
        ]

    assert existing.errors is missing.errors is None
    assert existing.data == missing.data


@pytest.mark.parametrize("selection", ["processEvents { cursor }", "stats { failed }"])
async def test_a_caller_without_permissions_gets_no_stream(tmp_path: Path, selection: str) -> None:
    async with stories.telling(tmp_path) as story:
        context = Context(story.site.engine.runtime, NOBODY)
        stream = await SCHEMA.subscribe(f"subscription {{ {selection} }}", context_value=context)
        results = [stream] if isinstance(stream, ExecutionResult) else [result async for result in stream]

    assert [getattr(error.original_error, "code", None) for error in results[0].errors or ()] == ["forbidden"]


def test_every_list_says_if_its_total_is_exact() -> None:
    fields: dict[str, dict[str, Any]] = {name: getattr(kind, "fields", {}) for name, kind in TYPES.items()}
    counted = {name for name, each in fields.items() if "totalCount" in each}
    exact = {name for name, each in fields.items() if "totalCountIsExact" in each}

    assert len(counted) > 10
    assert exact == counted
    assert {str(fields[name]["totalCountIsExact"].type) for name in exact} == {"Boolean!"}
