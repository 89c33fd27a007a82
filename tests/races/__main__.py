"""`make chaos`, its second part: a thousand rounds of rivals on each database, and how often each rival won."""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from support.clock import TurnableClock
from support.database import postgres_server, sqlite_url
from support.engine import engine_of
from support.remote import Remote

from races.rounds import Judgements, contest, contested, duplicates

POSTS = 64
EVERY = 100
"""Rounds between two lines of output."""


def main() -> int:
    """Run the rounds and print how often each rival won; the first round with a fault raises."""
    parser = argparse.ArgumentParser(prog="python -m races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="of each kind, on each database")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="which rivals, and at which server")
    parser.add_argument("--storage", choices=("sqlite", "postgres", "both"), default="both")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    if options.storage != "postgres":
        with TemporaryDirectory(prefix="orchestrator-races-") as folder:
            _play("SQLite", [sqlite_url(Path(folder))], options.rounds, options.seed)
    if options.storage != "sqlite":
        with postgres_server() as server, server.database() as url:
            _play("PostgreSQL, two replicas", [url, url], options.rounds, options.seed)
    return 0


def _play(name: str, urls: Sequence[str], rounds: int, seed: int) -> None:
    began = time.monotonic()
    won = asyncio.run(_rounds(urls, rounds, seed))
    winners = ", ".join(f"{rival} {times}" for rival, times in sorted(won.items()))
    minutes = (time.monotonic() - began) / 60
    print(f"{name}: {2 * rounds} rounds of {POSTS} posts: one result each, judged once.", flush=True)
    print(
        f"{name}: {rounds} rounds of rivals, nothing left behind; won by: {winners}. {minutes:.1f} minutes.", flush=True
    )


async def _rounds(urls: Sequence[str], rounds: int, seed: int) -> Counter[str]:
    dice, won, clock = random.Random(seed), Counter[str](), TurnableClock()
    remote, judgements = Remote(), Judgements()
    contested_workflow = contested(remote, judgements)
    async with AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(engine_of(url, contested_workflow, clock=clock)) for url in urls]
        for number in range(rounds):
            if number and number % EVERY == 0:
                print(f"{number} rounds of each", flush=True)
            await duplicates(engines, contested_workflow, remote, judgements, posts=POSTS)
            won += await contest(engines, contested_workflow, remote, judgements, dice)
    return won


if __name__ == "__main__":
    sys.exit(main())
