"""The projection of plain values: equal to graphql-core for everything it makes, and not there for anything else."""

import itertools
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shared_streams import ALONE, Stage, note, sent, staged

from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution
from orchestrator_gql.graphql.projection import Projection
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.graphql.shared_subscriptions import _Piece
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.events import BEGINNING
from orchestrator_gql.types import EventKind

SCHEMA = build_schema()._schema
PRODUCT = Execution(build_schema(), is_development=True, timeout=30)
EVENTS: list[Any] = [*SCHEMA.get_possible_types(SCHEMA.type_map["Event"])]  # type: ignore[arg-type]


def plain_fields(kind: Any) -> list[str]:
    """The fields of the type whose values are plain: leaves that no resolver makes, and no JSON."""
    return [
        name
        for name, field in kind.fields.items()
        if field.extensions["strawberry-definition"].is_basic_field and str(field.type).rstrip("!") not in NOT_LEAVES
    ]


NOT_LEAVES = {"JSON", "Assignee", "CallbackProgress", "CallbackValidation"}
EVERYTHING = " ".join(f"... on {kind.name} {{ {' '.join(plain_fields(kind))} }}" for kind in EVENTS)


async def both(stage: Stage, query: str, **variables: Any) -> tuple[list[Any], list[Any], bool]:
    """What the product and graphql-core alone send for the whole log, and whether there was a projection."""
    found = []
    for execution in (PRODUCT, ALONE):
        context = stage.context(LOCAL_OPERATOR, "en", BEGINNING)
        request = GraphQLRequest(query, variables)
        got = []
        async with aclosing(execution.responses(request, context, kind=Kind.SUBSCRIPTION)) as responses:
            async for response in responses:
                got.append(sent(response))
                if context.caught_up or not response.was_executed:
                    break
        found.append((got, context.is_plain))
    (mine, is_plain), (theirs, _) = found
    return mine, theirs, is_plain


@pytest.mark.parametrize(
    "selection",
    [
        f"cursor caughtUp reset __typename events {{ {EVERYTHING} }}",
        "events { __typename a: __typename b: id id cursor id }",
        "cursor b: cursor",
        "events { ...F } cursor ...B",
        "events { id } events { cursor ... on CallbackEvent { callbackId } }",
        "events { id @include(if: $no) cursor @skip(if: $no) ... on CallbackEvent @include(if: $yes) { callbackId } }",
        "events @skip(if: $yes) { id } cursor @include(if: false) reset",
        "events { ... @include(if: $yes) { ... on StepChangedEvent { at: occurredAt stepName } } processId }",
    ],
)
async def test_plain_values_are_those_of_graphql_core(selection: str, tmp_path: Path) -> None:
    fragments = (
        "fragment F on Event { id ...C } fragment C on CallbackEvent { callbackId } fragment B on EventBatch { reset }"
    )
    uses = [name for name in ("yes", "no") if f"${name}" in selection]
    head = f"({', '.join(f'${name}: Boolean!' for name in uses)})" if uses else ""
    query = f"subscription {head} {{ live: processEvents {{ {selection} }} }}"
    query += f" {fragments}" if "...F" in selection else ""
    async with staged(tmp_path) as stage:
        mine, theirs, is_plain = await both(stage, query, **{name: name == "yes" for name in uses})

    assert is_plain
    assert mine == theirs
    assert b'"errors"' not in mine[0][0] and b'"data"' in mine[0][0]


