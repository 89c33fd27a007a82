"""`orchestrator-gql port`: each rewrite, what is left to do by hand, and how files are found and written."""

import ast
import io
import json
import tokenize
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_gql.cli.failure import DECLINED, DONE, REFUSED
from orchestrator_gql.cli.main import main
from orchestrator_gql.cli.porting import files
from orchestrator_gql.cli.porting.advice import LEFT_OUT
from orchestrator_gql.cli.porting.command import Ported, ported_folder
from orchestrator_gql.cli.porting.files import python_files, write_all
from orchestrator_gql.cli.porting.names import HOMES, MODULES, REWRITTEN, normal
from orchestrator_gql.cli.porting.project import project_of, tree_of
from orchestrator_gql.cli.porting.rewriting import rewritten
from orchestrator_gql.utils.errors import SettingsError

NOWHERE = project_of({})

RENAMED = "from orchestrator.targets import Target\n"


def changed(source: str) -> str:
    """The source after all rewrites, which a second time change nothing."""
    tree = {"module.py": tree_of(source.encode())}
    new = rewritten(source.encode(), project_of(tree))
    assert rewritten(new, project_of({"module.py": tree_of(new)})) == new
    return new.decode()


def ported(**sources: str) -> Ported:
    """The files of these names after the command."""
    given = {f"{name}.py": text.encode() for name, text in sources.items()}
    return ported_folder(given, are_lines_new=False)


def left(source: str) -> list[tuple[int, str]]:
    """The lines of a file that are left to do by hand; they are as many if the command ran before."""
    found = ported(module=source)
    again = ported_folder({**found.before, **found.after}, are_lines_new=True)
    new = ported_folder(found.before, are_lines_new=True)
    assert [each.what for each in again.findings] == [
        each.what for each in new.findings if each.why[:12] != "no migration"
    ]
    return [(each.line, each.what) for each in found.findings]


@pytest.mark.parametrize("home", sorted(set(HOMES.values())))
def test_every_name_of_the_table_is_here(home: tuple[str, str]) -> None:
    module, name = home
    if find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module} is a package of the user")

    assert hasattr(import_module(module), name) or find_spec(f"{module}.{name}")


def test_no_name_is_both_here_and_left_out() -> None:
    assert not {f"{module}.{name}" for module, name in HOMES} & LEFT_OUT.keys()
    assert not HOMES.keys() & REWRITTEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "from orchestrator import workflow, step",
            "from orchestrator_gql.workflow import workflow\nfrom orchestrator_gql import step",
        ),
        ("from orchestrator.core.forms import FormPage as F", "from orchestrator_gql.forms import FormPage as F"),
        (
            "if True: from orchestrator.types import SI, State",
            "if True: from orchestrator_gql.domain.base import SI; from orchestrator_gql.types import State",
        ),
        (
            "import os; from orchestrator.types import SI; x = SI",
            "import os; from orchestrator_gql.domain.base import SI; x = SI",
        ),
        (
            "import orchestrator\n\n@orchestrator.step('x')\ndef f(): ...",
            "import orchestrator_gql\n\n@orchestrator_gql.step('x')\ndef f(): ...",
        ),
        ("import orchestrator.core.types as t, os\nx = t.State", "import orchestrator_gql.types as t, os\nx = t.State"),
        (
            "import orchestrator.types\nx = orchestrator.types.SubscriptionLifecycle.ACTIVE.value",
            "import orchestrator_gql.types\nx = orchestrator_gql.types.SubscriptionLifecycle.ACTIVE.value",
        ),
        (
            "from orchestrator.services.products import get_product_by_name as g",
            "from orchestrator_gql.domain import product as g",
        ),
        (
            "from orchestrator.types import (  # the ground\n    State,  # a dict\n    # of a model\n    SI,\n)",
            "from orchestrator_gql.types import (  # the ground\n    State,  # a dict\n    # of a model\n)\n"
            "from orchestrator_gql.domain.base import (  # the ground\n    SI,\n)",
        ),
        (
            "from orchestrator.forms import ReadOnlyField\n\nclass P:\n    a: int = ReadOnlyField(1)  # kept",
            "from orchestrator_gql.forms import ReadOnly\n\nclass P:\n    a: ReadOnly[int] = 1  # kept",
        ),
        (
            "from pydantic_forms.core import FormPage, ReadOnlyField\n\nclass P:\n    a: int = ReadOnlyField(1)",
            "from pydantic_forms.core import FormPage\n"
            "from orchestrator_gql.forms import ReadOnly\n\nclass P:\n    a: ReadOnly[int] = 1",
        ),
        (
            "from orchestrator.domain.base import SI, SubscriptionInstanceList as L\n\nclass A(L[SI]): pass",
            "from orchestrator_gql.domain.base import SI\n\nA = list[SI]",
        ),
        (
            "from orchestrator.workflows.utils import validate_workflow\n\n@validate_workflow\ndef f(): ...",
            "from orchestrator_gql.workflows.utils import validate_workflow\n\n@validate_workflow\ndef f(): ...",
        ),
    ],
)
def test_a_name_comes_from_where_it_is_here(old: str, new: str) -> None:
    assert changed(old + "\n") == new + "\n"


