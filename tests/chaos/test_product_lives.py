"""A short storm over product subscriptions, on both databases: servers die while operators change them."""

import os
import random
from pathlib import Path

import pytest
from support.database import PostgresServer

from chaos.lives import nursery
from chaos.product_lives import Outcome, storm

KILLS = 3
SEED = "CHAOS_SEED"


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_no_change_is_lost_and_no_lock_is_left_wherever_servers_are_killed(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    seed = int(os.environ.get(SEED, random.randrange(10**6)))

    async def run(url: str) -> Outcome:
        async with nursery() as servers:
            return await storm(tmp_path, servers, kind, url, kills=KILLS, seed=seed, each=1)

    if kind == "sqlite":
        outcome = await run(f"sqlite+aiosqlite:///{tmp_path / 'orchestrator.db'}")
    else:
        with postgres.database() as url:
            outcome = await run(url)

    assert outcome.complaints == [], f"run it again with {SEED}={seed}"
    assert outcome.deaths.total() >= KILLS
