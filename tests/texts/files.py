"""Staff lists and sets with every fault that the readers have a sentence for."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.mis import (
    Roster,
    archive,
    csv_file,
    oneroster,
    oneroster_sheet,
    read_csv,
    read_oneroster,
)
from schoolauth.model.imported import ImportedUser
from schoolauth.model.names import EmailAddress, MisId, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role, Status
from schoolauth.rules.imports import read_account, repeated, taken
from tests.mis.oneroster_sets import (
    DALE,
    HILL,
    Files,
    a_set,
    folder,
    one_1,
    packed,
    packed_with,
    person,
    role,
)
from tests.rules.rows import HILL as SCHOOL
from tests.rules.rows import MILL, account
from tests.service.world import make_world

ANN, BEN = person("u1", "Ann", "Able"), person("u2", "Ben", "Brook")
TEACHER = role("u1", "teacher")
DAY = date(2026, 1, 15)


class Reader:
    """Reads files, and keeps every problem and warning of them."""

    def __init__(self, directory: Path) -> None:
        self.found: list[RosterProblem] = []
        self.directory = directory

    def keep(self, roster: Roster) -> None:
        """Keep what a reader says of a list that it could read."""
        self.found += [*roster.problems, *roster.warnings]

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what a refusal says."""
        try:
            yield
        except RosterUnreadable as error:
            self.found += error.problems

    def csv(self, content: str | bytes, columns: Mapping[str, str] | None = None) -> None:
        """Read *content* as a list."""
        path = self.directory / "staff.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with self.keeping():
            self.keep(read_csv(path, columns))

    def set(self, path: Path, **options: Any) -> None:
        """Read the OneRoster set at *path*."""
        with self.keeping():
            self.keep(read_oneroster(path, today=DAY, **options))

    def files(self, files: Mapping[str, str | bytes], **options: Any) -> None:
        """Read *files* as a set in a folder."""
        self.set(folder(self.directory, files), **options)

    def both(self, files: Mapping[str, str | bytes]) -> None:
        """Read *files* as they are found, and strictly."""
        self.files(files)
        self.files(files, strict=True)


def problems(directory: Path) -> list[RosterProblem]:
    """Return every problem that a reader, an import or a mapping tells."""
    reader = Reader(directory)
    _lists(reader)
    _archives(reader)
    _sets(reader)
    _strictly(reader)
    with pytest.MonkeyPatch.context() as patch:
        _limits(reader, patch)
    return [*reader.found, *_imports(), *_mapping()]


def _lists(reader: Reader) -> None:
    with reader.keeping():
        read_csv(reader.directory / "missing.csv")
    with reader.keeping():
        read_csv(reader.directory)
    for content in ("", "PK\0", "ID,Surname\n", 'ID,Surname\n1,"Smith\n', "ID\n" + "x" * 65_537):
        reader.csv(content)
    reader.csv("Naam,Voornaam\nSmith,Jo\n")
    reader.csv("Smith,jo7@example.org\nJones,x\n")
    reader.csv("ID,Forename,()\n1,Jo,x\n", {"mis_id": "Payroll"})
    reader.csv("ID7,x\n1,Jo\n", {"mis_id": "Payroll"})
    reader.csv("ID,Password\n1,x\n", {"mis_id": "Password"})
    reader.csv("ID,School\n1,Hill\n2,\n3,hill\n4,Dale\n")
    reader.csv("ID,School,Password\n1,Hill,x\n2,Dale,x\n")
    reader.csv(
        "ID,Forename,Surname,Email,Username,Role,Status\n"
        ",,,,,Teacher,\n"
        f"1,{'x' * 101},https://x,smith@,two words,pupil,perhaps\n"
        "1,Jo,Smith,a@example.org,smith,,\n"
        "1,Jo,Smith,a@example.org,smith,,\n"
        "żółw,Jo,Sm\x07th,jo,x@,,\n"
        "2,Jo\n"
    )


