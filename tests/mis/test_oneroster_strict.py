from __future__ import annotations

from pathlib import Path

import pytest

from schoolauth.mis import oneroster_sheet, read_oneroster
from schoolauth.mis.headings import is_secret
from schoolauth.mis.oneroster_tables import READ, TABLES, Column, violation
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role
from tests.mis.lists import codes
from tests.mis.oneroster_sets import (
    HILL,
    TODAY,
    Files,
    a_set,
    folder,
    locations,
    packed,
    person,
    read,
    refused,
    role,
)

ANN = person("u1", "Ann", "Able")
TEACHER = role("u1", "teacher")


def good(mode: str = "bulk", **others: str) -> Files:
    """Return a set without a fault but those of *others*, which are cells of its one person."""
    return a_set("1.2", [{**ANN, **others}], roles=[TEACHER], mode=mode)


def both(path: Path) -> list[tuple[object, ...]]:
    """Return what strict reading refuses and lenient reading warns of, with lines and columns."""
    violations = locations(refused(path, strict=True).problems)
    assert locations(read(path).warnings) == violations
    return violations


# --- What the standard says ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"status": "active"}, "status", "forbidden_in_bulk"),
        ({"dateLastModified": "2026-01-01T00:00:00Z"}, "dateLastModified", "forbidden_in_bulk"),
        ({"enabledUser": "TRUE"}, "enabledUser", "value_case"),
        ({"enabledUser": "1"}, "enabledUser", "value_unknown"),
        ({"enabledUser": ""}, "enabledUser", "cell_missing"),
        ({"givenName": ""}, "givenName", "cell_missing"),
        ({"agentSourcedIds": "u2,u 3"}, "agentSourcedIds", "id_invalid"),
        ({"primaryOrgSourcedId": "Hill School"}, "primaryOrgSourcedId", "id_invalid"),
        ({"phone": "0123\n4567"}, "phone", "line_break"),
    ],
)
def test_violation_in_a_cell(tmp_path: Path, cells: dict[str, str], column: str, code: str) -> None:
    """Each is named by line, heading and code."""
    assert both(folder(tmp_path, good(**cells))) == [(2, f"users.csv:{column}", code)]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"status": ""}, "status", "required_in_delta"),
        ({"dateLastModified": ""}, "dateLastModified", "required_in_delta"),
        ({"dateLastModified": "1/05/2023"}, "dateLastModified", "date_invalid"),
        ({"dateLastModified": "2026-02-30T00:00:00Z"}, "dateLastModified", "date_invalid"),
        ({"dateLastModified": "2026-02-01"}, "dateLastModified", "date_invalid"),
        ({"status": "Active"}, "status", "value_case"),
    ],
)
def test_violation_in_a_delta(
    tmp_path: Path, cells: dict[str, str], column: str, code: str
) -> None:
    """The marks of a record that a bulk set must not have are needed in a delta."""
    assert both(folder(tmp_path, good("delta", **cells))) == [(2, f"users.csv:{column}", code)]


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("role_1.2", "ext:deputyHead", None),
        ("role_1.2", "Teacher", "value_case"),
        ("role_1.2", "ext:", "value_unknown"),
        ("role_1.1", "ext:deputyHead", "value_unknown"),
        ("date", "2026-02-28", None),
        ("date", "2026-2-28", "date_invalid"),
        ("date", "２０２６-02-28", "date_invalid"),
        ("id", "a" * 255, None),
        ("id", "a" * 256, "id_invalid"),
        ("ids", "o1,o2", None),
        ("ids", "o1, o2", None),
        ("ids", "o1,,o2", "id_invalid"),
        ("", "anything", None),
    ],
)
def test_cell_is_judged_by_its_kind(kind: str, text: str, code: str | None) -> None:
    """Words, dates, ids and lists of ids each have their form."""
    assert violation(Column("x", True, kind), text) == code


