"""`orchestrator-gql demo`: run a server, some workflows and the service that runs their playbooks."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path

from orchestrator_gql.cli.demo_advice import advice
from orchestrator_gql.cli.serve import serve
from orchestrator_gql.cli.serving.server import bind_socket
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.demo.examples import Examples
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.utils.extras import demand_extra

WORKFLOWS = [
    f"orchestrator_gql.demo.{module}" for module in ("workflows", "l2vpns", "nodes", "ports", "monitors", "rehearsal")
]
HOST = "127.0.0.1"
DELAY = "1"
"""Seconds between two tasks of the playbook, so that a person can watch the playbook."""
START_SECONDS = 20.0
STOP_SECONDS = 15.0
PROXY_ADDRESS = "ANSIBLE_PROXY_URL"

logger = logging.getLogger(__name__)


def demo(
    *,
    port: int,
    proxy_port: int,
    work: Path,
    has_examples: bool = True,
    on_start: Callable[[], None] = lambda: None,
    is_verbose: bool = False,
) -> None:
    """Serve the demo's workflows until a signal; raises `SettingsError` if a port or the folder cannot be used.

    The same error says that the extra ``demo`` is missing, if no other service runs the playbooks.
    ``on_start`` is called when the server answers. Without ``is_verbose`` the log has warnings and errors only, unless
    the environment names a level: a line for each request would push the links off the screen. A fresh database gets
    examples, but not if another service than ours runs the playbooks: it may be a real one.
    """
    external_proxy = os.environ.get(PROXY_ADDRESS)
    if external_proxy is None:
        demand_extra("demo")
    if not is_verbose:
        os.environ.setdefault("ORCHESTRATOR_LOG_LEVEL", "WARNING")
    _make_folder(work)
    file = work / "orchestrator.db"
    if external_proxy is None:
        os.environ[PROXY_ADDRESS] = f"http://{HOST}:{proxy_port}"  # the workflows read the address of the proxy here
        _demand_free(proxy_port)
    is_wanted = has_examples and external_proxy is None
    examples = Examples(work / "examples-pending", is_fresh=is_wanted and not file.exists()) if is_wanted else None

    def on_ready(address: str) -> str:
        on_start()
        if examples is not None:
            examples.begin(address)
        return advice(address, external_proxy or f"{os.environ[PROXY_ADDRESS]}, its log in {_log_of(work)}")

    serve(
        WORKFLOWS,
        host=HOST,
        port=port,
        database=url_of(file),
        beside=nullcontext() if external_proxy else _at_work(proxy_port, work, examples),
        advice=on_ready,
    )


@asynccontextmanager
async def _at_work(port: int, work: Path, examples: Examples | None) -> AsyncIterator[None]:
    async with proxy_at_work(port, work), examples.at_work() if examples is not None else nullcontext():
        yield


@asynccontextmanager
async def proxy_at_work(port: int, work: Path) -> AsyncIterator[None]:
    """Run the Ansible proxy as an own operating system process; log an error if it ends too early."""
    environment = {"ANSIBLE_PROXY_DELAY": DELAY, **os.environ, "ANSIBLE_PROXY_WORK_DIR": str(work / "devices")}
    with _log_of(work).open("wb") as log:
        proxy = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "orchestrator_gql.demo.ansible_proxy", "--host", HOST, "--port", str(port)),
            "--until-stdin-ends",  # a demo that is killed must not leave the proxy and its port behind
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C must not reach the proxy: we stop it after the server
        )
    watch = asyncio.create_task(_watch(proxy, _log_of(work)))
    try:
        await _wait_until_listening(port, watch)
        yield
    finally:
        watch.cancel()
        await _stop(proxy)


async def _wait_until_listening(port: int, watch: "asyncio.Task[None]") -> None:
    """Without this wait, a workflow that is started at once could not connect to the proxy."""
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
    with suppress(ProcessLookupError):  # the proxy has ended already
        proxy.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await proxy.wait()
    except TimeoutError:
        proxy.kill()
        await proxy.wait()


def _make_folder(work: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The work folder {str(work)!r} cannot be made: {error.strerror}.") from error


def _demand_free(port: int) -> None:
    """Raise `SettingsError` if the port is taken; otherwise only the log of the proxy would say so."""
    try:
        bind_socket(HOST, port).close()
    except SettingsError as error:
        raise SettingsError(
            f"The Ansible proxy cannot listen on port {port}, which is taken: choose another port with --proxy-port, "
            f"or set {PROXY_ADDRESS} to a service of your own."
        ) from error


def _log_of(work: Path) -> Path:
    return work / "ansible-proxy.log"


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((text for text in reversed(lines) if text.strip()), "")
