"""Every example has a README with its commands, a row in the index, and a test that runs it."""

import pytest
from support.example_project import EXAMPLES, commands_of
from support.tree import ROOT

NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())
MAX_LINES = 17
"""Of a README: a reader begins with the commands."""


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_explained_listed_and_run(name: str) -> None:
    readme = (EXAMPLES / name / "README.md").read_text()
    index = (EXAMPLES / "README.md").read_text()

    assert readme.count("\n") <= MAX_LINES
    assert len(commands_of(name)) >= 2
    assert f"[{name}]({name}/README.md)" in index
    assert (ROOT / "tests/examples" / f"test_example_{name.replace('-', '_')}.py").exists()
