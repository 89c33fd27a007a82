"""The shell and GraphQL blocks of the pages work on a server, and what they say of commands and settings is true."""

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from graphql import NonNullTypeNode, OperationDefinitionNode, VariableDefinitionNode, parse, print_ast
from support.command_line import environment_of, finished
from support.page_blocks import Block, blocks, is_run_here
from support.page_reader import Reader, reading
from support.tree import ROOT

from orchestrator_gql.config.settings import read_settings

WORKFLOW = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]
START = """\
PROCESS=$(orchestrator-gql start configure_node --set node=ams-1 --yes --json | grep -oE '[0-9a-f-]{36}' | head -1)
until orchestrator-gql waits | grep -q callback; do sleep 0.2; done
"""
DELIVER = "curl -s \"$(cat order.txt)\" -H 'content-type: application/json' -d '{\"return_code\": 0}'\n"
SHELL = [block for block in blocks("sh") if is_run_here(block)]
SETTINGS = [block for block in SHELL if re.match(r"export |[A-Z_]+=\S+ +#", block.text)]
COMMANDS = [block for block in SHELL if block not in SETTINGS]


def name(block: Block) -> str:
    return block.name


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader whose server has a process that waits for its callback, and a receipt of another."""
    folder = tmp_path_factory.mktemp("reader")
    with reading(folder, "my_workflows.py", ORCHESTRATOR_RETENTION_DAYS="365") as reader:
        reader.save(WORKFLOW)
        reader.enter(START)
        (receipt,) = re.findall(r'"receipt":"([^"]+)"', reader.enter(DELIVER).replace(" ", ""))
        (reader.folder / "receipt").write_text(receipt)
        (reader.folder / "my_orchestrator").mkdir()
        (reader.folder / "my_orchestrator" / "__init__.py").touch()
        reader.enter(START)
        yield reader


@pytest.mark.parametrize("block", COMMANDS, ids=name)
def test_a_block_of_commands_runs(reader: Reader, block: Block) -> None:
    assert not re.search(r"\b(pip|npm|make|docker|chown|apt|sudo)\b", block.text), "list the block in NOT_RUN"
    receipt = (reader.folder / "receipt").read_text()
    text = re.sub(r"http://127\.0\.0\.1:800\d", reader.address, block.text)
    text = re.sub(r"receipts/[0-9a-f-]{36}", f"receipts/{receipt}", text)
    text = text.replace("/var/lib/orchestrator/net.db", f"{reader.folder}/orchestrator.db")
    text = re.sub(r"/backups/|/var/lib/orchestrator/", f"{reader.folder}/", text)
    text = text.replace("check_port", "configure_node")  # the only workflow of this server
    text = re.sub(r"\bID\b", '"$PROCESS"', text)
    known = f'URL=$(cat order.txt) SERVER="{reader.address}" CURL_HOME="{reader.folder}"\n'

    reader.enter(known + text)


@pytest.mark.parametrize("block", SETTINGS, ids=name)
def test_a_block_of_settings_is_accepted(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = (f"{number:064x}" for number in count())
    text = re.sub('(?<="sha256": ")…', lambda _: next(digests), block.text)
    shell = ["bash", "-euc", f"set -a; {text}\nenv -0"]

    result = subprocess.run(shell, env=environment_of({}), capture_output=True, text=True, check=True)
    variables = dict(line.split("=", 1) for line in result.stdout.split("\0") if line.startswith("ORCHESTRATOR_"))
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)

    assert variables or block.page == "docs/howto/deploy-on-postgresql.md"  # the variables of docker-compose.yml
    read_settings()


def test_no_shell_block_has_a_fault_of_syntax() -> None:
    faults = {
        block.name: subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False).stderr
        for block in blocks("sh")
    }

    assert {name: fault for name, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("block", blocks("graphql"), ids=name)
def test_the_operations_of_a_block_run(reader: Reader, block: Block) -> None:
    process_id = reader.enter('printf %s "$PROCESS"')
    text = block.text.replace("…", process_id)
    for operation in parse(text).definitions:
        assert isinstance(operation, OperationDefinitionNode)
        required = [each.variable.name.value for each in operation.variable_definitions or () if is_required(each)]
        known = {"id": lambda: process_id, "earlier": lambda: process_id, "after": lambda: cursor_of(reader.address)}
        variables = {name: known[name]() for name in required}
        result = first_message(reader.address, {"query": print_ast(operation), "variables": variables})

        assert "data" in result, result
        assert {error["extensions"]["code"] for error in result.get("errors", ())} <= {"NOT_FOUND"}  # of the example


def is_required(definition: VariableDefinitionNode) -> bool:
    """Whether the operation cannot run without the variable."""
    return isinstance(definition.type, NonNullTypeNode)


def cursor_of(address: str) -> str:
    """The newest place in the event log."""
    batch = first_message(address, {"query": "subscription { processEvents { cursor } }"})
    return str(batch["data"]["processEvents"]["cursor"])


def first_message(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """The first response to an operation, as a server-sent event."""
    headers = {"accept": "text/event-stream"}
    with httpx.stream("POST", f"{address}/graphql", json=body, headers=headers, trust_env=False) as response:
        data = next(line.removeprefix("data:") for line in response.iter_lines() if line.startswith("data:"))
    message: dict[str, Any] = json.loads(data)
    return message


COMMAND = r"(?:audit |products (?=check|migrate))?[a-z]+"
"""The words of a command."""


def used() -> dict[str, set[str]]:
    """The flags that the pages give to each command, run or not."""
    flags: dict[str, set[str]] = {}
    text = "\n".join(block.text.replace("\\\n", " ") for block in blocks("sh", "text"))
    for command, rest in re.findall(rf"\borchestrator-gql ({COMMAND})\b([^|#;&\n)]*)", text):
        flags.setdefault(command, set()).update(re.findall(r"(?<=\s)--[a-z-]+", re.sub(r'"[^"]*"', "", rest)))
    return flags


@pytest.mark.parametrize("command", sorted(used()))
def test_a_command_of_the_pages_exists_and_takes_their_flags(command: str) -> None:
    result = finished([*command.split(), "--help"], {"COLUMNS": "200"}, stdout=subprocess.PIPE, text=True)

    assert result.returncode == 0, result.stderr
    assert {flag for flag in used()[command] if not re.search(rf"{flag}\b", result.stdout)} == set()


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"^make ([a-z-]+)", "\n".join(b.text for b in blocks("sh")), re.M)))
)
def test_a_target_of_make_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