@pytest.mark.parametrize(
    "selection",
    [
        "actor { id }",
        "process { id }",
        "... on StepChangedEvent { stateDelta }",
        "... on StepChangedEvent { failure { code } }",
        "... on CallbackEvent { callback { id } }",
        "... on CallbackReceivedEvent { result }",
        "... on CallbackReceivedEvent { resultPreview }",
        "... on CallbackProgressedEvent { progress { message } }",
        "... on ProcessCreatedEvent { subject }",
        "... on InputRequestChangedEvent { assignee { key } }",
    ],
)
async def test_values_with_a_resolver_or_a_redaction_have_no_projection(selection: str, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        mine, theirs, is_plain = await both(
            stage, f"subscription {{ processEvents {{ events {{ id {selection} }} }} }}"
        )

    assert not is_plain
    assert mine == theirs


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (EventKind.PROCESS_STATUS_CHANGED, {"from": "RUNNING", "to": "COMPLETED", "version": "many"}),
        (EventKind.PROCESS_STATUS_CHANGED, {"from": "RUNNING", "to": "COMPLETED", "version": 2**40}),
        (EventKind.PROCESS_STATUS_CHANGED, {"from": "RUNNING", "to": "COMPLETED", "version": None}),
        (EventKind.ENGINE_STATE_CHANGED, {"state": "RUNNING", "reason": None}),
        (EventKind.ENGINE_STATE_CHANGED, {"state": "RUNNING", "reason": {"no": "text"}}),
    ],
)
async def test_a_value_that_its_type_refuses_is_the_error_of_graphql_core(
    kind: EventKind, payload: dict[str, Any], tmp_path: Path
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        await stage.commit(replace(stage.history[0], kind=kind, payload=payload))
        query = f"subscription {{ processEvents {{ cursor events {{ {EVERYTHING} }} }} }}"
        mine, theirs, is_plain = await both(stage, query)

    assert is_plain
    assert without_ids(mine) == without_ids(theirs)


def without_ids(frames: list[Any]) -> list[Any]:
    """The frames without the ids of errors, which are random."""
    return [frame.partition(b'"errorId"')[0] for frame, _ in frames]


async def test_a_response_over_the_limit_is_divided_as_graphql_core_would(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False, max_answer_bytes=100_000, max_callback_bytes=100_000) as stage:
        for _ in range(4):
            await stage.commit(*[note(stage, "x" * 8_000)] * 4)
        query = "subscription { processEvents { cursor events { id ... on ProcessNoteChangedEvent { note } } } }"
        mine, theirs, is_plain = await both(stage, query)

    assert is_plain
    assert len(mine) > 1
    assert mine == theirs


async def test_the_projection_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    data = Projection.data

    def noted(self: Projection, batch: Any) -> Any:
        made.append(data(self, batch))
        return made[-1]

    monkeypatch.setattr(Projection, "data", noted)
    async with staged(tmp_path) as stage:
        await both(stage, f"subscription {{ processEvents {{ events {{ {EVERYTHING} }} }} }}")

    assert made and all(made)


@pytest.mark.parametrize(
    ("selection", "by_executor"),
    [
        ("... on StepChangedEvent { stateDelta }", "StepChangedEvent"),
        ("... on CallbackReceivedEvent { callback { id } }", "CallbackReceivedEvent"),
        ("... on InputRequestedEvent { inputRequest { id form { __typename } } }", "InputRequestedEvent"),
        ("... on ProcessCreatedEvent { process { id status } }", "ProcessCreatedEvent"),
    ],
)
async def test_only_batches_with_events_of_other_values_need_the_executor(
    selection: str, by_executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    data = Projection.data

    def noted(self: Projection, batch: Any) -> Any:
        found = data(self, batch)
        made.append(found is not None)
        return found

    monkeypatch.setattr(Projection, "data", noted)
    query = f"subscription {{ processEvents {{ cursor events {{ __typename id processId {selection} }} }} }}"
    found: set[bool] = set()
    async with staged(tmp_path) as stage:
        cursors = [BEGINNING, *(event.cursor for event in stage.history)]
        for after, until in itertools.pairwise(cursors):
            frames = [await one_piece(stage, execution, query, after, until) for execution in (PRODUCT, ALONE)]
            found.add(made[-1])

            assert frames[0] == frames[1]
            assert made[-1] == (by_executor.encode() not in frames[0][0][0])

    assert found == {True, False}
    assert len(made) == len(cursors) - 1


async def one_piece(
    stage: Stage, execution: Execution, query: str, after: str, until: str
) -> list[tuple[bytes, bytes]]:
    """The responses to the events between the cursors."""
    context = stage.context(LOCAL_OPERATOR)
    context.source = _Piece(after, until)
    async with aclosing(execution.responses(GraphQLRequest(query, {}), context, kind=Kind.SUBSCRIPTION)) as responses:
        return [sent(response) async for response in responses]
