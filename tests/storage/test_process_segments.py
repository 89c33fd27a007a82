"""The segments of processes, on both databases: with them a search finds exactly what it finds without them."""

import random
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from string import ascii_uppercase
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, delete, func, select, text, update
from support.database import PostgresServer
from support.many_subscriptions import plain_engine
from support.rows import BEGIN, process_row, store
from support.sizes import exhaustive

from orchestrator_gql.process.search_terms import terms_of, terms_to_find
from orchestrator_gql.storage import process_lists, process_segments
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.process_filters import ProcessFilter, Span
from orchestrator_gql.storage.process_lists import count, page
from orchestrator_gql.storage.process_segments import EARLIEST, LATEST, has_unindexed, index, segments_of
from orchestrator_gql.storage.tables import process_segments as segments
from orchestrator_gql.storage.tables import process_terms, processes, unindexed_processes
from orchestrator_gql.types import ProcessStatus

pytestmark = pytest.mark.one_dispatcher

ORDERS = [{"by_update": by_update, "is_descending": down} for by_update in (False, True) for down in (False, True)]
SIGNS = [*"aAbBiIkKsS %_!\\'-0éÉßẞǄﬁжЖ中", *"\u0130\u0131\u212a\u017f\u212b\u0301", "i\u0307"]
COLLATIONS = (
    select(text("collname"))
    .select_from(text("pg_collation"))
    .where(
        text("collname IN ('C', 'C.utf8', 'en_US.utf8', 'tr_TR.utf8', 'und-x-icu', 'tr-x-icu', 'lt-x-icu', 'el-x-icu')")
    )
)
LATER = BEGIN + timedelta(days=1)


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def index_all(conn: Connection) -> None:
    """Index until nothing waits but the processes of the open segment."""
    while has_unindexed(conn, LATER):
        index(conn, LATER)


def found_by(conn: Connection, filters: ProcessFilter, size: int) -> list[Any]:
    """What a search finds in each order, and the total."""
    pages = [page(conn, filters, PageArgs(size), **order) for order in ORDERS]
    behind = [
        page(conn, filters, PageArgs(size, found.items[-1][0]), **order)
        for found, order in zip(pages, ORDERS, strict=True)
        if found.items
    ]
    return [[[row.id for _, row in each.items], each.has_next] for each in pages + behind] + [count(conn, filters)]


def words(rng: random.Random, most: int) -> str:
    """A text of random signs."""
    return "".join(rng.choice(SIGNS) for _ in range(rng.randrange(most)))


