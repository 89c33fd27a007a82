"""The exit codes of the command, and the report of an error on stderr."""

import sys

from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.utils.errors import OrchestratorError

DONE = 0
DECLINED = 1
"""The server understood an operator's verb and refused it: look at the process again."""
FAILED = 1
"""The server ended by an error; its log has the trace."""
REFUSED = 2
"""The command or the settings are wrong."""
PROCESS_FAILED = 3
"""`start --wait`: the process failed."""
PROCESS_ABORTED = 4
"""`start --wait`: the process was aborted."""
PROCESS_SUSPENDED = 5
"""`start --wait`: the process waits for a person to answer a form."""
TIMED_OUT = 6
"""`start --wait`: the process goes on, but the time of ``--timeout`` is over."""
UNWRITTEN = 74
"""The output could not be written, such as on a full disk; `sysexits.h` calls it EX_IOERR."""
INTERRUPTED = 130
CLOSED = 141
"""128 and SIGPIPE: the reader of our output has stopped reading."""


def report(error: OrchestratorError) -> int:
    """Print the message of the error, and return the exit code for it."""
    print(f"{PROGRAM}: {error.message}", file=sys.stderr)
    return DECLINED if error.code == "verb-refused" else REFUSED


def reason_of(error: BaseException) -> str:
    """What the driver of the database says about the error, such as that the disk is full, and what helps."""
    from orchestrator_gql.storage.database.advice import advised  # with a database, which most commands do not use

    while error.__cause__ is not None and not hasattr(error, "orig"):
        error = error.__cause__
    return advised(str(getattr(error, "orig", None) or error).partition("\n")[0])
