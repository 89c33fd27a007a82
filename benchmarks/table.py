"""The table of the benchmarks: the measured figure, the reference of the machine, the targets, and the spread."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One row; ``reference`` is from the same run. ``must`` and ``stretch`` are targets for the ratio of both.

    ``spread`` is the smallest and the largest of the rounds: of the ratio if there is one, else of the measured figure.
    """

    name: str
    measured: str
    reference: str = ""
    ratio: float | None = None
    must: str = ""
    stretch: str = ""
    spread: str = ""


def rates(name: str, measured: float, reference: float, must: float, stretch: float, *, spread: str = "") -> Line:
    """A row of rates a second; the ratio is below 1 and the higher the better."""
    texts = (f"{measured:,.0f}/s", f"{reference:,.0f}/s")
    return Line(name, *texts, measured / reference, f">= {must}", f">= {stretch}", spread)


def costs(name: str, measured: float, reference: float, must: float, stretch: float, *, spread: str = "") -> Line:
    """A row of seconds; the ratio is above 1 and the lower the better."""
    texts = (f"{measured * 1e6:,.1f} us", f"{reference * 1e6:,.1f} us")
    return Line(name, *texts, measured / reference, f"<= {must}", f"<= {stretch}", spread)


def spread_of_ratios(measured: Sequence[float], reference: Sequence[float]) -> str:
    """The smallest and the largest ratio of the rounds; each round has a measured figure and its reference."""
    ratios = [own / other for own, other in zip(measured, reference, strict=True)]
    return f"{ratio_text(min(ratios))}-{ratio_text(max(ratios))}"


def spread_of(values: Sequence[float], unit: str = "", digits: int = 1) -> str:
    """The smallest and the largest figure of the rounds."""
    return f"{min(values):,.{digits}f}-{max(values):,.{digits}f}{unit and f' {unit}'}"


def ratio_text(ratio: float) -> str:
    """The ratio with the digits that matter."""
    return f"{ratio:.3f}" if ratio < 10 else f"{ratio:.1f}"


def head() -> str:
    """The names of the columns."""
    names = f"{'':50}{'measured':>15}{'reference':>15}{'ratio':>9}{'must':>10}{'stretch':>10}"
    return f"{names}  min-max of rounds"


def shown(line: Line) -> str:
    """The row as text."""
    ratio = "" if line.ratio is None else ratio_text(line.ratio)
    targets = f"{line.must:>10}{line.stretch:>10}"
    text = f"{line.name:50}{line.measured:>15}{line.reference:>15}{ratio:>9}{targets}"
    return f"{text}  {line.spread}" if line.spread else text
