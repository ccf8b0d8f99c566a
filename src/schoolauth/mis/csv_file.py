"""Reads a staff list from a CSV file: bytes, text, lines, then rows."""

from __future__ import annotations

import csv
import io
import os
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.mis.cells import RowReader, printable
from schoolauth.mis.headings import KNOWN_HEADINGS, find_columns, is_secret
from schoolauth.mis.roster import Roster
from schoolauth.model.text import require_text, strip_spaces

FILE_MAX = 64 * 1024 * 1024
"""Bytes of a file."""
ROW_MAX = 64 * 1024
"""Characters of a row, with the line breaks in its quoted cells."""
ROWS_MAX = 100_000
"""Rows below the heading line."""

_SCHOOLS_NAMED = 5

_Lines = list[tuple[int, list[str]]]


def read_csv(path: str | os.PathLike[str], columns: Mapping[str, str] | None = None) -> Roster:
    """Return the staff list in the CSV file at *path*, with every problem of every row.

    The headings of the usual MIS exports are known, whatever their case, spaces and punctuation;
    `Roster.columns` tells which were found. Of several for one field, the best known counts that
    has a filled cell (`KNOWN_HEADINGS` is the order). White space around a cell is dropped in
    every field, the username too: exports pad their cells. An address that stands as a username
    is the e-mail address, if the row has no other. No row makes anybody an admin, and no row of
    a pupil or parent is taken. A column of passwords is never read, and no problem of a file that
    has one shows a cell.

    The text is UTF-8, with or without a byte-order mark, or else Windows-1252; the delimiter is
    the comma, semicolon or tab that makes most headings. `RosterProblem.line` is where the row
    starts.

    Args:
        path: the file; its rows are those of one school.
        columns: ``{field: heading}`` where the headings are unusual. Fields are ``mis_id``,
            ``given_name``, ``family_name``, ``email``, ``username``, ``role``, ``status`` and
            ``school``.

    Raises:
        RosterUnreadable: if the file as a whole cannot be used; `problems` says why.
        ValueError: if *columns* has an unknown field.
    """
    wanted = dict(columns or {})
    for name, heading in wanted.items():
        require_text(heading, f"the heading of {name}")
        if name not in KNOWN_HEADINGS:
            raise ValueError(f"unknown field {name!r}; there are {', '.join(KNOWN_HEADINGS)}")
    place = Path(path)
    try:
        return _read(place, wanted)
    except RosterUnreadable as error:
        problems = error.problems
    # anew, outside the except block: no traceback leads to the frames that held the passwords
    raise RosterUnreadable(problems)


def _unreadable(code: str, message: str, line: int | None = None) -> RosterUnreadable:
    return RosterUnreadable([RosterProblem(line, None, code, message)])


def _read(path: Path, wanted: Mapping[str, str]) -> Roster:
    text = _decode(_read_bytes(path))
    rows = _rows(text, max(",;\t", key=lambda delimiter: _headings_by(text, delimiter)))
    _, first = next(rows, (0, []))
    headings = [printable(strip_spaces(cell)) for cell in first]
    if not headings:
        raise _unreadable("empty", "There is nothing in it.")
    candidates = find_columns(headings, wanted)
    kept = sorted({place for places in candidates.values() for place in places})
    lines: _Lines = []
    shifted: list[tuple[int, int]] = []
    for number, (line, cells) in enumerate(rows):
        if number == ROWS_MAX:
            raise _unreadable("too_many_rows", f"It has more than {ROWS_MAX:,} rows.", line)
        if len(cells) == len(headings):
            lines.append((line, [strip_spaces(cells[place]) for place in kept]))
        else:
            shifted.append((line, len(cells)))
    if not lines and not shifted:
        raise _unreadable("no_rows", "There is a heading line, and no row below it.")
    places = {field: _filled(map(kept.index, found), lines) for field, found in candidates.items()}
    columns = {field: headings[kept[place]] for field, place in places.items()}
    show_values = not any(map(is_secret, headings))
    if "school" in places:
        _check_one_school(lines, places.pop("school"), columns["school"], show_values)
    reader = RowReader(columns, show_values=show_values)
    for line, count in shifted:
        message = f"This row has {count} cells, and the heading line {len(headings)}."
        reader.refuse(line, None, "cell_count", message)
    for line, cells in lines:
        reader.read(line, {field: cells[place] for field, place in places.items()})
    return reader.roster()


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_MAX + 1)
    except FileNotFoundError:
        raise _unreadable("file_not_found", "There is no such file.") from None
    except (OSError, ValueError):  # ValueError: a path that no file can have
        raise _unreadable("file_not_readable", "It is no file that may be read.") from None
    if len(data) > FILE_MAX:
        raise _unreadable("file_too_large", f"It has more than {FILE_MAX:,} bytes.")
    return data


def _decode(data: bytes) -> str:
    encodings = ["utf-8-sig"] if data.startswith(BOM_UTF8) else ["utf-8", "cp1252"]
    for encoding in encodings if b"\0" not in data else ():
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = "It is not text. Save the list as CSV (UTF-8), not as a workbook."
    raise _unreadable("not_text", message)


class _Feed:
    """The lines of *text* for `csv.reader`, which stops at a row that is too long."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")  # breaks lines where csv does, and nowhere else
        self.room = ROW_MAX

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.room -= len(line)
        if self.room < 0:
            raise _unreadable("row_too_long", f"It has a row of more than {ROW_MAX:,} characters.")
        return line


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that has a filled cell, with the line where it starts."""
    feed = _Feed(text)
    reader = csv.reader(
        feed, delimiter=delimiter, strict=True
    )  # strict: else a lost quote eats rows
    while True:
        line = reader.line_num + 1
        feed.room = ROW_MAX
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            message = f"The quotation marks do not match in the row that starts in line {line}."
            raise _unreadable("quotes", message, line) from None
        if any(map(strip_spaces, cells)):
            yield line, cells


def _headings_by(text: str, delimiter: str) -> int:
    try:
        return len(next(_rows(text, delimiter), (0, []))[1])
    except RosterUnreadable:
        return 0


def _filled(places: Iterator[int], lines: _Lines) -> int:
    """Return the first of *places* that has a filled cell, or else the first."""
    known = list(places)
    return next((place for place in known if any(cells[place] for _, cells in lines)), known[0])


def _check_one_school(lines: _Lines, place: int, heading: str, show_values: bool) -> None:
    schools: dict[str, tuple[int, str]] = {}
    for line, cells in lines:
        if cells[place]:
            schools.setdefault(cells[place].casefold(), (line, cells[place]))
    if len(schools) > 1:
        places = [
            f"{printable(school[:100])} (line {line})" if show_values else f"one from line {line}"
            for line, school in list(schools.values())[:_SCHOOLS_NAMED]
        ]
        named = ", ".join(places)
        message = f"Its staff are of {len(schools)} schools: {named}. Make a file of each."
        raise RosterUnreadable([RosterProblem(None, heading, "several_schools", message)])
