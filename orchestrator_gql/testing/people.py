"""People as tests play them."""

from orchestrator_gql.security import Permission, Principal


def person(name: str, *permissions: Permission) -> Principal:
    """Somebody who may do everything, or just what is named; the id is the name in small letters.

    >>> person("Ada").id
    'ada'
    """
    return Principal(name.lower(), name, permissions=frozenset(permissions or Permission))
