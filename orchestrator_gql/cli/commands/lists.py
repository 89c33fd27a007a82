"""The commands that show something: `processes`, `workflows`, `products`, `waits`, `show` and so on."""

from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator_gql.cli.commands import completers
from orchestrator_gql.cli.commands.parameters import AsJson, JsonLines, ProcessId, Url, process_of, read_id, read_limit
from orchestrator_gql.cli.commands.selection import EVERY, Selection
from orchestrator_gql.cli.credentials import server_of
from orchestrator_gql.cli.failure import DONE


def processes(
    *,
    selection: Selection = EVERY,
    order: Annotated[
        Literal["started", "changed"], Parameter(name="--order", help="the newest start, or the newest change, first")
    ] = "started",
    limit: Annotated[
        int, Parameter(name="--limit", metavar="NUMBER", converter=read_limit, help="the most rows (50)")
    ] = 50,
    all_rows: Annotated[bool, Parameter(name="--all", help="every row, whatever --limit says")] = False,
    after: Annotated[
        str | None, Parameter(name="--after", metavar="CURSOR", help="go on after a page, as its last line says")
    ] = None,
    watch: Annotated[
        bool, Parameter(name="--watch", help="stay, and show each change; --json prints each changed process")
    ] = False,
    json: JsonLines = False,
    url: Url = None,
) -> int:
    """List the processes, the newest first. Options narrow the list; a process must meet all of them.

      orchestrator-gql processes
      orchestrator-gql processes --status FAILED AWAITING_CALLBACK --since 24h
      orchestrator-gql processes --workflow create_vpn --search paris-1
      orchestrator-gql processes --team "Network operations" --watch
      orchestrator-gql processes --failure step-raised --all --json

    At a terminal the ids are short: their last digits, which every command accepts. Elsewhere they are whole, and
    --json prints each process as a line of JSON. If there are more rows, the last line on standard error says how to
    go on.
    """
    from orchestrator_gql.cli.operator.processes import Listing, list_processes

    listing = Listing(server_of(url), selection, order, None if all_rows else limit, after, json)
    if watch:
        from orchestrator_gql.cli.operator.watching import watch_processes

        return watch_processes(listing)
    list_processes(listing)
    return DONE


def workflows(
    name: Annotated[
        str | None,
        Parameter(metavar="NAME", completer=completers.workflows, help="show this workflow: its form and its steps"),
    ] = None,
    /,
    *,
    json: JsonLines = False,
    url: Url = None,
) -> int:
    """List the workflows that the server offers, with their descriptions; or show the first page of the start form of
    one, with its fields, and its steps.

      orchestrator-gql workflows
      orchestrator-gql workflows create_vpn
    """
    from orchestrator_gql.cli.operator.workflows import list_workflows, show_workflow

    if name is None:
        list_workflows(server_of(url), is_json=json)
    else:
        show_workflow(server_of(url), name, is_json=json)
    return DONE


def products(
    name: Annotated[
        str | None,
        Parameter(metavar="NAME", completer=completers.products, help="list the product subscriptions to this product"),
    ] = None,
    /,
    *,
    json: JsonLines = False,
    url: Url = None,
) -> int:
    """List the products, with the workflows that work on them; or list the product subscriptions to one product.

      orchestrator-gql products
      orchestrator-gql products L2VPN --json

    A product subscription has a page of its own on the dashboard, with its values, its processes and its history.
    """
    from orchestrator_gql.cli.operator.products import list_products, list_subscriptions

    if name is None:
        list_products(server_of(url), is_json=json)
    else:
        list_subscriptions(server_of(url), name, is_json=json)
    return DONE


