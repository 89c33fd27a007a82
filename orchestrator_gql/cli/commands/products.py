"""The commands `products check` and `products migrate`."""

from typing import Annotated

from cyclopts import Parameter

from orchestrator_gql.cli.commands.parameters import Database, JsonLines, several

Modules = Annotated[
    tuple[str, ...], several("--workflows", "MODULE", "a dotted name or a file; its products are deployed")
]
Products = Annotated[tuple[str, ...], several("--product", "NAME", "only subscriptions to these products")]


def check(
    *,
    workflows: Modules,
    product: Products = (),
    database: Database = None,
    json: JsonLines = False,
) -> int:
    """Load every stored product subscription with the classes of the modules, and print what cannot be loaded: the
    subscription, the place in its document, what is wrong there, and what to do. Run it with a new release before you
    deploy that release.

      orchestrator-gql products check --workflows my_workflows
      orchestrator-gql products check --workflows flows/*.py --database postgresql+psycopg://... --json

    It reads the database itself and writes nothing, also beside a running server. Older documents are migrated as at
    their loading. The documents of the history are not read, because no code loads them. Exit code 0: all can be
    loaded; 1: something cannot; 2: a module or the database cannot be read.
    """
    from orchestrator_gql.cli.progress import working

    with working("Loading the modules"):
        from orchestrator_gql.cli.products_check import check as check_products

    return check_products(workflows, names=product, database=database, is_json=json)


def migrate(
    *,
    workflows: Modules,
    product: Products = (),
    write: Annotated[bool, Parameter(name="--write", help="do it; without it the command only shows it")] = False,
    database: Database = None,
    json: JsonLines = False,
) -> int:
    """Rewrite the stored product subscriptions of older versions of their products with the migrations in the modules.
    Without --write it shows what would change, with some examples, and writes nothing.

      orchestrator-gql products migrate --workflows my_workflows
      orchestrator-gql products migrate --workflows my_workflows --product Port --write

    If any result could not be loaded, nothing is written. A subscription that a process holds stays as it is, and is
    named. A run that was stopped goes on where it was. On PostgreSQL it works beside running servers; a SQLite file is
    written while no server uses it. It needs the ORCHESTRATOR_AUDIT_KEY of the servers. Exit code 0: nothing is left;
    1: a document is refused, held or changed meanwhile; 2: a module or the database cannot be used.
    """
    from orchestrator_gql.cli.progress import working

    with working("Loading the modules"):
        from orchestrator_gql.cli.products_migrate import migrate as migrate_products

    return migrate_products(workflows, names=product, database=database, is_writing=write, is_json=json)
