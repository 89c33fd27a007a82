"""Takes secrets out of the index of values that stand in it since before the deployed classes declared them."""

import asyncio
import logging
from functools import partial
from uuid import UUID

from orchestrator_gql.domain.secret_places import digest_of_secrets
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.product_subscription_values import remove_secrets
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

BATCH = 50
"""Subscriptions of one transaction: its time is a stop of the loop."""

PAUSE = 5.0
"""Seconds until the next try after the database was away."""


async def unindex_secrets(runtime: Runtime) -> None:
    """Clean the index once for each product whose classes declare other secrets than when it was cleaned last.

    The migration of an old database knew no classes, and a later release may declare a field as a secret. A server
    that stops in the middle begins again at its next start; several servers may do the same work at once.
    """
    while True:
        try:
            for product_id, cleaned in (await runtime.database.read(product_subscriptions.unindexed_secrets)).items():
                # the schemas of all classes take some milliseconds each
                digest = await asyncio.to_thread(digest_of_secrets, product_id)
                if digest != cleaned:
                    await _clean(runtime, product_id, digest)
            return
        except StorageUnavailable:
            await asyncio.sleep(PAUSE)


async def _clean(runtime: Runtime, product_id: UUID, digest: str) -> None:
    after: UUID | None = None
    while True:
        batch = partial(remove_secrets, product_id=product_id, after=after, most=BATCH)
        after = await runtime.database.transaction(batch)
        if after is None:
            break
    await runtime.database.transaction(
        partial(product_subscriptions.note_unindexed_secrets, product_id=product_id, digest=digest)
    )
    logger.info("the index of values is free of secrets", extra={"product_id": str(product_id)})
