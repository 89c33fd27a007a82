"""Every code block of the pages is run or read by a test; the few others are counted and shown."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from support.page_blocks import (
    CODE,
    CONFIGURATION,
    EXCERPTS,
    NOT_RUN,
    PAGES,
    RUN_BY_THE_TEST_OF_ITS_PAGE,
    Block,
    blocks,
    is_meant,
    is_run_here,
)
from support.tree import PACKAGE, ROOT

MOST_NOT_RUN = 25
"""May only fall."""

KNOWN = {*CODE, *CONFIGURATION, ""}

BEFORE = {
    "docs/howto/connect-a-remote-service.md": """
        from orchestrator_gql import step

        @step("Order")
        def order_playbook(callback_url: str) -> None: ...

        @step("Judge")
        def judge_playbook(callback_result: dict) -> None: ...
    """,
    "docs/howto/sign-callbacks.md": """
        from orchestrator_gql import callback_step, step

        @step("Order")
        def run_playbook(callback_url: str) -> None: ...

        @step("Judge")
        def judge(callback_result: dict) -> None: ...
    """,
    "docs/howto/products.md": """
        from typing import Annotated
        from uuid import UUID

        from annotated_types import Len

        from orchestrator_gql import abort, begin, conditional, step
        from orchestrator_gql.demo.products import L2vpn, Node, Port, PortInactive
        from orchestrator_gql.forms import FormPage
        from orchestrator_gql.types import FormGenerator, State

        class SapBlock(__import__("orchestrator_gql.domain").domain.ProductBlockModel, product_block_name="Sap"):
            vlan: int

        @step("Ask")
        def ask() -> State: return {}

        @step("Provision")
        def provision() -> State: return {}
    """,
    "docs/howto/find-products.md": """
        from orchestrator_gql import StepList, begin, step
        from orchestrator_gql.demo.products import L2vpn, Port
        from orchestrator_gql.forms import FormPage
        from orchestrator_gql.types import FormGenerator, State
        from orchestrator_gql.workflows.utils import modify_workflow

        def ask_speed(subscription: L2vpn) -> FormGenerator:
            yield FormPage
            return {"speed": 100}
    """,
    "docs/howto/monitor.md": "",
    "docs/howto/write-steps-that-block.md": """
        import httpx

        from orchestrator_gql import step
        from orchestrator_gql.types import State

        def reload_and_wait(node: str) -> str: return "15.1"
    """,
}
"""What a page takes as known before its Python."""


def name(block: Block) -> str:
    return block.name


def test_every_language_of_a_block_is_known() -> None:
    everything = set(re.findall(r"^ *```(\w+)\n", "\n".join(page.read_text() for page in PAGES), re.MULTILINE))

    assert everything - KNOWN == set()


@pytest.mark.parametrize("page", sorted({block.page for block in blocks("python") if is_run_here(block)}))
def test_the_python_of_a_page_without_a_test_of_its_own_runs(tmp_path: Path, page: str) -> None:
    before = re.sub(r"^ {8}", "", BEFORE[page], flags=re.MULTILINE)
    texts = [block.text for block in blocks("python") if block.page == page and is_run_here(block)]
    module = tmp_path / "page.py"
    module.write_text("\n\n".join([before, *texts]))

    result = subprocess.run([sys.executable, str(module)], capture_output=True, text=True, check=False, timeout=60)

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("block", [b for b in blocks("python") if b.page in EXCERPTS], ids=name)
def test_an_excerpt_of_the_demo_stands_in_the_demo(block: Block) -> None:
    demo = "\n".join(path.read_text() for path in sorted((PACKAGE / "demo").rglob("*.py")))
    demo = re.sub(r'^ +""".*?"""\n', "", demo, flags=re.MULTILINE | re.DOTALL)

    assert [part for part in block.text.strip().split("\n\n\n") if part not in demo] == []


@pytest.mark.parametrize("block", blocks("json", "yaml", "toml", "nginx", "ini"), ids=name)
def test_a_block_of_configuration_can_be_read(block: Block) -> None:
    match block.language:
        case "json":
            json.loads(block.text)
        case "yaml":
            yaml.safe_load(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "nginx":
            assert nginx_faults(block.text) == []
        case _:
            assert all(re.match(r"\[.+\]$|[\w.-]+ *=|[#;]|$", line) for line in block.text.splitlines())


def nginx_faults(text: str) -> list[str]:
    """The lines that are no directive, no block and no comment; and a brace without its other half."""
    lines = [line.split(" #")[0].strip() for line in text.splitlines()]
    faults = [line for line in lines if line and line[0] not in "#}" and not line.endswith((";", "{"))]
    return faults if text.count("{") == text.count("}") else [*faults, "the braces do not match"]


def test_a_fault_in_a_block_for_nginx_is_found() -> None:
    assert nginx_faults("location / {\n  proxy_pass http://api\n}\n") == ["proxy_pass http://api"]
    assert nginx_faults("location / {\n") == ["the braces do not match"]


@pytest.mark.parametrize("place", RUN_BY_THE_TEST_OF_ITS_PAGE, ids=str)
def test_the_test_of_a_page_reads_the_page(place: tuple[str, str, str | None]) -> None:
    page = place[0]
    module = ROOT / "tests" / RUN_BY_THE_TEST_OF_ITS_PAGE[place]
    text = module.read_text()

    assert any(is_meant(block, *place) for block in blocks(place[1]))
    assert Path(page).name in text or str(Path(page).parent) in text


def test_the_blocks_that_no_test_runs_are_shown_and_become_no_more() -> None:
    """Ends as skipped, so that the report shows the number and the reasons."""
    everything = blocks(*CODE)

    gone = [place for place in NOT_RUN if not any(is_meant(block, *place) for block in everything)]
    assert gone == [], "these blocks are no longer there: remove them from NOT_RUN"
    assert len(NOT_RUN) <= MOST_NOT_RUN
    reasons = "; ".join(f"{page}, {beginning}: {why}" for (page, _, beginning), why in NOT_RUN.items())
    pytest.skip(f"{len(NOT_RUN)} of {len(everything)} blocks of the documentation are run by no test: {reasons}")