UNTOUCHED = [
    "from orchestrator.db import db\n\nx = db.session\n",
    "from orchestrator.types import *\n",
    "import orchestrator.workflow as w\n\nx, y = w.step, w.runwf\n",  # one of the names is not here
    "import orchestrator\n\nx = orchestrator.workflow\n",  # the decorator, or the module
    "from .orchestrator.types import State\n",
    "import orchestrators\n",
    "def save(device):\n    device.save()\n    return device\n",
    "def f(step):\n    return step('orchestrator')\n",
    "from orchestrator.forms import ReadOnlyField\n\nx = ReadOnlyField(1)\n",
    "from orchestrator.workflows import LazyWorkflowInstance\n\nfor each in ():\n    LazyWorkflowInstance(*each)\n",
    "from orchestrator.workflows import LazyWorkflowInstance\n\nLazyWorkflowInstance('.here', 'f')\n",
    "from orchestrator.domain import SUBSCRIPTION_MODEL_REGISTRY as R\n\nR.update(more)\n",
]


@pytest.mark.parametrize("source", UNTOUCHED)
def test_what_is_not_certain_stays_as_it_is(source: str) -> None:
    assert changed(source) == source


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_the_encoding_and_the_ends_of_lines_stay(encoding: str, ending: str) -> None:
    cookie = "# -*- coding: latin-1 -*-\n" if encoding == "latin-1" else ""
    source = f"{cookie}from orchestrator.targets import Target\n\nname = 'Zürich'\n".replace("\n", ending)

    new = rewritten(source.encode(encoding), NOWHERE)

    assert new == source.replace("orchestrator.", "orchestrator_gql.").encode(encoding)


SAVES = """
from products import Port, PortInactive

def construct(port: Port, other: "Port", device, plain: int):
    made = PortInactive.from_product_id(plain, "uva")
    {}
    return {{"subscription": made, "other": other}}
"""


@pytest.mark.parametrize(
    ("statement", "kept", "is_left"),
    [
        ("made.save()", "", False),
        ("if plain: other.save()", "if plain: other.save()", True),
        ("if plain:\n        other.save()", "if plain:\n        pass", False),
        ("port.save()", "port.save()", True),  # it is not returned
        (
            "made.port.save(subscription_id=made.subscription_id)",
            "made.port.save(subscription_id=made.subscription_id)",
            True,
        ),
        ("device.save()", "device.save()", False),
        ("plain.save()", "plain.save()", False),
        ("made = made.save()", "made = made.save()", False),
    ],
)
def test_a_model_that_the_step_returns_is_not_saved_by_hand(statement: str, kept: str, is_left: bool) -> None:
    models = (
        "from orchestrator.domain import SubscriptionModel\n\nclass PortInactive(SubscriptionModel): ...\n\n"
        "class Port(PortInactive): ...\n"
    )

    found = ported(products=models, steps=SAVES.format(statement))

    new = found.after.get("steps.py", found.before["steps.py"]).decode()
    assert new == SAVES.format(kept).replace("    \n", "")
    assert [each.what for each in found.findings] == ([".save()"] if is_left else [])


