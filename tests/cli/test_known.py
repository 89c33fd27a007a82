"""A filter with a name that cannot exist is refused with the near names; what old processes have can be selected."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Running, orchestrator, running, until
from test_terminal_commands import FLOWS

from orchestrator_gql.cli.failure import DECLINED, DONE, REFUSED
from orchestrator_gql.cli.main import main

OLD = """

@inputstep("Ask", assignee=Assignee("OLDTEAM"))
def ask_others():
    class Page(FormPage):
        remark: str = "none"
    yield Page


@workflow("Removed later")
def removed():
    return begin >> ask_others
"""
ID = "019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server on whose database an earlier server left a process of a workflow that is not there any more."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "flows.py").write_text(FLOWS + OLD)
    with running(folder, "serve", "--workflows", "flows", "--port", "0") as earlier:
        started = orchestrator(folder, "start", "removed", "--yes", "--json", ORCHESTRATOR_URL=earlier.address)
        id = json.loads(started.stdout)["id"]

        def asks() -> bool | None:
            shown = orchestrator(folder, "show", id, "--json", ORCHESTRATOR_URL=earlier.address)
            return json.loads(shown.stdout)["status"] == "SUSPENDED" or None

        until(asks)
    (folder / "flows.py").write_text(FLOWS)
    with running(folder, "serve", "--workflows", "flows", "--port", "0") as server:
        yield server


@pytest.fixture(autouse=True)
def client(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ORCHESTRATOR_TOKEN", "ORCHESTRATOR_TOKEN_FILE", "ORCHESTRATOR_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ORCHESTRATOR_URL", server.address)


WORKFLOW = "There is no workflow 'greting', or it is not visible to you. Did you mean 'greeting'?"
TEAM = "There is no team 'NCO', or it is not visible to you. Did you mean 'NOC'?"
KNOWN = "Known workflows: asking, breaking, greeting, lingering, ordering."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("processes --workflow greting", WORKFLOW),
        ("processes --workflow greeting greting", WORKFLOW),
        ("processes --workflow nothing-like-it", KNOWN),
        ("processes --watch --workflow greting", WORKFLOW),
        ("processes --workflow greting --json", WORKFLOW),
        ("retry --workflow greting --yes", WORKFLOW),
        ("abort --workflow greting --yes", WORKFLOW),
        ("abort --workflow greting --dry-run --json", WORKFLOW),
        ("prune --workflow greting --older-than 1 --yes", WORKFLOW),
        ("processes --workflow a b c d e f g", "There is no workflow 'a'"),
        ("processes --team NCO", TEAM),
        ("abort --team NOC NCO --yes", TEAM),
        ("waits --assignee NCO", TEAM),
        ("waits --assignee NCO --json", TEAM),
        ("processes --team elsewhere", "Known teams: NOC."),
        ("processes --product L2VPN", "There is no product 'L2VPN', or it is not visible to you."),
        (f"processes --subscription {ID}", f"There is no product subscription {ID}, or it is not visible to you."),
        ("processes --since 1h --until 2d", "--since is not before --until"),
        ("abort --since 2999-01-01 --yes", "--since is in the future, so it selects nothing."),
        ("processes --changed-since 2999-01-01", "--changed-since is in the future, so it selects nothing."),
    ],
)
def test_a_filter_that_nothing_can_meet_is_refused(
    words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(words.split())

    out, err = capsys.readouterr()
    assert (code, out) == (REFUSED, ""), err
    assert message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("processes --workflow removed --json", 1),
        ("processes --workflow removed greeting --json", 1),
        ("processes --team OLDTEAM --json", 1),
        ("processes --workflow greeting --json", 0),
        ("processes --team NOC --json", 0),
        ("waits --assignee oldteam --json", 1),
        ("waits --assignee NOC --json", 0),
    ],
)
def test_what_old_processes_have_and_what_has_no_process_yet_is_a_filter(
    words: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(words.split())

    out, err = capsys.readouterr()
    assert (code, len(out.splitlines()), err) == (DONE, number, "")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("start greting --yes", DECLINED, "Did you mean 'greeting'? `orchestrator-gql workflows` lists the workflows."),
        ("workflows greting", DECLINED, WORKFLOW),
        ("workflows nothing", DECLINED, KNOWN),
        ("processes --failure step-rased", DONE, "No recent process has the failure code 'step-rased'."),
        ("retry --failure step-rased --yes", DONE, "No recent process has the failure code 'step-rased'."),
        ("audit list --action startWorkflw", DONE, "has the action 'startWorkflw'. Did you mean 'startWorkflow'?"),
    ],
)
def test_a_name_of_which_more_may_come_is_answered_with_the_near_names(
    words: str, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == code
    assert message in capsys.readouterr().err


def test_a_misspelt_failure_code_is_compared_with_those_that_processes_have(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["start", "breaking", "--yes", "--wait"])
    capsys.readouterr()

    assert main(["processes", "--failure", "step-rased"]) == DONE
    assert "'step-rased'. Did you mean 'step-raised'?" in capsys.readouterr().err


def test_a_team_that_is_misspelt_is_not_assigned(capsys: pytest.CaptureFixture[str]) -> None:
    main(["start", "asking", "--yes", "--wait", "--json"])
    id = json.loads(capsys.readouterr().out)["id"]

    assert main(["assign", id, "NCO"]) == DECLINED
    assert "Did you mean 'NOC'?" in capsys.readouterr().err
