"""Reads the staff of one school from a OneRoster CSV set: manifest, orgs, roles, then users."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from schoolauth.errors import RosterUnreadable
from schoolauth.mis.archive import FileSet
from schoolauth.mis.headings import is_secret
from schoolauth.mis.oneroster_manifest import check_files, find_version, read_manifest
from schoolauth.mis.oneroster_people import (
    GONE,
    HeldRow,
    Org,
    Post,
    choose_org,
    read_orgs,
    read_roles,
)
from schoolauth.mis.oneroster_sheet import Findings, Sheet
from schoolauth.mis.oneroster_tables import TABLES
from schoolauth.mis.reading import ROWS_MAX, Progress, unreadable
from schoolauth.mis.rows import RowReader, is_staff
from schoolauth.model.roster import Roster
from schoolauth.model.text import require_text
from schoolauth.ports import SystemClock

_WANTED = ("manifest.csv", "orgs.csv", "roles.csv", "users.csv")
_FIELDS = {
    "mis_id": "sourcedId",
    "given_name": "givenName",
    "family_name": "familyName",
    "email": "email",
    "username": "username",
    "role": "role",
    "status": "status",
    "enabled": "enabledUser",
}


def read_oneroster(
    path: str | os.PathLike[str],
    *,
    org: str | None = None,
    strict: bool = False,
    today: dt.date | None = None,
    progress: Callable[[int], object] | None = None,
) -> Roster:
    """Return the staff of one school from the OneRoster CSV set at *path*, a folder or a zip file.

    Versions 1.1 and 1.2, bulk and delta. Staff are the people who have a role other than pupil,
    parent or the like in the school; nobody becomes an admin by it. `RosterRow.active` is False for
    somebody who is to be deleted, is not enabled, or whose roles have ended; a role that is yet to
    begin counts. Of several roles the primary one is taken. An address in the username column is
    the e-mail address, if the row has no other. Passwords are not read.

    Where real exports differ from the standard, the set is still read, with a warning in
    `Roster.warnings`. Dates with slashes are read as day, month, year where possible.
    `Roster.complete` is True if the manifest says bulk and no row has a problem. A problem's column
    is written ``users.csv:email``, and its line is in that file, or in users.csv if the problem has
    no column.

    Args:
        path: the folder or the zip file.
        org: the school, by its ``sourcedId`` or ``identifier``, where the set has several.
        strict: refuse the set for any violation of the standard, and name them all.
        today: the day on which roles are judged.
        progress: called with the number of rows read so far, every thousand and at the end.

    Raises:
        RosterUnreadable: if the set as a whole cannot be used; `problems` says why.
    """
    wanted = None if org is None else require_text(org, "org")
    day = today or SystemClock().now().date()
    findings = Findings(strict=strict)
    try:
        return _Reading(Path(path), wanted, day, findings, Progress(progress)).roster()
    except RosterUnreadable as error:
        problems = list(dict.fromkeys([*findings.violations, *error.problems]))
    # anew, outside the except block: no traceback leads to the frames that held the passwords
    raise RosterUnreadable(problems)


class _Reading:
    """One set, read from its first file to its last."""

    def __init__(
        self, path: Path, org: str | None, today: dt.date, findings: Findings, progress: Progress
    ) -> None:
        self._files = files = FileSet(path, _WANTED)
        self._gaps = False
        self._org, self._today, self._findings, self._progress = org, today, findings, progress
        if "users.csv" not in files.names:
            raise unreadable("file_missing", file="users.csv")
        self._manifest = read_manifest(files, findings, progress)
        check_files(self._manifest, files, findings)
        self._users = Sheet("users.csv", files.read("users.csv"), findings)
        self._version = find_version(self._manifest, self._users, files, findings)
        self._roles = self._sheet("roles.csv") if self._version == "1.2" else None

    def roster(self) -> Roster:
        """Read the other files, and return the school's staff."""
        orgs = self._read_orgs()
        posts = self._read_roles()
        held = self._read_users(posts, orgs)
        self._progress.finish()
        chosen = choose_org(self._org, held, orgs)
        sheets = [self._users] if self._roles is None else [self._roles, self._users]
        columns = {
            field: sheet.label(name)
            for field, name in _FIELDS.items()
            for sheet in sheets
            if name in sheet.columns and (sheet is self._users or field == "role")
        }
        reader = RowReader(columns, show_values=not any(map(is_secret, self._users.headings)))
        for row in held:
            self._judge(reader, row, chosen)
        roster = reader.roster()
        is_bulk = all(sheet.mode == "bulk" for sheet in sheets)
        if not roster.rows and not roster.problems and not self._is_delta():
            raise unreadable("no_staff")
        return replace(
            roster,
            warnings=self._findings.end(),
            version=self._version,
            complete=is_bulk and not roster.problems and not self._gaps,
            delta=self._is_delta(),
        )

    def _is_delta(self) -> bool:
        return any(sheet.mode == "delta" for sheet in (self._users, self._roles) if sheet)

    def _sheet(self, name: str) -> Sheet:
        if name not in self._files.names:
            raise unreadable("file_missing", case="roles", file=name)
        return Sheet(name, self._files.read(name), self._findings)

    def _fit(self, sheet: Sheet, *needed: str) -> Sheet:
        sheet.mode = self._manifest.modes.get(sheet.name)
        sheet.fit(TABLES[self._version][sheet.name], needed)
        return sheet

    def _read_orgs(self) -> dict[str, Org]:
        if "orgs.csv" not in self._files.names:
            return {}
        return read_orgs(self._fit(self._sheet("orgs.csv"), "sourcedId"), self._progress)

    def _read_roles(self) -> dict[str, list[Post]] | None:
        if self._roles is None:
            return None
        sheet = self._fit(self._roles, "userSourcedId", "role", "orgSourcedId")
        roles = read_roles(sheet, self._progress, self._today)
        self._gaps = sheet.skipped
        return roles

    def _read_users(
        self, roles: dict[str, list[Post]] | None, orgs: dict[str, Org]
    ) -> list[HeldRow]:
        """Return the rows of those who may be staff anywhere, and the rows that cannot be read."""
        needed = ["sourcedId"] if roles is not None else ["sourcedId", "role", "orgSourcedIds"]
        findings = self._findings
        held: list[HeldRow] = []
        met: set[str] = set()
        for line, cells in self._fit(self._users, *needed).rows(self._progress):
            if cells is None:
                row = HeldRow(line, None, ())
            else:
                if roles is None:
                    ids = {one.strip() for one in cells["orgSourcedIds"].split(",")}
                    posts = tuple(Post(one, cells["role"], True, True) for one in sorted(ids))
                else:
                    posts = tuple(roles.get(cells["sourcedId"], ()))
                    met.add(cells["sourcedId"])
                    if not posts:
                        findings.warn("users.csv", "no_role", line)
                row = HeldRow(line, cells, posts)
            self._check_orgs(row, orgs)
            if row.may_be_staff():
                held.append(row)
            if len(held) > ROWS_MAX:
                raise unreadable("too_many_rows", line, "users.csv", case="staff", maximum=ROWS_MAX)
        if roles is not None and roles.keys() - met and self._users.mode != "delta":
            findings.note("roles.csv:userSourcedId", "reference_unknown", case="user")
            self._gaps = True
        return held

    def _check_orgs(self, row: HeldRow, orgs: dict[str, Org]) -> None:
        if orgs and any(post.org and post.org not in orgs for post in row.posts):
            self._findings.note("users.csv", "reference_unknown", row.line)

    def _judge(self, reader: RowReader, row: HeldRow, chosen: str) -> None:
        """Let *reader* have *row*, if it is one of the staff of the *chosen* org."""
        if row.cells is None:
            reader.refuse(row.line, None, "cell_count", case="row")
            return
        posts = [post for post in row.posts if post.org == chosen]
        if not posts:
            if any(not post.org for post in row.posts):
                reader.refuse(row.line, None, "org_missing")
            elif self._org is None:
                self._findings.warn("users.csv", "other_org", row.line)
            return
        known = [post for post in posts if is_staff(post.word)]
        if not known and any(is_staff(post.word) is False for post in posts):
            return  # a pupil here, and staff at another school
        if not known:
            reader.refuse(row.line, None, "role_unknown")
            return
        best = max(known, key=lambda post: (post.current, post.primary))
        cells = {field: row.cells.get(name, "") for field, name in _FIELDS.items()}
        cells["role"] = best.word
        if not best.current:
            leaves = cells["status"].casefold() in GONE
            if self._roles is not None and self._roles.mode == "delta" and not leaves:
                reader.refuse(row.line, None, "role_ended")
                return
            cells["status"] = "inactive"
        reader.read(row.line, cells)
