"""The command `tail` against a server with a script for each connection: it stops, refuses and comes back."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import ModuleType
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from orchestrator_gql.cli import live
from orchestrator_gql.cli import tail as tails
from orchestrator_gql.cli.client import SUBPROTOCOL, ConnectionFailed, OperationRefused

SECONDS = 60
PROCESS = "0193b0c4-7d1e-7c3a-9c8e-2f0a1b2c3d4e"


def batch(*messages: str, first: int = 1, reset: bool = False) -> dict[str, Any]:
    """Events of progress with these messages, numbered from ``first``; the cursor is the last number."""
    events = [
        {
            "__typename": "CallbackProgressedEvent",
            "id": str(number),
            "cursor": str(number),
            "occurredAt": "2031-04-05T06:07:08+00:00",
            "processId": PROCESS,
            "actor": None,
            "process": {"workflowName": "create_l2vpn"},
            "progress": {"percent": None, "message": message},
        }
        for number, message in enumerate(messages, first)
    ]
    cursor = str(first + len(messages) - 1)
    return {"events": events, "cursor": cursor, "caughtUp": True, "reset": reset}


class Remote:
    """One connection of the client, after its handshake: the variables of its subscription, and responses to it."""

    def __init__(self, connection: ServerConnection, variables: dict[str, Any]) -> None:
        self.connection = connection
        self.variables = variables

    async def send(self, events: dict[str, Any]) -> None:
        await self._send({"id": "1", "type": "next", "payload": {"data": {"processEvents": events}}})

    async def refuse(self, message: str) -> None:
        await self._send({"id": "1", "type": "error", "payload": [{"message": message}]})

    async def _send(self, message: dict[str, Any]) -> None:
        await self.connection.send(json.dumps(message))


Script = Callable[[Remote], Awaitable[None]]


@asynccontextmanager
async def remote(*scripts: Script) -> AsyncIterator[str]:
    """A server that runs one script for each connection, in order, and closes the connection at the script's end."""
    remaining = iter(scripts)

    async def handle(connection: ServerConnection) -> None:
        assert json.loads(await connection.recv())["type"] == "connection_init"
        await connection.send('{"type":"connection_ack"}')
        subscribe_message = json.loads(await connection.recv())
        await next(remaining)(Remote(connection, subscribe_message["payload"]["variables"]))
        await connection.close(1001)

    server: Server
    async with serve(handle, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as server:
        host, port = next(iter(server.sockets)).getsockname()[:2]
        yield f"http://{host}:{port}"


@asynccontextmanager
async def tailing(*arguments: str) -> AsyncIterator[Process]:
    """The real command with its output in pipes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "orchestrator_gql", "tail", *arguments, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().rstrip("\n")


async def rest(process: Process) -> tuple[str, str]:
    out, err = await process.communicate()
    return out.decode(), err.decode()


async def stay(remote: Remote) -> None:
    await remote.connection.wait_closed()


async def test_events_are_lines_and_ctrl_c_prints_the_cursor_to_go_on_from() -> None:
    async def script(remote: Remote) -> None:
        assert remote.variables == {"after": None, "filter": None}
        await remote.send(batch())
        await remote.send(batch("one", "two"))
        await stay(remote)

    async with remote(script) as url, tailing("--url", url) as process:
        lines = [await read_line(process), await read_line(process)]
        process.send_signal(signal.SIGINT)
        _, err = await rest(process)

    assert [line.partition("create_l2vpn")[2] for line in lines] == ["  progress: one", "  progress: two"]
    assert lines[0].split()[1] == PROCESS[-8:]
    assert err == f"Connected to {url}; Ctrl-C ends.\n\nGo on with: orchestrator-gql tail --url {url} --after 2\n"
    assert process.returncode == 0


async def test_the_line_to_go_on_with_keeps_the_process_and_the_json() -> None:
    options = ("--process", PROCESS, "--json")

    async def script(remote: Remote) -> None:
        await remote.send(batch())
        await remote.send(batch("one"))
        await stay(remote)

    async with remote(script) as url, tailing("--url", url, *options) as process:
        await read_line(process)
        process.send_signal(signal.SIGINT)
        _, err = await rest(process)

    assert err.endswith(f"Go on with: orchestrator-gql tail --url {url} {' '.join(options)} --after 1\n")


@pytest.mark.parametrize("module", [tails, live])
async def test_a_server_that_stays_away_is_named_once(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries = list[str]()

    async def nowhere(url: str, *_: object) -> AsyncIterator[dict[str, Any]]:
        for event in list[dict[str, Any]]():
            yield event
        tries.append(url)
        if len(tries) > 3:
            raise OperationRefused("It is enough.")
        raise ConnectionFailed("The server cannot be reached.")

    monkeypatch.setattr(module, "subscribe", nowhere)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0)
    with suppress(OperationRefused):
        if module is tails:
            await tails.Tail("http://there", None, None, is_json=False, pause=0).follow()
        else:
            await anext(live.changes("http://there", None))

    assert len(tries) == 4
    assert capsys.readouterr().err.count("cannot be reached") == 1


async def test_after_a_lost_connection_it_goes_on_after_the_last_cursor() -> None:
    async def first(remote: Remote) -> None:
        await remote.send(batch("one"))

    async def second(remote: Remote) -> None:
        assert remote.variables["after"] == "1"
        await remote.send(batch("two", first=2))
        await stay(remote)

    async with remote(first, second) as url, tailing("--url", url) as process:
        lines = [await read_line(process), await read_line(process)]
        process.send_signal(signal.SIGINT)
        _, err = await rest(process)

    assert [line[-3:] for line in lines] == ["one", "two"]
    assert "The server closed the connection. Reconnecting …" in err or "connection was lost (1001). Reconn" in err


async def test_the_given_cursor_and_process_are_sent_to_the_server() -> None:
    async def script(remote: Remote) -> None:
        assert remote.variables == {"after": "41", "filter": {"processIds": [PROCESS]}}
        await remote.send(batch("one", first=42))
        await stay(remote)

    async with remote(script) as url, tailing("--url", url, "--after", "41", "--process", PROCESS) as process:
        assert (await read_line(process)).endswith("one")


async def test_json_is_the_event_as_it_came() -> None:
    events = batch("line\nfeed")

    async def script(remote: Remote) -> None:
        await remote.send(events)
        await stay(remote)

    async with remote(script) as url, tailing("--url", url, "--json") as process:
        assert json.loads(await read_line(process)) == events["events"][0]


async def test_a_refusal_ends_the_command_with_the_servers_reason() -> None:
    async def script(remote: Remote) -> None:
        await remote.refuse("This cursor was not made by this server.")

    async with remote(script) as url, tailing("--url", url, "--after", "nonsense") as process:
        _, err = await rest(process)

    assert process.returncode == 2
    assert err == "orchestrator-gql: The server refused: This cursor was not made by this server.\n"


async def test_a_socket_that_is_forbidden_is_not_tried_again() -> None:
    async def script(remote: Remote) -> None:
        await remote.connection.close(4403, "Forbidden")

    async with remote(script) as url, tailing("--url", url) as process:
        _, err = await rest(process)

    assert process.returncode == 2
    assert (
        err
        == "orchestrator-gql: The server asks who you are: set ORCHESTRATOR_TOKEN to your token in the environment.\n"
    )


async def test_events_that_the_log_no_longer_has_are_reported_as_missed() -> None:
    async def script(remote: Remote) -> None:
        await remote.send(batch("later", first=900, reset=True))
        await stay(remote)

    async with remote(script) as url, tailing("--url", url, "--after", "1") as process:
        await read_line(process)
        process.send_signal(signal.SIGINT)
        _, err = await rest(process)

    assert "events were missed" in err


async def test_an_invalid_address_is_refused() -> None:
    async with tailing("--url", "localhost:8000") as process:
        _, err = await rest(process)

    assert process.returncode == 2
    assert "'localhost:8000' is not the address of a server" in err


async def test_a_reader_that_stops_reading_ends_the_command_quietly() -> None:
    async def script(remote: Remote) -> None:
        for number in range(1, 1000):
            await remote.send(batch("x" * 10_000, first=number))

    async with remote(script) as url, tailing("--url", url) as process:
        assert process.stdout is not None
        await read_line(process)
        process.stdout._transport.close()  # type: ignore[attr-defined]
        assert process.stderr is not None
        err = (await process.stderr.read()).decode()
        await process.wait()

    assert "Traceback" not in err
    assert "Exception ignored" not in err


async def test_until_now_ends_behind_the_newest_event_also_after_a_lost_connection() -> None:
    async def first(remote: Remote) -> None:
        await remote.send(batch("one") | {"caughtUp": False})

    async def second(remote: Remote) -> None:
        assert remote.variables["after"] == "1"
        await remote.send(batch("two", first=2) | {"caughtUp": False})
        await remote.send(batch("three", first=3))
        await stay(remote)

    async with remote(first, second) as url, tailing("--url", url, "--until-now") as process:
        out, err = await rest(process)

    assert [line.rpartition(": ")[2] for line in out.splitlines()] == ["one", "two", "three"]
    assert err.endswith(f"Go on with: orchestrator-gql tail --url {url} --until-now --after 3\n")
    assert process.returncode == 0


async def test_cloudevents_have_the_cursor_as_their_id() -> None:
    async def script(remote: Remote) -> None:
        await remote.send(batch("one", "two"))
        await stay(remote)

    async with remote(script) as url, tailing("--url", url, "--cloudevents", "--until-now") as process:
        out, err = await rest(process)
    first, second = map(json.loads, out.splitlines())

    assert first == {
        "specversion": "1.0",
        "id": "1",
        "source": url,
        "type": "orchestrator-gql.callback-progressed",
        "time": "2031-04-05T06:07:08+00:00",
        "subject": PROCESS,
        "datacontenttype": "application/json",
        "data": {
            "processId": PROCESS,
            "actor": None,
            "process": {"workflowName": "create_l2vpn"},
            "progress": {"percent": None, "message": "one"},
        },
    }
    assert second["id"] == "2"
    assert err.endswith("--cloudevents --until-now --after 2\n")