def _archives(reader: Reader) -> None:
    files = a_set("1.2", [ANN], roles=[TEACHER])
    reader.set(reader.directory / "missing.zip")
    empty = reader.directory / "empty"
    empty.mkdir()
    reader.set(empty)
    reader.set(reader.directory / "staff.csv")
    reader.files({name: text for name, text in files.items() if name != "users.csv"})
    reader.files({name: text for name, text in files.items() if name != "roles.csv"})
    reader.set(packed(reader.directory, {**files, "../users.csv": "x"}))
    reader.set(packed(reader.directory, {**files, "more/Users.csv": "x"}))
    path = packed(reader.directory, {**files, "readme.txt": "x"})
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("readme.txt", "x")
    reader.set(path)
    link = folder(reader.directory, files)
    (link / "users.csv").rename(reader.directory / "users.csv")
    (link / "users.csv").symlink_to(reader.directory / "users.csv")
    reader.set(link)
    for change in ({"external_attr": 0o120777 << 16}, {"compress_type": zipfile.ZIP_BZIP2}):
        reader.set(packed_with(reader.directory, files, b"x", **change))
    reader.set(packed_with(reader.directory, files, b"x" * (4 * 1024 * 1024)))
    path = packed_with(reader.directory, files, b"x" * 100)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1
    path.write_bytes(data)
    reader.set(path)
    data[entry + 8] ^= 1
    data[entry + 16] ^= 0xFF  # its checksum
    path.write_bytes(data)
    reader.set(path)


def _sets(reader: Reader) -> None:
    roles = [TEACHER, role("u2", "teacher", "o2")]
    reader.files(a_set("1.2", [ANN, BEN], roles=[TEACHER]))
    reader.files(a_set("1.2", [ANN], roles=[role("u1", "student")]))
    reader.files(a_set("1.2", [ANN, BEN], roles=roles, orgs=[HILL, DALE]))
    trust = a_set("1.2", [ANN, BEN], roles=roles, orgs=[HILL, {**DALE, "type": "district"}])
    reader.files(trust)
    dale = [HILL, DALE, {**DALE, "sourcedId": "o3"}]
    both = a_set("1.2", [ANN, BEN], roles=roles, orgs=dale)
    reader.files(both, org="135124")
    reader.files(both, org="x")
    many = a_set("1.1", [one_1(f"u{n}", "teacher", org=f"o{n}") for n in range(8)])
    del many["orgs.csv"]
    reader.files(many)
    reader.files(many, org="x")
    reader.files(a_set("1.1", [one_1("u1", "teacher"), one_1("u2", "teacher", org="")]))
    reader.files(a_set("1.2", [ANN, BEN], roles=[role("u1", "ext:x"), role("u2", "teacher")]))
    ended = role("u1", "teacher", endDate="2025-01-01", status="active")
    reader.files(a_set("1.2", [ANN], roles=[ended], mode="delta"))
    short = a_set("1.2", [ANN], roles=[TEACHER])
    reader.files({**short, "users.csv": f"{short['users.csv']}u2,x\r\n"})
    reader.files({**short, "users.csv": ""})
    reader.files({**short, "orgs.csv": "name\r\nHill\r\n"})


def _strictly(reader: Reader) -> None:
    def good(mode: str = "bulk", **others: str) -> Files:
        return a_set("1.2", [{**ANN, **others}], roles=[TEACHER], mode=mode)

    for cells in (
        {"status": "active"},
        {"enabledUser": "TRUE"},
        {"enabledUser": "1"},
        {"givenName": ""},
        {"agentSourcedIds": "u2,u 3"},
        {"phone": "0123\n4567"},
        {"password": "x"},
    ):
        reader.both(good(**cells))
    for cells in ({"status": ""}, {"dateLastModified": "1/05/2023"}):
        reader.both(good("delta", **cells))
    twice = {"enabledUser": "TRUE"}
    reader.both(a_set("1.2", [{**ANN, **twice}, {**ANN, **twice}], roles=[TEACHER]))
    for old, new in (
        ("preferredGivenName", "prefferedGivenName"),
        ("pronouns", "pronouns,"),
        ("pronouns", "pronouns,Car"),
        ("pronouns", "pronouns,sms"),
        ("email,sms", "sms,email"),
        ("familyName,", ""),
    ):
        files = good()
        first, _, rest = files["users.csv"].partition("\r\n")
        reader.both({**files, "users.csv": f"{first.replace(old, new, 1)}\r\n{rest}"})
    files = good()
    reader.both({name: text for name, text in files.items() if name != "manifest.csv"})
    lines = files["manifest.csv"]
    for old, new in (
        ("file.users,bulk", "file.users,"),
        ("file.users,bulk", "File.Users,bulk"),
        ("file.users,bulk", "file.users,bulk\r\nfile.pets,absent"),
        ("file.users,bulk", "file.users,absent"),
        ("file.orgs,bulk\r\n", ""),
        ("oneroster.version,1.2", "oneroster.version,1.1"),
    ):
        reader.both({**files, "manifest.csv": lines.replace(old, new)})
    reader.both({name: text for name, text in files.items() if name != "orgs.csv"})
    reader.both(a_set("1.2", [ANN], roles=[TEACHER, role("u7", "aide")], orgs=[]))
    reader.both(a_set("1.2", [ANN], roles=[TEACHER], orgs=[{**HILL, "sourcedId": "o5"}]))
    text = good(givenName="Zoë")["users.csv"].replace(",", ";").encode("cp1252")
    reader.both({**files, "users.csv": text})
    inside = {f"export/{name}": text for name, text in files.items() if name != "users.csv"}
    reader.set(packed(reader.directory, {**inside, "Users.CSV": files["users.csv"]}))


