"""Compares the product with DBOS: the same lifecycle on the same PostgreSQL in the same run, by turns."""

from contextlib import ExitStack
from pathlib import Path

from benchmarks.database_server import PostgresSite, postgres_site
from benchmarks.lifecycle_sides import (
    CPU,
    FORM,
    IDLE,
    POSTED,
    WHOLE,
    Figure,
    Side,
    Sizes,
    cpu_of,
    measure,
    polled,
    polled_peer,
    rate_of,
)
from benchmarks.server import ApiAndWorker, Program, Server, free_port
from benchmarks.table import Line

HERE = Path(__file__).parent
PYTHON = HERE.parent.parent / ".venv" / "peers" / "bin" / "python"
SIZES = Sizes()


class Dbos(Program):
    """The application of DBOS, one process."""

    def __init__(self, database: str) -> None:
        port = free_port()
        command = [str(PYTHON), str(HERE / "dbos_app.py"), "--port", str(port), "--database", database]
        super().__init__(command, port, ready="/health/ready")


async def peers(folder: Path, *, sizes: Sizes = SIZES) -> list[Line]:
    """The rows of SQLite, of PostgreSQL with two processes, and with one, each beside DBOS on PostgreSQL."""
    if not PYTHON.exists():
        return [Line("DBOS is not installed: run `make bench-peers`", "")]
    async with postgres_site() as site:
        *sides, dbos = await _measured(folder, site, sizes)
    return [line for side in sides for line in _lines(side, dbos, sizes)]


async def _measured(folder: Path, site: PostgresSite, sizes: Sizes) -> list[Side]:
    with ExitStack() as stack:
        dbos = Side("DBOS", stack.enter_context(Dbos(site.database(is_migrated=False))), polled_peer)
        sides = [
            Side("SQLite", stack.enter_context(Server(folder / "peers.db")), polled),
            Side("PG api + worker", stack.enter_context(ApiAndWorker(site.database())), polled),
            Side("PG all", stack.enter_context(Server(site.database(), command=("serve", "--role", "all"))), polled),
        ]
        await measure([*sides, dbos], sizes, site)
        return [*sides, dbos]


def _lines(side: Side, dbos: Side, sizes: Sizes) -> list[Line]:
    flights = [at_once for at_once, _ in sizes.in_flight]
    is_sqlite = side.name == "SQLite"
    targets: list[tuple[Figure, str]] = [
        (WHOLE, "<= 15 ms" if is_sqlite else "<= 40 ms"),
        (POSTED, "<= 3 ms" if is_sqlite else "<= 4 ms"),
        (FORM, "<= 8 ms" if is_sqlite else "<= 14 ms"),
        *((rate_of(at_once), ">= 150/s" if is_sqlite else ">= 70/s") for at_once in flights),
        (CPU, "<= 6 ms" if is_sqlite else "<= 20 ms"),
        *((cpu_of(at_once), "<= 6 ms" if is_sqlite else "<= 20 ms") for at_once in flights),
        (IDLE, "<= 90 MB"),
    ]
    return [side.line(figure, _must(figure), stretch, other=dbos) for figure, stretch in targets]


def _must(figure: Figure) -> str:
    """Ahead of DBOS in time, rate and CPU; the memory has a target of its own."""
    return "" if figure == IDLE else "> 1" if figure.is_rate else "< 1"
