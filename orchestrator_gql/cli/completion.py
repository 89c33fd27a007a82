"""The scripts that complete the words of this command in a shell."""

import re
from functools import cache
from typing import Literal

from orchestrator_gql.cli.app import application
from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.help_text import page_of

FILES = ("--workflows", "--work")
"""Options whose value may be a file or a folder, besides those that the library knows by their type."""

_OPTION = re.compile(
    rf"complete -c {PROGRAM} -n '(?P<place>\S+ (?P<command>[a-z ]+))' -l (?P<name>\S+) "
    r"(?P<value>-r|-r -F|-x -a '[^']*') (?P<text>-d .*)"
)
_FISH = f"""\
# The last option before the word, if the option takes several values.
function __fish_{PROGRAM}_goes_on
    set -l words (commandline -pco)
    set -l options (string match -- '--*' $words[2..])
    test "$options[-1]" = "$argv[1]"
end

# No files, except where a file is expected.
complete -c {PROGRAM} -f
complete -c {PROGRAM} -n '__fish_{PROGRAM}_using_command backup' -F
"""

_ZSH = f"""
# A file of the shell's functions is called at each Tab; a file that is sourced registers its function once.
if [[ ${{funcstack[1]}} == _{PROGRAM} ]]; then
  _cyclopts_{PROGRAM} "$@"
else
  compdef _cyclopts_{PROGRAM} {PROGRAM}
fi
"""
"""The script of the library only defines its function, so that zsh completed nothing."""


def script(shell: Literal["bash", "zsh", "fish"]) -> str:
    """The script for the shell."""
    text: str = application().generate_completion(shell=shell)
    if shell == "zsh":
        return text + _ZSH
    return _fish(text) if shell == "fish" else text


def _fish(text: str) -> str:
    """The script of the library offers files for each value that has no list, and no further value of an option."""
    lines, further = list[str](), list[str]()
    for line in text.splitlines():
        found = _OPTION.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        name = f"--{found['name']}"
        value = found["value"]
        if value == "-r":
            value = "-r -F" if name in FILES else "-x"
        lines.append(f"complete -c {PROGRAM} -n '{found['place']}' -l {found['name']} {value} {found['text']}")
        if name in _several(found["command"]):
            offered = "-F" if value == "-r -F" else value.replace("-x", "-f")
            further.append(
                f"complete -c {PROGRAM} -n '{found['place']}; and __fish_{PROGRAM}_goes_on {name}' {offered}"
            )
    return "\n".join([*lines, "", _FISH, *further, ""])


@cache
def _several(command: str) -> frozenset[str]:
    """The options of the command that take several values."""
    return frozenset(row.label.split()[0] for row in page_of(command).options if row.label.endswith(" ..."))
