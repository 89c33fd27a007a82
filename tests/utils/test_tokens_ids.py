"""Ids sort in the order in which a process made them, whatever the millisecond and whichever the thread."""

import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from uuid import RFC_4122, UUID

import pytest

from orchestrator_gql.utils.tokens import new_id, new_receipt

COUNT = 100_000
THREADS = 4


def made(count: int) -> list[UUID]:
    """Ids in the order of their making."""
    return [new_id() for _ in range(count)]


def is_sorted(ids: list[UUID]) -> bool:
    """Whether each id is greater than the one before it."""
    return all(earlier < later for earlier, later in pairwise(ids))


def test_ids_of_one_millisecond_sort_as_they_were_made() -> None:
    ids = made(COUNT)

    assert len({one.int >> 80 for one in ids}) < COUNT / 2  # many share a millisecond
    assert is_sorted(ids)
    assert [str(one) for one in ids] == sorted(str(one) for one in ids)
    assert [one.bytes for one in ids] == sorted(one.bytes for one in ids)


def test_ids_of_each_thread_sort_as_they_were_made_and_are_different_everywhere() -> None:
    together = Barrier(THREADS)

    def run() -> list[UUID]:
        together.wait()
        return made(COUNT // THREADS)

    with ThreadPoolExecutor(THREADS) as threads:
        made_by = [each.result() for each in [threads.submit(run) for _ in range(THREADS)]]

    assert [is_sorted(ids) for ids in made_by] == [True] * THREADS
    assert len({one for ids in made_by for one in ids}) == COUNT


def test_an_id_that_was_handed_over_sorts_before_the_ids_made_next() -> None:
    with ThreadPoolExecutor(1) as other:
        ids = [new_id() if turn % 2 else other.submit(new_id).result() for turn in range(2_000)]

    assert is_sorted(ids)


def test_an_id_is_a_plain_uuid_of_version_7_with_the_time_of_its_making() -> None:
    first, second = new_id(), new_id()

    assert type(first) is UUID
    assert type(pickle.loads(pickle.dumps(first))) is UUID
    assert (first.version, first.variant) == (7, RFC_4122)
    assert UUID(str(first)) == first
    assert (second.int >> 80) - (first.int >> 80) < 60_000


def test_many_ids_at_once_do_not_run_ahead_of_the_clock() -> None:
    before = made(COUNT)[0]
    after = new_id()
    ahead = (new_id().int >> 80) - (after.int >> 80)

    assert (after.int >> 80) - (before.int >> 80) < COUNT / 4  # one millisecond for each id would be 100 s
    assert ahead < 1_000


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a fork beside threads: it only makes ids
def test_a_process_and_its_fork_make_different_ids() -> None:
    new_id()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        theirs = pool.apply_async(made, (1_000,))
        ours = made(1_000)
        assert not set(ours) & set(theirs.get(60))


def test_a_receipt_is_random_throughout() -> None:
    receipts = [UUID(new_receipt()) for _ in range(1_000)]

    assert {one.version for one in receipts} == {4}
    assert len({one.int >> 80 for one in receipts}) > 990  # no time in front, no counter behind it
    assert not is_sorted(receipts)
