"""Failures by workflow, and throughput over time."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import statistics
from orchestrator_gql.storage.statistics import Bucket, FailureGroup
from orchestrator_gql.utils.errors import PayloadInvalid

MOST_BUCKETS = 100
BUCKETS_AT_ONCE = 20
"""Buckets of one read; its statements are built on the event loop, which takes milliseconds."""

LONGEST_PERIOD = timedelta(days=366)


async def failures(runtime: Runtime, principal: Principal, since: datetime) -> list[FailureGroup]:
    """The processes that are FAILED since that time, by workflow and code; the most frequent first."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: statistics.failures(conn, since))


async def throughput(
    runtime: Runtime, principal: Principal, start: datetime, end: datetime, count: int
) -> list[Bucket]:
    """The period in ``count`` equal buckets. Raises `PayloadInvalid` for a period or a number that is out of range."""
    principal.demand(Permission.READ)
    if not 1 <= count <= MOST_BUCKETS:
        raise PayloadInvalid(f"A period has 1 to {MOST_BUCKETS} buckets, not {count}.")
    if not timedelta(0) < end - start <= LONGEST_PERIOD:
        raise PayloadInvalid(
            f"The period from {start.isoformat()} to {end.isoformat()} must be longer than 0 and at most "
            f"{LONGEST_PERIOD.days} days."
        )
    edges = [start + (end - start) * at / count for at in range(count)] + [end]
    found: list[Bucket] = []
    for at in range(0, count, BUCKETS_AT_ONCE):
        some = edges[at : at + BUCKETS_AT_ONCE + 1]
        found += await runtime.database.read(partial(statistics.buckets, edges=some))
        await asyncio.sleep(0)  # a short read does not wait, and other requests do
    return found
