"""The read of the whole log that follows every commit: on PostgreSQL it is one round trip, and no row too many."""

from typing import Any

import pytest
from conftest import Offer

from orchestrator_gql import begin
from orchestrator_gql.events.stream import BATCH, read_batch
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events
from orchestrator_gql.storage.database.link import Link
from orchestrator_gql.storage.events import BEGINNING, EventFilter
from orchestrator_gql.storage.weight import Allowance, under
from orchestrator_gql.types import Event, EventKind
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

EVERY = EventFilter()
LOG, PAGE = "FROM events", "payload"


@workflow("Nothing")
def nothing() -> Any:
    return begin


async def append(runtime: Runtime, *notes: str) -> None:
    """Commit an event for each of the notes."""
    new = [Event(EventKind.PROCESS_NOTE_CHANGED, runtime.clock.now(), payload={"note": note}) for note in notes]
    await runtime.database.transaction(lambda conn: events.append(conn, new))


async def test_a_read_of_the_next_events_is_one_round_trip(
    storage: str, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = (await offer(nothing)).runtime
    await append(runtime, "a", "b")
    await read_batch(runtime.database, BEGINNING, EVERY)  # the connection is open and the statements are prepared
    trips, run = list[int](), Link.run

    async def counted(link: Link, statements: Any) -> Any:
        if any(LOG in statement or "pruned_until" in statement for statement, _ in statements):
            trips.append(len(statements))  # others are of the engine's own tasks
        return await run(link, statements)

    monkeypatch.setattr(Link, "run", counted)
    batch = await read_batch(runtime.database, BEGINNING, EVERY)
    behind = await read_batch(runtime.database, batch.cursor, EVERY)

    assert [event.payload["note"] for event in batch.events] == ["a", "b"]
    assert (behind.events, behind.cursor, behind.caught_up) == ((), batch.cursor, True)
    # BEGIN, the events, how far the log was pruned, and whether events are held back
    assert trips == ([] if storage.startswith("sqlite") else [4, 4])


async def test_the_database_sends_one_event_at_most_beyond_the_allowance(
    storage: str, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = (await offer(nothing)).runtime
    await append(runtime, *("x" * 1_000 for _ in range(10)))
    sent, run = list[int](), Link.run

    async def noted(link: Link, statements: Any) -> Any:
        results = await run(link, statements)
        sent.extend(len(result.rows) for (text, _), result in zip(statements, results, strict=True) if PAGE in text)
        return results

    def take(conn: Any) -> events.Page:
        return events.after(conn, BEGINNING, EVERY, BATCH)

    free = await runtime.database.read(take)
    monkeypatch.setattr(Link, "run", noted)
    page = await runtime.database.read(under(Allowance(3_500), take))

    assert (len(free.events), free.has_more) == (10, False)
    assert 0 < len(page.events) <= 3
    assert page.has_more
    assert page.events == free.events[: len(page.events)]
    assert sent == ([] if storage.startswith("sqlite") else [4])  # SQLite sends a row when it is asked for
