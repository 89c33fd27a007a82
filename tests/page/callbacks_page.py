"""The page's own code as a module: its words are data, and nothing in them is changed but what must be."""

import re
from pathlib import Path
from types import ModuleType

from reader import NAMES

WRITTEN = Path(__file__).with_name("callbacks_page.txt").read_text()
"""Every Python block of the page, in its order, letter by letter."""

EARLY = '    inventory = f"{port_A.node.node_name}\\n{port_B.node.node_name}"\n'
"""It reads two names before they are assigned."""

ASSIGNED = "    port_B = subscription.virtual_circuit.saps[1].port\n"


def runnable(written: str) -> str:
    """The page's code under our package's name, with the one line that comes too early moved behind what it reads."""
    renamed = re.sub(r"(?m)^from orchestrator\b", "from orchestrator_gql", written)
    return renamed.replace(EARLY, "").replace(ASSIGNED, ASSIGNED + EARLY)


def load() -> ModuleType:
    """The page as its reader would have it: their names above, its code below."""
    page = ModuleType("callbacks_page_as_run")
    vars(page).update(NAMES)
    exec(compile(runnable(WRITTEN), "callbacks_page.txt", "exec"), vars(page))
    return page
