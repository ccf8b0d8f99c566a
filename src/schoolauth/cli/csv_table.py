"""A table as CSV that a spreadsheet reads as text: no cell of it is a formula."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence

from schoolauth.cli.terminal import Terminal, safe

# OWASP's list, with the signs' full-width forms and ASVS 1.2.10's null character
_FORMULA_SIGNS = tuple("=+-@\t\r\n\0＝＋－＠")


def guarded(cell: str) -> str:
    """Return *cell* with an apostrophe before it if a spreadsheet might take it for a formula.

    Control characters are written out, as everywhere.
    """
    is_formula = cell.startswith(_FORMULA_SIGNS) or cell.strip().startswith(_FORMULA_SIGNS)
    return f"'{safe(cell)}" if is_formula else safe(cell)


class CsvTerminal(Terminal):
    """Prints the table that a command is asked for to stdout as CSV, and all words to stderr."""

    is_csv = True

    def __init__(self) -> None:
        super().__init__()
        self._styled = False  # stderr may be a log

    def result(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write the table as CSV, every cell guarded and in quotes."""
        writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([guarded(cell) for cell in row] for row in (headings, *rows))

    def _print(self, line: str) -> None:
        print(line, file=sys.stderr)
