"""OneRoster CSV sets as files, for the tests of the reader."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import pytest

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.mis import Roster, read_oneroster
from schoolauth.mis.oneroster_tables import MANIFEST, TABLES

TODAY = date(2026, 1, 15)
Cells = Mapping[str, str]
Files = dict[str, str]

HILL = {"sourcedId": "o1", "name": "Hill", "type": "school", "identifier": "135123"}
DALE = {"sourcedId": "o2", "name": "Dale", "type": "school", "identifier": "135124"}


def table(headings: Iterable[str], rows: Iterable[Cells]) -> str:
    """Return a file of *rows* under *headings*; a cell that is not given is empty."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(headings), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def manifest(version: str, modes: Mapping[str, str]) -> str:
    """Return a manifest in which every file that *modes* does not name is absent."""
    lines = {"manifest.version": "1.0", "oneroster.version": version}
    lines |= {name: modes.get(name.removeprefix("file."), "absent") for name in MANIFEST[version]}
    rows = [{"propertyName": name, "value": value} for name, value in sorted(lines.items())]
    return table(["propertyName", "value"], rows)


def person(key: str, given: str, family: str, **others: str) -> dict[str, str]:
    """Return a row of users.csv; *others* add to it or change it."""
    row = {"sourcedId": key, "enabledUser": "true", "username": f"user.{key}"}
    return {**row, "givenName": given, "familyName": family, **others}


def one_1(key: str, word: str, *, org: str = "o1", **others: str) -> dict[str, str]:
    """Return a row of a users.csv of 1.1, which has role and school in it."""
    return person(key, "Ann", f"Of{key}", role=word, orgSourcedIds=org, **others)


def role(key: str, word: str, org: str = "o1", **others: str) -> dict[str, str]:
    """Return a row of roles.csv, primary if *others* do not say otherwise."""
    row = {"sourcedId": f"r-{key}-{word.replace(':', '')}-{org}", "userSourcedId": key}
    return {**row, "roleType": "primary", "role": word, "orgSourcedId": org, **others}


def a_set(
    version: str,
    users: Iterable[Cells],
    *,
    roles: Iterable[Cells] = (),
    orgs: Iterable[Cells] = (HILL,),
    mode: str = "bulk",
) -> Files:
    """Return a set that keeps the standard, if its rows do; records of a delta get their marks."""
    rows: dict[str, list[Cells]] = {"users": list(users), "orgs": list(orgs)}
    if version == "1.2":
        rows["roles"] = list(roles)
    record = {"status": "active", "dateLastModified": "2026-01-01T00:00:00.000Z"}
    marks = record if mode == "delta" else {}
    files = {"manifest.csv": manifest(version, dict.fromkeys(rows, mode))}
    for name, some in rows.items():
        headings = [column.name for column in TABLES[version][f"{name}.csv"]]
        files[f"{name}.csv"] = table(headings, [{**marks, **row} for row in some])
    return files


def folder(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write *files* into a folder of their own."""
    path = directory / "set"
    path.mkdir(exist_ok=True)
    for old in path.iterdir():
        old.unlink()
    for name, content in files.items():
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def packed(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write *files* into a zip file."""
    path = directory / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def packed_with(directory: Path, files: Mapping[str, str], users: bytes, **others: int) -> Path:
    """Write *files* with another users.csv, whose entry has the fields of *others*."""
    path = directory / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            if name != "users.csv":
                file.writestr(name, content)
        entry = zipfile.ZipInfo("users.csv")
        entry.compress_type = zipfile.ZIP_DEFLATED
        for name, value in others.items():
            setattr(entry, name, value)
        file.writestr(entry, users)
    return path


def read(path: Path, *, org: str | None = None, strict: bool = False) -> Roster:
    """Read the set at *path* on a day of its own."""
    return read_oneroster(path, org=org, strict=strict, today=TODAY)


def refused(path: Path, *, org: str | None = None, strict: bool = False) -> RosterUnreadable:
    """Return the refusal of the set at *path*, on which no other error hangs."""
    with pytest.raises(RosterUnreadable) as caught:
        read(path, org=org, strict=strict)
    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value


def locations(problems: Iterable[RosterProblem]) -> list[tuple[object, ...]]:
    """Return line, column and code of each."""
    return [(one.line, one.column, one.code) for one in problems]
