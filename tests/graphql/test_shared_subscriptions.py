"""Shared subscriptions: every subscriber gets byte for byte what it would get alone, and none disturbs the others."""

import asyncio
import random
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared_streams import LEAVES, Subscriber, note, staged
from support.sizes import size
from support.tree import ROOT

from orchestrator_gql.cli import event_lines
from orchestrator_gql.events import feed as feeds
from orchestrator_gql.events import stream as log
from orchestrator_gql.events.feed import Follower
from orchestrator_gql.graphql import libraries
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.loaders import Loaders
from orchestrator_gql.graphql.subscription_groups import MOST_BYTES_WAITING, MOST_WAITING
from orchestrator_gql.graphql.subscriptions import EventExecutor
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage.events import BEGINNING, Place, place_of
from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

READER = Principal("reader", "Reader", permissions=frozenset({Permission.READ}))
SECRET_READER = Principal("boss", "Boss", permissions=frozenset({Permission.READ, Permission.READ_SECRETS}))
TEAM = Principal("ada", "Ada", permissions=frozenset(Permission), teams=frozenset({"NOC"}))
STRANGER = Principal("eve", "Eve")

PLAIN = ("__typename", "id", "cursor", "occurredAt", "processId")
NESTED = (
    "actor { id name }",
    "process { id status workflowName note }",
    "process { steps { name status } availableActions { action } }",
)
ON_TYPES = (
    "... on CallbackEvent { callbackId }",
    "... on CallbackEvent { callback { status } }",
    "... on ProcessStatusChangedEvent { fromProcessStatus toProcessStatus version failure { code message traceback } }",
    "... on StepChangedEvent { stepName stepIndex fromStepStatus toStepStatus attempt }",
    "... on StepChangedEvent { stateDelta }",
    "... on CallbackIssuedEvent { expiresAt }",
    "... on CallbackProgressedEvent { progress { percent message } }",
    "... on CallbackReceivedEvent { resultBytes isEarly isTruncated resultPreview }",
    "... on InputRequestEvent { inputRequestId inputRequest { title } }",
    "... on ProcessNoteChangedEvent { note }",
    "... on ProcessCreatedEvent { workflowName subject }",
    "... on Event { seen: id }",
    "...Named",
)
FRAGMENT = "fragment Named on Event { id at: occurredAt ... on CallbackEvent { callbackId } }"
DIRECTIVES = ("", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: false)", " @skip(if: $no)")
FILTERS: tuple[Any, ...] = (
    None,
    {},
    {"kinds": ["STEP_CHANGED", "CALLBACK_RECEIVED"]},
    {"processIds": ["FIRST"]},
    {"processIds": ["00000000-0000-4000-8000-000000000001"]},
    {"workflowNames": ["change_port"]},
    {"workflowNames": ["other"], "kinds": ["STEP_CHANGED"]},
    {"assigneeKeys": ["NOC"]},
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A subscription to events that selects anything."""
    parts = draw(st.lists(st.sampled_from((*PLAIN, *NESTED, *ON_TYPES)), min_size=1, max_size=6))
    is_plain = draw(st.booleans())
    if is_plain:
        parts = [part for part in parts if part.count("{") <= part.startswith("...") and "Delta" not in part] or ["id"]
    selected = []
    for number, part in enumerate(parts):
        directive = draw(st.sampled_from(DIRECTIVES))
        head, brace, rest = part.partition(" {")
        if brace or part.startswith("..."):
            selected.append(f"{head}{directive}{brace}{rest}")
        else:
            alias = draw(st.sampled_from(("", f"a{number}: ")))
            selected.append(f"{alias}{part}{directive}")
    items = f"{draw(st.sampled_from(('', 'found: ')))}events {{ __typename {' '.join(selected)} }}"
    around = draw(st.permutations(["cursor", "caughtUp", "reset", items]))
    selection = " ".join(around[: draw(st.integers(1, 4))]) + f" {items}"
    root = f"{draw(st.sampled_from(('', 'live: ')))}processEvents(after: $after, filter: $filter) {{ {selection} }}"
    if draw(st.booleans()):
        root = f"... on Subscription {{ {root} }}"
    return root + (" FRAGMENT" if "...Named" in root else "")


@dataclass(frozen=True)
class Case:
    """Subscribers with the same document and different cursors."""

    document: str
    filter: Any
    viewers: tuple[tuple[Principal, str, int | None, bool], ...]

    def query(self) -> str:
        """The document."""
        root = self.document.removesuffix(" FRAGMENT")
        uses = "".join(f", ${name}: Boolean!" for name in ("yes", "no") if f"${name}" in self.document)
        head = f"subscription ($after: String, $filter: EventFilter{uses}) {{ {root} }}"
        return head + (f" {FRAGMENT}" if " FRAGMENT" in self.document else "")


VIEWERS = st.tuples(
    st.sampled_from((LOCAL_OPERATOR, READER, SECRET_READER, TEAM, STRANGER)),
    st.sampled_from(("en", "de")),
    st.none() | st.integers(0, 20),
    st.booleans(),
)
CASES = st.builds(Case, documents(), st.sampled_from(FILTERS), st.tuples(VIEWERS, VIEWERS, VIEWERS))


async def play(folder: Path, cases: list[Case], sizes: list[int]) -> None:
    async with staged(folder) as stage:
        first = str(stage.history[0].process_id)
        subscribers = []
        for case in cases:
            wanted = case.filter and {**case.filter, **({"processIds": [first]} if "FIRST" in str(case.filter) else {})}
            flags = {name: name == "yes" for name in ("yes", "no") if f"${name}" in case.document}
            for principal, locale, place, writes_at_once in case.viewers:
                after = None if place is None else ([BEGINNING] + [each.cursor for each in stage.history])[place % 12]
                variables = {"after": after, "filter": wanted, **flags}
                subscribers.append(
                    stage.subscribe(
                        case.query(), variables, principal=principal, locale=locale, writes_at_once=writes_at_once
                    )
                )
        await stage.settled()
        expected = [await stage.alone_from(each) for each in subscribers]
        before = await stage.end()
        begin = 0
        for size in sizes:
            new = [stage.history[(begin + number) % len(stage.history)] for number in range(size)]
            begin += size
            after, before = before, await stage.commit(*new)
            await stage.settled()
            for number, subscriber in enumerate(subscribers):
                if not subscriber.is_over:
                    expected[number] += await stage.alone(subscriber, after, before)
        for number, subscriber in enumerate(subscribers):
            assert subscriber.got == expected[number], subscriber.request
        assert stage.shared.members == sum(not each.is_over for each in subscribers)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(CASES, min_size=4, max_size=4),
    st.lists(st.integers(1, 6), min_size=3, max_size=4),
)
def test_every_subscriber_gets_byte_for_byte_what_it_would_get_alone(cases: list[Case], sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), cases, sizes))


async def test_a_commit_is_read_once_and_equal_operations_are_executed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[Any] = []
    execute = EventExecutor.execute_operation

    def counted(self: EventExecutor, serially: bool | None = None) -> Any:
        executed.append(self.root_value)
        return execute(self, serially)

    async with staged(tmp_path, has_history=False) as stage:
        same = [stage.subscribe(writes_at_once=number % 2 == 0) for number in range(20)]
        other = stage.subscribe(NESTED_QUERY)
        await stage.settled()
        await stage.until(lambda: stage.feed.reads == 1)
        monkeypatch.setattr(EventExecutor, "execute_operation", counted)
        await stage.commit(note(stage), note(stage))
        await stage.settled()

    assert len(executed) == 2
    assert stage.feed.reads == 2
    assert [each.shared for each in (*same, other)] == [1] * 21  # both events of the commit in one message


NESTED_QUERY = "subscription ($after: String) { processEvents(after: $after) { events { id process { status } } } }"
NAMED = "subscription A { processEvents { cursor } } subscription B { processEvents { caughtUp } }"
FLAG = "subscription ($x: Boolean!) { processEvents { cursor caughtUp @include(if: $x) } }"
ADA, BOB = (Principal(name, name, permissions=frozenset({Permission.READ})) for name in ("ada", "bob"))
NOC = replace(BOB, teams=frozenset({"NOC"}))


@pytest.mark.parametrize(
    ("first", "second", "groups"),
    [
        ({}, {}, 1),
        ({"variables": {"after": None}}, {"variables": {"after": "END"}}, 1),
        ({"variables": {"after": None}}, {}, 1),
        ({"query": LEAVES}, {"query": LEAVES + " "}, 2),
        ({"query": FLAG, "variables": {"x": True}}, {"query": FLAG, "variables": {"x": False}}, 2),
        ({"query": NAMED, "name": "A"}, {"query": NAMED, "name": "B"}, 2),
        (
            {"query": NESTED_QUERY, "variables": {"after": None}},
            {"query": NESTED_QUERY, "variables": {"after": "END"}},
            1,
        ),
        ({"locale": "en"}, {"locale": "de"}, 2),
        ({"principal": ADA}, {"principal": BOB}, 1),
        ({"principal": ADA}, {"principal": SECRET_READER}, 2),
        ({"principal": BOB}, {"principal": NOC}, 2),
        ({"query": NESTED_QUERY, "principal": ADA}, {"query": NESTED_QUERY, "principal": ADA}, 1),
        ({"query": NESTED_QUERY, "principal": ADA}, {"query": NESTED_QUERY, "principal": BOB}, 2),
    ],
)
async def test_only_equal_operations_with_equal_rights_share(
    first: dict[str, Any], second: dict[str, Any], groups: int, tmp_path: Path
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        end = await stage.end()
        for facts in (first, second):
            variables = facts.get("variables", {})
            stage.subscribe(
                **{**facts, "variables": {**variables, **({"after": end} if "END" in variables.values() else {})}}
            )
        await stage.settled()
        found = stage.shared.groups

    assert found == groups


CHANGES = "processEvents(after: $after) { events { process { changes(after: $after) { cursor } } } }"


@pytest.mark.parametrize(
    "query",
    [
        f"subscription ($after: String!) {{ {CHANGES} }}",
        f"subscription ($after: String!) {{ ...A ...A }} fragment A on Subscription {{ {CHANGES} }}",
        f"subscription ($after: String!) {{ ...A ...B ...A }} fragment B on Subscription {{ ...A }} "
        f"fragment A on Subscription {{ {CHANGES} }}",
    ],
)
async def test_a_cursor_that_is_used_elsewhere_too_belongs_to_the_key(query: str, tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        cursors = [BEGINNING, await stage.end()]
        subscribers = [stage.subscribe(query, {"after": each}) for each in cursors]
        await stage.settled()
        assert not any(each.is_over for each in subscribers), [each.got for each in subscribers]
        assert stage.shared.groups == 2


@pytest.mark.parametrize("seed", range(size(2, 6)))
async def test_whoever_joins_lags_or_leaves_while_the_log_grows_gets_every_event_once(
    seed: int, tmp_path: Path
) -> None:
    choose = random.Random(seed)
    query = """subscription ($after: String, $filter: EventFilter) {
      processEvents(after: $after, filter: $filter) { cursor events { id } } }"""
    kinds: tuple[Any, ...] = (
        None,
        {"kinds": ["PROCESS_NOTE_CHANGED"]},
        {"processIds": ["FIRST"]},
        {"workflowNames": ["x"]},
    )
    async with staged(tmp_path) as stage:
        first = str(stage.history[0].process_id)
        begun: list[tuple[Subscriber, str, Any]] = []
        for _ in range(60):
            if choose.random() < 0.5:
                at = choose.choice(stage.history).cursor
                wanted = choose.choice(kinds)
                filter_ = {"processIds": [first]} if wanted and "processIds" in wanted else wanted
                subscriber = stage.subscribe(
                    query, {"after": at, "filter": filter_}, writes_at_once=choose.random() < 0.7
                )
                begun.append((subscriber, at, filter_))
            new = [choose.choice(stage.history) for _ in range(choose.randint(1, 9))]
            await stage.commit(*new)
            for _ in range(choose.randint(0, 40)):
                await asyncio.sleep(0)
            for subscriber, _, _ in choose.sample(begun, len(begun) // 3):
                (subscriber.may_read.clear if subscriber.may_read.is_set() else subscriber.may_read.set)()
        for subscriber, _, _ in begun:
            subscriber.may_read.set()
        await stage.settled()
        for subscriber, at, filter_ in begun:
            assert subscriber.event_ids() == await stage.log(at, filter_), filter_
        assert stage.shared.groups <= len(kinds)


@pytest.mark.parametrize("wanted", [None, {"kinds": ["PROCESS_NOTE_CHANGED"]}])
async def test_a_subscriber_that_joins_a_group_behind_its_place_gets_the_piece_between(
    wanted: Any, tmp_path: Path
) -> None:
    query = """subscription ($after: String, $filter: EventFilter) {
      processEvents(after: $after, filter: $filter) { events { id } } }"""
    async with staged(tmp_path) as stage:
        variables = {"after": await stage.end(), "filter": wanted}
        good, late = stage.subscribe(query, variables), stage.subscribe(query, variables)
        late.may_read.clear()
        for _ in range(3):
            await stage.settled()
            await stage.commit(note(stage), stage.history[1])
        await stage.settled()
        late.may_read.set()
        for _ in range(2):
            await stage.settled()
            await stage.commit(note(stage))
        await stage.settled()

    assert late.shared
    assert late.event_ids() == good.event_ids()
    assert len(good.event_ids()) == (8 if wanted is None else 5)


async def test_a_subscriber_that_is_ahead_of_its_group_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        after = {"after": await stage.end()}
        first = stage.subscribe(NESTED_QUERY, after)
        await stage.settled()
        is_held, may_go_on = hold_first_read_of_a_process(monkeypatch)
        await stage.commit(note(stage), note(stage))
        await stage.until(is_held.is_set)
        ahead = stage.subscribe(NESTED_QUERY, after)
        await stage.until(lambda: len(ahead.event_ids()) == 2)
        assert not first.event_ids()
        may_go_on.set()
        await stage.settled()
        await stage.commit(note(stage))
        await stage.settled()

    assert (first.shared, ahead.shared) == (3, 2)  # with the first responses
    assert len(first.event_ids()) == 3
    assert ahead.event_ids() == first.event_ids()


@pytest.mark.parametrize("tx", [1, 2**62])
async def test_an_invented_cursor_stops_nobody(tx: int, tmp_path: Path) -> None:
    """The subscriber with it is the first one, so its group and the feed would begin at the place that it names."""
    async with staged(tmp_path, has_history=False) as stage:
        end = await stage.end()
        inventor = stage.subscribe(LEAVES, {"after": Place(tx, place_of(end).id).cursor})
        await stage.settled()
        others = [stage.subscribe(LEAVES, {"after": end}), stage.subscribe(f"{LEAVES} ", {"after": end})]
        await stage.settled()
        for _ in range(3):
            await stage.commit(note(stage), note(stage))
            await stage.settled()
        expected = await stage.log(end, None)

    assert len(expected) == 6
    assert [each.event_ids() for each in (inventor, *others)] == [expected] * 3
    assert inventor.data()[0]["cursor"] == end


def hold_first_read_of_a_process(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """The next operation that reads a process sets the first event, and waits for the second."""
    is_held, may_go_on = asyncio.Event(), asyncio.Event()
    make = Loaders.__init__

    def held(self: Loaders, *arguments: Any) -> None:
        make(self, *arguments)
        load = self.process.load

        async def loaded(key: Any) -> Any:
            if not is_held.is_set():
                is_held.set()
                await may_go_on.wait()
            return await load(key)

        self.process.load = loaded  # type: ignore[method-assign]

    monkeypatch.setattr(Loaders, "__init__", held)
    return is_held, may_go_on


async def test_a_subscriber_that_does_not_read_leaves_its_group_and_keeps_nothing_waiting(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        good, stalled = stage.subscribe(), stage.subscribe()
        await stage.settled()
        group = next(iter(stage.shared._groups.values()))
        stalled.may_read.clear()
        waiting = []
        for _ in range(3 * MOST_WAITING):
            await stage.commit(note(stage, "x" * 100))
            await stage.settled()
            waiting.append(sum(len(member._waiting) for member in group.members))
        members = len(group.members)
        behind = stalled.event_ids()
        stalled.may_read.set()
        await stage.settled()

    assert max(waiting) <= MOST_WAITING
    assert (members, waiting[-1]) == (1, 0)
    assert len(behind) <= 1
    assert stalled.event_ids() == good.event_ids()


async def test_large_responses_do_not_wait_for_a_subscriber_that_does_not_read(tmp_path: Path) -> None:
    query = "subscription { processEvents { events { id ... on ProcessNoteChangedEvent { note } } } }"
    async with staged(tmp_path, has_history=False) as stage:
        good, stalled = stage.subscribe(query), stage.subscribe(query)
        await stage.settled()
        group = next(iter(stage.shared._groups.values()))
        stalled.may_read.clear()
        waiting = []
        for _ in range(4):
            await stage.commit(note(stage, "x" * MOST_BYTES_WAITING))
            await stage.settled()
            waiting.append(sum(len(each.data) for member in group.members for each in member._waiting))
        stalled.may_read.set()
        await stage.settled()

    assert max(waiting) < 2 * MOST_BYTES_WAITING
    assert stalled.event_ids() == good.event_ids()


async def test_a_subscriber_that_cannot_be_written_to_stops_nobody(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        first, broken, last = stage.subscribe(), stage.subscribe(), stage.subscribe()
        await stage.settled()

        def fail(_: object) -> bool:
            raise RuntimeError("the socket is broken")

        for member in list(next(iter(stage.shared._groups.values())).members)[1:2]:
            member._write_now = fail
        for _ in range(3):
            await stage.commit(note(stage))
            await stage.settled()

    assert len(first.event_ids()) == 3
    assert first.event_ids() == last.event_ids() == broken.event_ids()


async def test_a_group_ends_with_its_last_member(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        before = asyncio.all_tasks()
        subscribers = [stage.subscribe(query) for query in (LEAVES, LEAVES, NESTED_QUERY)]
        await stage.settled()
        assert (stage.shared.groups, stage.shared.members, stage.feed.followers) == (2, 3, 2)
        await subscribers[0].leaves()
        assert (stage.shared.groups, stage.shared.members) == (2, 2)
        for subscriber in subscribers[1:]:
            await subscriber.leaves()

        assert (stage.shared.groups, stage.shared.members, stage.feed.followers) == (0, 0, 0)
        assert (stage.app.open_subscriptions, stage.app.open_operations) == (0, 0)
        assert {task.get_name() for task in asyncio.all_tasks() - before} == set()


async def test_a_group_that_is_slow_holds_up_no_other_and_keeps_a_bounded_number_of_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()
    async with staged(tmp_path, has_history=False) as stage:
        slow, good = stage.subscribe(NESTED_QUERY), stage.subscribe()
        await stage.settled()
        by_ids = Loaders.__init__

        def slowed(self: Loaders, *arguments: Any) -> None:
            by_ids(self, *arguments)
            load = self.process.load

            async def loaded(key: Any) -> Any:
                await may_go_on.wait()
                return await load(key)

            self.process.load = loaded  # type: ignore[method-assign]

        monkeypatch.setattr(Loaders, "__init__", slowed)
        for count in range(1, 3 * feeds.MOST_WAITING):
            await stage.commit(note(stage))
            await stage.until(lambda count=count: len(good.event_ids()) == count)  # type: ignore[misc]
        waiting = [len(follower._waiting) for follower in stage.feed._of_all]
        may_go_on.set()
        await stage.settled()

    assert max(waiting) <= feeds.MOST_WAITING
    assert slow.event_ids() == good.event_ids()


async def test_a_group_that_follows_one_process_costs_nothing_for_the_events_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = """subscription ($filter: EventFilter) { processEvents(filter: $filter) { events { id processId } } }"""
    offered: list[Any] = []
    offer = Follower.offer
    async with staged(tmp_path, has_history=False) as stage:
        ids = [str(new_id()) for _ in range(20)] + [str(stage.history[0].process_id)]
        subscribers = [stage.subscribe(query, {"filter": {"processIds": [id]}}) for id in ids]
        await stage.settled()

        def counted(self: Follower, fed: Any) -> None:
            offered.append(self)
            offer(self, fed)

        monkeypatch.setattr(Follower, "offer", counted)
        await stage.commit(note(stage))
        await stage.settled()

    assert len(offered) == 1
    assert [each.shared for each in subscribers] == [0] * 20 + [1]


@pytest.mark.parametrize("library", [*libraries.TESTED])
@pytest.mark.parametrize("installed", ["0.340.9", "0.342.0", "3.4.0", "4.0"])
async def test_with_an_unknown_release_each_subscription_is_executed_alone(
    library: str, installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(libraries.INSTALLED, library, installed)
    async with staged(tmp_path, has_history=False) as stage:
        assert stage.app.shared is None
        subscriber = stage.subscribe()
        await stage.until(lambda: bool(subscriber.got))
        await stage.commit(note(stage))
        await stage.until(lambda: len(subscriber.got) == 2)

    assert (subscriber.shared, len(subscriber.event_ids())) == (0, 1)


def test_the_installed_releases_are_tested() -> None:
    assert libraries.are_tested(), "run the tests of shared subscriptions, then add the release to libraries.TESTED"


async def test_libraries_that_ask_for_batches_in_advance_share_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The position of a subscription is known only if a batch is asked for after the result of the one before."""

    async with staged(tmp_path) as stage:
        stream = stage.app.execution.schema.stream

        async def in_advance(*arguments: Any, **options: Any) -> AsyncGenerator[Any, None]:
            return prefetched(await stream(*arguments, **options))

        monkeypatch.setattr(stage.app.execution.schema, "stream", in_advance)
        monkeypatch.setattr(feeds, "BATCH", 3)
        monkeypatch.setattr(log, "BATCH", 3)
        subscriber = stage.subscribe(LEAVES, {"after": BEGINNING})
        wanted = [each.cursor for each in stage.history]
        await stage.until(lambda: len(subscriber.event_ids()) >= len(wanted) - 3)
        assert stage.shared.groups == 0

    assert subscriber.shared == 0


async def prefetched(results: Any) -> AsyncGenerator[Any, None]:
    """The results, the next of which is begun before this one is handed over."""
    async with aclosing(results):
        ahead = [await anext(results)]
        async for result in results:
            ahead.append(result)
            yield ahead.pop(0)


async def test_if_the_log_cannot_be_read_each_subscriber_gets_the_error_that_it_would_get_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        subscribers = [stage.subscribe(), stage.subscribe()]
        await stage.settled()

        async def fail(*_: Any, **__: Any) -> Any:
            raise StorageUnavailable

        monkeypatch.setattr(type(stage.story.site.engine.runtime.database), "read", fail)
        stage.story.site.engine.runtime.notifier.notify()
        await stage.until(lambda: all(each.is_over for each in subscribers))
        assert (stage.shared.groups, stage.feed.followers) == (0, 0)

    last = [json.read(each.got[-1][0])["payload"]["errors"][0]["extensions"]["code"] for each in subscribers]
    assert last == ["STORAGE_UNAVAILABLE"] * 2


DASHBOARD = (ROOT / "frontend-example/src/operations/stream.ts").read_text().split("`")[1]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (DASHBOARD, {"after": None}),
        (DASHBOARD, {}),
        (event_lines.QUERY, {"after": None, "filter": None}),
        (event_lines.QUERY, {"after": None, "filter": {"processIds": ["00000000-0000-4000-8000-000000000001"]}}),
    ],
)
async def test_the_subscriptions_of_the_dashboard_and_of_the_command_tail_are_shared(
    query: str, variables: dict[str, Any], tmp_path: Path
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        begun = [stage.subscribe(query, variables), stage.subscribe(query, {**variables, "after": await stage.end()})]
        await stage.settled()
        assert (stage.shared.groups, stage.shared.members) == (1, 2)
        await stage.commit(note(stage))
        await stage.settled()

    shared = 0 if variables.get("filter") else 1
    assert [each.shared for each in begun] == [shared, shared + 1]  # with the first response behind a cursor


async def test_the_subscription_of_the_dashboard_has_a_projection(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        context = stage.context(LOCAL_OPERATOR)
        request = GraphQLRequest(DASHBOARD, {})
        async with aclosing(stage.app.execution.responses(request, context, kind=Kind.SUBSCRIPTION)) as responses:
            await anext(responses)

    assert context.is_plain
