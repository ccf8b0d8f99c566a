"""Text for a terminal: wrapped, aligned, safe to show, and coloured only in a terminal."""

from __future__ import annotations

import getpass
import itertools
import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

Style = Literal["bold", "dim", "red", "green", "cyan"]
_STYLES: dict[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "cyan": "36"}
_WIDTH_MAX = 100
_WIDTH_MIN = 40
_COLUMN_MIN = 10
_LABEL_INDENT = 12
_NUMBER_INDENT = 4


def safe(text: str) -> str:
    r"""Return *text* with every character that a terminal would obey written out, as ``\x1b``."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def ask_password(prompt: str, *, twice: bool = False) -> str:
    """Return a password typed unseen, spaces and all; a line of stdin if it is not a terminal.

    Raises:
        SystemExit: if what was typed *twice* differs.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().removesuffix("\n")
    password = getpass.getpass(f"{prompt}: ")
    if twice and getpass.getpass(f"{prompt} again: ") != password:
        raise SystemExit("These were two different passwords. Nothing was changed.")
    return password


class Terminal:
    """Prints paragraphs at most 100 columns wide, and tables.

    If stdout is not a terminal, a table is as wide as it needs to be, one row to a line.
    """

    is_csv = False

    def __init__(self) -> None:
        is_terminal = sys.stdout.isatty()
        columns = shutil.get_terminal_size((_WIDTH_MAX, 24)).columns
        self._styled = (
            is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )
        self._table_width = max(columns, _WIDTH_MIN) if is_terminal else sys.maxsize
        self.width = max(_WIDTH_MIN, min(columns, _WIDTH_MAX))

    def say(self, text: str = "", *, indent: int = 0, style: Style | None = None) -> None:
        """Print a paragraph."""
        for line in _wrapped(safe(text), self.width - indent):
            self._print(" " * indent + self._in(style, line))

    def heading(self, text: str) -> None:
        """Print a heading, after an empty line and with a line below it."""
        lines = _wrapped(safe(text), self.width)
        self._print("")
        for line in lines:
            self._print(self._in("bold", line))
        self._print("-" * max(map(len, lines)))

    def labelled(self, label: str, text: str, style: Style | None = None) -> None:
        """Print a paragraph that hangs from a *label*, to which *style* applies."""
        first, *others = _wrapped(safe(text), self.width - _LABEL_INDENT)
        self._print(f"  {self._in(style, label.ljust(_LABEL_INDENT - 2))}{first}")
        for line in others:
            self._print(" " * _LABEL_INDENT + line)

    def numbered(self, number: int, text: str) -> None:
        """Print a paragraph that hangs from its number."""
        first, *others = _wrapped(safe(text), self.width - _NUMBER_INDENT)
        self._print(f"{number:>2}. {first}")
        for line in others:
            self._print(" " * _NUMBER_INDENT + line)

    def result(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print the table that a command is asked for."""
        self.table(headings, rows)
        self.say()

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print aligned columns; where they are too wide, the widest cells go on below.

        The first column stays whole: it is what a row is called, and what somebody types again.
        """
        cells = [[safe(cell) or "-" for cell in row] for row in (headings, *rows)]
        widths = [max(map(_columns, column)) for column in zip(*cells, strict=True)]
        available = self._table_width - 2 * (len(widths) - 1)
        first, *others = widths
        while first + sum(others) > available and max(others, default=0) > _COLUMN_MIN:
            others[others.index(max(others))] -= 1
        widths = [first, *others]
        for number, row in enumerate(cells):
            parts = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
            for line in itertools.zip_longest(*parts, fillvalue=""):
                padded = (
                    cell + " " * (width - _columns(cell))
                    for cell, width in zip(line, widths, strict=True)
                )
                self._print(self._in(None if number else "bold", "  ".join(padded).rstrip()))

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int], None] | None]:
        """Give a count to call on long work, which is shown if stderr is a terminal."""
        if not sys.stderr.isatty():
            yield None
            return
        shown = ""

        def count(number: int) -> None:
            nonlocal shown
            shown = f"{number:,} {what}"
            print(f"\r{shown}", end="", file=sys.stderr, flush=True)

        try:
            yield count
        finally:
            print(f"\r{' ' * len(shown)}\r", end="", file=sys.stderr, flush=True)

    def _print(self, line: str) -> None:
        print(line)

    def _in(self, style: Style | None, text: str) -> str:
        if style is None or not self._styled:
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _wrapped(text: str, width: int) -> list[str]:
    # no break at hyphens: half an address or a username is not recognised
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _columns(text: str) -> int:
    """Return how many columns *text* takes: accents of their own none, wide letters two."""
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in {"W", "F"})
        for c in text
    )
