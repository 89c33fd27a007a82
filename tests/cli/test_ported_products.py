"""Four products that use each other are ported, without a line by hand, and live their whole life here."""

import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from support.tree import ROOT

from orchestrator_gql.cli.failure import DONE
from orchestrator_gql.cli.main import main
from orchestrator_gql.domain import ProductStatus, product
from orchestrator_gql.testing import Kit
from orchestrator_gql.utils.start_errors import SubscriptionInUse
from orchestrator_gql.workflow.model import Workflow

OLD = Path(__file__).parent / "old_family"
"""The files; their names end with ``.old``, because no tool of ours can read what they import."""


def write_family(folder: Path) -> Path:
    """Write the files into the folder, and return it."""
    for source in OLD.rglob("*.old"):
        target = folder / source.relative_to(OLD).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The content of each file in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the ported files."""
    folder = write_family(tmp_path_factory.mktemp("family"))
    assert main(["port", str(folder), "--write"]) == DONE
    return folder


def test_the_printed_diff_is_what_is_written(family: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patched = write_family(tmp_path)
    before = contents(patched)

    assert main(["port", str(patched)]) == DONE
    shown = capsys.readouterr()
    assert contents(patched) == before
    subprocess.run(["git", "apply", "-p1"], cwd=patched, input=shown.out.encode(), check=True, timeout=60)

    assert contents(patched) == contents(family) != before
    assert shown.err.endswith("10 of 13 files change; 0 lines are left to do by hand.\n")


def test_the_commands_of_the_page_show_the_changes_and_write_them(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs/howto/bring-your-workflows-over.md").read_text()
    commands = re.findall(r"^orchestrator-gql (.*?) *#", page, re.MULTILINE)
    folder = write_family(tmp_path / "my_orchestrator")
    before = contents(folder)
    monkeypatch.chdir(tmp_path)

    found = [(main(command.split()), contents(folder)) for command in commands]

    assert found == [(DONE, before), (DONE, contents(family))]


def test_to_port_again_changes_nothing(family: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ported = contents(family)

    assert main(["port", str(family), "--write"]) == DONE

    assert capsys.readouterr().out == ""
    assert contents(family) == ported


def test_the_comments_of_the_authors_stay(family: Path) -> None:
    products = (family / "ported_network/products/__init__.py").read_text()
    workflows = (family / "ported_network/workflows/__init__.py").read_text()

    assert '# Two kinds of nodes\nregister_product(\n    name="ported node A"' in products
    assert ")  # the newer kind\n" in products
    assert workflows.startswith("# Nodes\nfrom ported_network.workflows.nodes import create_ported_node\n")
    assert "\n\n# Ports, circuits and monitors\n" in workflows
    assert "# The ends of a circuit\nListOfEnds = " in (family / "ported_network/products/circuit.py").read_text()


@pytest.mark.filterwarnings("ignore:Support for class-based `config`")  # old code has it, and it runs
async def test_the_ported_products_live(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(family))
    flows = {
        name: value
        for name, value in vars(import_module("ported_network.workflows")).items()
        if isinstance(value, Workflow)
    }
    assert len(flows) == 16
    assert product("ported node B").status is ProductStatus.PHASE_OUT
    assert product("ported port").fixed_inputs == {"speed": 10000}
    assert flows["create_ported_node"].description == "Create a node"

    async with Kit(*flows.values()) as kit:

        async def ran(verb: str, kind: str, *pages: Any) -> dict[str, Any]:
            run = await kit.start(flows[f"{verb}_ported_{kind}"], *pages)
            if (verb, kind) == ("create", "circuit"):
                await run.answer({"return_code": 0, "output": "changed"})
                await run.rests("SUSPENDED")
                await run.confirm()
            return dict((await run.rests("COMPLETED")).state)

        async def lives(kind: str, id: str, *change: Any) -> dict[str, Any]:
            await ran("modify", kind, {"subscription_id": id}, *change)
            return await ran("validate", kind, {"subscription_id": id})

        kind_of_node = {"product": str(product("ported node A").product_id)}
        names = ("ams-1", "lon-1")
        nodes = [await ran("create", "node", kind_of_node, {"settings": None, "node_name": name}) for name in names]
        node_ids = [node["subscription_id"] for node in nodes]
        seen = [await lives("node", id, {"rack": "2"}) for id in node_ids]
        assert [each["title"] for each in seen] == ["node ams-1", "node lon-1"]

        ports = [await ran("create", "port", {"node_id": id, "port_name": "1/1"}) for id in node_ids]
        port_ids = [port["subscription_id"] for port in ports]
        seen = [await lives("port", id, {"node_name": "ignored", "port_name": "1/2"}) for id in port_ids]
        assert [each["seen"] for each in seen] == ["ams-1 1/2 10000", "lon-1 1/2 10000"]

        circuit = await ran("create", "circuit", {"ports": port_ids, "vlan": 7})
        seen = [await lives("circuit", circuit["subscription_id"])]
        assert (seen[0]["bandwidth"], seen[0]["ends"]) == (2000, ["1/2", "1/2"])

        made = await ran("create", "monitor", {"circuit_id": circuit["subscription_id"]}, {"interval": 30})
        seen = [await lives("monitor", made["subscription_id"], {"interval": 10})]
        assert seen[0]["names"] == ["ams-1", "lon-1"]

        with pytest.raises(SubscriptionInUse):
            await kit.start(flows["terminate_ported_port"], {"subscription_id": port_ids[0]}, {"is_sure": True})
        for kind, id in (("monitor", made["subscription_id"]), ("circuit", circuit["subscription_id"])):
            await ran("terminate", kind, {"subscription_id": id})
        for id in port_ids:
            await ran("terminate", "port", {"subscription_id": id}, {"is_sure": True})
        for id in node_ids:
            run = await kit.start(flows["terminate_ported_node"], {"subscription_id": id})
            await run.rests("COMPLETED")
        stored = await run.product_subscriptions()

    assert [each["status"] for each in stored] == ["terminated"]
