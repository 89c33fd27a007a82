"""A few rounds of rivals on each database; `make chaos` plays a thousand."""

import os
import random
from collections import Counter

from conftest import Offer
from support.remote import Remote

from races.rounds import Judgements, contest, contested, duplicates

SEED = "RACES_SEED"
ROUNDS = 12


async def test_of_many_equal_or_different_deliveries_at_once_one_is_accepted(offer: Offer, storage: str) -> None:
    remote, judgements = Remote(), Judgements()
    contested_workflow = contested(remote, judgements)
    engines = [await offer(contested_workflow) for _ in range(1 if storage.startswith("sqlite") else 2)]

    for _ in range(3):
        await duplicates(engines, contested_workflow, remote, judgements, posts=64)


async def test_if_many_compete_for_a_callback_one_wins_and_nothing_is_left_behind(offer: Offer, storage: str) -> None:
    seed = int(os.environ.get(SEED, random.randrange(10**6)))
    dice, won = random.Random(seed), Counter[str]()
    remote, judgements = Remote(), Judgements()
    contested_workflow = contested(remote, judgements)
    engines = [await offer(contested_workflow) for _ in range(1 if storage.startswith("sqlite") else 2)]

    try:
        for _ in range(ROUNDS):
            won += await contest(engines, contested_workflow, remote, judgements, dice)
    except AssertionError as fault:
        raise AssertionError(f"run it again with {SEED}={seed}: {fault}") from fault

    assert won
