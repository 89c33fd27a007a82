"""The commands `serve`, `worker` and `demo`."""

import gc
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator_gql.cli import context
from orchestrator_gql.cli.commands.parameters import Database, several
from orchestrator_gql.cli.failure import DONE
from orchestrator_gql.utils.extras import hidden

Modules = Annotated[tuple[str, ...], several("--workflows", "MODULE", "a dotted name or a file")]
Reload = Annotated[
    bool,
    Parameter(
        name="--reload",
        negative="--no-reload",
        help="start again when a Python file beside the workflows changes; for development",
    ),
]
Host = Annotated[str | None, Parameter(name="--host", metavar="HOST", help="the address to listen on (127.0.0.1)")]
PublicUrl = Annotated[
    str | None,
    Parameter(name="--public-url", metavar="URL", help="the base of callback URLs, as remote services reach it"),
]


def serve(
    *,
    workflows: Modules,
    reload: Reload = False,
    host: Host = None,
    database: Database = None,
    public_url: PublicUrl = None,
    port: Annotated[
        int | None, Parameter(name="--port", metavar="PORT", help="the port to listen on; 0 takes a free one (8000)")
    ] = None,
    role: Annotated[
        Literal["all", "api", "worker"] | None,
        Parameter(name="--role", help="answer requests, run steps, or both (all); PostgreSQL only"),
    ] = None,
) -> int:
    """Offer the workflows of the modules, at GraphQL, REST and the dashboard, until Ctrl-C or SIGTERM.

      orchestrator-gql serve --workflows my_workflows
      orchestrator-gql serve --workflows flows/create_vpn.py flows/checks.py --port 8080

    With --reload the server starts again when a Python file beside the workflows changes, for development.
    Every workflow found among a module's names is offered. The current directory is importable. Settings come from
    ORCHESTRATOR_... in the environment; the options here win over them.
    """
    return _serve(workflows, reload, host=host, port=port, database=database, public=public_url, role=role)


def worker(
    *,
    workflows: Modules,
    reload: Reload = False,
    host: Host = None,
    database: Database = None,
    public_url: PublicUrl = None,
    port: Annotated[
        int, Parameter(name="--port", metavar="PORT", help="the port of /health and /metrics (a free one)")
    ] = 0,
) -> int:
    """Run the steps of processes and answer no requests: on PostgreSQL, any number of workers beside any number of
    `serve --role api`. All are given the same modules, database and public URL.

      orchestrator-gql worker --workflows my_workflows --database postgresql+psycopg://... --public-url https://...

    SIGTERM hands over what runs: steps get their time to finish, and another worker goes on behind them. /health and
    /metrics are answered at --port.
    """
    return _serve(workflows, reload, host=host, port=port, database=database, public=public_url, role="worker")


def _serve(
    workflows: tuple[str, ...],
    reload: bool,
    *,
    host: str | None,
    port: int | None,
    database: str | None,
    public: str | None,
    role: str | None,
) -> int:
    if reload:
        from orchestrator_gql.cli.serving.reloading import serve_reloading

        return serve_reloading(context.given(), workflows, host=host, port=port)
    _prepare_imports()
    from orchestrator_gql.cli.serve import serve as serve_modules

    serve_modules(workflows, host=host, port=port, database=database, public=public, role=role)
    return DONE


def _prepare_imports() -> None:
    """Make the imports of a server, which follow, faster and smaller."""
    gc.disable()  # imports make no garbage, and looking for it costs a seventh of the start time
    with hidden("rich"):  # for coloured traces, which a server never prints: 3 MB
        import structlog  # noqa: F401
    with hidden("click"):  # for a command line of its own, which loads rich too; most sites' steps import httpx
        import httpx  # noqa: F401


def demo(
    *,
    port: Annotated[int, Parameter(name="--port", metavar="PORT", help="the server's port (8000)")] = 8000,
    proxy_port: Annotated[
        int, Parameter(name="--proxy-port", metavar="PORT", help="the port of the Ansible proxy (8001)")
    ] = 8001,
    work: Annotated[Path, Parameter(name="--work", metavar="FOLDER", help="the folder of all files (.demo)")] = Path(
        ".demo"
    ),
    no_examples: Annotated[bool, Parameter(name="--no-examples", help="begin with an empty screen")] = False,
    verbose: Annotated[bool, Parameter(name="--verbose", help="log requests and steps, not only warnings")] = False,
) -> int:
    """Show everything on this machine: a server with some workflows, the dashboard, and a small service that runs real
    Ansible playbooks and calls back. Nothing else has to be running, and nothing outside the work folder is changed.
    A fresh work folder gets examples, each with a note that says so; --no-examples leaves it empty.
    If ANSIBLE_PROXY_URL is set, the service at that address runs the playbooks instead. The terminal shows warnings and
    errors only; --verbose or ORCHESTRATOR_LOG_LEVEL changes that.

      orchestrator-gql demo
      orchestrator-gql demo --port 8080 --work /tmp/demo
    """
    _prepare_imports()
    from orchestrator_gql.cli.progress import working

    with working("Starting the demo") as ended:
        from orchestrator_gql.cli.demo import demo as serve_demo

        serve_demo(
            port=port,
            proxy_port=proxy_port,
            work=work,
            has_examples=not no_examples,
            on_start=ended,
            is_verbose=verbose,
        )
    return DONE
