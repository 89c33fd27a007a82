"""A short storm: every boundary of every commit kills one server, and some die at any moment."""

import os
import random
from pathlib import Path

from chaos.evidence import Evidence
from chaos.history import Saw
from chaos.invariants import lost, twice
from chaos.lives import nursery
from chaos.on_sqlite import storm

KILLS = 30
SEED = "CHAOS_SEED"


def kills(evidence: Evidence) -> list[str]:
    """Where the servers died: the boundary, or nothing for any moment."""
    hurts = (entry.told for entry in evidence.history if entry.saw is Saw.HURT)
    return [told.get("where", "") for told in hurts if told["kind"] in ("failpoint", "kill -9")]


async def test_wherever_a_server_is_killed_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    seed = int(os.environ.get(SEED, random.randrange(10**6)))
    async with nursery() as born:
        came = await storm(tmp_path, born, kills=KILLS, seed=seed)

    told = f"run it again with {SEED}={seed}"
    assert (lost(came.evidence), twice(came.evidence)) == ([], []), told
    assert len(kills(came.evidence)) >= 25, told
    assert {"before engine.runner._written.write", "after engine.runner._claimed[_claim]"} <= came.boundaries
    assert came.boundaries - set(kills(came.evidence)) == set(), told
