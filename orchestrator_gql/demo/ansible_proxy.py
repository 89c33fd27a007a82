"""A small HTTP service that runs Ansible playbooks and calls back: the remote party of the demo.

Its HTTP API is the API of the lightweight service orchestrator (LSO), so that each can replace the other:

    POST /api/playbook/     {playbook_name, inventory, extra_vars, callback, progress}    201 {job_id}
    POST <progress>         {progress: [lines]}                                            as often as there are lines
    POST <callback>         {status, job_id, output: [lines], return_code}                 once, at the end
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import uvicorn
from pydantic import BaseModel, Field, HttpUrl, StringConstraints, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orchestrator_gql.demo.playbook_runs import PlaybookRun, run_executable, run_playbook
from orchestrator_gql.demo.proxy_jobs import DeviceLocks, JobBody, Jobs
from orchestrator_gql.demo.proxy_settings import ProxySettings
from orchestrator_gql.demo.reports import RETRY_DELAYS, Reports
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.utils.extras import demand_extra
from orchestrator_gql.version import __version__

MAX_BODY_BYTES = 1024 * 1024
"""A request for a job is a few lines; a larger body is a mistake."""

GRACE = 2
"""Seconds that open requests get at the end. A request may wait for its job, which the end cancels only afterwards."""

FileName = Annotated[str, StringConstraints(pattern=r"^[\w./ -]+$", max_length=200)]
InventoryText = Annotated[str, StringConstraints(pattern=r"\S")]
InventoryTree = Annotated[dict[str, Any], Field(min_length=1)]
Model = TypeVar("Model", bound=BaseModel)


class PlaybookRequest(BaseModel):
    """A playbook to run: its hosts, its variables, and the URLs for its result and its progress."""

    playbook_name: FileName
    inventory: InventoryText | InventoryTree
    extra_vars: dict[str, Any] = {}
    callback: HttpUrl | None = None
    progress: HttpUrl | None = None
    progress_is_incremental: bool = True


class ExecutableRequest(BaseModel):
    """A program to run; if ``is_async`` is false, the response waits for its result."""

    executable_name: FileName
    args: list[str] = []
    callback: HttpUrl | None = None
    is_async: bool = True


class AnsibleProxy:
    """The endpoints of the service."""

    def __init__(self, settings: ProxySettings, reports: Reports) -> None:
        self._settings = settings
        self._reports = reports
        self._jobs = Jobs(reports)
        self._devices = DeviceLocks()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Create the work folder; at the end cancel the running jobs and report that to their callers."""
        self._settings.work.mkdir(parents=True, exist_ok=True)
        with self._reports:
            yield
            await run_in_threadpool(self._jobs.stop)

    async def playbook(self, request: Request) -> Response:
        """Start a playbook."""
        order = await _body(request, PlaybookRequest)
        playbook = _file_in(self._settings.playbooks, order.playbook_name)
        if playbook is None:
            raise HTTPException(410, f"There is no playbook {order.playbook_name!r} here.")
        run = PlaybookRun(
            job_id=uuid4(),
            playbook=playbook,
            inventory=order.inventory,
            extra_vars={
                "rest": self._settings.rest,
                **order.extra_vars,
                "work_dir": str(self._settings.work.resolve()),
            },
        )
        on_lines = _progress(self._reports, order)

        def work() -> JobBody:
            with self._devices.held(run.devices):
                return run_playbook(run, on_lines=on_lines, is_stopped=self._jobs.is_stopping).as_json()

        wait_for_job = self._jobs.start(run.job_id, work, _text(order.callback))
        if self._settings.is_inline:
            await run_in_threadpool(wait_for_job)
        return JSONResponse({"job_id": str(run.job_id)}, 201)

    async def execute(self, request: Request) -> Response:
        """Start one of the offered programs."""
        order = await _body(request, ExecutableRequest)
        executable = _file_in(self._settings.executables, order.executable_name)
        if executable is None:
            raise HTTPException(404, f"There is no executable {order.executable_name!r} here.")
        job_id = uuid4()

        def work() -> JobBody:
            return {"job_id": str(job_id), "result": run_executable(executable, order.args, self._jobs.is_stopping)}

        wait_for_job = self._jobs.start(job_id, work, _text(order.callback) if order.is_async else None)
        if order.is_async and not self._settings.is_inline:
            return JSONResponse({"job_id": str(job_id), "result": None}, 201)
        body = await run_in_threadpool(wait_for_job)
        return JSONResponse(body | {"result": None} if order.is_async else body, 201)

    async def job(self, request: Request) -> Response:
        """The state of a job; after its end, the body that its callback received."""
        body = self._jobs.get(request.path_params["job_id"])
        if body is None:
            raise HTTPException(404, "There is no such job, or it is too old.")
        return JSONResponse(body)


