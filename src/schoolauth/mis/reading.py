"""Bounded reading of untrusted files: bytes, their encoding, then rows of cells."""

from __future__ import annotations

import csv
import io
import os
import stat
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.model.text import strip_spaces

FILE_MAX = 64 * 1024 * 1024
"""Bytes of a file."""
ROW_MAX = 64 * 1024
"""Characters of a row, with the line breaks in its quoted cells."""
ROWS_MAX = 100_000
"""Rows that are taken from a file."""

_TELL_EVERY = 1_000
# without waiting for the other end of a pipe; not every system has each of them
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)

Row = tuple[int, list[str]]
"""The line where a row starts, and its cells."""


def unreadable(
    code: str, line: int | None = None, column: str | None = None, **facts: Any
) -> RosterUnreadable:
    """Return the refusal of a file for one reason."""
    return RosterUnreadable([RosterProblem.of(code, line, column, **facts)])


class Progress:
    """Counts rows, and tells how many there are: every thousand of them, and at the end."""

    def __init__(self, tell: Callable[[int], object] | None) -> None:
        self._tell = tell
        self._count = 0

    def over(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield *rows*, and count them."""
        for row in rows:
            self._count += 1
            if self._tell is not None and self._count % _TELL_EVERY == 0:
                self._tell(self._count)
            yield row

    def finish(self) -> None:
        """Tell the last count, unless it was told already."""
        if self._tell is not None and (self._count % _TELL_EVERY or not self._count):
            self._tell(self._count)


def read_bytes(path: Path, most: int, *, follow: bool = True) -> bytes:
    """Return what the ordinary file at *path* holds, at most *most* bytes.

    A pipe or a device is refused before it is waited for; a link too, unless *follow*.
    """
    try:
        with os.fdopen(os.open(path, _FLAGS if follow else _FLAGS | _NO_LINK), "rb") as file:
            found = os.fstat(file.fileno())
            data = file.read(min(found.st_size, most) + 1) if stat.S_ISREG(found.st_mode) else None
            if data is not None and len(data) > found.st_size:
                data = None  # it grows while it is read
    except FileNotFoundError:
        raise unreadable("file_not_found") from None
    except (OSError, ValueError):  # ValueError: a path that no file can have
        data = None
    if data is None:
        raise unreadable("file_not_readable")
    if len(data) > most:
        raise unreadable("file_too_large", maximum=most)
    return data


def find_encoding(data: bytes) -> str:
    """Return the encoding of *data*: UTF-8 with or without its mark, or else Windows-1252."""
    encodings = ["utf-8-sig"] if data.startswith(BOM_UTF8) else ["utf-8", "cp1252"]
    for encoding in encodings if b"\0" not in data else ():
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise unreadable("not_text")


class _Feed:
    """The lines of a text for `csv.reader`, which stops at a row that is too long."""

    def __init__(self, data: bytes, encoding: str) -> None:
        # newline: it breaks lines where csv does, and nowhere else
        self._lines = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
        self.left = ROW_MAX

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._lines.readline(self.left + 1)
        if not line:
            raise StopIteration
        self.left -= len(line)
        if self.left < 0:
            raise unreadable("row_too_long", maximum=ROW_MAX)
        return line


def read_rows(data: bytes, encoding: str, delimiter: str) -> Iterator[Row]:
    """Yield each row that has a filled cell, with the line where it starts."""
    feed = _Feed(data, encoding)
    reader = csv.reader(
        feed, delimiter=delimiter, strict=True
    )  # strict: otherwise a missing quote swallows rows
    while True:
        line = reader.line_num + 1
        feed.left = ROW_MAX
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise unreadable("quotes", line, starts_in=line) from None
        if any(map(strip_spaces, cells)):
            yield line, cells


def find_delimiter(data: bytes, encoding: str) -> str:
    """Return the comma, semicolon or tab: the one that makes most headings."""

    def headings(delimiter: str) -> int:
        try:
            return len(next(read_rows(data, encoding, delimiter), (0, []))[1])
        except RosterUnreadable:
            return 0

    return max(",;\t", key=headings)
