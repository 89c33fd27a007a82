"""Tables: with Rich on a terminal, in several lines a row if it is narrow, and as plain lines elsewhere."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator_gql.cli.style import STATUSES, is_colored
from orchestrator_gql.cli.terminal import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

GAP = "  "
INDENT = 2
LEAST = 30
"""Columns that the wide column needs at least, unless its values are shorter."""

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its titles, its rows, the column that takes the rest of the width, and the column with a status."""

    titles: Sequence[str]
    rows: Sequence[Row]
    wide: int
    status: int | None = None

    def print(self) -> None:
        """Print the table: for people if standard output is a terminal, else as plain lines without titles."""
        if is_for_people():
            console().print(self.rendered())
        else:
            for line in self.plain():
                print(line)

    def rendered(self) -> "RenderableType":
        """The table for a terminal; a terminal that is too narrow for its columns gets several lines for each row."""
        return self._columns() if self._width() <= console().width else self._wrapped(console().width)

    def plain(self) -> list[str]:
        """The rows as lines; all columns but the last have the width of their longest value."""
        rows = [[printable(cell) for cell in row] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return ["  ".join(f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]

    def _columns(self) -> "RenderableType":
        from rich.table import Table as RichTable
        from rich.text import Text

        header = "bold" if is_colored(sys.stdout) else ""
        table = RichTable(box=None, pad_edge=False, header_style=header, padding=(0, len(GAP), 0, 0))
        for index, title in enumerate(self.titles):
            is_wide = index == self.wide
            table.add_column(Text(title), no_wrap=not is_wide, overflow="fold", ratio=1 if is_wide else None)
        for row in self.rows:
            table.add_row(*(Text(printable(cell), style=self._style(index, cell)) for index, cell in enumerate(row)))
        return table

    def _wrapped(self, width: int) -> "RenderableType":
        """The rows without titles: each line has as many cells as fit, and all lines but the first are indented."""
        from rich.console import Group
        from rich.padding import Padding
        from rich.text import Text

        parts = list["RenderableType"]()
        for row in self.rows:
            lines = list[Text]()
            for index, cell in enumerate(map(printable, row)):
                text = Text(cell, style=self._style(index, cell))
                indent = 0 if len(lines) < 2 else INDENT
                if lines and indent + lines[-1].cell_len + len(GAP) + text.cell_len <= width:
                    lines[-1] = Text.assemble(lines[-1], GAP, text)
                else:
                    lines.append(text)
            parts += [lines[0], *(Padding(line, (0, 0, 0, INDENT)) for line in lines[1:])]
        return Group(*parts)

    def _width(self) -> int:
        """The columns that the table needs, with a narrow wide column."""
        cells = [self.titles, *self.rows]
        sizes = [max(len(printable(row[index])) for row in cells) for index in range(len(self.titles))]
        sizes[self.wide] = min(sizes[self.wide], LEAST)
        return sum(sizes) + len(GAP) * (len(sizes) - 1)

    def _style(self, index: int, cell: str) -> str:
        return STATUSES.get(cell, "") if index == self.status else ""


def is_for_people() -> bool:
    """Whether standard output is read by a person: a terminal, or a pipe with ``--color always``."""
    return sys.stdout.isatty() or is_colored(sys.stdout)


def console() -> "Console":
    """The terminal at standard output."""
    from rich.console import Console

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich would end the command with its own exit code

    colored = is_colored(sys.stdout)
    size = shutil.get_terminal_size()
    is_dumb = os.environ.get("TERM") in ("dumb", "unknown")  # Rich would take every such terminal for 80 columns wide
    return Terminal(
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        no_color=not colored,
        force_terminal=colored or None,
        legacy_windows=False,
        width=size.columns if is_dumb else None,
        height=size.lines if is_dumb else None,
    )
