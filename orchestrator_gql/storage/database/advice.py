"""What to do if PostgreSQL, or a pooler before it, refuses what a server needs.

PostgreSQL says it in its own language, which a site may have changed; then there is no advice, and its own words stand
alone. The names of its errors are the same in each language.
"""

TOO_FEW = (
    "PostgreSQL allows too few connections: raise its max_connections, or the CONNECTION LIMIT of the role; a server "
    "opens up to 32, a worker 36."
)

RIGHTS = (
    "Grant the role of the servers its rights, and run `orchestrator-gql migrate` as the owner of the tables: see "
    "'Deploy on PostgreSQL'."
)

UNREADABLE = "The tables of the database cannot be read: look whether a restore is under way, or whether it failed."

_OPTIONS = "PgBouncer needs `ignore_startup_parameters = options`: see 'Deploy on PostgreSQL'."

_STATEMENTS = "Set PgBouncer's `pool_mode` to session or transaction."

_ADVICE = {
    "too many connections": TOO_FEW,
    "too many clients": TOO_FEW,
    "connection slots are reserved": TOO_FEW,
    "permission denied": RIGHTS,
    "must be owner": RIGHTS,
    "InsufficientPrivilege": RIGHTS,
    "UndefinedTable": UNREADABLE,
    "UndefinedColumn": UNREADABLE,
    "InvalidSchemaName": UNREADABLE,
    "unsupported startup parameter": _OPTIONS,
    "statement pooling mode": _STATEMENTS,
}


def advised(reason: str) -> str:
    """The reason, with the sentence that helps."""
    return f"{reason}. {advice(reason)}" if advice(reason) else reason


def advice(reason: str) -> str:
    """The sentence that helps, empty if we know none."""
    return next((sentence for words, sentence in _ADVICE.items() if words in reason), "")
