"""A few rounds of rivals on each database; `make chaos` plays a thousand."""

import os
import random
from collections import Counter

from conftest import Offer
from support.remote import Remote

from races.rounds import Judged, contest, contested, duplicates

SEED = "RACES_SEED"
ROUNDS = 12


async def test_of_many_equal_or_different_letters_at_once_one_is_taken(offer: Offer, storage: str) -> None:
    remote, judged = Remote(), Judged()
    played = contested(remote, judged)
    engines = [await offer(played) for _ in range(1 if storage.startswith("sqlite") else 2)]

    for _ in range(3):
        await duplicates(engines, played, remote, judged, posts=64)


async def test_whoever_competes_for_a_callback_one_wins_and_nothing_is_left_behind(offer: Offer, storage: str) -> None:
    seed = int(os.environ.get(SEED, random.randrange(10**6)))
    chance, won = random.Random(seed), Counter[str]()
    remote, judged = Remote(), Judged()
    played = contested(remote, judged)
    engines = [await offer(played) for _ in range(1 if storage.startswith("sqlite") else 2)]

    try:
        for _ in range(ROUNDS):
            won += await contest(engines, played, remote, judged, chance)
    except AssertionError as fault:
        raise AssertionError(f"run it again with {SEED}={seed}: {fault}") from fault

    assert won
