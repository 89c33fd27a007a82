"""People for tests, with all permissions or with a few."""

from collections.abc import Iterable

from orchestrator_gql.security import Permission, Principal


def person(name: str, *permissions: Permission, teams: Iterable[str] = ()) -> Principal:
    """A person with these permissions, or with all permissions if none is given; the id is the name in lower case.

    ``teams`` are the keys of the person's teams.

    >>> person("Ada", teams=["NOC"]).id
    'ada'
    """
    return Principal(name.lower(), name, permissions=frozenset(permissions or Permission), teams=frozenset(teams))
