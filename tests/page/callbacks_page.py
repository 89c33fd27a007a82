"""The code of the documentation page as a module; only the necessary lines of it are changed."""

import re
from pathlib import Path
from types import ModuleType

from reader import NAMES

WRITTEN = Path(__file__).with_name("callbacks_page.txt").read_text()
"""Every Python block of the page, in its order, unchanged."""

EARLY = '    inventory = f"{port_A.node.node_name}\\n{port_B.node.node_name}"\n'
"""This line reads two names before they are assigned."""

ASSIGNED = "    port_B = subscription.virtual_circuit.saps[1].port\n"


def runnable(written: str) -> str:
    """The page's code with our package's name; the line that is too early moves behind the assignments it needs."""
    renamed = re.sub(r"(?m)^from orchestrator\b", "from orchestrator_gql", written)
    return renamed.replace(EARLY, "").replace(ASSIGNED, ASSIGNED + EARLY)


def load() -> ModuleType:
    """The page as a module of its reader: first the reader's names, then the page's code."""
    page = ModuleType("callbacks_page_as_run")
    vars(page).update(NAMES)
    exec(compile(runnable(WRITTEN), "callbacks_page.txt", "exec"), vars(page))
    return page
