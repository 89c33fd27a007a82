"""The real server with clients that request much and read nothing, over each transport, and with a good reader."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from support.command_line import get, running
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
FLOWS = """
from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow


@step("Say much")
def say():
    return {"much": ["interface ge-0/0/%d is up" % i for i in range(20_000)]}


@workflow("Much")
def much():
    return begin >> say
"""
START = 'mutation { startWorkflow(input: {workflowName: "much"}) { ... on StartWorkflowSuccess { process { id } } } }'
ENDED = "query ($id: ID!) { process(id: $id) { status } }"
TIMES = 12
"""The response is larger than the kernel's buffer for a client that does not read."""

BIG = f"query ($id: ID!) {{ {' '.join(f'a{number}: process(id: $id) {{ state }}' for number in range(TIMES))} }}"


async def test_clients_that_do_not_read_are_disconnected_and_a_good_reader_gets_everything(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    command = ("serve", "--workflows", "flows", "--port", "0")
    with running(tmp_path, *command, ORCHESTRATOR_SLOW_READER_TIMEOUT="2") as server:
        async with httpx.AsyncClient(base_url=server.address, timeout=60, trust_env=False) as http:
            id = (await query_data(http, START))["startWorkflow"]["process"]["id"]
            async with asyncio.timeout(60):
                while (await query_data(http, ENDED, id=id))["process"]["status"] != "COMPLETED":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            async with AsyncExitStack() as stack:
                await stalled_over_http(server.address, "application/json", id, stack)
                await stalled_over_http(server.address, "text/event-stream", id, stack)
                await stalled_over_socket(server.address, id, stack)
                for _ in range(3):
                    response = await query_data(http, BIG, id=id)
                    assert [len(process["state"]["much"]) for process in response.values()] == [20_000] * TIMES
                async with asyncio.timeout(60):
                    while disconnected_clients(metrics := get(server.address + "/metrics").text) < 3:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)

    assert "orchestrator_bytes_waiting 0.0" in metrics
    assert server.err.read_text().count("a client that does not read was disconnected  reason=") == 3
    assert "Traceback" not in server.err.read_text()


async def query_data(http: httpx.AsyncClient, query: str, **variables: str) -> dict[str, Any]:
    response = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    assert "errors" not in response
    data: dict[str, Any] = response["data"]
    return data


async def stalled_over_http(address: str, accept: str, id: str, stack: AsyncExitStack) -> None:
    body = json.dumps({"query": BIG, "variables": {"id": id}})
    host, port = address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    stack.callback(writer.close)
    stack.callback(writer.transport.abort)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    headers = f"Host: {host}\r\nAccept: {accept}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    writer.write(f"POST /graphql HTTP/1.1\r\n{headers}\r\n\r\n{body}".encode())


async def stalled_over_socket(address: str, id: str, stack: AsyncExitStack) -> None:
    url = address.replace("http", "ws") + "/graphql"
    socket = await connect(url, subprotocols=[SUBPROTOCOL], proxy=None, ping_interval=None)
    stack.callback(socket.transport.abort)
    await socket.send('{"type": "connection_init"}')
    await socket.recv()
    socket.transport.pause_reading()
    payload = {"query": BIG, "variables": {"id": id}}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


def disconnected_clients(metrics: str) -> float:
    """The number of disconnected clients."""
    lines = [line for line in metrics.splitlines() if line.startswith("orchestrator_slow_clients_disconnected_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)
