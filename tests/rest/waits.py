"""A process that waits for a letter, and what a remote service may send to its URL."""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from support.database import sqlite_url
from support.remote import Remote
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.types import CallbackStatus, Json, ProcessStatus
from orchestrator_gql.workflow import workflow

JSON = "application/json"


@step("Judge the result")
def judge(callback_result: Json) -> None:
    """Anything will do."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The wait, from the remote service's side and from the operator's."""

    site: Site
    process_id: UUID
    token: str

    @property
    def url(self) -> str:
        """The path that the action was handed."""
        return route(self.process_id, self.token)

    async def send(
        self, content: bytes | AsyncIterable[bytes], *, behind: str = "", media_type: str = JSON, **headers: str
    ) -> httpx.Response:
        """POST a body as it stands to the URL, or to what stands ``behind`` it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.site.http.post(
            self.url + behind, content=content, headers={"content-type": media_type, **named}
        )

    async def status(self) -> CallbackStatus:
        """Where the callback stands."""
        return (await self.site.engine.callback(self.process_id)).status

    async def attempts(self) -> list[Attempt]:
        """What is kept of what was delivered."""
        return await self.site.engine.attempts(self.process_id)

    async def reaches(self, status: ProcessStatus) -> None:
        """Wait until the process stands there."""
        await self.site.engine.reaches(self.process_id, status)


@asynccontextmanager
async def waiting(folder: Path, *, settings: dict[str, Any] | None = None, **waits: Any) -> AsyncIterator[Wait]:
    """A process at its wait; ``waits`` are the options of its callback step, whose judge takes anything by itself."""
    remote = Remote()

    @workflow("Run a playbook")
    def run_playbook() -> Any:
        return begin >> callback_step("Playbook", remote.action(), **{"validate_step": judge, **waits})

    async with site_of(sqlite_url(folder), run_playbook, **(settings or {})) as site:
        process_id = await site.engine.start(run_playbook)
        wait = Wait(site, process_id, await remote.asked())
        await wait.reaches(ProcessStatus.AWAITING_CALLBACK)
        yield wait


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem document (RFC 9457) that has the shape of one."""
    told = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert told["status"] == response.status_code
    assert told["type"] == f"urn:orchestrator-gql:problem:{told['code']}"
    assert told["title"] and told["detail"]
    return response.status_code, told["code"]