BY_HAND = """
from orchestrator.targets import Target
from orchestrator.workflow import done, init, step, workflow
from orchestrator.workflows.steps import resync, set_status, store_process_subscription, unsync
from orchestrator.workflows.utils import wrap_create_initial_input_form, wrap_modify_initial_input_form

@workflow("x", initial_input_form={wrapper}(form), target=Target.{target})
def flow():
    return {steps}
"""
PLAIN_CREATE = "init >> made >> store_process_subscription(Target.CREATE) >> {} >> resync >> done"


@pytest.mark.parametrize(
    ("target", "steps", "decorator", "new"),
    [
        (
            "CREATE",
            PLAIN_CREATE.format("set_status(PROVISIONING)"),
            '@create_workflow("x", initial_input_form=form, status=PROVISIONING)',
            "begin >> made >> store_process_subscription(Target.CREATE)",
        ),
        (
            "MODIFY",
            "init >> store_process_subscription(x) >> unsync >> (a >> b) >> resync >> done",
            '@modify_workflow("x", initial_input_form=form)',
            "begin >> (a >> b)",
        ),
        (
            "MODIFY",
            "init >> store_process_subscription(x) >> unsync >> resync >> done",
            '@modify_workflow("x", initial_input_form=form)',
            "begin",
        ),
        ("CREATE", "init >> made >> done", None, None),
        ("MODIFY", "init >> unsync >> store_process_subscription(x) >> a >> resync >> done", None, None),
        (
            "TERMINATE",
            "init >> store_process_subscription(x) >> unsync >> set_status(ACTIVE) >> resync >> done",
            None,
            None,
        ),
        ("SYSTEM", "init >> a >> done", None, None),
        (
            "MODIFY",
            "(init >> store_process_subscription(x)  # why\n        >> unsync >> a >> resync >> done)",
            None,
            None,
        ),
    ],
)
def test_a_workflow_of_standard_steps_becomes_a_ready_made_one(
    target: str, steps: str, decorator: str | None, new: str | None
) -> None:
    wrapper = "wrap_create_initial_input_form" if target == "CREATE" else "wrap_modify_initial_input_form"
    source = BY_HAND.format(wrapper=wrapper, target=target, steps=steps)

    text = changed(source)

    if decorator is None or new is None:
        assert steps in text
        assert f"initial_input_form={wrapper}(form), target=Target.{target}" in text
        assert wrapper in {what for _, what in left(source)}
    else:
        assert f"{decorator}\ndef flow():\n    return {new}\n" in text
        assert "wrap_" not in text
        assert left(source) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (
            "from orchestrator.db import (\n    db,\n    ProductTable as P,\n)\n\nx = db\ny = P.query(\n    P.name)\n",
            [(2, "db"), (3, "ProductTable"), (6, "db"), (7, "ProductTable"), (8, "ProductTable")],
        ),
        ("from orchestrator.db import db\n\ndef f(db):\n    return db\n", [(1, "db")]),
        ("x = 1\nfrom orchestrator.types import *\n", [(2, "from orchestrator.types import *")]),
        (
            "import orchestrator.workflow as w\n\nx = w.runwf\n",
            [(1, "orchestrator.workflow"), (3, "orchestrator.workflow")],
        ),
        ("from orchestrator.types import State, SI, nothing\n\nx: State = nothing\n", [(1, "nothing"), (3, "nothing")]),
        ("mock.patch('orchestrator.core.db.session')\n", [(1, "orchestrator.core.db.session")]),
        ("for row in block.in_use_by:\n    print(row.product_block.tag)\n", [(1, "in_use_by")]),
        ("x = [r.subscription_instance_id for r in self.port.depends_on]\n", [(1, "depends_on")]),
        ("x = [vpn.subscription_id for vpn in self.port.in_use_by]\n", []),
        ("from orchestrator.domain import SUBSCRIPTION_MODEL_REGISTRY as R\n\nR.update({'a': A})\n", [(3, "'a'")]),
        (
            "from orchestrator.domain import SUBSCRIPTION_MODEL_REGISTRY as R\n"
            "from orchestrator.services.subscriptions import WF_USABLE_MAP\n\nR.get('a')\nWF_USABLE_MAP.update({})\n",
            [
                (1, "SUBSCRIPTION_MODEL_REGISTRY"),
                (2, "WF_USABLE_MAP"),
                (4, "SUBSCRIPTION_MODEL_REGISTRY"),
                (5, "WF_USABLE_MAP"),
            ],
        ),
    ],
)
def test_each_line_that_is_left_is_named(source: str, lines: list[tuple[int, str]]) -> None:
    source = source.replace(" as R\n\nR.update", "\n\nSUBSCRIPTION_MODEL_REGISTRY.update")

    assert left(source) == lines


