"""A stranger can finish the first workflow of the README with the commands that stand below it."""

import re
from pathlib import Path

from support.page_reader import reading
from support.tree import ROOT

README = (ROOT / "README.md").read_text()


def test_a_stranger_finishes_the_workflow_of_the_readme(tmp_path: Path) -> None:
    section = README.split("## Write a workflow")[1].split("\n## ")[0]
    workflow, *_ = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    serve, commands = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)

    with reading(tmp_path, "my_workflows.py") as reader:
        reader.save(workflow)
        reader.enter(commands)
        shown = reader.enter(
            'until orchestrator-gql show "$PROCESS" | grep -q COMPLETED; do sleep 0.2; done\n'
            'orchestrator-gql show "$PROCESS"'
        )

    assert serve == "orchestrator-gql serve --workflows my_workflows.py\n"
    assert "COMPLETED" in shown
