"""A short storm: every boundary of every commit kills one server, and some servers die at random moments."""

import os
import random
from pathlib import Path

from chaos.evidence import Evidence
from chaos.history import Observation
from chaos.invariants import lost, twice
from chaos.lives import nursery
from chaos.on_sqlite import storm

KILLS = 30
SEED = "CHAOS_SEED"


def kills(evidence: Evidence) -> list[str]:
    """The boundaries at which servers died; an empty string for a random moment."""
    faults = (entry.details for entry in evidence.history if entry.observation is Observation.HURT)
    return [fault.get("where", "") for fault in faults if fault["kind"] in ("failpoint", "kill -9")]


async def test_wherever_a_server_is_killed_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    seed = int(os.environ.get(SEED, random.randrange(10**6)))
    async with nursery() as servers:
        result = await storm(tmp_path, servers, kills=KILLS, seed=seed)

    hint = f"run it again with {SEED}={seed}"
    assert (lost(result.evidence), twice(result.evidence)) == ([], []), hint
    assert len(kills(result.evidence)) >= 25, hint
    assert {
        "before engine.step_commits._StepCommit._write",
        "after engine.claims._claim_alone[_claim]",
    } <= result.boundaries
    assert result.boundaries - set(kills(result.evidence)) == set(), hint
