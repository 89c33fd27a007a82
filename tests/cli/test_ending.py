"""A signal ends the server in its grace, whatever hangs: authors' code, threads, exit functions or the database."""

import fcntl
import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from signal import SIG_BLOCK, SIG_SETMASK, SIGHUP, SIGINT, SIGKILL, SIGTERM, Signals, pthread_sigmask
from time import monotonic

import httpx
import psycopg
import pytest
from support.command_line import SECONDS, Running, get, running, serving, until
from support.database import PostgresServer
from support.ports import free_port

from orchestrator_gql.cli.serving.ending import BY_SIGNAL
from orchestrator_gql.cli.serving.server import bind_socket

HEAD = """
import asyncio, atexit, ctypes, multiprocessing, os, re, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.workflow import workflow

LONG = 600

def note():
    Path("hangs").touch()

async def stubborn():
    while True:
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            continue

class Page(FormPage):
    n: int = 1

"""

STEP = """
@step("Hang")
{kind} hang():
    note()
    {body}

@workflow("Hang")
def hanging():
    return begin >> hang
"""

START_FORM = """
{kind} form():
    note()
    {body}
    yield Page

@step("Rest")
def rest():
    pass

@workflow("Hang", initial_input_form=form)
def hanging():
    return begin >> rest
"""

FORM = """
@inputstep("Hang", assignee=Assignee("NOC"))
{kind} hang():
    note()
    {body}
    yield Page

@workflow("Hang")
def hanging():
    return begin >> hang
"""

SYNC, ASYNC = "def", "async def"
THREAD = "threading.Thread(target=time.sleep, args=(LONG,)).start()"
CHILD = "multiprocessing.get_context('fork').Process(target=time.sleep, args=(LONG,)).start()"

HANGS = {
    "a sync step": (STEP, SYNC, "time.sleep(LONG)"),
    "an async step that blocks its loop": (STEP, ASYNC, "time.sleep(LONG)"),
    "an async step that waits": (STEP, ASYNC, "await asyncio.sleep(LONG)"),
    "an async step that ignores its cancellation": (STEP, ASYNC, "await stubborn()"),
    "a task of an author that ignores its cancellation": (STEP, ASYNC, "asyncio.create_task(stubborn())"),
    "a thread in C": (STEP, SYNC, "ctypes.CDLL(None).sleep(LONG)"),
    "a loop in C": (STEP, ASYNC, "ctypes.CDLL(None).sleep(LONG)"),
    "the threads of asyncio": (STEP, ASYNC, "await asyncio.to_thread(time.sleep, LONG)"),
    "an executor": (STEP, SYNC, "ThreadPoolExecutor().submit(time.sleep, LONG)"),
    "a thread": (STEP, SYNC, THREAD),
    "an exit function": (STEP, SYNC, "atexit.register(time.sleep, LONG)"),
    "a child": (STEP, SYNC, CHILD),
    "a start form": (START_FORM, SYNC, "time.sleep(LONG)"),
    "an async start form": (START_FORM, ASYNC, "time.sleep(LONG)"),
    "the form of a step": (FORM, SYNC, "time.sleep(LONG)"),
    "the async form of a step": (FORM, ASYNC, "time.sleep(LONG)"),
}
"""What hangs, with the template, the kind of the function and its body."""

START = 'mutation { startWorkflow(input: {workflowName: "hanging"}) { __typename } }'


IGNORES_SIGHUP = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"


@contextmanager
def hanging(
    folder: Path, text: str, *command: str, answers: list[httpx.Response] | None = None, **environment: str
) -> Iterator[Running]:
    """A server whose workflow hangs now."""
    (folder / "flows.py").write_text(HEAD + text)
    words = command or ("serve", "--workflows", "flows", "--port", "0")
    with running(folder, *words, **{"ORCHESTRATOR_GRACE": "1", **environment}) as server:
        thread = threading.Thread(target=begin_to_hang, args=(server.address, [] if answers is None else answers))
        thread.start()
        until(lambda: (folder / "hangs").exists() or None)
        yield server
        if server.process.poll() is None:
            server.process.kill()
        thread.join()


