"""The rows that are read together with a process: the response is the same as if each field had read its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse
from stories import AWAITING, SUSPENDED
from support.remote import Remote
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.process_parts import parts_of
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.reads.processes import Part
from orchestrator_gql.storage.events import BEGINNING
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import StepList, workflow

pytestmark = pytest.mark.one_dispatcher

FORM = "form { ... on FormPage { schema initialData digest } }"
SELECTIONS: dict[str, tuple[str, set[Part]]] = {
    "plain": ("status", set()),
    "form": (f"openInputRequest {{ id {FORM} }}", {Part.REQUESTS, Part.FORM}),
    "text": ('openInputRequest { fieldText(key: "large") { text } }', {Part.REQUESTS, Part.FORM}),
    "no form": ("openInputRequest { id title canSubmit decisions { verdict } }", {Part.REQUESTS}),
    "aliases": (f"a: openInputRequest {{ b: {FORM} }} c: steps {{ name }}", set(Part) - {Part.CALLBACKS}),
    "why": ("whyWaiting { kind message }", {Part.REQUESTS, Part.CALLBACKS}),
    "callbacks": ("callbacks { status result } pendingCallbacks { id }", {Part.CALLBACKS}),
    "steps": ("steps { name status callbacks { id } inputRequests { id } }", {Part.EXECUTIONS}),
    "all": (
        "status subject assignee { name } availableActions state startPages"
        " steps { name stateBefore callbacks { id } } whyWaiting { kind } callbacks { result process { id } }"
        f" openInputRequest {{ {FORM} canReject process {{ id }} }}",
        set(Part),
    ),
    "fragments": ("...Head", {Part.REQUESTS, Part.FORM, Part.EXECUTIONS}),
    "skipped": (f"openInputRequest @skip(if: true) {{ {FORM} }} steps @include(if: true) {{ name }}", set()),
    "skipped form": ("openInputRequest { id form @skip(if: true) { __typename } }", {Part.REQUESTS}),
    "skipped fragment": (
        "id ... @skip(if: true) { steps { name } } ... @include(if: true) { callbacks { id } }",
        set(),
    ),
}
FRAGMENTS = f"""fragment Head on Process {{ ... on Process {{ steps {{ name }} }} ...Asks }}
fragment Asks on Process {{ openInputRequest {{ ...Page }} }} fragment Page on InputRequest {{ {FORM} }}"""


@inputstep("Confirm")
def confirm(state: State) -> FormGenerator:
    class Confirm(FormPage):
        large: ReadOnly[str] = state["large"]

    yield Confirm
    return {}


@contextmanager
def parts_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Part, ...]]]:
    """The parts that are read with a process."""
    seen, read = list[tuple[Part, ...]](), process_reads.process

    async def noting(runtime: Any, principal: Any, id: Any, parts: Any = ()) -> Any:
        seen.append(tuple(parts))
        return await read(runtime, principal, id, parts)

    with monkeypatch.context() as patch:
        patch.setattr(process_reads, "process", noting)
        yield seen


async def reached(site: Site, flow: Any, remote: Remote) -> tuple[str, str]:
    """A process that waits for its callback, and a process with an open form."""
    waiting = await site.engine.start(flow)
    await remote.asked()
    await site.engine.reaches(waiting, AWAITING)
    asking = await site.engine.start(flow)
    token = await remote.asked()
    await site.engine.reaches(asking, AWAITING)
    document = "mutation ($i: ReceiveCallbackInput!) { receiveCallback(input: $i) { __typename } }"
    await site.ask(document, i={"token": token, "result": {"rc": 0}})
    await site.engine.reaches(asking, SUSPENDED)
    return str(waiting), str(asking)


def flow_of(remote: Remote, large: str) -> Any:
    @step("Judge")
    def judge() -> State:
        return {"large": large}

    @workflow("Asks")
    def asks() -> StepList:
        return begin >> callback_step("Job", remote.action(), judge) >> confirm

    return asks


async def test_a_response_is_the_same_as_without_reading_ahead(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote()
    flow = flow_of(remote, "small")
    async with site_of(storage, flow) as site:
        ids = await reached(site, flow, remote)
        for name, (selection, parts) in SELECTIONS.items():
            fragments = FRAGMENTS if "..." in selection and "Head" in selection else ""
            document = f"query ($id: ID!) {{ process(id: $id) {{ {selection} }} }} {fragments}"
            node = f"query ($id: ID!) {{ node(id: $id) {{ ... on Process {{ {selection} }} }} }} {fragments}"
            for id in ids:
                with parts_read(monkeypatch) as seen:
                    response = await site.ask(document, id=id)
                assert set(seen[0]) == parts, name
                assert response["process"] == (await site.ask(node, id=id))["node"], name


LARGE = {
    "small": '"x"',
    "large": f'"{"x" * 200_000}"',
    "light but heavy when decoded": f"[{','.join(['[]'] * 15_000)}]",
}


@pytest.mark.parametrize("size", LARGE)
async def test_what_is_too_large_is_refused_where_it_is_selected(storage: str, size: str) -> None:
    """The rows of a form are read with the process, but the error for them is still that of the form."""
    remote = Remote()
    flow = flow_of(remote, "small")
    selection = f"status openInputRequest {{ id {FORM} }}"
    async with site_of(storage, flow, max_answer_bytes=64 * 1024, max_callback_bytes=64 * 1024) as site:
        _, id = await reached(site, flow, remote)
        change = f"UPDATE processes SET state = '{{\"large\": {LARGE[size]}}}'"
        await site.app.state.runtime.database.transaction(lambda conn: conn.exec_driver_sql(change))
        response = await site.answer(f"query ($id: ID!) {{ process(id: $id) {{ {selection} }} }}", id=id)
        alone = await site.answer(f"query ($id: ID!) {{ node(id: $id) {{ ... on Process {{ {selection} }} }} }}", id=id)

    assert response.get("data") == _named(alone.get("data"))
    assert [error["path"][1:] for error in response.get("errors", [])] == [
        error["path"][1:] for error in alone.get("errors", [])
    ]
    assert ("errors" in response) == (size != "small")


def _named(data: Any) -> Any:
    return data and {"process": data["node"]}


def test_nested_fragments_are_looked_at_once() -> None:
    """Each of the fragments spreads the next one twice: 2 to the power of 40 selections."""
    chain = " ".join(f"fragment F{n} on Process {{ id ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    document = parse(f"{{ process(id: 1) {{ ...F0 }} }} {chain} fragment F40 on Process {{ steps {{ name }} }}")
    operation, *fragments = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    by_name = {each.name.value: each for each in fragments if isinstance(each, FragmentDefinitionNode)}
    raw = SimpleNamespace(field_nodes=operation.selection_set.selections, fragments=by_name)

    assert parts_of(cast("Info", SimpleNamespace(_raw_info=raw))) == (Part.EXECUTIONS,)


async def test_a_form_after_a_change_is_not_that_of_the_process_before_it(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`changes` reads the process again behind its events, so the state must not be the state before them."""
    read_page = event_reads.event_page

    @step("First")
    def first() -> State:
        return {"large": "before"}

    @step("Change")
    def change() -> State:
        return {"large": "after"}

    @workflow("Asks twice")
    def asks_twice() -> StepList:
        return begin >> first >> confirm >> change >> confirm

    submit = "mutation ($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) { __typename } }"
    request = f"id {FORM}"
    document = f"""query ($id: ID!, $after: String!) {{ process(id: $id) {{ openInputRequest {{ {request} }}
      changes(after: $after) {{ inputRequests {{ {request} }} }} }} }}"""
    async with site_of(storage, asks_twice) as site:
        id = await site.engine.start(asks_twice)
        await site.engine.reaches(id, SUSPENDED)
        shown = await site.ask("query ($id: ID!) { process(id: $id) { openInputRequest { id } } }", id=str(id))
        seq = (await site.engine.process(id)).seq

        async def page_after_the_change(*args: Any, **more: Any) -> Any:
            monkeypatch.undo()
            await site.ask(submit, id=shown["process"]["openInputRequest"]["id"])
            await site.engine.until(lambda: _asks_again(site, id, seq), awaited="the second form")
            return await read_page(*args, **more)

        monkeypatch.setattr(event_reads, "event_page", page_after_the_change)
        changes = (await site.ask(document, id=str(id), after=BEGINNING))["process"]["changes"]

    forms = [asked["form"] for asked in changes["inputRequests"]]
    assert [form and form["initialData"]["large"] for form in forms] == [None, "after"]


async def _asks_again(site: Site, id: UUID, seq: int) -> bool | None:
    process = await site.engine.process(id)
    return (process.status is SUSPENDED and process.seq > seq + 1) or None


async def test_the_rows_of_one_operation_are_not_those_of_the_next(storage: str) -> None:
    remote = Remote()
    flow = flow_of(remote, "small")
    document = f"query ($id: ID!) {{ process(id: $id) {{ openInputRequest {{ id {FORM} }} steps {{ status }} }} }}"
    submit = "mutation ($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) { __typename } }"
    async with site_of(storage, flow) as site:
        _, id = await reached(site, flow, remote)
        before = (await site.ask(document, id=id))["process"]
        await site.ask(submit, id=before["openInputRequest"]["id"])
        after = (await site.ask(document, id=id))["process"]

    assert before["openInputRequest"]["form"]["digest"]
    assert after["openInputRequest"] is None
