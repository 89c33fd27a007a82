"""The table of the benchmarks: the measured figure, the reference of the machine, and the targets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One row; ``reference`` is from the same run. ``must`` and ``stretch`` are targets for the ratio of both."""

    name: str
    measured: str
    reference: str = ""
    ratio: float | None = None
    must: str = ""
    stretch: str = ""


def rates(name: str, measured: float, reference: float, must: float, stretch: float) -> Line:
    """A row of rates a second; the ratio is below 1 and the higher the better."""
    return Line(name, f"{measured:,.0f}/s", f"{reference:,.0f}/s", measured / reference, f">= {must}", f">= {stretch}")


def costs(name: str, measured: float, reference: float, must: float, stretch: float) -> Line:
    """A row of seconds; the ratio is above 1 and the lower the better."""
    texts = (f"{measured * 1e6:,.1f} us", f"{reference * 1e6:,.1f} us")
    return Line(name, *texts, measured / reference, f"<= {must}", f"<= {stretch}")


def head() -> str:
    """The names of the columns."""
    return f"{'':50}{'measured':>12}{'reference':>12}{'ratio':>9}{'must':>10}{'stretch':>10}"


def shown(line: Line) -> str:
    """The row as text."""
    ratio = "" if line.ratio is None else f"{line.ratio:.3f}" if line.ratio < 10 else f"{line.ratio:.1f}"
    return f"{line.name:50}{line.measured:>12}{line.reference:>12}{ratio:>9}{line.must:>10}{line.stretch:>10}"