def begin_to_hang(address: str, answers: list[httpx.Response]) -> None:
    """Start the workflow; the response may never come."""
    with suppress(httpx.HTTPError):
        answers.append(httpx.post(address + "/graphql", json={"query": START}, trust_env=False, timeout=SECONDS))


def ends(server: Running, signal: Signals = SIGTERM) -> int:
    """Send the signal; the exit code, as soon as the process has ended."""
    began = monotonic()
    code = server.end(signal)
    assert monotonic() - began < SECONDS / 2
    return code


@pytest.mark.parametrize("what", HANGS)
def test_sigterm_ends_a_server_in_its_grace_whatever_hangs(tmp_path: Path, what: str) -> None:
    template, kind, body = HANGS[what]

    with hanging(tmp_path, template.format(kind=kind, body=body)) as server:
        assert ends(server) == 0

        log = server.err.read_text()
    assert "asyncio.exceptions.CancelledError" not in log
    assert is_unlocked(tmp_path / "orchestrator.db.lock")


def is_unlocked(path: Path) -> bool:
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
def test_a_second_signal_ends_a_server_at_once(tmp_path: Path, signal: Signals) -> None:
    template, kind, body = HANGS["an async step that blocks its loop"]

    with hanging(tmp_path, template.format(kind=kind, body=body), ORCHESTRATOR_GRACE="600") as server:
        server.process.send_signal(SIGTERM)
        until(lambda: is_noticed(server))

        assert ends(server, signal) == BY_SIGNAL + signal
        assert "a second signal ended the server" in server.err.read_text()


def test_signals_that_are_blocked_where_the_server_is_started_end_it(tmp_path: Path) -> None:
    """A process inherits which signals are blocked; some supervisors block signals around a fork."""
    before = pthread_sigmask(SIG_BLOCK, {SIGTERM, SIGINT})
    try:
        with serving(tmp_path) as server:
            pthread_sigmask(SIG_SETMASK, before)
            assert ends(server) == 0
    finally:
        pthread_sigmask(SIG_SETMASK, before)


def test_a_server_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(HEAD + STEP.format(kind=SYNC, body="pass"))
    with running(tmp_path, "serve", "--workflows", "flows", "--port", "0", change=IGNORES_SIGHUP) as server:
        address = server.address
        server.process.send_signal(SIGHUP)
        until(lambda: is_noticed(server))

        assert get(address + "/health/ready").status_code == 200
        assert ends(server) == 0


TIMERS = {
    "alarm": ("", "signal.alarm(1)"),
    "a timer of the processor": ("", "signal.setitimer(signal.ITIMER_VIRTUAL, 0.01); sum(range(10**7))"),
    "with a handler that raises": (
        "def late(*_):\n    raise TimeoutError\nsignal.signal(signal.SIGALRM, late)\n",
        "signal.alarm(1)",
    ),
    "with a handler that exits": ("signal.signal(signal.SIGALRM, lambda *_: sys.exit(3))\n", "signal.alarm(1)"),
}
"""How authors limit the time of a step in a program of one thread: what the module does, and the step."""


@pytest.mark.parametrize("how", TIMERS)
def test_a_timer_of_a_step_ends_no_server(tmp_path: Path, how: str) -> None:
    before, body = TIMERS[how]
    step = STEP.format(kind=SYNC, body=f"{body}; time.sleep(1.2)")

    with hanging(tmp_path, "import signal\n" + before + step) as server:
        until(lambda: state_of(tmp_path) == "COMPLETED" or None)
        assert server.process.poll() is None
        assert httpx.get(server.address + "/health/ready", trust_env=False).status_code == 200
        assert ends(server) == 0
        log = server.err.read_text()

    assert ("the handler of a signal raised" if before else "a timer that an author's code has set is over") in log


