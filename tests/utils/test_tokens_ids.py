"""Ids sort in the order in which a process created them, in any millisecond and any thread."""

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


def new_ids(count: int) -> list[UUID]:
    """Return new ids in the order of their creation."""
    return [new_id() for _ in range(count)]


def is_sorted(ids: list[UUID]) -> bool:
    """Return whether each id is greater than the id before it."""
    return all(earlier < later for earlier, later in pairwise(ids))


def test_ids_of_one_millisecond_sort_in_the_order_of_creation() -> None:
    ids = new_ids(COUNT)

    assert len({id.int >> 80 for id in ids}) < COUNT / 2  # many share a millisecond
    assert is_sorted(ids)
    assert [str(id) for id in ids] == sorted(str(id) for id in ids)
    assert [id.bytes for id in ids] == sorted(id.bytes for id in ids)


def test_ids_of_each_thread_sort_in_the_order_of_creation_and_all_ids_differ() -> None:
    together = Barrier(THREADS)

    def run() -> list[UUID]:
        together.wait()
        return new_ids(COUNT // THREADS)

    with ThreadPoolExecutor(THREADS) as threads:
        ids_of_threads = [future.result() for future in [threads.submit(run) for _ in range(THREADS)]]

    assert [is_sorted(ids) for ids in ids_of_threads] == [True] * THREADS
    assert len({id for ids in ids_of_threads for id in ids}) == COUNT


def test_an_id_from_another_thread_sorts_before_the_next_ids() -> None:
    with ThreadPoolExecutor(1) as other:
        ids = [new_id() if turn % 2 else other.submit(new_id).result() for turn in range(2_000)]

    assert is_sorted(ids)


def test_an_id_is_a_plain_uuid_of_version_7_with_the_time_of_its_creation() -> None:
    first, second = new_id(), new_id()

    assert type(first) is UUID
    assert type(pickle.loads(pickle.dumps(first))) is UUID
    assert (first.version, first.variant) == (7, RFC_4122)
    assert UUID(str(first)) == first
    assert (second.int >> 80) - (first.int >> 80) < 60_000


def test_many_ids_at_once_do_not_run_ahead_of_the_clock() -> None:
    before = new_ids(COUNT)[0]
    after = new_id()
    ahead = (new_id().int >> 80) - (after.int >> 80)

    assert (after.int >> 80) - (before.int >> 80) < COUNT / 4  # one millisecond for each id would be 100 s
    assert ahead < 1_000


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a fork with threads: the child only creates ids
def test_a_process_and_its_fork_create_different_ids() -> None:
    new_id()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        theirs = pool.apply_async(new_ids, (1_000,))
        ours = new_ids(1_000)
        assert not set(ours) & set(theirs.get(60))


def test_a_receipt_is_random_throughout() -> None:
    receipts = [UUID(new_receipt()) for _ in range(1_000)]

    assert {id.version for id in receipts} == {4}
    assert len({id.int >> 80 for id in receipts}) > 990  # no time in front, no counter behind it
    assert not is_sorted(receipts)
