"""One file of a OneRoster set: its headings found, its rows checked against the standard."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.mis.headings import heading_key, is_secret
from schoolauth.mis.oneroster_tables import ALIASES, DROPPED, READ, Column, violation
from schoolauth.mis.reading import (
    Progress,
    find_delimiter,
    find_encoding,
    read_rows,
    unreadable,
)
from schoolauth.mis.rows import printable
from schoolauth.model.text import strip_spaces

FINDINGS_MAX = 1_000
"""Violations that strict reading names."""
HEADINGS_MAX = 500
RECORDS_MAX = 1_000_000
"""Rows of a file, with all the pupils of a large trust."""

_NEAR = 0.92  # one letter of ten wrong, or two swapped letters in a long word
_NEAR_LENGTH = 40


class Findings:
    """How a set differs from the standard: every violation if *strict*, or else every kind once."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.violations: list[RosterProblem] = []
        self._kinds: dict[tuple[str, str], tuple[RosterProblem, int]] = {}

    def note(self, column: str, code: str, line: int | None = None, **facts: Any) -> None:
        """Note a violation in *column*, which is a file or ``file:heading``."""
        if not self.strict:
            self.warn(column, code, line, **facts)
            return
        self.violations.append(RosterProblem.of(code, line, column, **facts))
        if len(self.violations) == FINDINGS_MAX:
            file = column.partition(":")[0]
            more = RosterProblem.of("too_many_problems", column=file, maximum=FINDINGS_MAX)
            self.violations.append(more)
            self.end()

    def warn(self, column: str, code: str, line: int | None = None, **facts: Any) -> None:
        """Note what is not a violation, or is tolerated."""
        first, count = self._kinds.get((column, code), (None, 0))
        if first is None:
            first = RosterProblem.of(code, line, column, **facts)
        self._kinds[column, code] = (first, count + 1)

    def end(self) -> tuple[RosterProblem, ...]:
        """Return the warnings; refuse the set if there are violations and reading is strict."""
        if self.violations:
            raise RosterUnreadable(self.violations)
        return tuple(
            found if count == 1 else _again(found, found.column, places=count)
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
                raise unreadable("empty")
            if len(self.headings) > HEADINGS_MAX:
                raise unreadable("too_many_columns", maximum=HEADINGS_MAX)
        if encoding == "cp1252":
            findings.note(name, "encoding")
        if delimiter != ",":
            findings.note(name, "delimiter")

    def has(self, column: str) -> bool:
        """Tell whether a heading is *column*, whatever its case."""
        return heading_key(column) in map(heading_key, self.headings)

    def label(self, column: str) -> str:
        """Return *column* as ``file:heading``."""
        return f"{self.name}:{self.headings[self.columns[column]]}"

    def fit(self, known: Sequence[Column], needed: Sequence[str]) -> None:
        """Find the *known* columns under the headings; without one of *needed* nothing is read."""
        self._known = tuple(known)
        names = [column.name for column in known]
        for index, heading in enumerate(self.headings):
            if heading in names:
                self.columns.setdefault(heading, index)
        guessed = set()
        for index, heading in enumerate(self.headings):
            name = _guess(heading, [name for name in names if name not in self.columns])
            if name is not None:
                self.columns[name] = index
                guessed.add(index)
        for name in needed:
            if name not in self.columns:  # maybe no heading line: nothing of it is shown
                raise unreadable(
                    "heading_missing",
                    column=f"{self.name}:{name}",
                    case="file",
                    file=self.name,
                    heading=name,
                )
        self._note_headings(names, guessed)

    def _note_headings(self, names: list[str], guessed: set[int]) -> None:
        note = self._findings.note
        extra = 0
        for index, heading in enumerate(self.headings):
            where = f"{self.name}:{heading[:100]}"
            if index in guessed:
                note(where, "heading_misspelt", 1, heading=heading[:100])
            elif heading in names:
                if self.columns[heading] != index:
                    note(where, "heading_duplicate", 1, heading=heading)
            elif not strip_spaces(heading):
                note(self.name, "heading_blank", 1)
            elif heading.startswith("metadata."):
                extra += 1
            elif DROPPED.get(heading) not in names:
                note(where, "heading_unknown", 1, heading=heading[:100])
        for column in self._known:
            if column.name not in self.columns and (column.required or self._findings.strict):
                where = f"{self.name}:{column.name}"
                note(where, "heading_missing", case="file", file=self.name, heading=column.name)
        order = [self.columns[name] for name in names if name in self.columns]
        first = len(self.headings) - extra
        late = any(heading.startswith("metadata.") for heading in self.headings[:first])
        if late or order != sorted(order):
            note(self.name, "heading_order", 1)

    def rows(self, progress: Progress) -> Iterator[tuple[int, dict[str, str] | None]]:
        """Yield line and cells, by column, of each row; None for too many or too few cells."""
        used = {name: index for name, index in self.columns.items() if name in READ}
        secret = [index for index, heading in enumerate(self.headings) if is_secret(heading)]
        checks = self._checks()
        blank = len(self.headings)
        while blank and not strip_spaces(self.headings[blank - 1]):
            blank -= 1  # blank headings at the end
        seen: set[str] = set()
        count = 0
        with _of(self.name):
            for line, cells in progress.over(self._rows):
                count += 1
                if count > RECORDS_MAX:
                    raise unreadable("too_many_rows", line, maximum=RECORDS_MAX)
                if len(cells) != len(self.headings):
                    self._findings.note(self.name, "cell_count", line, case="any")
                    if len(cells) < blank or any(map(strip_spaces, cells[blank:])):
                        self.skipped = True
                        yield line, None
                        continue
                for check in checks:
                    check(line, cells)
                if any(index < len(cells) and cells[index] for index in secret):
                    self._findings.warn(self.name, "passwords")
                texts = {name: strip_spaces(cells[index]) for name, index in used.items()}
                key = texts.get("sourcedId", "")
                if key in seen:
                    self._findings.note(self.label("sourcedId"), "duplicate_id", line)
                elif key:
                    seen.add(key)
                yield line, texts
        if not count:
            self._findings.note(self.name, "no_rows", case="file", file=self.name)

    def _checks(self) -> list[Callable[[int, list[str]], None]]:
        return [
            self._check(column, self.columns[column.name])
            for column in self._known
            if column.name in self.columns
        ]

    def _check(self, column: Column, index: int) -> Callable[[int, list[str]], None]:
        where, note = self.label(column.name), self._findings.note
        record = column.name in {"status", "dateLastModified"}

        def check(line: int, cells: list[str]) -> None:
            text = cells[index]
            if not text:
                if column.required:
                    note(where, "cell_missing", line)
                elif record and self.mode == "delta":
                    note(where, "required_in_delta", line)
                return
            if record and self.mode == "bulk":
                note(where, "forbidden_in_bulk", line)
            code = violation(column, text)
            if code is not None:
                note(where, code, line)

        return check


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
    """Add to every refusal inside that it is about the file *name*."""
    try:
        yield
    except RosterUnreadable as error:
        problems = [
            one if one.column else _again(one, name, in_file=name) for one in error.problems
        ]
    else:
        return
    raise RosterUnreadable(problems)


def _again(found: RosterProblem, column: str | None, **more: Any) -> RosterProblem:
    """Return *found* at *column*, with more facts to say."""
    return RosterProblem.of(found.code, found.line, column, **found.facts, **more)
