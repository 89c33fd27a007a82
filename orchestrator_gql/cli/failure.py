"""The exit codes of the command, and the report of an error on stderr."""

import sys

from orchestrator_gql.cli.arguments import PROGRAM
from orchestrator_gql.utils.errors import OrchestratorError

DONE = 0
DECLINED = 1
"""The server understood an operator's verb and refused it: look at the process again."""
FAILED = 1
"""The server ended by an error; its log has the trace."""
REFUSED = 2
"""The command or the settings are wrong; argparse uses this code for a wrong argument, too."""
UNWRITTEN = 74
"""The output could not be written, such as on a full disk; `sysexits.h` calls it EX_IOERR."""
INTERRUPTED = 130
CLOSED = 141
"""128 and SIGPIPE: the reader of our output has stopped reading."""


def report(error: OrchestratorError) -> int:
    """Print the message of the error, and return the exit code for it."""
    print(f"{PROGRAM}: {error.message}", file=sys.stderr)
    return DECLINED if error.code == "verb-refused" else REFUSED
