"""The commands of the terminal against a real server: lists, short ids, JSON, many at once, waiting for the end."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Running, orchestrator, running, until
from support.pseudo_terminal import on_terminal

from orchestrator_gql.cli.catalog import entries
from orchestrator_gql.cli.failure import (
    DECLINED,
    DONE,
    PROCESS_ABORTED,
    PROCESS_FAILED,
    PROCESS_SUSPENDED,
    REFUSED,
    TIMED_OUT,
)
from orchestrator_gql.cli.main import main

FLOWS = """
import os, time

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.workflow import workflow


@step("Say hello")
def greet():
    return {"greeting": "hello"}


@step("Break")
def break_down():
    raise ValueError("the cable is cut")


@step("Linger")
def linger():
    while not os.path.exists("go-on"):
        time.sleep(0.02)
    return {}


@step("Order")
def order(callback_route: str):
    return {}


@inputstep("Ask", assignee=Assignee("NOC"))
def ask():
    class Page(FormPage):
        remark: str = "none"
    yield Page


@workflow("Greet everybody")
def greeting():
    return begin >> greet


@workflow("Break down")
def breaking():
    return begin >> greet >> break_down


@workflow("Ask somebody")
def asking():
    return begin >> ask


@workflow("Take long")
def lingering():
    return begin >> linger >> greet


@workflow("Wait for a remote service")
def ordering():
    return begin >> callback_step("Order it", action_step=order, validate_step=greet)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "flows.py").write_text(FLOWS)
    with running(folder, "serve", "--workflows", "flows", "--port", "0") as server:
        yield server