def is_noticed(server: Running) -> bool | None:
    """True if no signal is pending: the first one must not swallow the second one."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return ("SigPnd:\t0000000000000000" in status and "ShdPnd:\t0000000000000000" in status) or None


@pytest.mark.parametrize("signals", [[SIGTERM], [SIGHUP], [SIGHUP, SIGHUP], [SIGTERM, SIGHUP]])
def test_a_step_that_ends_in_the_grace_is_recorded(tmp_path: Path, signals: list[Signals]) -> None:
    """A terminal that closes and its shell send a SIGHUP each; systemd can send a SIGHUP behind SIGTERM."""
    text = STEP.format(kind=SYNC, body="time.sleep(1.5)")

    with hanging(tmp_path, text, ORCHESTRATOR_GRACE="30") as server:
        for signal in signals[:-1]:
            server.process.send_signal(signal)
            until(lambda: is_noticed(server))
        assert ends(server, signals[-1]) == 0

    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as conn:
        assert conn.execute("SELECT status, worker FROM processes").fetchall() == [("COMPLETED", None)]


def test_a_step_that_does_not_end_is_handed_over(tmp_path: Path) -> None:
    with hanging(tmp_path, STEP.format(kind=SYNC, body="time.sleep(LONG)")) as server:
        assert ends(server) == 0

    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as conn:
        assert conn.execute("SELECT status, worker FROM processes").fetchall() == [("RUNNING", None)]
        assert conn.execute("SELECT count(*) FROM workers").fetchone() == (0,)


def test_a_worker_on_postgresql_ends_in_its_grace_and_hands_over(tmp_path: Path, postgres: PostgresServer) -> None:
    text = STEP.format(kind=SYNC, body="time.sleep(LONG)")
    with postgres.database() as url, psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        options = {"ORCHESTRATOR_DATABASE_URL": url, "ORCHESTRATOR_PUBLIC_URL": "http://api", "ORCHESTRATOR_GRACE": "1"}
        (tmp_path / "flows.py").write_text(HEAD + text)
        api = ("serve", "--role", "api", "--workflows", "flows", "--port", "0")
        worker = ("worker", "--workflows", "flows", "--port", "0")
        with running(tmp_path, *api, **options) as server, running(tmp_path, *worker, **options) as busy:
            begin_to_hang(server.address, [])
            until(lambda: (tmp_path / "hangs").exists() or None)

            assert ends(busy) == 0
            assert ends(server) == 0

        assert conn.execute("SELECT status, worker FROM processes").fetchall() == [("RUNNING", None)]
        assert conn.execute("SELECT count(*) FROM workers").fetchone() == (0,)


def test_a_database_that_hangs_does_not_keep_the_server(tmp_path: Path) -> None:
    text = STEP.format(kind=SYNC, body="time.sleep(LONG)")
    with hanging(tmp_path, text) as server, closing(sqlite3.connect(tmp_path / "orchestrator.db")) as conn:
        conn.execute("BEGIN EXCLUSIVE")

        assert ends(server) == 0


@pytest.mark.parametrize("fails_at", ["the start", "the end"])
def test_an_error_keeps_its_exit_code_though_a_thread_hangs(tmp_path: Path, fails_at: str) -> None:
    """The thread is started when the module is imported."""
    (tmp_path / "flows.py").write_text(HEAD + THREAD + STEP.format(kind=SYNC, body="pass"))
    if fails_at == "the start":
        (tmp_path / "orchestrator.db").write_text("a text, not a database")

    with running(tmp_path, "serve", "--workflows", "flows", "--port", "0") as server:
        if fails_at == "the start":
            assert server.process.wait(SECONDS) == 2
            assert "file is not a database" in server.err.read_text()
        else:
            assert server.address
            assert ends(server) == 0


def test_what_is_registered_at_exit_runs_once_more(tmp_path: Path) -> None:
    body = "atexit.register(Path('ended').touch)"

    with hanging(tmp_path, STEP.format(kind=SYNC, body=body)) as server:
        assert ends(server) == 0

    assert (tmp_path / "ended").exists()


def test_a_stream_ends_cleanly_and_goes_on_behind_its_last_event_at_the_next_server(tmp_path: Path) -> None:
    text = STEP.format(kind=SYNC, body="pass")
    with hanging(tmp_path, text) as server, followed(server.address) as lines:
        first = [line for line in lines if ends_at_first_event(line, server)]
    with running(tmp_path, "serve", "--workflows", "flows", "--port", "0") as server:
        begin_to_hang(server.address, [])
        last_id = [line.removeprefix("id: ") for line in first if line.startswith("id: ")][-1]
        with followed(server.address, last_id) as lines:
            nothing, second = next(lines), next(line for line in lines if line.startswith("data: "))

    assert first[0] == "event: next"
    assert "event: complete" not in first  # it would tell the client that no event will ever follow
    assert nothing == "event: next"
    assert '"__typename":"ProcessCreatedEvent"' in second


@contextmanager
def followed(address: str, last_event_id: str = "") -> Iterator[Iterator[str]]:
    """The lines of a stream of all events, from its beginning or after an event; a broken body raises an error."""
    query = "subscription ($after: String) { processEvents(after: $after) { cursor events { __typename } } }"
    variables = {} if last_event_id else {"after": "MC4w"}
    headers = {"accept": "text/event-stream", **({"last-event-id": last_event_id} if last_event_id else {})}
    body = {"query": query, "variables": variables}
    with (
        httpx.Client(trust_env=False, timeout=SECONDS, headers=headers) as client,
        client.stream("POST", address + "/graphql", json=body) as response,
    ):
        yield response.iter_lines()


def ends_at_first_event(line: str, server: Running) -> bool:
    """Send SIGTERM as soon as an event has arrived; True for a line with text."""
    if line.startswith("data: "):
        server.process.terminate()
    return bool(line)


def test_a_request_that_hangs_is_answered_when_the_server_ends(tmp_path: Path) -> None:
    answers: list[httpx.Response] = []

    with hanging(tmp_path, START_FORM.format(kind=SYNC, body="time.sleep(LONG)"), answers=answers) as server:
        assert ends(server) == 0

    [answer] = answers
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"][0]["extensions"]["code"] == "SERVER_BUSY"


@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
def test_a_request_that_is_cut_off_at_the_end_leaves_no_trace_in_the_log(tmp_path: Path, leaves: bool) -> None:
    with hanging(tmp_path, START_FORM.format(kind=SYNC, body="time.sleep(LONG)")) as server:
        address = httpx.URL(server.address)
        with socket.create_connection((address.host, address.port or 80)) as client:
            body = json.dumps({"query": START}).encode()
            head = f"POST /graphql HTTP/1.1\r\nHost: {address.host}\r\nContent-Type: application/json\r\n"
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            get(server.address + "/health/live")
            if leaves:
                client.close()
                get(server.address + "/health/live")
            assert ends(server) == 0

    log = server.err.read_text()
    assert "Traceback" not in log
    assert "Exception in ASGI application" not in log
    assert "Cancel 2 running task(s)" not in log
    assert " ERROR " not in log
    [line] = [line for line in log.splitlines() if "requests did not end in time and were cut off" in line]
    assert " WARNING " in line and line.endswith("  requests=2")


FORKS = {
    "os.fork": "if os.fork() == 0: Path('child').write_text(str(os.getpid())); time.sleep(LONG); os._exit(0)",
    "multiprocessing": "multiprocessing.get_context('fork').Process(target=child).start()",
    "subprocess": "Path('child').write_text(str(subprocess.Popen(['sleep', str(LONG)], close_fds=False).pid))",
}
"""How authors start a child."""

CHILDREN = """
def child():
    Path("child").write_text(str(os.getpid()))
    time.sleep(LONG)