def waits(
    *,
    overdue: Annotated[bool, Parameter(name="--overdue", help="only what is past its deadline")] = False,
    mine: Annotated[bool, Parameter(name="--mine", help="only the forms that you may answer")] = False,
    assignee: Annotated[
        str | None,
        Parameter(
            name="--assignee",
            metavar="NAME",
            completer=completers.teams,
            help="only the forms of this team: its key or its name",
        ),
    ] = None,
    kind: Annotated[
        Literal["callback", "form", "time", "lock"] | None,
        Parameter(name="--kind", help="only waits for a callback, a form, a time or a lock"),
    ] = None,
    json: JsonLines = False,
    url: Url = None,
) -> int:
    """List all that waits, the overdue first, each with its age and its deadline: open callbacks and forms, and
    processes that wait for their maintenance window, for their next try, or for their lock.

      orchestrator-gql waits
      orchestrator-gql waits --kind lock
      orchestrator-gql waits --overdue --json
      orchestrator-gql waits --mine
      orchestrator-gql waits --assignee "Network operations"

    The line of a form names its team, the person who claimed it, and how many of the needed approvals there are. If the
    server demands a sign-in, set ORCHESTRATOR_TOKEN to your token, or ORCHESTRATOR_TOKEN_FILE to a file with it: every
    command that calls a server signs in with it.
    """
    from orchestrator_gql.cli.operator.waits import waits as list_waits

    list_waits(server_of(url), overdue=overdue, mine=mine, assignee=assignee, kind=kind, is_json=json)
    return DONE


def services(
    *,
    window: Annotated[
        Literal["1h", "24h", "7d"], Parameter(name="--window", help="the period that the numbers cover (24h)")
    ] = "24h",
    json: JsonLines = False,
    url: Url = None,
) -> int:
    """List the remote services, those that do not answer first: how each is doing, its open callbacks, how many results
    came and how long half and 95 % of them took, and what failed.

      orchestrator-gql services
      orchestrator-gql services --window 7d --json

    A service is SILENT if nothing came since a callback was issued whose deadline passed, and FAILING if its last
    delivery was refused or reported a failure. With --json a line also has the contracts in use, and how the service
    must prove who it is.
    """
    from orchestrator_gql.cli.operator.services import services as list_services

    list_services(server_of(url), window=window, is_json=json)
    return DONE


def show(id: ProcessId, /, *, json: AsJson = False, url: Url = None) -> int:
    """Show one process: its steps with the decisions of people and the traces of failures, its callbacks with every
    delivery that arrived, the open form and whether you may decide it, and the actions that are possible now.

      orchestrator-gql show 3f2a91c4
      orchestrator-gql show 019306a1-… --json

    A short id is the beginning or the end of an id, or the beginning of its last 8 digits, with at least 4 digits. If
    several processes have it, they are listed.
    """
    from orchestrator_gql.cli.operator.show import show as show_process

    show_process(*process_of(url, id), is_json=json)
    return DONE


def tail(
    *,
    after: Annotated[
        str | None, Parameter(name="--after", metavar="CURSOR", help="go on after this cursor instead of starting now")
    ] = None,
    process: Annotated[
        str | None,
        Parameter(
            name="--process",
            metavar="ID",
            converter=read_id,
            completer=completers.processes,
            help="the events of this process only",
        ),
    ] = None,
    json: Annotated[bool, Parameter(name="--json", help="each event as a line of JSON")] = False,
    cloudevents: Annotated[
        bool, Parameter(name="--cloudevents", help="each event as a line of CloudEvents 1.0; its id is the cursor")
    ] = False,
    until_now: Annotated[
        bool, Parameter(name="--until-now", help="end behind the newest event instead of waiting for the next")
    ] = False,
    url: Url = None,
) -> int:
    """Print each change as it is committed, one line for each event, until Ctrl-C. The command reconnects after a lost
    connection; no event is lost or repeated. At the end it prints the cursor from which the next `tail` can go on.

      orchestrator-gql tail
      orchestrator-gql tail --process 3f2a91c4 --json
      orchestrator-gql tail --cloudevents --until-now --after CURSOR > events.ndjson
    """
    from orchestrator_gql.cli.tail import Tail
    from orchestrator_gql.cli.tail import tail as follow

    base, one = process_of(url, process) if process else (server_of(url), None)
    follow(Tail(base, after, one, json, is_cloud=cloudevents, ends_now=until_now))
    return DONE


def notifications(
    *,
    dead: Annotated[bool, Parameter(name="--dead", help="only the notifications that were given up")] = False,
    json: JsonLines = False,
    url: Url = None,
) -> int:
    """List the notifications, the newest first:
    the target, the event, and whether it was sent.

      orchestrator-gql notifications
      orchestrator-gql notifications --dead
    """
    from orchestrator_gql.cli.operator.notifications import notifications as list_notifications

    list_notifications(server_of(url), dead=dead, is_json=json)
    return DONE
