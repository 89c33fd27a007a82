"""The text that a person reads when the server is ready: its addresses and how to sign in."""

from collections.abc import Sequence

from sqlalchemy import make_url

from orchestrator_gql.config.database_url import file_name
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.engine.authorization import named_by
from orchestrator_gql.version import __version__
from orchestrator_gql.workflow.model import Workflow


def banner(settings: Settings, workflows: Sequence[Workflow]) -> str:
    """The lines that are printed as soon as the server accepts requests."""
    address = local_address(settings)
    if settings.role == "worker":
        rows = [("Health", f"{address}/health/ready"), ("Metrics", f"{address}/metrics")]
    else:
        rows = _api_rows(settings, address)
    rows += [
        ("Callbacks", f"{settings.base_url}/api/processes/...  (as remote services reach this server)"),
        ("Database", _database(settings)),
        ("Workflows", ", ".join(sorted(workflow.name for workflow in workflows))),
    ]
    if settings.role != "worker":  # nobody signs in to a worker, and nobody answers a form there
        rows += _people_rows(settings, workflows)
    what = {"all": "", "api": " as an API server: workers run the steps", "worker": " as a worker"}[settings.role]
    lines = (f"  {name:<11}{value}" for name, value in rows)
    return "\n".join((f"\norchestrator-gql {__version__} is running{what}; Ctrl-C ends it.\n", *lines))


def _people_rows(settings: Settings, workflows: Sequence[Workflow]) -> list[tuple[str, str]]:
    rows = [("Sign-in", _sign_in(settings))]
    if settings.has_sign_in and (open_to_all := sorted(named_by(workflows) - settings.closed_teams)):
        rows.append(
            ("Open teams", f"{', '.join(open_to_all)}: without members, so everybody who may submit forms may answer")
        )
    return rows


def _sign_in(settings: Settings) -> str:
    if settings.has_sign_in:
        return "by a token of ORCHESTRATOR_API_TOKENS; at a terminal, set ORCHESTRATOR_TOKEN to your token."
    return "none: development mode. Only this machine can connect, and everybody on it is one local user."


def _api_rows(settings: Settings, address: str) -> list[tuple[str, str]]:
    rows = [("Dashboard", f"{address}/"), ("GraphQL", f"{address}/graphql")]
    if settings.offers_development:
        rows[1] = ("GraphiQL", f"{address}/graphql  (in a browser; the API is at the same address)")
    return rows


def local_address(settings: Settings) -> str:
    """The server's address on this machine, without regard to its public URL."""
    return settings.model_copy(update={"public_url": None}).base_url


def _database(settings: Settings) -> str:
    if settings.is_sqlite:
        return file_name(settings.database_url)
    url = make_url(settings.database_url)
    hidden = {name: "***" for name in url.query if "password" in name}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)
