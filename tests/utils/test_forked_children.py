"""A child that an author's function forks ends where the function comes back, and is no second engine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import SECONDS, environment_of

PROGRAM = """
import asyncio, json, os, sys
from functools import partial
from pathlib import Path
from orchestrator_gql.utils.author_calls import attempt_async
from orchestrator_gql.utils.author_loops import Loops
from orchestrator_gql.utils.author_threads import Threads

def come_back(way):
    if way == "exit": sys.exit(4)
    if way == "exit with a text": sys.exit("no")
    if way == "raise": raise ValueError("in the child")

def fork(way):
    pid = os.fork()
    if pid == 0:
        come_back(way)
    return pid

async def fork_async(way):
    pid = os.fork()
    if pid == 0 and way == "await":
        await asyncio.Event().wait()
    elif pid == 0:
        come_back(way)
    return pid

async def fork_later(way):
    await asyncio.sleep(0.01)
    return await fork_async(way)

async def fork_in_a_task(way):
    return (await asyncio.gather(fork_later(way), asyncio.sleep(0.02)))[0]

async def neighbour(lines):
    for _ in range(60):
        await asyncio.sleep(0.01)
    with lines.open("a") as file:
        file.write("x")

async def main(place, ways):
    lines = Path("neighbour")
    threads, loops = Threads("test", size=2, spare=1), Loops("test")
    run = {
        "loop": loops.run, "server": attempt_async, "thread": threads.run,
    }[place.split()[0]]
    function = {
        "thread": lambda way: partial(fork, way),
        "loop": lambda way: partial(fork_async, way),
        "loop later": lambda way: partial(fork_later, way),
        "loop task": lambda way: partial(fork_in_a_task, way),
        "loop to_thread": lambda way: partial(asyncio.to_thread, fork, way),
        "server": lambda way: partial(fork_async, way),
    }[place]
    others = asyncio.gather(*(other(partial(neighbour, lines)) for other in (loops.run, attempt_async)))
    await asyncio.sleep(0.1)
    codes = {}
    for way in ways:
        pid = await run(function(way))
        pid = getattr(pid, "value", pid)
        for _ in range(500):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended: break
            await asyncio.sleep(0.02)
        codes[way] = os.waitstatus_to_exitcode(status) if ended else "lives on"
        if not ended:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    await others
    print(json.dumps({"codes": codes, "neighbours": lines.read_text()}), flush=True)
    os._exit(0)

asyncio.run(main(sys.argv[1], sys.argv[2:]))
"""

WAYS = {"exit": 4, "exit with a text": 1, "raise": 1, "return": 1}


@pytest.mark.parametrize("place", ["thread", "loop", "loop later", "loop task", "loop to_thread", "server"])
def test_a_child_ends_and_runs_nothing_of_the_server_again(tmp_path: Path, place: str) -> None:
    ways = WAYS if "thread" in place else {**WAYS, "await": 1}

    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM, place, *ways],
        cwd=tmp_path,
        env=environment_of({}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"codes": ways, "neighbours": "xx"}
    assert "ValueError: in the child" in done.stderr
    assert "a process that an author's function forked came back" in done.stderr
