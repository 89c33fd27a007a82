"""People for tests: who may do everything, who may do little."""

from collections.abc import Iterable

from orchestrator_gql.security import Permission, Principal


def person(name: str, *permissions: Permission, teams: Iterable[str] = ()) -> Principal:
    """Somebody who may do everything, or just what is named; the id is the name in small letters.

    ``teams`` are the keys of the teams that the person belongs to.

    >>> person("Ada", teams=["NOC"]).id
    'ada'
    """
    return Principal(name.lower(), name, permissions=frozenset(permissions or Permission), teams=frozenset(teams))
