"""The commands of these tests are forks: a fork behaves as a new process of Python, which some tests start instead."""

import json
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from support.command_line import SECONDS, started
from support.forked import Fork, can_be_forked

PROBE = """
import asyncio, atexit, gc, json, os, random, secrets, signal, sys, threading
from pathlib import Path

main = sys.modules["__main__"]
HANDLERS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP)
print(json.dumps({
    "arguments": sys.argv,
    "folder": os.getcwd(),
    "path": sys.path,
    "main": [main.__name__, main.__file__, main.__spec__.name],
    "variables": dict(os.environ),
    "handlers": [str(signal.getsignal(number)) for number in HANDLERS],
    "blocked": [str(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    "descriptors": sorted(os.readlink(f"/proc/self/fd/{number}") for number in range(3, 32)
                          if os.path.exists(f"/proc/self/fd/{number}")),
    "threads": len(os.listdir("/proc/self/task")),
    "streams": [[stream.fileno(), stream.encoding, stream.errors, stream.line_buffering, stream.write_through,
                 type(stream.buffer).__name__, stream is original]
                for stream, original in ((sys.stdin, sys.__stdin__), (sys.stdout, sys.__stdout__),
                                         (sys.stderr, sys.__stderr__))],
    "flags": str(sys.flags),
    "group": os.getpgrp(),
    "looks for garbage": gc.isenabled(),
}))

class Left:
    def __del__(self):
        print("garbage", file=sys.stderr)

left = Left()
left.itself = left
waiting = lambda: (threading.main_thread().join(), print("a thread", file=sys.stderr))
threading.Thread(target=waiting).start()
atexit.register(print, "an exit function", file=sys.stderr)
sys.exit(%s)
"""

UNLIKE = "A number that no two processes have in common."


def probed(folder: Path, ending: str, *, is_new: bool) -> tuple[Any, int, str]:
    """What a command sees of itself, with its exit code and stderr."""
    (folder / "probe.py").write_text(PROBE % ending)
    arguments = ("serve", "--workflows", "probe.py")
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = started(arguments, {"PROBE": UNLIKE}, is_new=is_new, cwd=folder, stdout=out, stderr=err)
        code = process.wait(SECONDS)
    return json.loads((folder / "out").read_text()), code, (folder / "err").read_text()


@pytest.mark.skipif(not can_be_forked({}), reason="only Linux passes descriptors in packets")
@pytest.mark.parametrize("ending", ["0", "3", "'a reason'"])
def test_a_fork_sees_what_a_new_process_sees(tmp_path: Path, ending: str) -> None:
    fork, new = (probed(tmp_path, ending, is_new=is_new) for is_new in (False, True))

    assert fork[0] == new[0]
    assert fork[1:] == new[1:]
    assert fork[2].splitlines()[1:] == ["a thread", "an exit function", "garbage"]
    assert new[0]["variables"]["PROBE"] == UNLIKE


@pytest.mark.parametrize("is_new", [False, True], ids=["fork", "new process"])
def test_a_change_of_the_command_runs_before_it_in_its_folder(tmp_path: Path, is_new: bool) -> None:
    (tmp_path / "text").write_text("changed")
    change = (
        "from pathlib import Path\nfrom orchestrator_gql.cli import main as cli\n"
        "cli.main = lambda: print(Path('text').read_text(), *__import__('sys').argv[1:]) or 3"
    )

    with started(("--version",), {}, is_new=is_new, change=change, cwd=tmp_path, stdout=PIPE, text=True) as process:
        out, _ = process.communicate(timeout=SECONDS)

    assert (out, process.returncode) == ("changed --version\n", 3)


def test_variables_that_python_reads_at_its_start_get_a_new_process(tmp_path: Path) -> None:
    for name in ("PYTHONIOENCODING", "LC_ALL", "LANG", "LD_PRELOAD", "MALLOC_ARENA_MAX"):
        with started(("--version",), {name: ""}, cwd=tmp_path) as process:
            assert not isinstance(process, Fork), name
