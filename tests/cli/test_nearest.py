"""A misspelt word of the command line is answered with near names only, and never with the option that asks nothing."""

import re

import pytest
from support.sizes import size

from orchestrator_gql.cli.catalog import OTHER_WORDS, entries
from orchestrator_gql.cli.failure import REFUSED
from orchestrator_gql.cli.help_text import page_of
from orchestrator_gql.cli.main import main
from orchestrator_gql.cli.nearest import did_you_mean, near_names

COMMANDS = tuple(entry.name for entry in entries())
ID = "019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e"
ARGUMENTS = {"start": ["greeting"], "assign": [ID, "NOC"], "backup": ["copy.db"], "completion": ["bash"]}
"""The positional arguments of commands; an unknown option is reported after a missing argument."""
NEEDED = {
    "serve": ["--workflows", "flows"],
    "worker": ["--workflows", "flows"],
    "contracts": ["--workflows", "flows"],
    "products check": ["--workflows", "flows"],
    "products migrate": ["--workflows", "flows"],
    "adopt": ["--reason", "x"],
    "continue": ["--reason", "x"],
    "reawait": ["--for", "1h"],
    "complete": ["--result", "x", "--reason", "x"],
}
FAR = ("--yea", "--ye", "--y", "--all-of", "--x", "--n", "--accept", "--really", "--zzzzzz")


def misspelt(word: str) -> set[str]:
    """The word with one sign missing, doubled, replaced or swapped with its neighbour."""
    head, signs = word[:2], word[2:]
    found = set[str]()
    for index, sign in enumerate(signs):
        before, after = signs[:index], signs[index + 1 :]
        found |= {head + before + after, head + before + sign + sign + after, f"{head}{before}q{after}"}
        found |= {head + before + after[:1] + sign + after[1:]}
    return {each for each in found if each != word and len(each) > 3}


def words_of(name: str) -> list[str]:
    page = page_of(name)
    required = [ID] if any(row.is_required for row in page.arguments) and name not in ARGUMENTS else []
    return [*name.split(), *ARGUMENTS.get(name, required), *NEEDED.get(name, [])]


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == REFUSED, words
    return capsys.readouterr().err


SHARE = size(4, 1)
"""Each command gets one of so many words. The commands take turns, so that each word is used."""


@pytest.mark.parametrize("name", COMMANDS)
def test_no_message_suggests_to_be_asked_no_more(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = sorted(misspelt("--yes")) + list(FAR)
    for word in words[list(COMMANDS).index(name) % SHARE :: SHARE]:
        message = refused([*words_of(name), word], capsys)

        assert "--yes?" not in message and "--yes " not in message, (word, message)
        assert f"Unknown option: {word}." in message


@pytest.mark.parametrize("name", COMMANDS)
def test_the_suggestion_for_a_misspelt_option_is_near(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = {label for row in page_of(name).options for label in re.findall(r"--[a-z-]+", row.label)}
    for option in options - {"--help", "--yes"}:
        word = f"{option[:-2]}{option[-1]}{option[-2]}" if option[-1] != option[-2] else f"{option}q"

        message = refused([*words_of(name), word], capsys)

        suggested = re.findall(r"Did you mean (\S+)\?", message)
        assert suggested in ([option], []), (word, message)
        assert suggested or len(option) < 6, (word, message)


@pytest.mark.parametrize(
    ("word", "names", "found"),
    [
        ("greting", ["greeting", "ordering"], ["greeting"]),
        ("GREETING", ["greeting"], ["greeting"]),
        ("create-vpn", ["create_vpn", "create_vlan"], ["create_vpn", "create_vlan"]),
        ("create", ["create_vpn", "create_vlan", "remove_vpn"], ["create_vlan", "create_vpn"]),
        ("awaiting", ["WAITING", "AWAITING_CALLBACK"], ["AWAITING_CALLBACK", "WAITING"]),
        ("ams", ["rtm", "ams-1"], ["ams-1"]),
        ("no", ["yes", "on"], []),
        ("x", ["y", "xylophone"], []),
        ("", ["a"], []),
        ("--", ["--yes"], []),
        ("delete_everything", ["create_vpn", "greeting"], []),
        ("aaaa", [f"aaa{sign}" for sign in "bcdefg"], ["aaab", "aaac", "aaad"]),
    ],
)
def test_only_near_names_are_suggested(word: str, names: list[str], found: list[str]) -> None:
    assert near_names(word, names) == found


def test_the_question_names_all_near_names() -> None:
    assert did_you_mean("create", ["create_vpn", "create_vlan"]) == " Did you mean 'create_vlan' or 'create_vpn'?"
    assert did_you_mean("nothing", ["greeting"]) == ""


def test_the_words_of_other_tools_lead_to_commands_that_are_there() -> None:
    names = {entry.name for entry in entries()}

    assert set(OTHER_WORDS.values()) <= names
    assert names.isdisjoint(OTHER_WORDS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["adopt", ID], "adopt needs --reason."),
        (["adopt", ID, "--resaon", "x"], "adopt needs --reason: did you mean that by --resaon?"),
        (["adopt", ID, "--because", "x"], "adopt needs --reason."),
        (["processes", "--limit"], "--limit needs a value."),
        (["processes", "--status"], "--status needs a value."),
        (["show"], "show needs ID."),
        (["show", ID, "now"], "One argument too many: 'now'."),
        (["processes", "--status", "awaiting"], 'Did you mean "AWAITING_CALLBACK"?'),
        (["completion", "bsh"], 'Choose from: "bash", "zsh", "fish". Did you mean "bash"?'),
        (["completion", "powershell"], 'Choose from: "bash", "zsh", "fish".\n'),
        (["abrot"], 'Unknown command "abrot". Did you mean "abort"?'),
        (["audit", "lisst"], 'Unknown command "lisst". Did you mean "list"?'),
        (["yes"], 'Unknown command "yes".\n'),
        (["reject", ID], 'Unknown command "reject". Did you mean "confirm"?'),
        (["ls"], 'Unknown command "ls". Did you mean "processes"?'),
        (["audit", "watch"], 'Unknown command "watch".\n'),
        (["proc\x1b[2J"], r"proc\x1b[2J"),
    ],
)
def test_a_wrong_word_is_a_sentence(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in refused(words, capsys)
