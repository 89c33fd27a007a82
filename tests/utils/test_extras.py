"""A missing extra is named in one sentence with its command; no other missing package is searched again and again."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest
from support.command_line import FLOWS, SECONDS
from support.sizes import exhaustive

from orchestrator_gql.outbound.http_client import HttpClient
from orchestrator_gql.utils import extras
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.utils.extras import MODULES, OPTIONAL, demand_extra, stop_search_for_missing

URL = "postgresql+psycopg://nobody@127.0.0.1:1/none"

SERVE = ("serve", "--workflows", "flows", "--port", "0")
WORKER = ("worker", "--workflows", "flows", "--port", "0", "--public-url", "http://api.example")
DEMO = ("demo", "--port", "0", "--proxy-port", "0")


def run(folder: Path, module: str, *arguments: str, without: str | None, **environment: str) -> str:
    """Run a command of the package as if a module was not installed; its last line on stderr."""
    (folder / "flows.py").write_text(FLOWS)
    code = (
        f"import sys; sys.modules[{without!r}] = None; from orchestrator_gql.{module} import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "ANSIBLE_"))
    }
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("without", "arguments"),
    [
        ("psycopg", SERVE),
        ("psycopg_pool", SERVE),
        ("procrastinate", WORKER),
        ("psycopg", ("migrate",)),
        ("psycopg", ("prune", "--older-than", "30", "--yes")),
        *exhaustive(("procrastinate", SERVE), ("procrastinate", ("migrate",))),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_command_on_postgresql_names_the_extra(tmp_path: Path, without: str, arguments: tuple[str, ...]) -> None:
    line = run(tmp_path, "cli.main", *arguments, without=without, ORCHESTRATOR_DATABASE_URL=URL)

    sentence = f"PostgreSQL needs the extra: pip install 'orchestrator-gql[postgres]' ({without} is missing)."
    assert line == f"orchestrator-gql: {sentence}"


def test_psycopg_without_its_library_is_a_missing_extra_too(tmp_path: Path) -> None:
    line = run(tmp_path, "cli.main", "migrate", without="none", ORCHESTRATOR_DATABASE_URL=URL, PSYCOPG_IMPL="c")

    assert "PostgreSQL needs the extra: pip install 'orchestrator-gql[postgres]' (psycopg cannot be imported: " in line


@pytest.mark.parametrize("without", MODULES["port"])
def test_the_command_that_rewrites_code_names_the_extra(tmp_path: Path, without: str) -> None:
    sentence = (
        f"A command that rewrites code needs the extra: pip install 'orchestrator-gql[port]' ({without} is missing)."
    )

    assert run(tmp_path, "cli.main", "port", ".", without=without) == f"orchestrator-gql: {sentence}"


@pytest.mark.parametrize("without", MODULES["demo"])
def test_the_demo_and_its_proxy_name_the_extra(tmp_path: Path, without: str) -> None:
    sentence = (
        f"A service that runs playbooks needs the extra: pip install 'orchestrator-gql[demo]' ({without} is missing)."
    )

    assert run(tmp_path, "cli.main", *DEMO, without=without).endswith(sentence)
    assert run(tmp_path, "demo.ansible_proxy", "--port", "0", without=without).endswith(sentence)
    assert [path.name for path in tmp_path.iterdir()] == ["flows.py"]


@pytest.mark.parametrize("extra", MODULES)
def test_an_extra_that_is_installed_is_no_error(extra: str) -> None:
    demand_extra(extra)


@pytest.mark.parametrize(("extra", "name"), [(extra, name) for extra, names in MODULES.items() for name in names])
def test_every_package_of_an_extra_is_demanded(extra: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(SettingsError, match=rf"orchestrator-gql\[{extra}\]' \({name} is missing\)"):
        demand_extra(extra)


class Searches(MetaPathFinder):
    """Notes the packages for which Python searches."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        self.names.append(fullname)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Iterator[Searches]:
    searches = Searches()
    monkeypatch.setattr(sys, "meta_path", [searches, *sys.meta_path])
    for name in OPTIONAL:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield searches
    for name in OPTIONAL:
        sys.modules.pop(name, None)


async def post() -> None:
    """Send a body to a server on this machine, as a notification does."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    client = HttpClient()
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        response = await client.post(f"http://127.0.0.1:{port}/", b"", {}, allow_private=True)
    client.close()
    assert response.status == 204


async def test_a_request_of_an_http_client_searches_for_no_missing_package(searches: Searches) -> None:
    await post()
    stop_search_for_missing()
    searches.names.clear()

    await post()

    assert [name for name in searches.names if name in OPTIONAL] == []


def test_an_installed_package_can_still_be_imported(
    searches: Searches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "installed_here.py").write_text("answer = 42")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(extras, "OPTIONAL", ("installed_here", "missing_here", "json"))

    stop_search_for_missing()
    stop_search_for_missing()

    assert import_module("installed_here").answer == 42
    assert import_module("json") is sys.modules["json"]
    searches.names.clear()
    for _ in range(3):
        with pytest.raises(ImportError):
            import_module("missing_here")
    assert searches.names == []
    del sys.modules["missing_here"]


def test_our_command_stops_the_search() -> None:
    code = (
        "import sys; from orchestrator_gql.cli import serve; serve._tune_interpreter(); print('sniffio' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, check=True)

    assert result.stdout == "True\n" or import_module("sniffio")


def test_a_hidden_package_cannot_be_imported_until_the_block_ends() -> None:
    code = (
        "import sys; from orchestrator_gql.utils.extras import hidden\n"
        "with hidden('wave'):\n"
        "    try:\n        import wave\n    except ImportError as error:\n        print('hidden')\n"
        "import wave; print(wave.__name__)\n"
        "with hidden('wave'):\n    import wave as again; print(again is wave)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["hidden", "wave", "True"]
