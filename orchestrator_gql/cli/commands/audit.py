"""The commands on the audit log."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator_gql.cli.commands.completers import processes
from orchestrator_gql.cli.commands.parameters import AsJson, Url, process_of, read_id, several
from orchestrator_gql.cli.credentials import server_of
from orchestrator_gql.cli.failure import DECLINED, DONE
from orchestrator_gql.utils.errors import SettingsError


def list_entries(
    *,
    process: Annotated[
        str | None,
        Parameter(
            name="--process",
            metavar="ID",
            converter=read_id,
            completer=processes,
            help="only the decisions about this process",
        ),
    ] = None,
    action: Annotated[
        tuple[str, ...], several("--action", "NAME", "only these actions, by the names of the mutations")
    ] = (),
    json: Annotated[bool, Parameter(name="--json", help="each entry as a line of JSON")] = False,
    url: Url = None,
) -> int:
    """List who decided what, the newest first,
    one line for each decision.

      orchestrator-gql audit list --process ID
      orchestrator-gql audit list --action abortProcess completeCallback --json
    """
    from orchestrator_gql.cli.audit.listing import show

    base, one = process_of(url, process) if process else (server_of(url), None)
    show(base, process_id=one, actions=action, is_json=json)
    return DONE


def verify(
    *,
    anchor: Annotated[
        str | None,
        Parameter(name="--anchor", metavar="SEQ:DIGEST", help="an earlier seal that must still be in the log"),
    ] = None,
    file: Annotated[tuple[Path, ...], several("--file", "FILE", "exports to verify instead of a server")] = (),
    database: Annotated[
        str | None,
        Parameter(name="--database", metavar="URL", help="verify the log in this database, without a server"),
    ] = None,
    json: AsJson = False,
    url: Url = None,
) -> int:
    """Check the whole audit log. Exit code 0: the log is as it was written; 1: it was changed, and the command prints
    the first entry or seal that does not fit. At the end it prints an anchor. Keep the anchor somewhere else and give
    it to the next check: only an anchor shows that the newest seals were removed together with their entries.

      orchestrator-gql audit verify
      orchestrator-gql audit verify --anchor 1234:9f86d081...
      ORCHESTRATOR_AUDIT_KEY=... orchestrator-gql audit verify --file audit.ndjson
      ORCHESTRATOR_AUDIT_KEY=... orchestrator-gql audit verify --database sqlite+aiosqlite:///monday.db

    With --file the command calls no server: the exported lines and the key are enough. Give consecutive exports
    (`audit export --after`) in their order. With --database it reads the log in a database that no server uses, such
    as a backup.
    """
    from orchestrator_gql.cli.audit import verify as audit_verify

    if sum(map(bool, (file, database, url))) > 1:
        raise SettingsError("Name one of them to verify: a server with --url, a --database, or files with --file.")
    seal = audit_verify.anchor_of(anchor) if anchor else None
    if database:
        is_whole = audit_verify.verify_database(database, seal, is_json=json)
    elif file:
        is_whole = audit_verify.verify_files(file, seal, is_json=json)
    else:
        is_whole = audit_verify.verify(server_of(url), seal, is_json=json)
    return DONE if is_whole else DECLINED


def export(
    *,
    output: Annotated[
        Path | None,
        Parameter(name="--output", metavar="FILE", help="write to this file instead; it must not exist yet"),
    ] = None,
    after: Annotated[
        str | None, Parameter(name="--after", metavar="CURSOR", help="go on after the seal with this cursor")
    ] = None,
    json: Annotated[
        bool, Parameter(name="--json", help="an export is always lines of JSON: this changes nothing")
    ] = False,
    url: Url = None,
) -> int:
    """Write the whole log as NDJSON: each seal, then its entries, and a last line with the number of entries. The
    line of a seal holds a cursor; --after exports the later part of the log.

      orchestrator-gql audit export --output audit.ndjson
      orchestrator-gql audit export | gzip > audit.ndjson.gz
    """
    from orchestrator_gql.cli.audit.export import export as export_log
    from orchestrator_gql.cli.progress import working

    with working("Exporting the audit log"):
        export_log(server_of(url), output=output, after=after)
    return DONE
