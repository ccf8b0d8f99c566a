"""One file of a OneRoster set: its headings found, its rows held against the standard."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.mis.cells import printable
from schoolauth.mis.headings import heading_key, is_secret
from schoolauth.mis.oneroster_tables import ALIASES, DROPPED, READ, Column, violation
from schoolauth.mis.reading import (
    Progress,
    find_delimiter,
    find_encoding,
    read_rows,
    unreadable,
)
from schoolauth.model.text import strip_spaces

FINDINGS_MAX = 1_000
"""Violations that strict reading names."""
HEADINGS_MAX = 500
RECORDS_MAX = 1_000_000
"""Rows of a file, with all the pupils of a large trust."""

_NEAR = 0.92  # one letter of ten wrong, or two changed places in a long word
_NEAR_LENGTH = 40
_MESSAGES = {
    "cell_count": "A row has another number of cells than the heading line.",
    "cell_missing": "A cell that must be filled is empty.",
    "forbidden_in_bulk": "In a bulk file this must be empty.",
    "required_in_delta": "In a delta file this must be filled.",
    "line_break": "A cell has a line break.",
    "value_case": "A value has other capital letters than the standard's.",
    "value_unknown": "A value is not one of the standard's.",
    "date_invalid": "A date is not written as the standard says.",
    "id_invalid": "An id has characters that the standard does not allow.",
    "duplicate_id": "An id stands in two rows.",
}


class Findings:
    """What a set has against the standard: every place if *strict*, or else every kind once."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.violations: list[RosterProblem] = []
        self._kinds: dict[tuple[str | None, str], tuple[RosterProblem, int]] = {}

    def note(self, place: str, code: str, message: str = "", line: int | None = None) -> None:
        """Note a violation at *place*, which is a file or ``file:heading``."""
        found = RosterProblem(line, place, code, message or _MESSAGES[code])
        if not self.strict:
            self.warn(found)
            return
        self.violations.append(found)
        if len(self.violations) == FINDINGS_MAX:
            more = f"There are {FINDINGS_MAX:,} violations and maybe more."
            file = place.partition(":")[0]
            self.violations.append(RosterProblem(None, file, "too_many_problems", more))
            self.end()

    def warn(self, found: RosterProblem) -> None:
        """Note what is no violation, or is put up with."""
        first, count = self._kinds.get((found.column, found.code), (found, 0))
        self._kinds[found.column, found.code] = (first, count + 1)

    def end(self) -> tuple[RosterProblem, ...]:
        """Return the warnings; refuse the set if there are violations and reading is strict."""
        if self.violations:
            raise RosterUnreadable(self.violations)
        return tuple(
            found
            if count == 1
            else replace(found, message=f"{found.message} So it is in {count} places.")
            for found, count in self._kinds.values()
        )


