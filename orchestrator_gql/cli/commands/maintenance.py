"""The commands for people who maintain a server: `migrate`, `backup`, `prune`, `schema`, `contracts` and `port`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator_gql.cli.commands.completers import workflows
from orchestrator_gql.cli.commands.parameters import AsJson, Database, Targets, Url, read_choices, read_days, several
from orchestrator_gql.cli.failure import DONE

EndedStatuses = Annotated[
    tuple[Literal["COMPLETED", "ABORTED", "FAILED"], ...],
    several(
        "--status",
        "STATUS",
        "only with these statuses; FAILED goes only if it is named (COMPLETED ABORTED)",
        converter=read_choices,
    ),
]


def migrate(
    *,
    database: Database = None,
    after_restore: Annotated[
        bool,
        Parameter(name="--after-restore", help="also renumber the events, after a pg_restore into another cluster"),
    ] = False,
    json: AsJson = False,
) -> int:
    """Bring the database's schema up to date. `serve` does so by itself on SQLite; on PostgreSQL run this once for each
    release, before its servers start.

      orchestrator-gql migrate
      orchestrator-gql migrate --database postgresql+psycopg://db.example/orchestrator
    """
    from orchestrator_gql.cli.progress import working

    with working("Migrating the database"):
        from orchestrator_gql.cli.migrate import migrate as migrate_database

        migrate_database(database, after_restore=after_restore, is_json=json)
    return DONE


def backup(
    file: Annotated[Path, Parameter(metavar="FILE", help="the copy; it must not exist yet")],
    /,
    *,
    database: Annotated[
        str | None, Parameter(name="--database", metavar="URL", help="the original, sqlite+aiosqlite:///FILE")
    ] = None,
    check: Annotated[
        bool, Parameter(name="--check", help="copy nothing: check whether FILE, an earlier copy, is whole")
    ] = False,
    json: AsJson = False,
) -> int:
    """Copy the SQLite file, open callbacks included. The server may run meanwhile. The copy is consistent: it holds
    everything that was committed when the command began. For PostgreSQL use pg_dump.

      orchestrator-gql backup /backups/orchestrator-monday.db
      orchestrator-gql backup --check /backups/orchestrator-monday.db

    The copy is read once before it gets its name. With --check a copy of an earlier day is read again, and the command
    prints what it holds. Exit code 0: it is whole; 1: it is damaged; 2: it cannot be read, or is another file.
    """
    from orchestrator_gql.cli.progress import working

    with working("Checking the copy" if check else "Copying the database"):
        if check:
            from orchestrator_gql.cli.backup import check_copy

            return check_copy(file, is_json=json)
        from orchestrator_gql.cli.backup import backup as copy_database

        return copy_database(file, database=database, is_json=json)


Days = Annotated[
    float | None,
    Parameter(
        name="--older-than",
        metavar="DAYS",
        converter=read_days,
        allow_leading_hyphen=True,
        help="only what ended at least so many days ago",
    ),
]


def prune(
    *,
    older_than: Days = None,
    target: Targets = (),
    status: EndedStatuses = (),
    workflow: Annotated[
        tuple[str, ...], several("--workflow", "NAME", "only of these workflows", completer=workflows)
    ] = (),
    dry_run: Annotated[bool, Parameter(name="--dry-run", help="show what may go, and delete nothing")] = False,
    yes: Annotated[bool, Parameter(name="--yes", help="do not ask")] = False,
    json: Annotated[bool, Parameter(name="--json", help="the numbers as one line of JSON")] = False,
    url: Url = None,
    database: Annotated[
        str | None, Parameter(name="--database", metavar="URL", help="delete in this database, without a server")
    ] = None,
) -> int:
    """Delete ended processes that are old enough, with everything that belongs to them. It shows what may go, and asks.
    The audit log keeps its entries without their details. Processes that something living needs stay.

      orchestrator-gql prune --dry-run
      orchestrator-gql prune --older-than 365
      orchestrator-gql prune --older-than 30 --target VALIDATE --yes
      orchestrator-gql prune --older-than 730 --status FAILED
      orchestrator-gql prune --older-than 365 --database sqlite+aiosqlite:///net.db

    Without --older-than the days are those of ORCHESTRATOR_RETENTION_DAYS. The server at --url deletes. With
    --database, or if only ORCHESTRATOR_DATABASE_URL is set, the command itself does: on a SQLite file while no server
    uses it, on PostgreSQL at any time. It then needs the ORCHESTRATOR_AUDIT_KEY of the servers.
    """
    from orchestrator_gql.cli.prune import PruneOptions
    from orchestrator_gql.cli.prune import prune as prune_processes

    wish = {"olderThanDays": older_than, "targets": target, "statuses": status, "workflows": workflow}
    return prune_processes(PruneOptions(wish, url, database, is_dry=dry_run, is_agreed=yes, is_json=json))


def schema(
    *,
    output: Annotated[
        Path | None, Parameter(name="--output", metavar="FILE", help="write the schema to this file instead")
    ] = None,
    json: Annotated[bool, Parameter(name="--json", help="the result of the introspection query, as JSON")] = False,
) -> int:
    """Print the GraphQL schema,
    for code generators.

      orchestrator-gql schema --output schema.graphql
      orchestrator-gql schema --json --output schema.json
    """
    from orchestrator_gql.cli.schema import schema as print_schema

    print_schema(output, is_json=json)
    return DONE


def contracts(
    *,
    workflows: Annotated[tuple[str, ...], several("--workflows", "MODULE", "a dotted name or a file")],
    output: Annotated[
        Path | None, Parameter(name="--output", metavar="FILE", help="write the contracts to this file instead")
    ] = None,
    against: Annotated[
        Path | None,
        Parameter(name="--against", metavar="FILE", help="compare with this file, which --output wrote earlier"),
    ] = None,
    json: Annotated[bool, Parameter(name="--json", help="one line of JSON")] = False,
) -> int:
    """Print the contracts of the callback steps, or compare them with those of an earlier release, for instance in CI.

      orchestrator-gql contracts --workflows my_workflows --output contracts.json
      orchestrator-gql contracts --workflows my_workflows --against contracts.json

    A contract is a JSON Schema, with the name that /openapi.json has for the step; null accepts any JSON. With
    --against each place that refuses what the file accepts is a line. Exit code 1: there is such a place; 2: a module
    or a file cannot be read. No server is needed.
    """
    from orchestrator_gql.cli.contracts import contracts as show_contracts

    return show_contracts(workflows, output=output, against=against, is_json=json)


def port(
    folder: Annotated[Path, Parameter(metavar="FOLDER", help="the folder of your workflows and products")],
    /,
    *,
    write: Annotated[bool, Parameter(name="--write", help="change the files, instead of printing the changes")] = False,
    json: Annotated[bool, Parameter(name="--json", help="one line of JSON: the files, and what is left")] = False,
) -> int:
    """Rewrite workflow code that was written for orchestrator-core, so that it runs here.

      orchestrator-gql port my_orchestrator
      orchestrator-gql port my_orchestrator > port.diff
      orchestrator-gql port my_orchestrator --write

    The command reads every *.py file in FOLDER. It prints the changes as a diff, or makes them with --write, and lists
    on standard error each line that a person must change: why, and what to write instead. Running it again changes
    nothing. It needs the extra: pip install 'orchestrator-gql[port]'. Exit code 0: nothing is left to do by hand; 1:
    something is left; 2: the folder or a file in it cannot be used. No server is needed.
    """
    from orchestrator_gql.utils.extras import demand_extra

    demand_extra("port")
    from orchestrator_gql.cli.porting.command import port as port_folder

    return port_folder(folder, is_written=write, is_json=json)