def test_columns_are_those_of_the_standard() -> None:
    """Required columns are marked, and a password column is known but never kept."""
    assert [name for name in READ if is_secret(name)] == []
    required = [column.name for column in TABLES["1.2"]["users.csv"] if column.required]
    assert required == ["sourcedId", "enabledUser", "username", "givenName", "familyName"]
    assert [column.name for column in TABLES["1.1"]["users.csv"]][3:7] == [
        "enabledUser",
        "orgSourcedIds",
        "role",
        "username",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("preferredGivenName", "prefferedGivenName", [("prefferedGivenName", "heading_misspelt")]),
        ("dateLastModified", "dataLastModified", [("dataLastModified", "heading_misspelt")]),
        ("pronouns", "PRONOUNS", [("PRONOUNS", "heading_misspelt")]),
        ("pronouns", "pronouns,metadata.x", []),
        ("pronouns", "pronouns,", [(None, "heading_blank")]),
        ("pronouns", "pronouns,Car", [("Car", "heading_unknown")]),
        ("pronouns", "pronouns,sms", [("sms", "heading_duplicate")]),
        ("email,sms", "sms,email", [(None, "heading_order")]),
        ("email,sms", "email,metadata.x,sms", [(None, "heading_order")]),
        ("userMasterIdentifier,", "userMasterIdentifier,resourceSourcedIds,", []),
    ],
)
def test_violation_in_the_headings(
    tmp_path: Path, old: str, new: str, expected: list[tuple[str | None, str]]
) -> None:
    """A wrong heading line is named in line 1, and read as it is meant."""
    files = good()
    first, _, rest = files["users.csv"].partition("\r\n")
    extra = "," * (new.count(",") - old.count(","))
    files["users.csv"] = f"{first.replace(old, new)}\r\n{rest.replace(chr(13), extra + chr(13))}"
    path = folder(tmp_path, files)
    assert list(read(path)) == [
        RosterRow("u1", "Ann", "Able", None, "user.u1", Role.TEACHER, True, 2)
    ]
    named = [(1, f"users.csv:{name}" if name else "users.csv", code) for name, code in expected]
    assert (both(path) if named else locations(read(path, strict=True).warnings)) == named


def test_missing_headings(tmp_path: Path) -> None:
    """Strict reading names every column that is not there, lenient the required ones alone."""
    files = good()
    files["roles.csv"] = "userSourcedId,role,orgSourcedId\r\nu1,teacher,o1\r\n"
    path = folder(tmp_path, files)
    assert [one.column for one in read(path).warnings] == [
        "roles.csv:sourcedId",
        "roles.csv:roleType",
    ]
    there = {"userSourcedId", "role", "orgSourcedId"}
    assert [one.column for one in refused(path, strict=True).problems] == [
        f"roles.csv:{column.name}"
        for column in TABLES["1.2"]["roles.csv"]
        if column.name not in there
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("manifest.version,2.0", [("manifest.csv:manifest.version", "manifest_value")]),
        ("file.users,", [("manifest.csv:file.users", "manifest_value")]),
        ("file.users,Bulk", [("manifest.csv:file.users", "manifest_value")]),
        ("oneroster.version,1.2.1", [("manifest.csv:oneroster.version", "manifest_value")]),
        ("File.Users,bulk", [("manifest.csv", "manifest_property")]),
        ("source.systemName,MIS\nsource.systemName,MIS", [("manifest.csv", "manifest_property")]),
        ("file.pets,absent", [("manifest.csv", "manifest_property")]),
        ("source.systemCode,mis", []),
    ],
)
def test_violation_in_the_manifest(
    tmp_path: Path, line: str, expected: list[tuple[str, str]]
) -> None:
    """A line of the manifest that is not the standard's is named, and read as it is meant."""
    files = good()
    name = line.partition(",")[0].casefold()
    others = [
        one
        for one in files["manifest.csv"].splitlines()
        if one.partition(",")[0].casefold() != name
    ]
    files["manifest.csv"] = "\n".join([*others, line, ""])
    roster = read(folder(tmp_path, files))
    assert [(one.column, one.code) for one in roster.warnings] == expected
    assert roster.complete == (line != "file.users,")
    if expected:
        error = refused(folder(tmp_path, files), strict=True)
        assert [(one.column, one.code) for one in error.problems] == expected


