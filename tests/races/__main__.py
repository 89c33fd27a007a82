"""`make chaos`, its second part: a thousand rounds of rivals on each database, and the table of who won."""

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

from races.rounds import Judged, contest, contested, duplicates

POSTS = 64
EVERY = 100
"""Rounds between two signs of life."""


def main() -> int:
    """Play, and print how often who won; a round in which anything was wrong ends it with what was."""
    parser = argparse.ArgumentParser(prog="python -m races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="of each kind, on each database")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="which rivals, and where they come in"
    )
    parser.add_argument("--storage", choices=("sqlite", "postgres", "both"), default="both")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    if asked.storage != "postgres":
        with TemporaryDirectory(prefix="orchestrator-races-") as folder:
            _play("SQLite", [sqlite_url(Path(folder))], asked.rounds, asked.seed)
    if asked.storage != "sqlite":
        with postgres_server() as server, server.database() as url:
            _play("PostgreSQL, two replicas", [url, url], asked.rounds, asked.seed)
    return 0


def _play(name: str, urls: Sequence[str], rounds: int, seed: int) -> None:
    began = time.monotonic()
    won = asyncio.run(_rounds(urls, rounds, seed))
    told = ", ".join(f"{rival} {times}" for rival, times in sorted(won.items()))
    minutes = (time.monotonic() - began) / 60
    print(f"{name}: {2 * rounds} rounds of {POSTS} posts: one result each, judged once.", flush=True)
    print(
        f"{name}: {rounds} rounds of rivals, nothing left behind; done by: {told}. {minutes:.1f} minutes.", flush=True
    )


async def _rounds(urls: Sequence[str], rounds: int, seed: int) -> Counter[str]:
    chance, won, clock = random.Random(seed), Counter[str](), TurnableClock()
    remote, judged = Remote(), Judged()
    played = contested(remote, judged)
    async with AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(engine_of(url, played, clock=clock)) for url in urls]
        for number in range(rounds):
            if number and number % EVERY == 0:
                print(f"{number} rounds of each", flush=True)
            await duplicates(engines, played, remote, judged, posts=POSTS)
            won += await contest(engines, played, remote, judged, chance)
    return won


if __name__ == "__main__":
    sys.exit(main())
