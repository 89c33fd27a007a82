"""`make bench`: measures the product, each row beside a reference from the same run."""

import argparse
import asyncio
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import results
from benchmarks.catalogue import QUICK, STORED, Rows, all_rows, quick_rows
from benchmarks.server import running
from benchmarks.table import Line, head, shown


def main() -> None:
    """Run the benchmarks that the arguments name, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(all_rows(STORED))}; default: all")
    parser.add_argument("--quick", action="store_true", help=f"fewer rounds, and by default only {', '.join(QUICK)}")
    parser.add_argument("--stored", type=int, default=STORED, help="processes of `stored`, and subscriptions")
    parser.add_argument("--database", default="", metavar="URL", help="an empty PostgreSQL, for subscriptions too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file, too")
    options = parser.parse_args()
    rows = all_rows(options.stored, options.database)
    if unknown := set(options.names) - set(rows):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    chosen = {name: rows[name] for name in options.names or rows}
    if options.quick:
        quick = quick_rows()
        chosen = {name: quick.get(name, rows[name]) for name in options.names or quick}
    print(f"{', '.join(f'{name} {value}' for name, value in results.machine().items())}\n{head()}")
    failed = [name for name, measure in chosen.items() if not _run(name, measure, options.json)]
    if failed:
        sys.exit(f"These benchmarks failed: {', '.join(failed)}")


def _run(name: str, rows: Rows, file: Path | None) -> bool:
    """Run one benchmark and print its rows; whether it ran to its end. Its error does not end the others."""
    began, cpu = time.monotonic(), _cpu()
    try:
        with tempfile.TemporaryDirectory(prefix="orchestrator-bench-") as folder:
            lines: list[Line] = asyncio.run(rows(Path(folder)))
    except Exception as error:
        print(f"  {name} failed: {error!r}", file=sys.stderr, flush=True)
        return False
    for line in lines:
        print(shown(line), flush=True)
    if file is not None:
        results.store(file, {name: lines})
    used = f"{time.monotonic() - began:.0f} s, {_cpu() - cpu:.0f} s of CPU"
    print(f"  {name}: {used}", file=sys.stderr, flush=True)
    return True


def _cpu() -> float:
    """Seconds of CPU of this process and of the processes that it started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _leave(*_: object) -> None:
    """End the processes of the benchmark at once: it may wait for them in a thread, which nothing else interrupts."""
    for process in running:
        process.kill()
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    main()
