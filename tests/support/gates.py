"""An author's function that blocks, the contract that calls it, and jobs that others wait for meanwhile."""

import threading
from typing import Any
from uuid import UUID

from conftest import Offer
from pydantic import BaseModel, field_validator

from orchestrator_gql import callback_step
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.workflow import Workflow
from support.engine import Engine
from support.playbooks import judge, of
from support.remote import Remote

BLOCKED = 15.0
"""Seconds after which a function that nobody lets go returns by itself; a busy machine may need some for a request."""

RESULT: Json = {"rc": 0}


class Gate:
    """An author's function that blocks its thread once, when it is armed."""

    def __init__(self) -> None:
        self.entered, self.may_go = threading.Event(), threading.Event()
        self.is_armed = self.is_blocked = False
        self.calls = 0

    def pass_through(self) -> None:
        """Block once if the gate is armed."""
        if not self.is_armed:
            return
        self.is_armed = False
        self.calls += 1
        self.is_blocked = True
        self.entered.set()
        self.may_go.wait(BLOCKED)
        self.is_blocked = False


gate = Gate()
"""The gate of the contracts: pydantic keeps them, so they cannot have one for each test."""


class Blocking(BaseModel):
    """A contract with a validator that blocks."""

    rc: int

    @field_validator("rc")
    @classmethod
    def judged(cls, rc: int) -> int:
        """Accept a return code that is not negative."""
        gate.pass_through()
        if rc < 0:
            raise ValueError("negative")
        return rc


def jobs(remote: Remote, **options: Any) -> Workflow:
    """One job with the contract, and a time-out of an hour."""
    options = {"contract": Blocking, "timeout": 3600, **options}
    return of(callback_step("Job", remote.action(), judge, **options), name="jobs")


async def waiting(offer: Offer, **options: Any) -> tuple[Engine, UUID, str]:
    """A process that waits for its job, and the token of the job."""
    remote = Remote()
    engine = await offer(flow := jobs(remote, **options), others(), form_timeout=10.0, authors_loop="own")
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    return engine, process_id, token


other_remote = Remote()


def others() -> Workflow:
    """A job of somebody else."""
    other_remote.__init__()  # type: ignore[misc]
    return of(callback_step("Other", other_remote.action(), judge), name="others")