def test_a_value_that_a_migration_computes_is_named() -> None:
    found = ported(
        products="from orchestrator.domain import SUBSCRIPTION_MODEL_REGISTRY\n\n"
        "SUBSCRIPTION_MODEL_REGISTRY.update({'a': A})\n",
        migration="revision = down_revision = None\n"
        "new = {'products': {'a': {'product_type': 'A', 'fixed_inputs': {'speed': made()}}}}\n",
        older="revision = down_revision = None\nx = 'INSERT INTO products (name) VALUES (1)'\n",
    )

    assert [(each.path, each.line, each.what) for each in found.findings] == [
        ("older.py", 1, "products"),
        ("products.py", 3, "fixed_inputs of 'a'"),
    ]
    assert "migration.py:2" in found.findings[1].why
    assert found.obsolete == ("migration.py", "older.py")


MODULE_NAMES = sorted({module for module, _ in HOMES})


AROUND = ["{}", "if True: {}", "def f():\n    {}", "import os; {}", "{}  # the end"]


@st.composite
def modules(draw: st.DrawFn) -> tuple[str, dict[str, tuple[str, str]]]:
    """A module with imports from many places, and what each of its names was."""
    lines, bound = list[str](), dict[str, tuple[str, str]]()
    for number in range(draw(st.integers(1, 5))):
        module = draw(st.sampled_from(MODULE_NAMES))
        known = [name for of, name in HOMES if of == module]
        names = draw(st.lists(st.sampled_from([*known, "unknown"]), min_size=1, unique=True))
        parts = []
        for name in names:
            local = draw(st.sampled_from([name, f"{name}_{number}"]))
            local = f"{name}_{number}" if local in bound else local
            bound[local] = (module, name)
            parts.append(name if local == name else f"{name} as {local}")
        package = draw(st.sampled_from(["orchestrator", "orchestrator.core"]))
        listed = draw(st.sampled_from(["{}", "({},)", "(  # why\n    {}  # why\n    )"]))
        body = f"from {module.replace('orchestrator', package, 1)} import {listed.format(', '.join(parts))}"
        lines.append(draw(st.sampled_from(AROUND)).format(body))
    return "\n".join(lines) + "\nprint(" + ", ".join(bound) + ")\n", bound


def comments(source: str) -> set[str]:
    return {
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }


def imported(source: str) -> dict[str, tuple[str, str]]:
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found.update({each.asname or each.name: (node.module or "", each.name) for each in node.names})
    return found


@settings(max_examples=40, deadline=None)
@given(modules())
def test_whatever_is_imported_is_the_same_thing_afterwards_and_to_port_again_changes_nothing(
    drawn: tuple[str, dict[str, tuple[str, str]]],
) -> None:
    source, bound = drawn

    new = changed(source)

    assert {local: (normal(module), name) for local, (module, name) in imported(new).items()} == {
        local: HOMES.get(old, old) for local, old in bound.items()
    }
    assert comments(new) == comments(source)


def test_a_module_of_the_table_has_the_same_name_here() -> None:
    assert MODULES["orchestrator.workflows.utils"] == "orchestrator_gql.workflows.utils"
    assert "orchestrator.forms.validators" not in MODULES


