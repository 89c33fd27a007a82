"""Stores the external ids of jobs beside their callbacks, so that a service can deliver by its own id.

A delivery may arrive just before the action that names its job is committed. Both sides take the lock of the external
id, and both take it before the lock of a process. So the delivery finds the callback, or the action finds the delivery.
If a job before had the same external id, only what arrived since the new callback was issued can belong to the new job.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.callbacks.external_ids import Refs
from orchestrator_gql.callbacks.reports import failure_in
from orchestrator_gql.callbacks.rules import Arrival, Callback
from orchestrator_gql.callbacks.waits import WaitChanges
from orchestrator_gql.config.services import Service
from orchestrator_gql.engine.callbacks import results
from orchestrator_gql.process import Process
from orchestrator_gql.storage import callbacks, unclaimed_deliveries
from orchestrator_gql.storage.unclaimed_deliveries import UnclaimedDelivery
from orchestrator_gql.types import ResultSource
from orchestrator_gql.workflow.model import AwaitStep


def lock(conn: Connection, wait: AwaitStep, refs: Refs) -> None:
    """Lock the external ids, before the process is locked, so that no delivery by them arrives meanwhile."""
    if wait.service is not None:
        for ref in sorted(set(refs.values())):
            unclaimed_deliveries.lock(conn, wait.service, ref)


def claim(
    conn: Connection,
    process: Process,
    wait: AwaitStep,
    step_index: int,
    refs: Refs,
    *,
    services: Mapping[str, Service],
    now: datetime,
) -> WaitChanges:
    """The external ids to store, and the deliveries that already arrived for them, each judged as of its arrival."""
    arrivals: list[Arrival] = []
    waiting = callbacks.of_wait(conn, process.id, step_index)
    named = [(callback, refs[callback.name]) for callback in waiting if callback.name in refs]
    # a delivery belongs to one callback, also if two names have the same job
    for latest, ref in {ref: (callback, ref) for callback, ref in reversed(named)}.values():
        callback, service = latest, services.get(latest.service or "")
        for unclaimed in _unclaimed(conn, latest, ref, now):
            delivery = unclaimed.delivery
            if delivery.is_failure:
                delivery = replace(delivery, failure=failure_in(delivery.payload, now))
            arrived = results.arrival(
                process,
                callback,
                wait,
                delivery,
                source=ResultSource.CALLBACK,
                at=unclaimed.at,
                is_early=True,
                receipt=unclaimed.receipt,
            )
            method = None if service is None else service.method
            arrivals.append(replace(arrived, has_receipt=True, method=method))
            callback = arrived.after
    refs_by_callback = tuple((callback.id, callback.service, ref) for callback, ref in named)
    return WaitChanges(refs=refs_by_callback, arrivals=tuple(arrivals))


def _unclaimed(conn: Connection, callback: Callback, ref: str, now: datetime) -> list[UnclaimedDelivery]:
    if callback.service is None:
        return []
    unclaimed = unclaimed_deliveries.of_job(conn, callback.service, ref, now)
    if unclaimed and callbacks.by_ref(conn, callback.service, ref) is not None:
        return [delivery for delivery in unclaimed if delivery.at >= callback.issued_at]
    return unclaimed