"""


@pytest.mark.parametrize("signal", [SIGTERM, SIGKILL])
@pytest.mark.parametrize("fork", FORKS)
def test_a_child_keeps_no_port_no_lock_and_no_connection_of_a_dead_server(
    tmp_path: Path, fork: str, signal: Signals
) -> None:
    port = free_port()
    command = ("serve", "--workflows", "flows", "--port", port)

    with hanging(tmp_path, CHILDREN + STEP.format(kind=SYNC, body=FORKS[fork]), *command) as server:
        child = int(until(lambda: ((tmp_path / "child").exists() and (tmp_path / "child").read_text()) or None))
        try:
            with httpx.Client(trust_env=False, timeout=SECONDS) as client:
                client.get(server.address + "/health/live")
                ends(server, signal)
                os.kill(child, 0)  # it lives

                with bind_socket("127.0.0.1", int(port)) as listener:
                    listener.listen()
                assert is_unlocked(tmp_path / "orchestrator.db.lock")
                assert sockets_of(child) == []
                assert files_of(child, tmp_path) == []
        finally:
            os.kill(child, SIGKILL)


AT_A_MOMENT = """
from orchestrator_gql.cli.serving import server
from orchestrator_gql.cli.serving.http_protocol import TimedHttp

def forking(function):
    def run(*arguments):
        if {when!r} == "before":
            fork()
        function(*arguments)
        if {when!r} == "after":
            fork()
    return run