def _limits(reader: Reader, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(csv_file, "ROWS_MAX", 3)
    reader.csv("ID\n1\n2\n3\n4\n")
    patch.setattr(csv_file, "FILE_MAX", 6)
    reader.csv("ID\n1\n2\n")
    files = a_set("1.2", [ANN, BEN], roles=[TEACHER, role("u2", "teacher")])
    bad = a_set("1.2", [{**ANN, "enabledUser": ""} for _ in range(3)], roles=[TEACHER])
    with patch.context() as some:
        some.setattr(oneroster_sheet, "FINDINGS_MAX", 2)
        reader.files(bad, strict=True)
        some.setattr(oneroster_sheet, "HEADINGS_MAX", 3)
        reader.files(files)
    with patch.context() as some:
        some.setattr(oneroster, "ROWS_MAX", 1)
        reader.files(files)
        some.setattr(oneroster_sheet, "RECORDS_MAX", 1_999)
        rows = "".join(f"file.pets{n},absent\r\n" for n in range(2_000))
        reader.files({**files, "manifest.csv": files["manifest.csv"] + rows})
    patch.setattr(archive, "TOTAL_MAX", 200)
    reader.set(packed(reader.directory, files))
    patch.setattr(archive, "FILE_MAX", 2_000)
    reader.set(packed_with(reader.directory, files, b"x" * 2_001))
    patch.setattr(archive, "MEMBERS_MAX", 3)
    reader.set(packed(reader.directory, files))


def _imports() -> Iterator[RosterProblem]:
    values: dict[str, Any] = {"given_name": "Ann", "family_name": "Ash", "role": Role.SLT}
    given: list[dict[str, Any]] = [
        {"username": "ann"},
        {"username": ""},
        {"username": "a" * 65, "given_name": "a\0b", "family_name": None, "email": "x"},
        {"role": "head", "mis_id": MisId(MILL, "sims", "1")},
        {"status": Status.ACTIVE},
        {"status": Status.INVITED, "password_hash": "hash"},
        {"status": "gone"},
        {"email": "ann@example.org", "mis_id": MisId(SCHOOL, "sims", "1")},
    ]
    read = [
        read_account(ImportedUser(**{"username": "ann", **values, **one}), SCHOOL, line)
        for line, one in enumerate(given, 1)
    ]
    for one in read:
        yield from one.problems
    yield from repeated(read)
    ann = account("ann", email="ann@example.org", mis="1")
    keys = (Username.parse("ann"), EmailAddress.parse("ann@example.org"), ann.mis_id)
    yield from taken(read[-1:], {key: ann for key in keys if key is not None})
    yield RosterProblem.of("password_hash_unknown", 1, "password_hash")


def _mapping() -> Iterator[RosterProblem]:
    desk = make_world().desk
    row = RosterRow("1", "Ann", "Ash")
    for rows in ((), Roster((row,), delta=True)):
        with pytest.raises(RosterUnreadable) as caught:
            desk.plan_mapping(rows, source="sims", complete=True)
        yield from caught.value.problems
