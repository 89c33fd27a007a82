"""The commands of these tests are forks: a fork behaves as a new process of Python, which some tests start instead."""

import json
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from support.command_line import FLOWS, SECONDS, environment_of, started
from support.forked import Fork, can_be_forked, path_of_shells
from support.sizes import exhaustive

PROBE = """
import asyncio, atexit, gc, json, os, random, secrets, signal, sys, threading
from pathlib import Path

main = sys.modules["__main__"]
HANDLERS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP)
print(json.dumps({
    "arguments": sys.argv,
    "folder": os.getcwd(),
    "path": sys.path,
    "main": [main.__name__, main.__file__, getattr(main.__spec__, "name", None)],
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

BESIDE_PYTHON = Path(sys.executable).parent
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


def entered(folder: Path, command: str, path: str) -> "subprocess.CompletedProcess[str]":
    """The result of a shell with this `PATH`."""
    environment = environment_of({"PATH": path, "PROBE": UNLIKE})
    words = ["bash", "-c", command]
    return subprocess.run(
        words, cwd=folder, env=environment, input="given", capture_output=True, text=True, check=False, timeout=SECONDS
    )


@pytest.mark.skipif(not can_be_forked({}), reason="only Linux passes descriptors in packets")
@pytest.mark.parametrize("ending", ["3", *exhaustive("0", "'a reason'")])
def test_the_command_of_a_shell_is_a_fork_that_sees_what_the_installed_command_sees(
    tmp_path: Path, ending: str
) -> None:
    own = environment_of({})["PATH"]
    reading = "given = sys.stdin.read()\nprint(given, file=sys.stderr)\nimport asyncio"
    (tmp_path / "probe.py").write_text(PROBE.replace("import asyncio", f"import sys\n{reading}", 1) % ending)
    command = "orchestrator-gql serve --workflows probe.py --port 0"

    fork, new = (entered(tmp_path, command, path) for path in (path_of_shells(own), f"{BESIDE_PYTHON}:{own}"))
    seen, known = (json.loads(result.stdout) for result in (fork, new))

    for each in (seen, known):
        del each["main"], each["group"], each["arguments"][0], each["variables"]["PATH"], each["variables"]["_"]
    assert seen == known
    assert (fork.returncode, fork.stderr) == (new.returncode, new.stderr)
    assert "given" in fork.stderr


@pytest.mark.skipif(not can_be_forked({}), reason="only Linux passes descriptors in packets")
def test_a_signal_to_the_command_of_a_shell_reaches_its_fork(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    command = (
        "orchestrator-gql serve --workflows flows.py --port 0 > out & "
        "until grep -qs Dashboard out; do sleep 0.02; done; kill $!; wait $!; echo $?"
    )

    result = entered(tmp_path, command, path_of_shells(environment_of({})["PATH"]))

    assert result.stdout == "0\n", result.stderr


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
