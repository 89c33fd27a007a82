"""`orchestrator-gql demo`: a server, its workflows and a service that runs their playbooks, in one command."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path

from orchestrator_gql.cli.demo_advice import advice
from orchestrator_gql.cli.serve import serve
from orchestrator_gql.cli.serving.server import open_door
from orchestrator_gql.utils.errors import SettingsError

HOST = "127.0.0.1"
DELAY = "1"
"""Seconds between two tasks of the playbook, so that a person sees it at work."""
START_SECONDS = 20.0
STOP_SECONDS = 15.0
PROXY_ADDRESS = "ANSIBLE_PROXY_URL"

logger = logging.getLogger(__name__)


def demo(*, port: int, proxy_port: int, work: Path) -> None:
    """Serve the demo's workflows until a signal; `SettingsError` where a port or the folder cannot be had."""
    _make(work)
    own = os.environ.get(PROXY_ADDRESS)
    if own is None:
        os.environ[PROXY_ADDRESS] = f"http://{HOST}:{proxy_port}"  # the workflows find the proxy by it
        _demand_free(proxy_port)
    serve(
        ["orchestrator_gql.demo.workflows", "orchestrator_gql.demo.rehearsal"],
        host=HOST,
        port=port,
        database=f"sqlite+aiosqlite:///{work / 'orchestrator.db'}",
        beside=nullcontext() if own else proxy_at_work(proxy_port, work),
        advice=lambda here: advice(here, own or f"{os.environ[PROXY_ADDRESS]}, its log in {_log_of(work)}"),
    )


@asynccontextmanager
async def proxy_at_work(port: int, work: Path) -> AsyncIterator[None]:
    """Run the Ansible proxy as a process of its own, and say so where it ends before it is told to."""
    environment = {"ANSIBLE_PROXY_DELAY": DELAY, **os.environ, "ANSIBLE_PROXY_WORK_DIR": str(work / "devices")}
    with _log_of(work).open("wb") as log:
        proxy = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "orchestrator_gql.demo.ansible_proxy", "--host", HOST, "--port", str(port)),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we end the proxy when the server needs it no more
        )
    watch = asyncio.create_task(_watch(proxy, _log_of(work)))
    try:
        await _until_it_listens(port, watch)
        yield
    finally:
        watch.cancel()
        await _stop(proxy)


async def _until_it_listens(port: int, watch: "asyncio.Task[None]") -> None:
    """Without this the first workflow that somebody starts at once would be refused its connection."""
    with suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while not watch.done():
                try:
                    _, writer = await asyncio.open_connection(HOST, port)
                except OSError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return


async def _watch(proxy: asyncio.subprocess.Process, log: Path) -> None:
    code = await proxy.wait()
    logger.error(
        "the Ansible proxy ended: no playbook can be run until the demo is started again",
        extra={"exit_code": code, "log": str(log), "last_line": _last_line(log)},
    )


async def _stop(proxy: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):  # it ended by itself
        proxy.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await proxy.wait()
    except TimeoutError:
        proxy.kill()
        await proxy.wait()


def _make(work: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The work folder {str(work)!r} cannot be made: {error.strerror}.") from error


def _demand_free(port: int) -> None:
    """Refuse now what would otherwise only stand in the proxy's log."""
    try:
        open_door(HOST, port).close()
    except SettingsError as taken:
        raise SettingsError(
            f"The Ansible proxy cannot listen on port {port}, which is taken: choose another with --proxy-port, "
            f"or set {PROXY_ADDRESS} to a service of your own."
        ) from taken


def _log_of(work: Path) -> Path:
    return work / "ansible-proxy.log"


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((text for text in reversed(lines) if text.strip()), "")
