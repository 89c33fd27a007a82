"""Shared subscriptions: every subscriber gets byte for byte what it would get alone, and none disturbs the others."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared_streams import staged

from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage.events import BEGINNING

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
        assert sum(subscriber.shared for subscriber in subscribers) > 0 or all(each.is_over for each in subscribers)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(CASES, min_size=4, max_size=4),
    st.lists(st.integers(1, 6), min_size=3, max_size=4),
)
def test_every_subscriber_gets_byte_for_byte_what_it_would_get_alone(cases: list[Case], sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), cases, sizes))
