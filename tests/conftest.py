"""Fixtures for all tests: a database of either kind, a clock to turn, and running engines."""

import gc
import logging
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings
from support.clock import TurnableClock
from support.database import PostgresServer, postgres_server, sqlite_url
from support.engine import Engine, engine_of
from support.sharing import share_certificates, share_compiled_statements, share_schemas
from support.sizes import IS_EXHAUSTIVE, left_out
from support.temporary_files import keep_in_memory
from support.tree import ROOT

from orchestrator_gql.workflow.model import Workflow

# A shell lets background jobs ignore Ctrl-C, and every program that a test starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

HANDLERS = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
"""What these signals do in the process of the tests."""

LOG_LEVEL = logging.getLogger().level
"""What the process of the tests logs."""

# Imports make no garbage, and looking for it costs a third of the time. See `pytest_collection_finish`.
gc.disable()

keep_in_memory()
share_compiled_statements()
share_schemas()
share_certificates()

# A slow machine is no failure: Hypothesis would fail a test whose examples take long to make.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


class Offer(Protocol):
    """Starts a new engine with the workflows, which stops when the test ends."""

    async def __call__(self, *workflows: Workflow, **settings: Any) -> Engine: ...


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for the session; each worker of a parallel run has its own."""
    with postgres_server() as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the fixture `storage` on each: SQLite, and PostgreSQL with each dispatcher."""
    if "storage" in metafunc.fixturenames:
        is_one_enough = any(mark.name == "one_dispatcher" for mark in metafunc.definition.iter_markers())
        storages = ["sqlite", "postgres"] + ([] if is_one_enough else ["postgres-distributed"])
        metafunc.parametrize("storage", storages, indirect=True)


DEAR = (
    "chaos",
    "crash",
    "races",
    "lso",
    "browser",
    "demo",
    "examples",
    "benchmarks",
    "cli",
    "release",
    "utils",
    "testing",
    "architecture",
    "storage",
    "graphql",
    "rest",
    "engine",
    "input_requests",
    "notifications",
    "commands",
)
"""Folders whose files take long. They begin first, so that all workers of a parallel run end at the same time."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make test-exhaustive` runs; in a worker, begin with the folders whose files take long."""
    if not IS_EXHAUSTIVE and (left := left_out(items)):
        config.hook.pytest_deselected(items=[item for item in items if item in left])
        items[:] = [item for item in items if item not in left]
    if hasattr(config, "workerinput"):
        places = {ROOT / "tests" / folder: place for place, folder in enumerate(DEAR)}
        items.sort(key=lambda item: min((places[up] for up in item.path.parents if up in places), default=len(DEAR)))


def pytest_collection_finish() -> None:
    """Look for garbage from here on, but not among all modules and tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    gc.enable()


COLLECTIONS = (10_000, 20, 20)
"""When garbage is looked for, see `gc.set_threshold`: as often as in a new program it costs a tenth of all tests."""

LONG = 60.0
"""Seconds of all tests: after a longer run the files that took longest are printed."""

SHOWN = 15


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which files took longest, so that growth is seen."""
    seconds = Counter[str]()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration  # type: ignore[assignment]
    if (total := sum(seconds.values())) > LONG:
        terminalreporter.section(f"slowest files, of {total:.0f} s of all workers")
        for name, duration in seconds.most_common(SHOWN):
            terminalreporter.line(f"{duration:6.1f} s  {name}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """End the browser after the tests of its folder, and take back what a command that ran in this process has set.

    Programs would inherit an ignored signal, and lines of a log would count as calls of a request.
    """
    yield
    logging.getLogger().setLevel(LOG_LEVEL)
    for number, handler in HANDLERS.items():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)
    if (nextitem is None or nextitem.path.parent != item.path.parent) and "support.browser" in sys.modules:
        sys.modules["support.browser"].close_browser()


@pytest.fixture(scope="module")
def little_to_look_through() -> None:
    """Let no search for garbage of a file go through what thousands of tests have left: that takes half a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a new database; the environment has the dispatcher."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    is_distributed = request.param == "postgres-distributed"
    monkeypatch.setenv("ORCHESTRATOR_DISPATCHER", "distributed" if is_distributed else "embedded")
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def clock() -> TurnableClock:
    """A clock that stands still until it is turned."""
    return TurnableClock()


@pytest.fixture
async def offer(storage: str, clock: TurnableClock) -> AsyncIterator[Offer]:
    """Starts engines on the database of the test, with its clock."""
    async with AsyncExitStack() as stack:

        async def deploy(*workflows: Workflow, **settings: Any) -> Engine:
            return await stack.enter_async_context(engine_of(storage, *workflows, clock=clock, **settings))

        yield deploy
