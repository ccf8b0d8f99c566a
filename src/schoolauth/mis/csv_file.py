"""Reads a staff list from a CSV file: bytes, text, lines, then rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from schoolauth.errors import RosterUnreadable
from schoolauth.mis.headings import KNOWN_HEADINGS, find_columns, is_secret
from schoolauth.mis.reading import (
    FILE_MAX,
    ROWS_MAX,
    Progress,
    Row,
    find_delimiter,
    find_encoding,
    read_bytes,
    read_rows,
    unreadable,
)
from schoolauth.mis.rows import RowReader, printable
from schoolauth.model.roster import Roster
from schoolauth.model.text import require_text, strip_spaces

_SCHOOLS_NAMED = 5


def read_csv(
    path: str | os.PathLike[str],
    columns: Mapping[str, str] | None = None,
    *,
    progress: Callable[[int], object] | None = None,
) -> Roster:
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
        progress: called with the number of rows read so far, every thousand and at the end.

    Raises:
        RosterUnreadable: if the file as a whole cannot be used; `problems` says why.
        ValueError: if *columns* has an unknown field.
    """
    wanted = dict(columns or {})
    for name, heading in wanted.items():
        require_text(heading, f"the heading of {name}")
        if name not in KNOWN_HEADINGS:
            raise ValueError(f"unknown field {name!r}; there are {', '.join(KNOWN_HEADINGS)}")
    try:
        return _read(Path(path), wanted, Progress(progress))
    except RosterUnreadable as error:
        problems = error.problems
    # anew, outside the except block: no traceback leads to the frames that held the passwords
    raise RosterUnreadable(problems)


def _read(path: Path, wanted: Mapping[str, str], progress: Progress) -> Roster:
    data = read_bytes(path, FILE_MAX)
    encoding = find_encoding(data)
    rows = read_rows(data, encoding, find_delimiter(data, encoding))
    _, first = next(rows, (0, []))
    headings = [printable(strip_spaces(cell)) for cell in first]
    if not headings:
        raise unreadable("empty")
    candidates = find_columns(headings, wanted)
    kept = sorted({index for found in candidates.values() for index in found})
    lines: list[Row] = []
    shifted: list[tuple[int, int]] = []
    for number, (line, cells) in enumerate(progress.over(rows)):
        if number == ROWS_MAX:
            raise unreadable("too_many_rows", line, maximum=ROWS_MAX)
        if len(cells) == len(headings):
            lines.append((line, [strip_spaces(cells[index]) for index in kept]))
        else:
            shifted.append((line, len(cells)))
    progress.finish()
    if not lines and not shifted:
        raise unreadable("no_rows")
    indexes = {field: _filled(map(kept.index, found), lines) for field, found in candidates.items()}
    columns = {field: headings[kept[index]] for field, index in indexes.items()}
    show_values = not any(map(is_secret, headings))
    if "school" in indexes:
        _check_one_school(lines, indexes.pop("school"), columns["school"], show_values)
    reader = RowReader(columns, show_values=show_values)
    for line, count in shifted:
        reader.refuse(line, None, "cell_count", cells=count, expected=len(headings))
    for line, cells in lines:
        reader.read(line, {field: cells[index] for field, index in indexes.items()})
    return reader.roster()


def _filled(indexes: Iterator[int], lines: list[Row]) -> int:
    """Return the first column of *indexes* that has a filled cell, or else the first."""
    known = list(indexes)
    return next((index for index in known if any(cells[index] for _, cells in lines)), known[0])


def _check_one_school(lines: list[Row], index: int, heading: str, show_values: bool) -> None:
    schools: dict[str, tuple[int, str]] = {}
    for line, cells in lines:
        if cells[index]:
            schools.setdefault(cells[index].casefold(), (line, cells[index]))
    if len(schools) > 1:
        first = list(schools.values())[:_SCHOOLS_NAMED]
        raise unreadable(
            "several_schools",
            column=heading,
            count=len(schools),
            schools=[printable(school[:100]) for _, school in first] if show_values else None,
            lines=[line for line, _ in first],
        )