def test_manifest_that_is_not_true(tmp_path: Path) -> None:
    """The files win over the manifest, and every difference is named."""
    files = good()
    text = files["manifest.csv"].replace("file.users,bulk", "file.users,absent")
    text = text.replace("oneroster.version,1.2", "oneroster.version,1.1")
    files["manifest.csv"] = text + "a,b,c\r\n"
    del files["orgs.csv"]
    assert sorted(both(folder(tmp_path, files)), key=str) == sorted(
        [
            (files["manifest.csv"].count("\n"), "manifest.csv", "cell_count"),
            (files["manifest.csv"].count("\n"), "manifest.csv", "manifest_property"),
            (None, "manifest.csv", "version_mismatch"),
            (None, "users.csv", "file_undeclared"),
            (None, "orgs.csv", "file_missing"),
        ],
        key=str,
    )


def test_manifest_with_missing_lines(tmp_path: Path) -> None:
    """Strict reading names each, lenient reading those of the files that it reads."""
    files = good()
    files["manifest.csv"] = "".join(
        line
        for line in files["manifest.csv"].splitlines(keepends=True)
        if not line.startswith(("file.orgs", "file.classes"))
    )
    path = folder(tmp_path, files)
    assert locations(read(path).warnings) == [(None, "manifest.csv:file.orgs", "manifest_missing")]
    assert locations(refused(path, strict=True).problems) == [
        (None, "manifest.csv:file.classes", "manifest_missing"),
        (None, "manifest.csv:file.orgs", "manifest_missing"),
    ]


def test_no_manifest(tmp_path: Path) -> None:
    """Without one nothing says that the set is bulk, so that it is not complete."""
    files = good()
    del files["manifest.csv"]
    path = folder(tmp_path, files)
    assert both(path) == [(None, "manifest.csv", "manifest_missing")]
    assert not read(path).complete


def test_files_of_no_rows_and_unknown_references(tmp_path: Path) -> None:
    """A file without rows, an unknown org and an unknown user are violations."""
    files = a_set("1.2", [ANN], roles=[TEACHER, role("u7", "aide")], orgs=[])
    assert both(folder(tmp_path, files)) == [
        (None, "orgs.csv", "no_rows"),
        (None, "roles.csv:userSourcedId", "reference_unknown"),
    ]
    files = a_set("1.2", [ANN], roles=[TEACHER], orgs=[{**HILL, "sourcedId": "o5"}])
    assert both(folder(tmp_path, files)) == [(2, "users.csv", "reference_unknown")]


def test_text_and_delimiter(tmp_path: Path) -> None:
    """Windows-1252 and semicolons are read and named; a byte-order mark is allowed."""
    files: dict[str, str | bytes] = dict(good(givenName="Zoë"))
    text = str(files["users.csv"])
    files["users.csv"] = text.replace(",", ";").encode("cp1252")
    path = folder(tmp_path, files)
    assert [row.given_name for row in read(path)] == ["Zoë"]
    assert both(path) == [(None, "users.csv", "encoding"), (None, "users.csv", "delimiter")]
    marked = {name: content.encode("utf-8-sig") for name, content in good().items()}
    assert read(folder(tmp_path, marked), strict=True).complete


def test_locations_and_names_of_files(tmp_path: Path) -> None:
    """A zip file with a folder in it, and names in capitals, are read and named."""
    files = good()
    inside = {f"export/{name}": content for name, content in files.items() if name != "users.csv"}
    path = packed(tmp_path, {**inside, "Users.CSV": files["users.csv"], "readme.txt": "x"})
    assert sorted(both(path), key=str) == [
        (None, "manifest.csv", "not_at_root"),
        (None, "orgs.csv", "not_at_root"),
        (None, "roles.csv", "not_at_root"),
        (None, "users.csv", "file_name"),
    ]


