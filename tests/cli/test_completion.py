"""The script for fish: files only where a file is expected, and every value of an option that takes several."""

import re

import pytest

from orchestrator_gql.cli.catalog import PROGRAM, entries
from orchestrator_gql.cli.completion import FILES, script
from orchestrator_gql.cli.help_text import page_of

SCRIPT = script("fish")
PATHS = {"--output", "--file", "--result", *FILES}


def offered(command: str, option: str) -> str:
    """What the script offers for the first value of the option."""
    start = f"complete -c {PROGRAM} -n '__fish_{PROGRAM}_using_command {command}' -l {option.removeprefix('--')} "
    (line,) = [line for line in SCRIPT.splitlines() if line.startswith(start)]
    return line.removeprefix(start).partition(" -d ")[0]


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_files_are_offered_for_files_alone(name: str) -> None:
    for row in page_of(name).options:
        option, _, metavar = row.label.partition(" ")
        if not metavar or "," in option:
            continue
        is_file = "-F" in offered(name, option).split()
        assert is_file == (option in PATHS), (name, option)
    assert f"\ncomplete -c {PROGRAM} -f\n" in SCRIPT


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_an_option_that_takes_several_values_is_offered_each_of_them(name: str) -> None:
    for row in page_of(name).options:
        option = row.label.split()[0]
        place = f"'__fish_{PROGRAM}_using_command {name}; and __fish_{PROGRAM}_goes_on {option}' "
        further = re.findall(rf"{re.escape(place)}(.*)", SCRIPT)
        if not row.label.endswith(" ..."):
            assert further == [], (name, option)
            continue
        first = offered(name, option)
        assert further == [re.sub(r"^-x", "-f", first).removeprefix("-r ")], (name, option)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_other_scripts_are_those_of_the_library(shell: str) -> None:
    assert "_goes_on" not in script(shell) and "__complete" in script(shell)  # type: ignore[arg-type]