@pytest.mark.parametrize("seed", [0, *exhaustive(1, 2)])
def test_a_search_finds_the_same_with_and_without_segments(
    engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 3)
    monkeypatch.setattr(process_segments, "BATCH", 5)
    monkeypatch.setattr(process_segments, "MOST_SPANS", 3)
    monkeypatch.setattr(process_lists, "FIRST", 2)
    rng = random.Random(seed)
    # processes are stored in another order than they were started
    numbers = sorted(range(70), key=lambda number: number + rng.choice([0, 0, 0, 5, 30]))
    with engine.begin() as conn:
        for number in numbers:
            facts: dict[str, Any] = {"subject": words(rng, 12), "workflow_name": rng.choice(["deploy", "Über", "ISK"])}
            row = process_row(number // 2, id=UUID(int=rng.getrandbits(128)), note=rng.choice([None, words(rng, 9)]))
            store(conn, [row | facts], is_analyzed=False)
            for _ in range(rng.randrange(3)):
                stored = conn.execute(select(processes.c.id).order_by(func.random()).limit(1)).scalar_one()
                conn.execute(update(processes).where(processes.c.id == stored).values(note=words(rng, 9)))
            if not rng.randrange(9):
                conn.execute(delete(processes).where(processes.c.id == stored_id(conn)))
            for _ in range(rng.randrange(3)):
                index(conn, LATER)
        texts = [each for row in conn.execute(select(processes.c.subject, processes.c.note)) for each in row if each]
        ids = [str(id) for id in conn.execute(select(processes.c.id)).scalars()]
        for _ in range(25):
            whole = rng.choice([*texts, *texts, *ids, "deploy", "ÜBER"])
            first = rng.randrange(max(1, len(whole) - 4))
            part = whole[first : first + rng.choice([4, 5, 8, 40])]
            part = rng.choice([part, part.upper(), part.lower()])
            span = rng.choice([Span(), Span(BEGIN + timedelta(seconds=20), BEGIN + timedelta(seconds=60))])
            workflows = rng.choice([[], [], ["ISK"]])
            filters = ProcessFilter(search=part, found_workflows=workflows, started_at=span)
            found = found_by(conn, filters, 4)
            with monkeypatch.context() as without:
                without.setattr(process_lists, "segments_of", lambda *_, **__: None)
                assert found_by(conn, filters, 4) == found, repr(part)
        assert conn.execute(select(func.count()).select_from(segments)).scalar_one() > 5


def stored_id(conn: Connection) -> UUID:
    """The id of any process."""
    id: UUID = conn.execute(select(processes.c.id).limit(1)).scalar_one()
    return id


def test_no_sign_has_other_terms_as_a_small_sign() -> None:
    signs = [chr(number) for number in range(sys.maxunicode + 1) if not 0xD800 <= number < 0xE000]

    large = [sign for sign in signs if sign.lower() != sign]
    assert len(large) > 1_000
    assert [sign for sign in large if terms_of([f"abc{sign}xyz"]) != terms_of([f"abc{sign.lower()}xyz"])] == []
    # and what the rules of Turkish and Lithuanian do with dots
    assert terms_of(["I\u0307bcd"]) == terms_of(["ibcd"])
    assert terms_of(["abc\u00cc"]) == terms_of(["abci\u0307\u0300"])


async def test_no_sign_has_other_terms_as_the_small_sign_of_postgresql(postgres: PostgresServer) -> None:
    signs = "SELECT chr(n) AS sign FROM generate_series(1, 1114111) AS n WHERE n NOT BETWEEN 55296 AND 57343"
    with postgres.database() as url:
        engine = plain_engine(url)
        with engine.connect() as conn:
            for collation in ["default", *conn.execute(COLLATIONS).scalars()]:
                small = f'lower(sign COLLATE "{collation}")'
                query = text(f'SELECT sign, {small} FROM ({signs}) AS s WHERE sign COLLATE "C" <> {small} COLLATE "C"')
                pairs = [[f"abc{sign}xyz" for sign in row] for row in conn.execute(query)]
                assert len(pairs) >= len(ascii_uppercase)
                assert [pair for pair in pairs if terms_of(pair[:1]) != terms_of(pair[1:])] == [], collation
        engine.dispose()


def test_a_search_reads_the_segments_that_have_the_text(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    with engine.begin() as conn:
        store(conn, [process_row(number, subject=f"Router {number:06} {number // 10}") for number in range(95)])
        index_all(conn)

        def spans_with(text: str, **facts: Any) -> Sequence[Span] | None:
            spans = segments_of(conn, ProcessFilter(search=text, **facts), is_newest_first=True)
            return None if spans is None else spans.spans

        is_open = Span(BEGIN + timedelta(seconds=89, microseconds=1), LATEST)
        of_fifth = Span(BEGIN + timedelta(seconds=39, microseconds=1), BEGIN + timedelta(seconds=49, microseconds=1))
        assert spans_with("no such text") == [is_open]
        assert spans_with("ROUTER 000045") == [of_fifth, is_open]
        assert spans_with("router") == [Span(EARLIEST, LATEST)]
        assert spans_with(str(UUID(int=46))) == [of_fifth, is_open]
        assert spans_with("000045") is None, "it may be a part of an id"
        assert spans_with("rou") is None
        assert spans_with("no such text", found_workflows=["workflow 3"]) == [Span(EARLIEST, LATEST)]


def test_a_new_note_is_found_before_and_after_it_is_indexed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    wanted = ProcessFilter(search="ticket in rome")
    with engine.begin() as conn:
        store(conn, [process_row(number) for number in range(95)])
        index_all(conn)
        assert count(conn, wanted) == 0
        conn.execute(update(processes).where(processes.c.id == UUID(int=12)).values(note="A ticket in Rome"))
        assert count(conn, wanted) == 1
        assert has_unindexed(conn, LATER), "a late one waits for no others"
        index_all(conn)
        assert count(conn, wanted) == 1
        noted = select(func.count()).select_from(unindexed_processes)
        before = conn.execute(noted).scalar_one()
        conn.execute(update(processes).values(status=ProcessStatus.COMPLETED, seq=7, note=processes.c.note))
        assert conn.execute(noted).scalar_one() == before, "a transition notes nothing"


def test_a_process_of_a_clock_that_is_ahead_opens_no_segment(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    ahead = process_row(0, id=UUID(int=10**6), subject="ahead of time", started_at=BEGIN + timedelta(days=400))
    with engine.begin() as conn:
        store(conn, [ahead, *(process_row(number) for number in range(1, 10))])
        assert not has_unindexed(conn, LATER)
        store(conn, [process_row(number) for number in range(10, 31)])
        index_all(conn)
        assert count(conn, ProcessFilter(search="ahead of time")) == 1
        assert conn.execute(select(func.max(segments.c.begins_at))).scalar_one() < LATER


def test_the_terms_of_a_segment_go_after_its_last_process(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    with engine.begin() as conn:
        store(conn, [process_row(number, subject=f"Site {number // 10}x") for number in range(30)])
        index_all(conn)
        conn.execute(delete(processes).where(processes.c.id.between(UUID(int=11), UUID(int=20))))
        conn.execute(delete(processes).where(processes.c.id == UUID(int=1)))
        store(conn, [process_row(number) for number in range(30, 40)])
        index_all(conn)
        kept = set(conn.execute(select(process_terms.c.segment).distinct()).scalars())
    assert kept == {1, 3, 4}


def test_a_transaction_stores_the_terms_of_a_part(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    monkeypatch.setattr(process_segments, "BATCH", 4)
    left = []
    with engine.begin() as conn:
        store(conn, [process_row(number) for number in range(10)])
        while index(conn, LATER):
            left.append(conn.execute(select(func.count()).select_from(unindexed_processes)).scalar_one())
            assert count(conn, ProcessFilter(search="router 7")) == 1
    assert left == [10, 6, 2, 0]


async def test_a_note_that_is_written_while_its_process_is_indexed_is_indexed_later(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    wanted = ProcessFilter(search="ticket in rome")
    with postgres.database() as url:
        engine = plain_engine(url)
        with engine.begin() as conn:
            store(conn, [process_row(number) for number in range(10)])
            assert index(conn, LATER), "the next segment is open"
        with engine.begin() as writer:
            writer.execute(update(processes).where(processes.c.id == UUID(int=2)).values(note="A ticket in Rome"))
            with engine.begin() as conn, engine.begin() as second:
                assert index(conn, LATER)
                assert not index(second, LATER), "of two servers one does it"
        with engine.begin() as conn:
            assert count(conn, wanted) == 1
            index_all(conn)
            assert count(conn, wanted) == 1
            spans = segments_of(conn, wanted, is_newest_first=True)
        engine.dispose()
    assert spans is not None


@pytest.mark.parametrize("search", ["ab", "été", "жук", "中文字符", "12ab"])
def test_some_texts_are_looked_for_in_all_processes(search: str) -> None:
    assert terms_to_find(search) == [] or search == "12ab"
