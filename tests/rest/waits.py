"""A process that waits for a delivery, and the requests of a remote service to its URL."""

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
    """Accept every result."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A waiting process, as the remote service and the operator see it."""

    site: Site
    process_id: UUID
    token: str

    @property
    def url(self) -> str:
        """The path of the callback URL."""
        return route(self.process_id, self.token)

    async def send(
        self, content: bytes | AsyncIterable[bytes], *, behind: str = "", media_type: str = JSON, **headers: str
    ) -> httpx.Response:
        """POST the body unchanged to the URL with ``behind`` appended."""
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.site.http.post(
            self.url + behind, content=content, headers={"content-type": media_type, **extra}
        )

    async def status(self) -> CallbackStatus:
        """The status of the callback."""
        return (await self.site.engine.callback(self.process_id)).status

    async def attempts(self) -> list[Attempt]:
        """The stored delivery attempts."""
        return await self.site.engine.attempts(self.process_id)

    async def reaches(self, status: ProcessStatus) -> None:
        """Wait until the process has that status."""
        await self.site.engine.reaches(self.process_id, status)


@asynccontextmanager
async def waiting(
    storage: Path | str, *, settings: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Wait]:
    """A process that waits; ``options`` are those of its callback step, which accepts every result by default.

    ``storage`` is the URL of the database, or the folder of a new one.
    """
    remote = Remote()

    @workflow("Run a playbook")
    def run_playbook() -> Any:
        return begin >> callback_step("Playbook", remote.action(), **{"validate_step": judge, **options})

    url = storage if isinstance(storage, str) else sqlite_url(storage)
    async with site_of(url, run_playbook, **(settings or {})) as site:
        process_id = await site.engine.start(run_playbook)
        wait = Wait(site, process_id, await remote.asked())
        await wait.reaches(ProcessStatus.AWAITING_CALLBACK)
        yield wait


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and code of a response, which must be a problem document (RFC 9457)."""
    document = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert document["status"] == response.status_code
    assert document["type"] == f"urn:orchestrator-gql:problem:{document['code']}"
    assert document["title"] and document["detail"]
    return response.status_code, document["code"]
