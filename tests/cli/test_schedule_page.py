"""The command of the page about schedules starts one process, however often a scheduler runs it."""

import json
import re
from pathlib import Path

from support.command_line import orchestrator
from support.page_reader import reading
from support.tree import ROOT

PAGE = (ROOT / "docs/howto/schedule-a-workflow.md").read_text()
COMMAND = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0]
WORKFLOW = re.findall(r"```python\n(.*?)```", (ROOT / "docs/tutorial/first-callback.md").read_text(), re.DOTALL)[0]
CODES = {text: int(code) for text, code in re.findall(r"^\| (.+?) \| (\d) \|$", PAGE, re.MULTILINE)}


def code_of(words: str) -> int:
    """The exit code of the row of the page with these words."""
    (code,) = [code for text, code in CODES.items() if words in text]
    return code


def test_the_command_of_the_page_starts_one_process_and_its_exit_codes_are_those_of_the_page(tmp_path: Path) -> None:
    day = "2026-11-29"
    command = COMMAND.replace("$(date +%F)", day)
    key = ("--idempotency-key", f"upgrade-ams-1-{day}")
    with reading(tmp_path, "upgrade.py") as reader:
        reader.save(WORKFLOW)
        first, again = json.loads(reader.enter(command)), json.loads(reader.enter(command))
        to = ("--yes", "--url", reader.address)
        other = orchestrator(tmp_path, "start", "upgrade_node", "--set", "node=ams-2", *key, *to)
        unknown = orchestrator(tmp_path, "start", "upgrade_all", *to)
        wrong = orchestrator(tmp_path, "start", "upgrade_node", "--sett", "node=ams-1", *to)
    away = orchestrator(tmp_path, "start", "upgrade_node", "--set", "node=a", "--yes", "--url", "http://127.0.0.1:1")

    assert (first["created"], again["created"], first["id"] == again["id"]) == (True, False, True)
    assert other.returncode == code_of("the key was used with other answers")
    assert unknown.returncode == code_of("no such workflow")
    assert wrong.returncode == code_of("the command is wrong")
    assert away.returncode == code_of("the server cannot be reached")
