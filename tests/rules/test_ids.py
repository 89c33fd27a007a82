"""Ids of rows: what one server makes later sorts later, however fast, from however many threads, whatever the clock."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from orchestrator_gql.utils import tokens
from orchestrator_gql.utils.tokens import new_id


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(made)
    assert [str(one) for one in made] == sorted(map(str, made)), "as a database compares them"
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_ids_of_several_threads_are_each_made_once_and_sort_within_a_thread() -> None:
    with ThreadPoolExecutor(4) as threads:
        each = list(threads.map(lambda _: [new_id() for _ in range(2_000)], range(4)))

    assert all(made == sorted(made) for made in each)
    assert len({one for made in each for one in made}) == 8_000


def test_a_clock_that_is_set_back_or_stands_still_changes_nothing_of_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_ids", tokens._Ids())  # the other tests keep their own time
    now = time.time_ns()
    made = []
    for at in (now, now, now - 3_600_000_000_000, now - 3_600_000_000_000, now + 10_000_000):
        monkeypatch.setattr(time, "time_ns", lambda at=at: at)
        made.append(new_id())

    assert made == sorted(made)
    assert made[-1].int >> 80 == (now + 10_000_000) // 1_000_000, "and the time in it is the clock's again"


def test_the_distance_to_a_neighbour_cannot_be_guessed() -> None:
    made = [new_id().int for _ in range(1_000)]

    assert min(later - earlier for earlier, later in pairwise(made)) > 2**20
