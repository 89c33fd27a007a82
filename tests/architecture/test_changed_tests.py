"""`make quick` runs the tests of what a change touches."""

import pytest

from scripts.changed_tests import ALWAYS, selected_tests


@pytest.mark.parametrize(
    ("changed", "chosen"),
    [
        ("orchestrator_gql/process/state_machine.py", "tests/process/test_state_machine.py"),
        ("orchestrator_gql/engine/workers/audit_sealer.py", "tests/engine/workers/test_audit_sealer.py"),
        ("tests/callbacks/test_rules.py", "tests/callbacks/test_rules.py"),
        ("orchestrator_gql/storage/tables/__init__.py", "tests/storage"),
        ("frontend-example/src/main.tsx", "tests/browser/test_frontend_checks.py"),
        ("examples/many-devices/try", "tests/examples/test_example_many_devices.py"),
    ],
)
def test_a_change_selects_the_tests_named_for_it(changed: str, chosen: str) -> None:
    assert chosen in selected_tests([changed])


def test_files_that_no_test_runs_select_nothing_more() -> None:
    assert selected_tests(["README.md", "tests/conftest.py"]) == [ALWAYS]


def test_a_folder_stands_for_the_files_in_it() -> None:
    assert selected_tests(["tests/architecture/test_size.py"]) == [ALWAYS]