def test_every_violation_is_named_with_line_and_column(tmp_path: Path) -> None:
    """Strict reading names each of many; lenient reading counts them in one warning."""
    people = [person(f"u{n}", "Ann", f"Of{n}", enabledUser="TRUE") for n in range(3)]
    people.append({**people[0], "username": "again"})
    roles = [role(f"u{n}", "teacher") for n in range(3)]
    path = folder(tmp_path, a_set("1.2", people, roles=roles))
    assert locations(refused(path, strict=True).problems) == [
        *((line, "users.csv:enabledUser", "value_case") for line in (2, 3, 4, 5)),
        (5, "users.csv:sourcedId", "duplicate_id"),
    ]
    warnings = read(path).warnings
    assert locations(warnings) == [
        (2, "users.csv:enabledUser", "value_case"),
        (5, "users.csv:sourcedId", "duplicate_id"),
    ]
    assert warnings[0].message.endswith("So it is in 4 places.")


def test_violations_are_named_beside_what_ends_the_reading(tmp_path: Path) -> None:
    """A set that cannot be read further is refused for all that was found until then, once."""
    files = good(enabledUser="TRUE")
    files["roles.csv"] = files["roles.csv"].replace("teacher", "student")
    assert codes(refused(folder(tmp_path, files), strict=True)) == ["value_case", "no_staff"]


def test_violations_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile set cannot make a list of violations without end."""
    monkeypatch.setattr(oneroster_sheet, "FINDINGS_MAX", 3)
    people = [person(f"u{n}", "Ann", f"Of{n}", enabledUser="TRUE") for n in range(9)]
    roles = [role(f"u{n}", "teacher") for n in range(9)]
    error = refused(folder(tmp_path, a_set("1.2", people, roles=roles)), strict=True)
    assert codes(error) == ["value_case"] * 3 + ["too_many_problems"]


# --- As exports are --------------------------------------------------------------------------


def test_export_as_they_are_found(tmp_path: Path) -> None:
    """A bulk set with nearly every fault that was seen in real ones is read, and warned of."""
    files: dict[str, bytes] = {
        "manifest.csv": b"\xef\xbb\xbfpropertyName,value\r\nmanifest.version,1.0\r\n"
        b"oneroster.version,1.2\r\nfile.users,\r\nfile.roles,bulk\r\nsource.systemName,\r\n",
        "users.csv": b"\xef\xbb\xbfsourcedId,status,dataLastModified,enabledUser,Username,"
        b"givenName,familyName,prefferedGivenName,email,password,,\r\n"
        b"t1,active,1/05/2023,TRUE,ann,Ann,Able,,Ann@Hill.example.org,,,\r\n"
        b"t2,Active,,True,ben@hill.example.org,Ben,Brook,,,x,,\r\n"
        b"t3,active,1/05/2023,FALSE,cat,Cat,Cole,,,,\r\n",
        "roles.csv": b"sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,"
        b"endDate,orgSourcedId,userProfileSourcedId\r\n"
        b"1,active,,t1,Primary,Teacher,1/09/2023,,o1,\r\n"
        b"2,active,,t2,primary,AIDE,1/09/2023,,o1,\r\n"
        b"3,,,t3,primary,teacher,,,o1,\r\n",
    }
    roster = read_oneroster(folder(tmp_path, files), today=TODAY)
    assert roster.problems == ()
    assert list(roster) == [
        RosterRow("t1", "Ann", "Able", "Ann@Hill.example.org", "ann", Role.TEACHER, True, 2),
        RosterRow("t2", "Ben", "Brook", "ben@hill.example.org", None, Role.STAFF, True, 3),
        RosterRow("t3", "Cat", "Cole", None, "cat", Role.TEACHER, False, 4),
    ]
    assert {one.code for one in roster.warnings} == {
        "manifest_missing",
        "manifest_value",
        "heading_misspelt",
        "heading_blank",
        "heading_order",
        "cell_count",
        "forbidden_in_bulk",
        "value_case",
        "date_invalid",
        "passwords",
    }
