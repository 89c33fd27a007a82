"""The options of the commands on the audit log, with their help texts."""

import argparse
from collections.abc import Callable
from pathlib import Path

from orchestrator_gql.cli.operator.arguments import whole_id

Command = Callable[[str, str, str], argparse.ArgumentParser]
"""Creates the parser of a command from its name, summary and description."""

_AUDIT = """\
Who decided what, and whether anybody changed the log afterwards. If the server demands a sign-in, set
ORCHESTRATOR_TOKEN to a token with the permission READ_AUDIT.

  orchestrator-gql audit list --process ID
  orchestrator-gql audit verify
  orchestrator-gql audit export --output audit.ndjson"""

_VERIFY = """\
Check the whole audit log. Exit code 0: the log is as it was written; 1: it was changed, and the command prints the
first entry or seal that does not fit. At the end it prints an anchor. Keep the anchor somewhere else and give it to the
next check: only an anchor shows that the newest seals were removed together with their entries.

  orchestrator-gql audit verify
  orchestrator-gql audit verify --anchor 1234:9f86d081...
  ORCHESTRATOR_AUDIT_KEY=... orchestrator-gql audit verify --file audit.ndjson

With --file the command calls no server: the exported lines and the key are enough. Give consecutive exports
(`audit export --after`) in their order."""

_EXPORT = """\
Write the whole log as NDJSON: each seal, then its entries, and a last line with the number of entries. The line of a
seal holds a cursor; --after exports the later part of the log.

  orchestrator-gql audit export --output audit.ndjson
  orchestrator-gql audit export | gzip > audit.ndjson.gz"""

_LIST = """\
List who decided what, the newest first, one line for each decision.

  orchestrator-gql audit list --process ID
  orchestrator-gql audit list --action abortProcess completeCallback --json"""


def add_audit(command: Command, server: str) -> None:
    """Add the commands on the audit log; ``what`` of the result is the name of the chosen command."""
    verbs = command("audit", "read, export and verify who decided what", _AUDIT).add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )

    def add(name: str, summary: str, text: str) -> argparse.ArgumentParser:
        parser = verbs.add_parser(
            name, help=summary, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--url", default=server, help=f"the server ({server})")
        return parser

    verify = add("verify", "say whether anybody changed it", _VERIFY)
    verify.add_argument("--anchor", metavar="SEQ:DIGEST", help="an earlier seal that must still be in the log")
    verify.add_argument("--file", type=Path, nargs="+", metavar="FILE", help="exports to verify instead of a server")
    export = add("export", "write the whole log as NDJSON", _EXPORT)
    export.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead; it must not exist yet")
    export.add_argument("--after", metavar="CURSOR", help="go on after the seal with this cursor")
    listing = add("list", "list who decided what, the newest first", _LIST)
    listing.add_argument("--process", type=whole_id, metavar="ID", help="only the decisions about this process")
    listing.add_argument(
        "--action", nargs="+", metavar="NAME", help="only these actions, by the names of the mutations"
    )
    listing.add_argument("--json", action="store_true", help="each entry as a line of JSON")