def write(folder: Path, **sources: str) -> Path:
    for name, text in sources.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_only_python_files_in_the_folder_are_read(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    for folder in (outside, inside, inside / "package", inside / ".hidden", inside / "venv", inside / "node_modules"):
        folder.mkdir()
        write(folder, flows=RENAMED)
    (inside / "venv" / "pyvenv.cfg").touch()
    (inside / "notes.txt").write_text(RENAMED)
    (inside / "folder.py").mkdir()
    (inside / "link").symlink_to(outside, target_is_directory=True)
    (inside / "linked.py").symlink_to(outside / "flows.py")

    assert set(python_files(inside)) == {"flows.py", "package/flows.py"}
    assert main(["port", str(inside), "--write"]) == DONE
    assert (outside / "flows.py").read_text() == RENAMED
    assert (inside / "notes.txt").read_text() == RENAMED
    assert (inside / "package" / "flows.py").read_text() == "from orchestrator_gql.targets import Target\n"


def test_the_rights_of_a_file_stay_and_nothing_else_is_left(tmp_path: Path) -> None:
    write(tmp_path, flows=RENAMED)
    (tmp_path / "flows.py").chmod(0o640)

    assert main(["port", str(tmp_path), "--write"]) == DONE

    assert (tmp_path / "flows.py").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["flows.py"]


def test_a_file_that_cannot_be_written_leaves_all_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path, one=RENAMED, two=RENAMED)
    beside = files._beside

    def full(path: Path, content: bytes) -> Path:
        if path.name == "two.py":
            raise OSError(28, "No space left on device", str(path))
        return beside(path, content)

    monkeypatch.setattr(files, "_beside", full)
    assert main(["port", str(folder), "--write"]) == REFUSED

    assert {path.name: path.read_text() for path in folder.iterdir()} == {"one.py": RENAMED, "two.py": RENAMED}


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    write(tmp_path, one="", two="# newer\n")
    before = {"one.py": b"", "two.py": b""}

    with pytest.raises(SettingsError, match="was changed meanwhile"):
        write_all(tmp_path, before, {"one.py": b"x = 1\n", "two.py": b"x = 2\n"})

    assert (tmp_path / "one.py").read_bytes() == b""
    assert (tmp_path / "two.py").read_bytes() == b"# newer\n"


def test_a_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, other="")
    (tmp_path / "one.py").symlink_to(tmp_path / "other.py")

    with pytest.raises(SettingsError, match="was changed meanwhile"):
        write_all(tmp_path, {"one.py": b""}, {"one.py": b"x = 1\n"})


def test_a_file_that_python_cannot_read_is_named_and_the_others_are_ported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        tmp_path,
        good=RENAMED,
        old="from orchestrator import step\nprint 'hello'\n",
        deep=f"x = {'(' * 500}{')' * 500}\n",
    )
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff'\n")

    assert main(["port", str(tmp_path), "--write", "--json"]) == DECLINED

    result = json.loads(capsys.readouterr().out)
    assert result["files"] == ["good.py"]
    assert [(each["path"], each["line"]) for each in result["left"]] == [("bytes.py", 1), ("deep.py", 1), ("old.py", 2)]
    assert (tmp_path / "good.py").read_text() == "from orchestrator_gql.targets import Target\n"


def test_what_is_left_is_on_standard_error_and_in_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, flows=f"{RENAMED}from orchestrator.db import db\n")

    assert main(["port", str(tmp_path)]) == DECLINED
    shown = capsys.readouterr()

    assert "+from orchestrator_gql.targets import Target" in shown.out
    assert "There are no tables to query: read with find_subscriptions(...)" in shown.err
    assert "\n  flows.py:2  db\n" in shown.err
    assert shown.err.endswith("1 of 1 files change; 1 lines are left to do by hand.\n")
    assert main(["port", str(tmp_path / "none")]) == REFUSED
    assert "There is no folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["port", str(tmp_path / "empty")]) == REFUSED
    assert "No *.py file is in" in capsys.readouterr().err