def fork():
    if not Path("child").exists() and os.fork() == 0:
        Path("new").write_text(str(os.getpid()))
        os.rename("new", "child")
        time.sleep(LONG)
        os._exit(0)

{function} = forking({function})
"""
"""Forks once, as another thread may do in that moment, whose step forks."""

MOMENTS = {
    "the port is bound": ("server._listen", "before"),
    "the server listens": ("server._listen", "after"),
    "a connection is accepted": ("TimedHttp.connection_made", "before"),
    "a connection is open": ("TimedHttp.connection_made", "after"),
    "a connection is about to be closed": ("TimedHttp.connection_lost", "after"),
}
"""When the child is forked: uvicorn does not know a connection from its first to its last moment."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_child_keeps_no_port_and_no_connection_in_whatever_moment_it_is_forked(tmp_path: Path, moment: str) -> None:
    function, when = MOMENTS[moment]
    fork = AT_A_MOMENT.format(function=function, when=when)
    (tmp_path / "flows.py").write_text(HEAD + fork + STEP.format(kind=SYNC, body="pass"))

    with running(tmp_path, "serve", "--workflows", "flows", "--port", "0") as server:
        assert get(server.address + "/health/live").status_code == 200
        child = int(until(lambda: ((tmp_path / "child").exists() and (tmp_path / "child").read_text()) or None))
        try:
            assert sockets_of(child) == []
            assert get(server.address + "/health/live").status_code == 200
        finally:
            os.kill(child, SIGKILL)


ENDS_OF_CHILDREN = {
    "a pool": "with FORK.Pool(1) as pool: return {'ended': pool.map(abs, [-1])}",
    "a process": (
        "process = FORK.Process(target=time.sleep, args=(LONG,)); process.start(); process.terminate(); "
        "process.join(SECONDS); process.kill(); return {'ended': process.exitcode}"
    ),
    "os.kill": (
        "child = os.fork() or time.sleep(LONG); os.kill(child, signal.SIGTERM); "
        "return {'ended': os.waitpid(child, 0)[1]}"
    ),
}
"""How authors end a child by a signal: a pool does so at the end of its block."""


