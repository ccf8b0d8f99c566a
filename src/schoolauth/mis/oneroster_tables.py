"""The columns and values that OneRoster CSV 1.1 and 1.2 name, as data, and how cells are judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file."""

    name: str
    required: bool
    kind: str

    @property
    def values(self) -> tuple[str, ...] | None:
        """The words that it may hold, or None for any text."""
        return VALUES.get(self.kind)


_WORDS = {
    "boolean": "true false",
    "status": "active tobedeleted",
    "role_1.1": "administrator aide guardian parent proctor relative student teacher",
    "role_1.2": "aide counselor districtAdministrator guardian parent principal proctor relative "
    "siteAdministrator student systemAdministrator teacher",
    "role_type": "primary secondary",
    "org_type": "department school district local state national",
    "mode": "absent bulk delta",
}
VALUES: Mapping[str, tuple[str, ...]] = {kind: tuple(text.split()) for kind, text in _WORDS.items()}
"""What the cells of a kind may hold."""


def _columns(text: str) -> tuple[Column, ...]:
    """Return the columns of *text*: ``name*:kind``, where the star says required."""
    parts = [word.partition(":") for word in text.split()]
    return tuple(Column(name.rstrip("*"), name.endswith("*"), kind) for name, _, kind in parts)


_RECORD = "sourcedId*:id status:status dateLastModified:datetime "
_PERSON = "givenName* familyName* middleName identifier email sms phone agentSourcedIds:ids "
_ORGS = _columns(f"{_RECORD} name* type*:org_type identifier parentSourcedId:id")

TABLES: Mapping[str, Mapping[str, tuple[Column, ...]]] = {
    "1.1": {
        "orgs.csv": _ORGS,
        "users.csv": _columns(
            f"{_RECORD} enabledUser*:boolean orgSourcedIds*:ids role*:role_1.1 username* userIds "
            f"{_PERSON} grades password"
        ),
    },
    "1.2": {
        "orgs.csv": _ORGS,
        "roles.csv": _columns(
            f"{_RECORD} userSourcedId*:id roleType*:role_type role*:role_1.2 beginDate:date "
            "endDate:date orgSourcedId*:id userProfileSourcedId:id"
        ),
        "users.csv": _columns(
            f"{_RECORD} enabledUser*:boolean username* userIds {_PERSON} grades password "
            "userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName "
            "primaryOrgSourcedId:id pronouns"
        ),
    },
}
"""The columns of each file that is read, by version, in their order."""

_READ = (
    "sourcedId status enabledUser orgSourcedIds role username givenName familyName email "
    "userSourcedId roleType endDate orgSourcedId name type identifier propertyName value"
)
READ = frozenset(_READ.split())
"""The columns whose cells are kept; of the others nothing is kept."""

DROPPED: Mapping[str, str] = {"resourceSourcedIds": "userMasterIdentifier"}
"""Columns of 1.2 that 1.2.1 dropped, and the column that each one followed."""

ALIASES: Mapping[str, str] = {
    "isPrimary": "roleType",
    "roleStartDate": "beginDate",
    "roleEndDate": "endDate",
}
"""Headings of Microsoft's School Data Sync 2.1, and the columns they stand for."""

_FILES_1_1 = (
    "academicSessions categories classes classResources courses courseResources demographics "
    "enrollments lineItems orgs resources results users"
)
_FILES_1_2 = (
    f"{_FILES_1_1} lineItemLearningObjectiveIds lineItemScoreScales resultLearningObjectiveIds "
    "resultScoreScales roles scoreScales userProfiles userResources"
)
MANIFEST: Mapping[str, frozenset[str]] = {
    "1.1": frozenset(f"file.{name}" for name in _FILES_1_1.split()),
    "1.2": frozenset(f"file.{name}" for name in _FILES_1_2.split()),
}
"""The lines of a manifest that say how a file is meant."""
MANIFEST_OTHERS = frozenset({"source.systemName", "source.systemCode"})

_ID = re.compile(r"[0-9A-Za-z.\-_/@]{1,255}")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)


def violation(column: Column, text: str) -> str | None:
    """Return the code of the rule of the standard that *text*, not empty, breaks, or None."""
    if "\n" in text or "\r" in text:
        return "line_break"
    if column.values is not None and text not in column.values:
        if column.kind == "role_1.2" and re.fullmatch(r"ext:.+", text):
            return None
        folded = {value.casefold() for value in column.values}
        return "value_case" if text.casefold() in folded else "value_unknown"
    match column.kind:
        case "id":
            return None if _ID.fullmatch(text) else "id_invalid"
        case "ids":
            ids = (one.strip(" ") for one in text.split(","))
            return None if all(map(_ID.fullmatch, ids)) else "id_invalid"
        case "date":
            return None if len(text) == 10 and _iso(text) else "date_invalid"
        case "datetime":
            good = _DATETIME.fullmatch(text) and _iso(text[:10])
            return None if good else "date_invalid"
        case _:
            return None


def parse_date(text: str) -> date | None:
    """Return the day that *text* begins with, or None: ISO, or else day/month, or month/day."""
    if found := _SLASHES.match(text):
        first, second, year = map(int, found.groups())
        return _day(year, second, first) or _day(year, first, second)
    return _iso(text[:10])


def _iso(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    return _day(*map(int, text.split("-")))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
