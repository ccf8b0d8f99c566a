"""The organisations and roles of a OneRoster set, and which school is meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from schoolauth.mis.headings import heading_key
from schoolauth.mis.oneroster_sheet import Sheet
from schoolauth.mis.oneroster_tables import parse_date
from schoolauth.mis.reading import Progress, unreadable
from schoolauth.mis.rows import is_staff, printable

GONE = frozenset({"tobedeleted", "inactive"})
"""The `status` of a record that no longer counts."""

_NO_SCHOOL = frozenset({"district", "local", "state", "national", "department"})
_PRIMARY = frozenset({"primary", "true", "yes", "1"})
_ORGS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Org:
    """A school, or what is above or below one."""

    name: str
    kind: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Post:
    """A role that somebody has in an org; *word* is the role as the file writes it."""

    org: str
    word: str
    primary: bool
    current: bool


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row of users.csv that is kept; without *cells* if they are too many or too few."""

    line: int
    cells: Mapping[str, str] | None
    posts: tuple[Post, ...]

    def may_be_staff(self) -> bool:
        """Tell whether it may be staff of any school; also True if the roles do not tell."""
        kinds = {is_staff(post.word) for post in self.posts}
        return self.cells is None or True in kinds or kinds == {None}


def read_orgs(sheet: Sheet, progress: Progress) -> dict[str, Org]:
    """Return the organisations of orgs.csv by their ids."""
    return {
        cells["sourcedId"]: Org(
            cells.get("name", ""), cells.get("type", ""), cells.get("identifier", "")
        )
        for _, cells in sheet.rows(progress)
        if cells is not None
    }


def read_roles(sheet: Sheet, progress: Progress, today: date) -> dict[str, list[Post]]:
    """Return the roles of roles.csv by the users' ids."""
    found: dict[str, list[Post]] = defaultdict(list)
    for _, cells in sheet.rows(progress):
        if cells is None:
            continue
        end = parse_date(cells.get("endDate", ""))
        gone = cells.get("status", "").casefold() in GONE
        post = Post(
            org=cells["orgSourcedId"],
            word=cells["role"].removeprefix("ext:"),
            primary=cells.get("roleType", "").casefold() in _PRIMARY,
            current=not gone and (end is None or today < end),
        )
        found[cells["userSourcedId"]].append(post)
    return found


def choose_org(wanted: str | None, rows: Iterable[HeldRow], orgs: Mapping[str, Org]) -> str:
    """Return the id of the org that is meant: the one *wanted*, or the only school with staff."""
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        for org in {post.org for post in row.posts if post.org and is_staff(post.word)}:
            counts[org] += 1
    if wanted is not None:
        return _find(wanted, orgs, counts)
    others = {org for org in counts if org in orgs and heading_key(orgs[org].kind) in _NO_SCHOOL}
    schools = [org for org in counts if org not in others]
    meant = schools or list(counts)
    if len(meant) > 1:
        count = len(meant)
        raise unreadable("several_schools", case="orgs", count=count, **_named(meant, orgs))
    return meant[0] if meant else ""


def _find(wanted: str, orgs: Mapping[str, Org], counts: Mapping[str, int]) -> str:
    if wanted in orgs or wanted in counts:
        return wanted
    found = [key for key, org in orgs.items() if wanted and org.identifier == wanted]
    if len(found) == 1:
        return found[0]
    named = _named(found or list(orgs) or list(counts), orgs)
    raise unreadable("org_unknown", case="ambiguous" if found else None, **named)


def _named(ids: list[str], orgs: Mapping[str, Org]) -> dict[str, Any]:
    shown = [
        f"{one[:60]} ({orgs[one].name[:60]})" if one in orgs and orgs[one].name else one[:60]
        for one in ids[:_ORGS_NAMED]
    ]
    return {"orgs": [printable(one) for one in shown], "more": len(ids) - len(shown)}
