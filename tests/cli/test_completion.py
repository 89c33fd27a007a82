"""The scripts for the shells: that of zsh is called, that of fish offers files only where a file is expected."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator_gql.cli.catalog import PROGRAM, entries
from orchestrator_gql.cli.completion import FILES, script
from orchestrator_gql.cli.help_text import page_of

SCRIPT = script("fish")
PATHS = {"--output", "--file", "--result", "--against", *FILES}


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


def test_the_script_of_zsh_calls_or_registers_the_function_that_it_defines() -> None:
    text = script("zsh")

    assert f"\n_cyclopts_{PROGRAM}() {{\n" in text
    assert f'  _cyclopts_{PROGRAM} "$@"\nelse\n  compdef _cyclopts_{PROGRAM} {PROGRAM}\nfi' in text


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize(
    ("way", "shown"),
    [
        (f"autoload -Uz _{PROGRAM}; _arguments() {{ print offered }}; _{PROGRAM}; _{PROGRAM}", ["offered", "offered"]),
        (f"compdef() {{ print $@ }}; source ./_{PROGRAM}", [f"_cyclopts_{PROGRAM} {PROGRAM}"]),
    ],
)
def test_a_real_zsh_offers_words_at_the_first_tab_or_after_source(tmp_path: Path, way: str, shown: list[str]) -> None:
    (tmp_path / f"_{PROGRAM}").write_text(script("zsh"))
    zsh = subprocess.run(
        [str(shutil.which("zsh")), "-fc", f"fpath=(. $fpath); {way}"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )

    assert zsh.stdout.splitlines() == shown
