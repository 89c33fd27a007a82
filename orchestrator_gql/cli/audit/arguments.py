"""What can be asked of the audit log on the command line."""

import argparse
from collections.abc import Callable
from pathlib import Path

from orchestrator_gql.cli.operator.arguments import whole_id

Command = Callable[[str, str, str], argparse.ArgumentParser]
"""Makes the parser of a command of its name, summary and text."""

_AUDIT = """\
Who decided what, and whether anybody changed it afterwards. Where the server knows tokens, set ORCHESTRATOR_TOKEN to
one that may READ_AUDIT.

  orchestrator-gql audit list --process ID
  orchestrator-gql audit verify
  orchestrator-gql audit export --output audit.ndjson"""

_VERIFY = """\
Walk the whole audit log and say whether it is as it was written: exit code 0 where it is, 1 where it is not, with the
first entry or seal that does not fit. What it prints at the end is an anchor: keep it somewhere else, and hand it over
the next time, for nothing else shows that the newest seals were removed together with their entries.

  orchestrator-gql audit verify
  orchestrator-gql audit verify --anchor 1234:9f86d081...
  ORCHESTRATOR_AUDIT_KEY=... orchestrator-gql audit verify --file audit.ndjson

With --file no server is asked, nor believed: the exported lines and the key are enough. Exports that follow one another
(`audit export --after`) are given in their order."""

_EXPORT = """\
Write the whole log as NDJSON: each seal, its entries behind it, and a last line that says how many there were. Each
seal's line holds a cursor; --after exports what came since.

  orchestrator-gql audit export --output audit.ndjson
  orchestrator-gql audit export | gzip > audit.ndjson.gz"""

_LIST = """\
List who decided what, the newest first, one line each.

  orchestrator-gql audit list --process ID
  orchestrator-gql audit list --action abortProcess completeCallback --json"""


def add_audit(command: Command, server: str) -> None:
    """Add what can be asked of the audit log to the commands; the name of what is asked comes as ``what``."""
    verbs = command("audit", "read, export and verify who decided what", _AUDIT).add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )

    def add(name: str, summary: str, text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name, help=summary, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        made.add_argument("--url", default=server, help=f"the server ({server})")
        return made

    verify = add("verify", "say whether anybody changed it", _VERIFY)
    verify.add_argument("--anchor", metavar="SEQ:DIGEST", help="a seal, noted down earlier, that must be there still")
    verify.add_argument("--file", type=Path, nargs="+", metavar="FILE", help="exports to verify instead of a server")
    export = add("export", "write the whole log as NDJSON", _EXPORT)
    export.add_argument("--output", type=Path, metavar="FILE", help="write it there instead; it must not exist yet")
    export.add_argument("--after", metavar="CURSOR", help="go on behind the seal with this cursor")
    listing = add("list", "list who decided what, the newest first", _LIST)
    listing.add_argument("--process", type=whole_id, metavar="ID", help="what was decided about this process only")
    listing.add_argument("--action", nargs="+", metavar="NAME", help="these verbs only, as the mutations are called")
    listing.add_argument("--json", action="store_true", help="each entry as a line of JSON")