def create_proxy(settings: ProxySettings | None = None, *, retry_delays: Sequence[float] = RETRY_DELAYS) -> Starlette:
    """Create the application; without ``settings`` they are read from the environment."""
    proxy = AnsibleProxy(settings or ProxySettings.from_environment(), Reports(retry_delays=retry_delays))
    # Both spellings of a path are routes: many clients would follow a redirect of a POST with a GET.
    routes = [
        Route(path + slash, endpoint, methods=[method])
        for method, path, endpoint in (
            ("POST", "/api/playbook", proxy.playbook),
            ("POST", "/api/execute", proxy.execute),
            ("GET", "/api/jobs/{job_id:uuid}", proxy.job),
            ("GET", "/api/version", _version),
        )
        for slash in ("", "/")
    ]
    app = Starlette(routes=routes, lifespan=proxy.lifespan, exception_handlers={HTTPException: _refusal})
    app.router.redirect_slashes = False
    return app


async def _version(_: Request) -> Response:
    return JSONResponse({"api": "1.0", "module": __version__})


async def _body(request: Request, model: type[Model]) -> Model:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise HTTPException(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        return model.model_validate_json(bytes(content))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, error['loc'])) or 'body'}: {error['msg']}" for error in error.errors())
        raise HTTPException(422, "; ".join(problems)) from error


async def _refusal(_: Request, error: Exception) -> Response:
    """Answer with a problem document (RFC 9457)."""
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    problem = {"type": "about:blank", "title": title, "status": error.status_code, "detail": error.detail}
    return JSONResponse(problem, error.status_code, error.headers, "application/problem+json")


def _file_in(folder: Path, name: str) -> Path | None:
    """The file with that name in the folder or below it; never a file outside the folder."""
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def _progress(reports: Reports, order: PlaybookRequest) -> Callable[[list[str]], None]:
    """The function that reports the lines of a run: only the new lines, or all lines so far."""
    url = _text(order.progress)
    if url is None:
        return lambda _: None
    so_far: list[str] = []

    def send(lines: list[str]) -> None:
        so_far.extend(lines)
        reports.progress(url, lines if order.progress_is_incremental else so_far)

    return send


def _text(url: HttpUrl | None) -> str | None:
    return None if url is None else str(url)


def _end_with_stdin() -> None:
    """Stop in good order when nobody holds the other end of stdin any more: the demo ended, perhaps by a kill."""
    while os.read(sys.stdin.fileno(), 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal; the settings are ``ANSIBLE_PROXY_…`` in the environment."""
    parser = argparse.ArgumentParser(prog="ansible_proxy", description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--until-stdin-ends", action="store_true", help="end with the program that started this")
    options = parser.parse_args(arguments)
    try:
        demand_extra("demo")
    except SettingsError as error:
        parser.error(error.message)
    if options.until_stdin_ends:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every URL at INFO, and a callback's URL is a secret
    uvicorn.run(create_proxy(), host=options.host, port=options.port, timeout_graceful_shutdown=GRACE)


if __name__ == "__main__":
    main()
