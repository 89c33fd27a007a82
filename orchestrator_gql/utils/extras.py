"""The packages that only an extra installs: if they are missing, one sentence names the extra and its command."""

from importlib import import_module
from importlib.util import find_spec

from orchestrator_gql.utils.errors import SettingsError

MODULES = {"postgres": ("psycopg", "psycopg_pool", "procrastinate"), "demo": ("ansible", "ansible_runner")}

PURPOSES = {"postgres": "PostgreSQL", "demo": "A service that runs playbooks"}


def demand_extra(extra: str) -> None:
    """Raise `SettingsError` if a package of the extra is not installed, or cannot be imported."""
    for name in MODULES[extra]:
        if find_spec(name) is None:
            raise SettingsError(f"{_need(extra)} ({name} is missing).")
    first = MODULES[extra][0]
    try:
        import_module(first)
    except ImportError as error:  # psycopg alone has no library that speaks to PostgreSQL
        reason = " ".join(str(error).split())
        raise SettingsError(f"{_need(extra)} ({first} cannot be imported: {reason}).") from error


def _need(extra: str) -> str:
    return f"{PURPOSES[extra]} needs the extra: pip install 'orchestrator-gql[{extra}]'"
