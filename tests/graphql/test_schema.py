"""The schema as a contract: printed, described, safe to select from, and closed to whoever may nothing."""

from itertools import combinations
from pathlib import Path

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
from orchestrator_gql.security import Principal

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
    "Query.nodes": "[Node]!",
    "Query.process": "Process",
    "Query.processes": "ProcessConnection!",
    "Query.startForm": "StartFormResult!",
    "Query.stats": "Stats!",
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
"""What the most used fields are, written down once more by hand: a client was built on it."""

OPEN_TO_ALL = {"viewer", "receiveCallback", "reportCallbackProgress", "failCallback"}
"""Who somebody is, everybody may ask; the callbacks' credential is the token."""

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
    "events": "events { reset }",
    "startForm": 'startForm(workflowName: "ask") { __typename }',
    "audit": "audit { totalCount }",
    "notifications": "notifications { totalCount }",
    "verifyAudit": "verifyAudit { valid }",
    "stats": "stats { failed }",
    "engine": "engine { version }",
    "startWorkflow": 'startWorkflow(input: {workflowName: "note"}) { __typename }',
    "retryProcess": f'retryProcess(input: {{processId: "{ID}"}}) {{ __typename }}',
    "abortProcess": f'abortProcess(input: {{processId: "{ID}"}}) {{ __typename }}',
    "reissueCallback": f'reissueCallback(input: {{callbackId: "{ID}"}}) {{ __typename }}',
    "reawaitCallback": f'reawaitCallback(input: {{callbackId: "{ID}", timeoutSeconds: 1}}) {{ __typename }}',
    "completeCallback": f'completeCallback(input: {{callbackId: "{ID}", result: 1, reason: "x"}}) {{ __typename }}',
    "adoptCallbackAttempt": f'adoptCallbackAttempt(input: {{attemptId: "{ID}", reason: "x"}}) {{ __typename }}',
    "updateProcessNote": f'updateProcessNote(input: {{processId: "{ID}"}}) {{ __typename }}',
    "resendNotification": f'resendNotification(input: {{notificationId: "{ID}"}}) {{ __typename }}',
    "setEngineState": "setEngineState(input: {paused: true}) { __typename }",
    "claimInputRequest": f'claimInputRequest(input: {{inputRequestId: "{ID}"}}) {{ __typename }}',
    "releaseInputRequest": f'releaseInputRequest(input: {{inputRequestId: "{ID}"}}) {{ __typename }}',
    "assignInputRequest": (
        f'assignInputRequest(input: {{inputRequestId: "{ID}", assigneeKey: "NOC"}}) {{ __typename }}'
    ),
    "rejectInputRequest": f'rejectInputRequest(input: {{inputRequestId: "{ID}", comment: "x"}}) {{ __typename }}',
    "decideInputRequests": "decideInputRequests(input: {}) { submitted { __typename } }",
    "submitForm": f'submitForm(input: {{inputRequestId: "{ID}", pages: []}}) {{ __typename }}',
}


def test_the_schema_file_is_what_the_server_serves() -> None:
    file = Path(__file__).parents[2] / "schema.graphql"

    assert file.read_text() == printed(), "run `make schema`"


def _elements(name: str, type: GraphQLNamedType) -> dict[str, str | None]:
    found = {name: type.description}
    if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
        for field_name, field in type.fields.items():
            found[f"{name}.{field_name}"] = field.description
            found |= {f"{name}.{field_name}({arg})": one.description for arg, one in field.args.items()}
    if isinstance(type, GraphQLInputObjectType):
        found |= {f"{name}.{field_name}": field.description for field_name, field in type.fields.items()}
    if isinstance(type, GraphQLEnumType):
        found |= {f"{name}.{value}": one.description for value, one in type.values.items()}
    return found


def test_everything_in_the_schema_is_described() -> None:
    elements = {place: told for name, type in TYPES.items() for place, told in _elements(name, type).items()}

    assert [place for place, told in elements.items() if not told] == []


def _field_types(type: GraphQLObjectType) -> dict[str, str]:
    return {name: str(field.type) for name, field in type.fields.items()}


def test_members_of_a_union_or_interface_agree_on_what_a_field_is() -> None:
    schema = SCHEMA._schema
    groups = [type for type in TYPES.values() if isinstance(type, GraphQLUnionType | GraphQLInterfaceType)]

    clashes = [
        (group.name, one.name, other.name, name)
        for group in groups
        if group.name != "Node"  # `node` is asked with one fragment for the kind one holds the id of
        for one, other in combinations(schema.get_possible_types(group), 2)
        for name, type in _field_types(one).items()
        if _field_types(other).get(name, type) != type
    ]

    assert clashes == []


def test_the_most_used_fields_are_what_clients_were_built_on() -> None:
    found = {}
    for place in EXPECTED:
        type_name, field_name = place.split(".")
        owner = TYPES[type_name]
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
        found[place] = str(owner.fields[field_name].type)

    assert found == EXPECTED


def _names(type_name: str) -> set[str]:
    owner = TYPES[type_name]
    assert isinstance(owner, GraphQLObjectType)
    return set(owner.fields)


def test_no_root_field_was_forgotten_here() -> None:
    roots = _names("Query") | _names("Mutation")

    assert roots == OPEN_TO_ALL | ROOT_FIELDS.keys()


async def test_nobody_without_a_permission_gets_anything(tmp_path: Path) -> None:
    async with stories.telling(tmp_path) as story:
        for name, selection in ROOT_FIELDS.items():
            kind = "query" if name in _names("Query") else "mutation"
            context = Context(story.site.engine.runtime, NOBODY)
            said = await SCHEMA.execute(f"{kind} {{ {selection} }}", context_value=context)
            told = [error.original_error for error in said.errors or ()]
            refusals = [getattr(error, "code", None) for error in told] or [
                (value or {}).get("__typename") for value in (said.data or {}).values()
            ]
            assert refusals in (["forbidden"], ["ForbiddenError"]), (name, said)


@pytest.mark.parametrize("selection", ["processEvents { cursor }", "stats { failed }"])
async def test_nobody_without_a_permission_gets_a_stream(tmp_path: Path, selection: str) -> None:
    async with stories.telling(tmp_path) as story:
        context = Context(story.site.engine.runtime, NOBODY)
        stream = await SCHEMA.subscribe(f"subscription {{ {selection} }}", context_value=context)
        said = [stream] if isinstance(stream, ExecutionResult) else [one async for one in stream]

    assert [getattr(error.original_error, "code", None) for error in said[0].errors or ()] == ["forbidden"]