@pytest.mark.parametrize("how", ENDS_OF_CHILDREN)
def test_a_signal_to_a_child_ends_the_child_and_not_the_server(tmp_path: Path, how: str) -> None:
    head = f"import signal\nFORK, SECONDS = multiprocessing.get_context('fork'), {SECONDS / 4}\n"

    with hanging(tmp_path, head + STEP.format(kind=SYNC, body=ENDS_OF_CHILDREN[how])) as server:
        until(lambda: state_of(tmp_path) == "COMPLETED" or None)
        assert server.process.poll() is None
        assert httpx.get(server.address + "/health/ready", trust_env=False).status_code == 200
        assert ends(server) == 0


def state_of(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "orchestrator.db")) as conn:
        status: str = conn.execute("SELECT status FROM processes").fetchone()[0]
    return status


AS_CONNECTIONS_ARE_OPENED = """
import psycopg

connect, numbers = psycopg.AsyncConnection.connect.__func__, iter(range(LONG))

async def forking(cls, *arguments, **options):
    connection = await connect(cls, *arguments, **options)
    number = next(numbers)
    if number in (0, 2):
        child = os.fork() or time.sleep(LONG) or os._exit(0)
        Path(f"child-{number}").write_text(str(child))
    return connection

psycopg.AsyncConnection.connect = classmethod(forking)
"""
"""Forks while the server opens connections, as another thread may do; not at each, or none could replace another."""

NOTED = """
from orchestrator_gql.storage.database.own_connections import OwnConnection

open_one, opening = OwnConnection.connect.__func__, []

async def noted(cls, *arguments, **options):
    opening.append(None)
    Path("opening").write_text(str(len(opening)))
    try:
        return await open_one(cls, *arguments, **options)
    finally:
        opening.pop()
        Path("opening").write_text(str(len(opening)))

OwnConnection.connect = classmethod(noted)
"""
"""Notes how many connections are being opened: a server that is killed meanwhile can replace none of them."""

HOW_FORKED = {
    "by a step": STEP.format(kind=SYNC, body=FORKS["os.fork"]),
    "as connections are opened": AS_CONNECTIONS_ARE_OPENED + STEP.format(kind=SYNC, body="pass"),
}


@pytest.mark.parametrize("how", HOW_FORKED)
@pytest.mark.parametrize("dispatcher", ["embedded", "distributed"])
def test_a_child_keeps_no_session_of_a_dead_server_on_postgresql(
    tmp_path: Path, postgres: PostgresServer, dispatcher: str, how: str
) -> None:
    """A session that is kept in a transaction would also keep its locks."""
    with postgres.database() as url, psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with hanging(
            tmp_path, NOTED + HOW_FORKED[how], ORCHESTRATOR_DATABASE_URL=url, ORCHESTRATOR_DISPATCHER=dispatcher
        ) as server:
            try:
                number = 1 if how == "by a step" else 2
                until(lambda: len(children_in(tmp_path)) == number or None)
                until(lambda: (tmp_path / "opening").read_text() == "0" or None)
                assert conn.execute(others).fetchone() != (0,)

                ends(server, SIGKILL)

                until(lambda: conn.execute(others).fetchone() == (0,) or None)
                for child in children_in(tmp_path):
                    os.kill(child, 0)  # it lives
            finally:
                for child in children_in(tmp_path):
                    os.kill(child, SIGKILL)


def children_in(folder: Path) -> list[int]:
    """The children that were forked and whose files are complete."""
    return [int(text) for path in folder.glob("child*") if (text := path.read_text())]


def files_of(process_id: int, folder: Path) -> list[str]:
    """The database's files among the descriptors of the process."""
    names = (str(path.readlink()) for path in Path(f"/proc/{process_id}/fd").iterdir())
    return [name for name in names if name.startswith(f"{folder}/orchestrator.db")]


def sockets_of(process_id: int) -> list[str]:
    """The sockets for TCP among the descriptors of the process."""
    names = (str(path.readlink()) for path in Path(f"/proc/{process_id}/fd").iterdir())
    inodes = {name.removeprefix("socket:[").rstrip("]") for name in names if name.startswith("socket:")}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[9] in inodes]
