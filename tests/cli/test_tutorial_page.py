"""The tutorial can be followed to its end: its files, commands and requests work as they are printed."""

import re
from pathlib import Path

import httpx
import pytest
from support.authors_pytest import run_pytest
from support.page_reader import reading
from support.tree import ROOT

PAGES = ("first-callback", "confirmation", "failure", "deadline")
INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
PROCESSES = "{ processes(first: 10) { nodes { status subject } } }"
SEEN = {
    "first-callback": ["callback", "accepted", "callback-already-received"],
    "confirmation": ["rejected", "the wrong version"],
    "failure": ["no such image", "no-space", "The flash is full"],
    "deadline": ["callback-expired", "can be adopted", "Form 'Upgrade: no result'"],
}
"""What a reader of each page sees, in this order."""

ENDS = {
    "first-callback": {"ams-1": "COMPLETED"},
    "confirmation": {"ams-2": "COMPLETED", "ams-3": "ABORTED"},
    "failure": {"ams-4": "COMPLETED", "ams-5": "COMPLETED"},
    "deadline": {"ams-6": "COMPLETED", "ams-7": "COMPLETED"},
}


def blocks(page: str) -> list[tuple[str, str]]:
    """The language and the text of each block of a page of the tutorial."""
    text = (ROOT / f"docs/tutorial/{page}.md").read_text()
    return re.findall(r"```(python|sh)\n(.*?)```", text, re.DOTALL)


def module_before(page: str) -> str:
    """What a reader has in the module when the page begins."""
    earlier = PAGES[: PAGES.index(page)] if page in PAGES else PAGES
    return "\n\n".join(text for each in earlier for language, text in blocks(each) if language == "python")


@pytest.mark.parametrize("page", PAGES)
def test_a_reader_comes_to_the_end_of_a_page(tmp_path: Path, page: str) -> None:
    outputs = []
    with reading(tmp_path, "upgrade.py") as reader:
        if before := module_before(page):
            reader.save(before)
        for language, text in blocks(page):
            if language == "python":
                reader.save(text)
            elif not text.startswith("orchestrator-gql serve"):
                outputs.append(reader.enter(text))
        processes = httpx.post(f"{reader.address}/graphql", json={"query": PROCESSES}, trust_env=False).json()
    nodes = processes["data"]["processes"]["nodes"]

    assert re.search(".*".join(map(re.escape, SEEN[page])), "\n".join(outputs), re.DOTALL), outputs
    assert {node["subject"].removeprefix("Upgrade "): node["status"] for node in nodes} == ENDS[page]


def test_the_tests_of_the_tutorial_pass(tmp_path: Path) -> None:
    (text,) = [text for language, text in blocks("test") if language == "python"]
    (tmp_path / "upgrade.py").write_text(module_before("test"))
    (tmp_path / "test_upgrade.py").write_text(text)
    (tmp_path / "pytest.ini").write_text(INI)

    result = run_pytest(tmp_path)

    assert f"{text.count('async def test_')} passed" in result.stdout, result.stdout + result.stderr