@pytest.fixture(autouse=True)
def client(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person in an empty folder whose environment names the server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORCHESTRATOR_TOKEN", raising=False)
    monkeypatch.delenv("ORCHESTRATOR_DATABASE_URL", raising=False)
    monkeypatch.setenv("ORCHESTRATOR_URL", server.address)


class Person:
    """Enters commands and reads their output."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def enter(self, *words: str) -> tuple[int, str]:
        code = main(words)
        out, self.err = self._capsys.readouterr()
        return code, out

    def json(self, *words: str) -> Any:
        """The one JSON document of the command, which must be done."""
        code, out = self.enter(*words, "--json")
        assert code == DONE, (words, self.err)
        return json.loads(out)

    def started(self, workflow: str, status: str | None = None) -> str:
        """The id of a new process, once it has this status."""
        id: str = self.json("start", workflow, "--yes")["id"]
        if status is not None:
            until(lambda: self.json("show", id)["status"] == status or None)
        return id


@pytest.fixture
def person(capsys: pytest.CaptureFixture[str]) -> Person:
    return Person(capsys)


def test_the_list_of_processes_can_be_narrowed_and_read_page_by_page(person: Person) -> None:
    ids = [person.started("greeting", "COMPLETED") for _ in range(3)]
    broken = person.started("breaking", "FAILED")

    code, out = person.enter("processes", "--workflow", "greeting", "breaking", "--since", "1h", "--limit", "2")
    cursor = re.findall(r"--after (\S+),", person.err)[0]
    _, later = person.enter("processes", "--workflow", "greeting", "breaking", "--limit", "2", "--after", cursor)
    _, failed = person.enter("processes", "--failure", "step-raised", "--status", "failed", "--mine", "--json")
    _, none = person.enter("processes", "--search", "no such text")
    _, soon = person.enter("processes", "--until", "1d")

    assert code == DONE
    assert [line.split()[0] for line in (out + later).splitlines()] == [broken, *reversed(ids)]
    assert broken in [json.loads(line)["id"] for line in failed.splitlines()]
    assert none == soon == "No process meets all options.\n"


def test_a_short_id_is_the_beginning_or_the_end_of_an_id(person: Person) -> None:
    one, _ = person.started("greeting"), person.started("greeting")

    for text in (
        one[-8:],
        one[-8:-2],
        one[-12:],
        one[:20] + one[20:30],
        one.replace("-", "")[:28],
        one.upper(),
        f"…{one[-8:]}",
    ):
        assert person.json("show", text)["id"] == one, text

    code, _ = person.enter("show", one[:6])
    assert code == REFUSED
    assert f"processes have '{one[:6]}' in their ids. Give more digits of one of:" in person.err
    assert f"  {one}  " in person.err
    code, _ = person.enter("show", "ffffffffffff")
    assert (code, "begins or ends with 'ffffffffffff'" in person.err) == (DECLINED, True)


def test_the_outcome_of_a_process_is_the_exit_code(person: Person, server: Running) -> None:
    seen = {}
    for workflow in ("greeting", "breaking", "asking"):
        seen[workflow] = (*person.enter("start", workflow, "--yes", "--wait"), person.err)

    assert [code for code, _, _ in seen.values()] == [DONE, PROCESS_FAILED, PROCESS_SUSPENDED]
    assert re.search(r"^ +1/1 SUCCESS +Say hello$", seen["greeting"][2], re.MULTILINE)
    assert re.search(r" is COMPLETED$", seen["greeting"][1], re.MULTILINE)
    assert "FAILED            Break: ValueError: the cable is cut" in seen["breaking"][2]
    assert "step-raised: ValueError: the cable is cut. See `orchestrator-gql show " in seen["breaking"][1]
    assert "it asks NOC: 'Ask'. See `orchestrator-gql confirm " in seen["asking"][1]
    code, out = person.enter("start", "ordering", "--yes", "--wait", "--timeout", "1s", "--json")
    process = json.loads(out)
    assert (code, process["timedOut"], process["created"]) == (TIMED_OUT, True, True)
    assert f"The time is over; the process goes on: orchestrator-gql show {process['id']}" in person.err


def test_a_process_that_is_aborted_meanwhile_has_its_own_exit_code(
    person: Person, server: Running, tmp_path: Path
) -> None:
    with running(tmp_path, "start", "ordering", "--yes", "--wait", "--json", ORCHESTRATOR_URL=server.address) as start:
        until(lambda: "AWAITING_CALLBACK" in start.err.read_text() or None)
        _, out = person.enter("processes", "--workflow", "ordering", "--limit", "1", "--json")
        person.enter("abort", json.loads(out)["id"], "--yes")
        code = start.process.wait(60)

    assert (code, json.loads(start.out.read_text())["status"]) == (PROCESS_ABORTED, "ABORTED")


def test_a_server_that_dies_while_a_command_waits_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    serve = ("serve", "--workflows", "flows", "--port")
    with running(tmp_path, *serve, "0") as first:
        url = first.address
        with (
            running(tmp_path, "start", "lingering", "--yes", "--wait", "--url", url) as start,
            running(tmp_path, "processes", "--watch", "--json", "--url", url) as watch,
        ):
            until(lambda: ("RUNNING" in start.err.read_text() and watch.out.read_text()) or None)
            first.process.kill()
            first.process.wait()
            until(lambda: ("Reconnecting" in start.err.read_text() and "Reconnecting" in watch.err.read_text()) or None)
            (tmp_path / "go-on").touch()
            with running(tmp_path, *serve, url.rpartition(":")[2]):
                code = start.process.wait(60)
                until(lambda: '"COMPLETED"' in watch.out.read_text() or None)
                assert watch.end(signal.SIGINT) == DONE

    assert (code, "is COMPLETED" in start.out.read_text()) == (DONE, True)
    assert "Traceback" not in start.err.read_text() + watch.err.read_text()


def test_many_processes_are_aborted_after_a_preview_and_each_refusal_is_printed(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [person.started("asking", "SUSPENDED") for _ in range(3)]
    chosen = ("abort", "--workflow", "asking", "--status", "SUSPENDED", "--since", "1h")

    _, preview = person.enter(*chosen, "--dry-run")
    dry = person.json(*chosen, "--dry-run")
    refused = person.enter(*chosen)
    refused_why = person.err
    still = [person.json("show", id)["status"] for id in ids]

    from orchestrator_gql.cli.operator import many

    found = many.Many._found

    def and_one_is_decided(self: Any, url: str, selected: Any) -> Any:
        nodes = found(self, url, selected)
        main(["abort", ids[0], "--yes", "--json"])  # another person is faster
        return nodes

    monkeypatch.setattr(many.Many, "_found", and_one_is_decided)
    code, out = person.enter(*chosen, "--reason", "A test.", "--yes")

    assert all(id in preview for id in ids) and re.search(r"^\d+ processes can be aborted\.$", preview, re.MULTILINE)
    assert set(ids) <= {node["id"] for node in dry["selected"]} and dry["dryRun"] and dry["done"] == []
    assert refused[0] == DECLINED and "Nothing was aborted. Add --yes to abort" in refused_why
    assert still == ["SUSPENDED"] * 3
    assert code == DECLINED
    number = len(dry["selected"])
    assert out.splitlines()[-1] == f"{number - 1} of {number} processes were aborted."
    assert f"{ids[0]}: " in person.err and "Traceback" not in person.err
    assert [person.json("show", id)["status"] for id in ids] == ["ABORTED"] * 3


def test_many_failed_processes_are_retried(person: Person) -> None:
    ids = {person.started("breaking", "FAILED") for _ in range(2)}

    result = person.json("retry", "--workflow", "breaking", "--yes")

    assert ids <= {node["id"] for node in result["done"]}
    assert (result["verb"], result["refused"]) == ("retry", [])
    assert person.enter("retry", "--search", "no such text", "--yes") == (DONE, "No selected process can be retried.\n")


def test_a_workflow_is_shown_with_its_form_and_its_steps(person: Person) -> None:
    _, listed = person.enter("workflows")
    _, one = person.enter("workflows", "asking")
    code, _ = person.enter("workflows", "nothing")

    assert re.search(r"^greeting +SYSTEM +Greet everybody$", listed, re.MULTILINE)
    assert one.startswith("asking (SYSTEM): Ask somebody\n") and "Ask (input, for NOC)" in one
    assert (code, "There is no workflow 'nothing'" in person.err) == (DECLINED, True)


JSON_WORDS: dict[str, tuple[str, ...]] = {
    "processes": ("--limit", "2"),
    "workflows": (),
    "products": (),
    "waits": (),
    "services": (),
    "show": ("ASKING",),
    "notifications": (),
    "start": ("greeting", "--yes"),
    "confirm": ("ASKING", "--yes"),
    "claim": ("ASKING",),
    "release": ("ASKING",),
    "assign": ("ASKING", "NOC"),
    "retry": ("BROKEN",),
    "abort": ("ASKING",),
    "reissue": ("ORDERED",),
    "reawait": ("ORDERED", "--for", "1h"),
    "complete": ("ORDERED", "--result", "result.json", "--reason", "A test."),
    "pause": (),
    "resume": (),
    "migrate": ("--database", "sqlite+aiosqlite:///own.db"),
    "backup": ("copy.db", "--database", "sqlite+aiosqlite:///own.db"),
    "prune": ("--older-than", "1", "--yes"),
    "schema": (),
    "audit list": (),
    "audit verify": (),
    "audit export": (),
}
WITHOUT_JSON = {"serve", "worker", "demo", "completion"}
ELSEWHERE = {"tail", "adopt", "continue", "resend", "contracts", "port", "products check", "products migrate"}
"""Their JSON needs a stream, a late delivery, a notification, a module or a folder; see the tests of these commands."""


def test_the_table_of_json_has_every_command() -> None:
    assert {entry.name for entry in entries()} == JSON_WORDS.keys() | WITHOUT_JSON | ELSEWHERE


@pytest.mark.parametrize("name", JSON_WORDS)
def test_every_command_prints_json_and_nothing_else(name: str, person: Person, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}")
    made = {"ASKING": ("asking", "SUSPENDED"), "BROKEN": ("breaking", "FAILED"), "ORDERED": ("ordering", None)}
    words = [person.started(*made[word]) if word in made else word for word in JSON_WORDS[name]]
    if "ORDERED" in JSON_WORDS[name]:
        until(lambda: person.json("show", words[0])["status"] == "AWAITING_CALLBACK" or None)
    if name == "backup":
        person.enter("migrate", "--database", "sqlite+aiosqlite:///own.db")
    if name == "release":
        person.enter("claim", words[0])
    if name in ("processes", "waits"):
        person.started(*made["ASKING"])  # there is something to list

    code, out = person.enter(*name.split(), *words, "--json")

    assert code == DONE, person.err
    values = [json.loads(out)] if name in ("show", "schema") else [json.loads(line) for line in out.splitlines()]
    assert values or name in ("notifications", "products", "services"), "nothing of these is there"
    assert all(isinstance(value, dict) for value in values)
    assert "\x1b" not in out and "\x1b" not in person.err


@pytest.mark.parametrize("columns", [20, 40])
def test_a_table_fits_every_terminal_without_colours(columns: int, person: Person, server: Running) -> None:
    code, written = on_terminal(["workflows"], columns, ORCHESTRATOR_URL=server.address, TERM="dumb")

    assert (code, "\x1b" in written) == (DONE, False)
    assert max(map(len, written.splitlines())) <= columns


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_table_fits_every_terminal(columns: int, person: Person, server: Running) -> None:
    id = person.started("breaking", "FAILED")

    code, written = on_terminal(["processes", "--workflow", "breaking"], columns, ORCHESTRATOR_URL=server.address)

    plain = re.sub(r"\x1b\[[0-9;]*m", "", written)
    assert code == DONE
    assert id[-8:] in plain and id not in plain
    assert max(map(len, plain.splitlines())) <= columns
    assert "\x1b[31mFAILED" in written


@pytest.mark.each_value
@pytest.mark.parametrize(
    ("words", "environment", "is_colored"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"TERM": "dumb"}, False),
        (("--color", "never"), {}, False),
        (("--color=always",), {"NO_COLOR": "1"}, True),
    ],
)
@pytest.mark.parametrize("command", [("processes", "--limit", "5"), ("show", "ID"), ("waits",), ("audit", "list")])
def test_colours_are_as_the_person_wishes(
    command: tuple[str, ...],
    words: tuple[str, ...],
    environment: dict[str, str],
    is_colored: bool,
    person: Person,
    server: Running,
) -> None:
    id = person.started("asking", "SUSPENDED")
    given = [id if word == "ID" else word for word in command]

    code, written = on_terminal([*given, *words], 200, ORCHESTRATOR_URL=server.address, **environment)

    assert (code, "\x1b[" in written) == (DONE, is_colored), written


def test_a_person_is_asked_before_many_are_aborted(person: Person, server: Running) -> None:
    id = person.started("asking", "SUSPENDED")
    words = ["abort", "--search", id]

    no, written = on_terminal(words, keys="n\n", ORCHESTRATOR_URL=server.address)
    hung_up, _ = on_terminal(words, keys="\x04", ORCHESTRATOR_URL=server.address)
    before = person.json("show", id)["status"]
    yes, last = on_terminal(words, keys="y\n", ORCHESTRATOR_URL=server.address)

    assert (no, hung_up, before, yes) == (DECLINED, DECLINED, "SUSPENDED", DONE)
    assert "Abort 1 process? [y/N]" in written and "Nothing was aborted." in written
    assert "1 of 1 process was aborted." in last
    assert person.json("show", id)["status"] == "ABORTED"


def test_the_shell_is_offered_commands_workflows_and_processes(person: Person, server: Running) -> None:
    id = person.started("greeting", "COMPLETED")
    for shell in ("bash", "zsh", "fish"):
        code, out = person.enter("completion", shell)
        assert code == DONE and "orchestrator-gql" in out and "__complete" in out, shell

    offered = orchestrator(Path.cwd(), "__complete", "start", "gr", ORCHESTRATOR_URL=server.address)
    ids = orchestrator(Path.cwd(), "__complete", "show", id[-8:-4], ORCHESTRATOR_URL=server.address)
    whole = orchestrator(Path.cwd(), "__complete", "show", id[:30], ORCHESTRATOR_URL=server.address)
    away = orchestrator(Path.cwd(), "__complete", "show", "", ORCHESTRATOR_URL="http://127.0.0.1:1")

    asking, ordered = person.started("asking", "SUSPENDED"), person.started("ordering", "AWAITING_CALLBACK")
    found = {
        command: orchestrator(Path.cwd(), "__complete", command, "", ORCHESTRATOR_URL=server.address).stdout
        for command in ("confirm", "reissue", "abort", "retry")
    }
    assert {command: asking[-8:] in out for command, out in found.items()} == {
        "confirm": True,
        "reissue": True,  # a person may be asked about a callback
        "abort": True,
        "retry": False,
    }
    assert {command: ordered[-8:] in out for command, out in found.items()} == {
        "confirm": False,
        "reissue": True,
        "abort": True,
        "retry": False,
    }
    assert not any(id[-8:] in out for out in found.values())  # it is completed

    assert "greeting\tGreet everybody" in offered.stdout.splitlines()
    assert any(line.startswith(f"{id[-8:]}\t") for line in ids.stdout.splitlines())
    assert any(line.startswith(f"{id}\t") for line in whole.stdout.splitlines())
    assert (away.returncode, away.stderr) == (DONE, "")


def test_the_list_is_drawn_again_after_each_change(person: Person, server: Running, tmp_path: Path) -> None:
    words = ("processes", "--watch", "--workflow", "greeting")
    with (
        running(tmp_path, *words, "--color", "always", ORCHESTRATOR_URL=server.address) as screen,
        running(tmp_path, *words, ORCHESTRATOR_URL=server.address) as lines,
    ):
        until(lambda: "Ctrl-C ends" in screen.out.read_text() or None)
        id = person.started("greeting")
        for watch, text in ((screen, id[-8:]), (lines, f"{id}  COMPLETED")):
            until(lambda watch=watch, text=text: text in watch.out.read_text() or None)  # type: ignore[misc]
        codes = [watch.end(signal.SIGINT) for watch in (screen, lines)]

    assert codes == [DONE, DONE]
    assert screen.err.read_text() == lines.err.read_text() == ""
    assert screen.out.read_text().endswith("\x1b[?25h")  # the cursor is there again


DRAWN: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("processes", "--help"),
    ("workflows",),
    ("workflows", "asking"),
    ("waits",),
    ("notifications",),
    ("audit", "list"),
    ("audit", "verify"),
    ("show", "ID"),
    ("abort", "--status", "SUSPENDED", "--dry-run"),
)


@pytest.mark.each_value
@pytest.mark.parametrize("columns", [20, 80])
@pytest.mark.parametrize("command", DRAWN)
def test_every_screen_can_be_drawn_at_every_width(
    command: tuple[str, ...], columns: int, person: Person, server: Running
) -> None:
    id = person.started("asking", "SUSPENDED")
    given = [id if word == "ID" else word for word in command]

    code, written = on_terminal(given, columns, ORCHESTRATOR_URL=server.address, LC_ALL="C", PYTHONUTF8="0")

    assert (code, "Traceback" in written) == (DONE, False), written
    assert written.isascii()
