"""The commands by which people start a process and decide its forms."""

from typing import Annotated

from cyclopts import Parameter

from orchestrator_gql.cli.commands.completers import teams, workflows
from orchestrator_gql.cli.commands.parameters import AsJson, FormId, Url, Yes, process_of, read_span
from orchestrator_gql.cli.credentials import server_of
from orchestrator_gql.cli.failure import DONE

Fields = Annotated[
    tuple[str, ...],
    Parameter(name="--set", metavar="NAME=VALUE", help="a field of the last page; give it once for each field"),
]
Pages = Annotated[str | None, Parameter(name="--pages", metavar="JSON", help="all pages, if there are several")]
Comment = Annotated[
    str | None, Parameter(name="--comment", metavar="TEXT", help="a comment on the decision; at most 10,000 characters")
]
SendBack = Annotated[
    str | None,
    Parameter(name="--send-back", metavar="STEP", help="reject the form and go back to the step that `show` names"),
]


def start(
    workflow: Annotated[str, Parameter(metavar="WORKFLOW", completer=workflows, help="its name")],
    /,
    *,
    set: Fields = (),
    pages: Pages = None,
    idempotency_key: Annotated[
        str | None,
        Parameter(name="--idempotency-key", metavar="KEY", help="the same key with the same answers starts once"),
    ] = None,
    wait: Annotated[bool, Parameter(name="--wait", help="stay, and show each step until the process ends")] = False,
    timeout: Annotated[
        float | None,
        Parameter(name="--timeout", metavar="TIME", converter=read_span, help="the longest --wait: 30s, 15m, 2h"),
    ] = None,
    json: Annotated[
        bool, Parameter(name="--json", help="the process as a line of JSON; the pages go to stderr")
    ] = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Start a workflow. The command prints each page of the start form and asks for missing values; with --yes it asks
    nothing. WORKFLOW is the name that the dashboard and `orchestrator-gql workflows` show.

      orchestrator-gql start configure_node
      orchestrator-gql start configure_node --set node=ams-1 --set minutes=30 --yes
      orchestrator-gql start create_vpn --pages '[{"site": "ams"}, {"minutes": 30}]' --yes
      orchestrator-gql start configure_node --set node=ams-1 --yes --wait --timeout 15m
      orchestrator-gql start configure_node --set node=ams-1 --yes --idempotency-key ticket-4711 --json

    A value is read as its field takes it: JSON, or text without quotes, or the label of a choice. The command prints
    the process id, for `show` and `confirm`, and the status. Exit code 1: the server refuses, because there is no such
    workflow, you may not start it, the engine is paused, or a field is wrong; 2: the command is wrong.

    With --wait the exit code is the outcome. 0: COMPLETED; 3: FAILED; 4: ABORTED; 5: it waits for a person to answer a
    form; 6: --timeout has passed. The process itself goes on, also after Ctrl-C.
    """
    from orchestrator_gql.cli.operator.start import start as start_workflow

    base = server_of(url)
    started = start_workflow(
        base, workflow, fields=set, pages=pages, key=idempotency_key, is_agreed=yes, is_json=json, is_last=not wait
    )
    if not wait:
        return DONE
    from orchestrator_gql.cli.operator.waiting import wait_for_end

    return wait_for_end(base, started, seconds=timeout, is_json=json)


def confirm(
    id: FormId,
    /,
    *,
    set: Fields = (),
    pages: Pages = None,
    comment: Comment = None,
    reject: Annotated[bool, Parameter(name="--reject", help="reject the form; --comment must say why")] = False,
    send_back: SendBack = None,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Answer the open form of a process, or reject it. The command prints the form and asks you to confirm it, unless
    you give --yes.

      orchestrator-gql confirm ID
      orchestrator-gql confirm ID --set remark="looks good" --yes
      orchestrator-gql confirm ID --pages '[{"answer": "wait"}, {"minutes": 30}]' --yes
      orchestrator-gql confirm ID --comment "Checked against the plan." --yes
      orchestrator-gql confirm ID --reject --comment "The window is too short." --yes
      orchestrator-gql confirm ID --send-back Draft --comment "Name the site, please." --yes

    At a terminal the command asks for missing values, page by page, and asks for a page again if a field in it is
    wrong. If several people must approve, the next person sees and confirms the answers of the first person. Exit
    code 1: the server refuses, because somebody was first, or has claimed the form, or a field is wrong; 2: the
    command is wrong.
    """
    from orchestrator_gql.cli.client import OperationRefused

    if reject and send_back is not None:
        raise OperationRefused("Give --reject or --send-back, not both.")
    base, process = process_of(url, id)
    if reject or send_back is not None:
        from orchestrator_gql.cli.operator.decisions import reject as reject_form

        given = [*set, *filter(None, [pages])]
        reject_form(base, process, comment=comment, back_to=send_back, is_agreed=yes, answers=given, is_json=json)
    else:
        from orchestrator_gql.cli.operator.confirm import confirm as confirm_form

        confirm_form(base, process, fields=set, pages=pages, comment=comment, is_agreed=yes, is_json=json)
    return DONE


def claim(id: FormId, /, *, json: AsJson = False, yes: Yes = False, url: Url = None) -> int:
    """Claim the open form of a process. Nobody else may decide it
    until you release it, or it is assigned anew.

      orchestrator-gql claim ID
      orchestrator-gql confirm ID
    """
    from orchestrator_gql.cli.operator.decisions import claim as claim_form

    claim_form(*process_of(url, id), is_json=json)
    return DONE


def release(id: FormId, /, *, json: AsJson = False, yes: Yes = False, url: Url = None) -> int:
    """Give a form back that you claimed, so that others may decide it. A person who may manage the engine can release
    every form.

      orchestrator-gql release ID
    """
    from orchestrator_gql.cli.operator.decisions import release as release_form

    release_form(*process_of(url, id), is_json=json)
    return DONE


def assign(
    id: FormId,
    name: Annotated[str, Parameter(metavar="NAME", completer=teams, help="the team's key or name")],
    /,
    *,
    json: AsJson = False,
    yes: Yes = False,
    url: Url = None,
) -> int:
    """Assign the open form of a process to another team; a claim on it ends. NAME is the team's key, as in workflows,
    or its name.

      orchestrator-gql assign ID FIELD
      orchestrator-gql assign ID "Field engineers" --url https://orchestrator.example
    """
    from orchestrator_gql.cli.operator.decisions import assign as assign_form

    assign_form(*process_of(url, id), name, is_json=json)
    return DONE