class Sheet:
    """The file *name*: its headings first, its rows when it is known what they should be."""

    def __init__(self, name: str, data: bytes, findings: Findings) -> None:
        self.name = name
        self.columns: dict[str, int] = {}
        self.mode: str | None = None
        self.skipped = False
        self._findings = findings
        self._known: tuple[Column, ...] = ()
        with _of(name):
            encoding = find_encoding(data)
            delimiter = find_delimiter(data, encoding)
            self._rows = read_rows(data, encoding, delimiter)
            self.headings = [printable(cell) for cell in next(self._rows, (0, []))[1]]
            if not self.headings:
                raise unreadable("empty", "There is nothing in it.")
            if len(self.headings) > HEADINGS_MAX:
                message = f"It has more than {HEADINGS_MAX} headings."
                raise unreadable("too_many_columns", message)
        if encoding == "cp1252":
            findings.note(name, "encoding", "The text is not UTF-8.")
        if delimiter != ",":
            findings.note(name, "delimiter", "The cells are not separated by commas.")

    def has(self, column: str) -> bool:
        """Tell whether a heading is *column*, whatever its case."""
        return heading_key(column) in map(heading_key, self.headings)

    def place(self, column: str) -> str:
        """Return where *column* stands, as ``file:heading``."""
        return f"{self.name}:{self.headings[self.columns[column]]}"

    def fit(self, known: Sequence[Column], needed: Sequence[str]) -> None:
        """Find the *known* columns under the headings; without one of *needed* nothing is read."""
        self._known = tuple(known)
        names = [column.name for column in known]
        for place, heading in enumerate(self.headings):
            if heading in names:
                self.columns.setdefault(heading, place)
        guessed = set()
        for place, heading in enumerate(self.headings):
            name = _guess(heading, [name for name in names if name not in self.columns])
            if name is not None:
                self.columns[name] = place
                guessed.add(place)
        for name in needed:
            if name not in self.columns:  # maybe no heading line: nothing of it is shown
                message = f"{self.name} has no heading {name}."
                raise unreadable("heading_missing", message, column=f"{self.name}:{name}")
        self._note_headings(names, guessed)

    def _note_headings(self, names: list[str], guessed: set[int]) -> None:
        note = self._findings.note
        extra = 0
        for place, heading in enumerate(self.headings):
            where = f"{self.name}:{heading[:100]}"
            if place in guessed:
                note(where, "heading_misspelt", f"The heading {heading[:100]!r} is misspelt.", 1)
            elif heading in names:
                if self.columns[heading] != place:
                    note(where, "heading_duplicate", f"The heading {heading!r} stands twice.", 1)
            elif not strip_spaces(heading):
                note(self.name, "heading_blank", "A heading is empty.", 1)
            elif heading.startswith("metadata."):
                extra += 1
            elif DROPPED.get(heading) not in names:
                note(where, "heading_unknown", f"The heading {heading[:100]!r} is not known.", 1)
        for column in self._known:
            if column.name not in self.columns and (column.required or self._findings.strict):
                message = f"{self.name} has no heading {column.name}."
                note(f"{self.name}:{column.name}", "heading_missing", message)
        order = [self.columns[name] for name in names if name in self.columns]
        first = len(self.headings) - extra
        late = any(heading.startswith("metadata.") for heading in self.headings[:first])
        if late or order != sorted(order):
            message = "The headings are in another order than the standard's."
            note(self.name, "heading_order", message, 1)

    def rows(self, progress: Progress) -> Iterator[tuple[int, dict[str, str] | None]]:
        """Yield line and cells, by column, of each row; None for one of too many or few cells."""
        used = {name: place for name, place in self.columns.items() if name in READ}
        secret = [place for place, heading in enumerate(self.headings) if is_secret(heading)]
        checks = self._checks()
        blank = len(self.headings)
        while blank and not strip_spaces(self.headings[blank - 1]):
            blank -= 1  # headings at the end that are over nothing
        seen: set[str] = set()
        count = 0
        with _of(self.name):
            for line, cells in progress.over(self._rows):
                count += 1
                if count > RECORDS_MAX:
                    message = f"It has more than {RECORDS_MAX:,} rows."
                    raise unreadable("too_many_rows", message, line)
                if len(cells) != len(self.headings):
                    self._findings.note(self.name, "cell_count", line=line)
                    if len(cells) < blank or any(map(strip_spaces, cells[blank:])):
                        self.skipped = True
                        yield line, None
                        continue
                for check in checks:
                    check(line, cells)
                if any(place < len(cells) and cells[place] for place in secret):
                    self._warn_of_passwords()
                texts = {name: strip_spaces(cells[place]) for name, place in used.items()}
                key = texts.get("sourcedId", "")
                if key in seen:
                    self._findings.note(self.place("sourcedId"), "duplicate_id", line=line)
                elif key:
                    seen.add(key)
                yield line, texts
        if not count:
            self._findings.note(self.name, "no_rows", f"{self.name} has no rows.")

    def _checks(self) -> list[Callable[[int, list[str]], None]]:
        return [
            self._check(column, self.columns[column.name])
            for column in self._known
            if column.name in self.columns
        ]

    def _check(self, column: Column, place: int) -> Callable[[int, list[str]], None]:
        where, note = self.place(column.name), self._findings.note
        record = column.name in {"status", "dateLastModified"}

        def check(line: int, cells: list[str]) -> None:
            text = cells[place]
            if not text:
                if column.required:
                    note(where, "cell_missing", line=line)
                elif record and self.mode == "delta":
                    note(where, "required_in_delta", line=line)
                return
            if record and self.mode == "bulk":
                note(where, "forbidden_in_bulk", line=line)
            code = violation(column, text)
            if code is not None:
                note(where, code, line=line)

        return check

    def _warn_of_passwords(self) -> None:
        message = "It holds passwords. They are not read; ask that they be left out."
        self._findings.warn(RosterProblem(None, self.name, "passwords", message))


def _guess(heading: str, missing: Sequence[str]) -> str | None:
    """Return the column, one of *missing*, that *heading* is meant to be."""
    if is_secret(heading) or len(heading) > _NEAR_LENGTH:
        return None
    by_key = {heading_key(name): name for name in missing}
    by_key |= {heading_key(alias): name for alias, name in ALIASES.items() if name in missing}
    key = heading_key(heading)
    near = difflib.get_close_matches(key, by_key, 1, _NEAR)
    return by_key[near[0]] if near else None


@contextmanager
def _of(name: str) -> Iterator[None]:
    """Say of every refusal inside that it is about the file *name*."""
    try:
        yield
    except RosterUnreadable as error:
        problems = [
            one if one.column else replace(one, column=name, message=f"{name}: {one.message}")
            for one in error.problems
        ]
    else:
        return
    raise RosterUnreadable(problems)
