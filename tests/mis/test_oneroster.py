from __future__ import annotations

import contextlib
import csv
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import RosterUnreadable
from schoolauth.mis import oneroster as module
from schoolauth.mis import oneroster_sheet, read_csv, read_oneroster
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role
from tests.mis.lists import DATA, codes
from tests.mis.oneroster_sets import (
    TODAY,
    Files,
    a_set,
    folder,
    locations,
    one_1,
    packed,
    person,
    read,
    refused,
    role,
    table,
)

CANARY = "Canary-Passw0rd"


# --- Valid sets ------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [folder, packed], ids=["folder", "zip"])
def test_version_1_2(tmp_path: Path, write: Callable[[Path, Files], Path]) -> None:
    """Staff of a folder or a zip file are those with a role in roles.csv; pupils are not."""
    files = a_set(
        "1.2",
        [
            person("u1", "Ann", "Able", email="ann@hill.example.org"),
            person("u2", "Ben", "Brook"),
            person("u3", "Cat", "Cole"),
        ],
        roles=[role("u1", "principal"), role("u2", "student"), role("u3", "aide")],
    )
    roster = read(write(tmp_path, files), strict=True)
    assert list(roster) == [
        RosterRow("u1", "Ann", "Able", "ann@hill.example.org", "user.u1", Role.SLT, True, 2),
        RosterRow("u3", "Cat", "Cole", None, "user.u3", Role.STAFF, True, 4),
    ]
    assert (roster.problems, roster.warnings) == ((), ())
    assert (roster.version, roster.complete) == ("1.2", True)
    assert roster.columns["role"] == "roles.csv:role"
    assert roster.columns["email"] == "users.csv:email"


def test_version_1_1(tmp_path: Path) -> None:
    """In 1.1 a row of users.csv has the role and the schools itself."""
    files = a_set("1.1", [one_1("u1", "teacher"), one_1("u2", "guardian")])
    roster = read(folder(tmp_path, files), strict=True)
    assert list(roster) == [RosterRow("u1", "Ann", "Ofu1", None, "user.u1", Role.TEACHER, line=2)]
    assert (roster.version, roster.complete) == ("1.1", True)
    assert roster.columns["role"] == "users.csv:role"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("administrator", Role.STAFF),
        ("districtAdministrator", Role.STAFF),
        ("siteAdministrator", Role.STAFF),
        ("systemAdministrator", Role.STAFF),
        ("proctor", Role.STAFF),
        ("counselor", Role.STAFF),
        ("teacher", Role.TEACHER),
        ("principal", Role.SLT),
        ("ext:deputyHead", Role.SLT),
    ],
)
def test_role_never_makes_an_admin(tmp_path: Path, word: str, expected: Role) -> None:
    """Every role of the standard is one of ours, and none of them is an admin's."""
    files = a_set("1.2", [person("u1", "Ann", "Able")], roles=[role("u1", word)])
    assert [row.role for row in read(folder(tmp_path, files))] == [expected]


def test_primary_role_counts_and_an_ended_one_does_not(tmp_path: Path) -> None:
    """Of several roles the primary one is taken, unless only another has not ended."""
    files = a_set(
        "1.2",
        [person("u1", "Ann", "Able"), person("u2", "Ben", "Brook")],
        roles=[
            role("u1", "aide", roleType="secondary"),
            role("u1", "teacher"),
            role("u2", "principal", endDate="2026-01-15"),
            role("u2", "teacher", roleType="secondary", beginDate="2030-01-01"),
        ],
    )
    rows = read(folder(tmp_path, files), strict=True)
    assert [(row.role, row.active) for row in rows] == [(Role.TEACHER, True), (Role.TEACHER, True)]


@pytest.mark.parametrize(
    ("end", "active"),
    [
        ("2026-01-15", False),
        ("2026-01-16", True),
        ("14/01/2026", False),
        ("1/05/2026", True),
        ("1/31/2026", True),
        ("31.12.2025", False),
        ("2026-01-14T00:00:00Z", False),
        ("30/30/2020", True),
        ("never", True),
    ],
)
def test_last_day_of_a_role_is_exclusive(tmp_path: Path, end: str, active: bool) -> None:
    """A role has ended on its end date; slashes are day/month, or else month/day."""
    files = a_set("1.2", [person("u1", "Ann", "Able")], roles=[role("u1", "teacher", endDate=end)])
    assert [row.active for row in read(folder(tmp_path, files))] == [active]


def test_roles_are_judged_today_unless_another_day_is_said(tmp_path: Path) -> None:
    """Without a day it is the clock's."""
    roles = [role("u1", "teacher", endDate="2020-01-01")]
    path = folder(tmp_path, a_set("1.2", [person("u1", "Ann", "Able")], roles=roles))
    assert [row.active for row in read_oneroster(path)] == [False]
    assert [row.active for row in read_oneroster(path, today=date(2019, 1, 1))] == [True]


@pytest.mark.parametrize(
    ("cells", "active"),
    [
        ({}, True),
        ({"enabledUser": "false"}, False),
        ({"enabledUser": "FALSE"}, False),
        ({"enabledUser": "TRUE", "status": "active"}, True),
        ({"status": "tobedeleted"}, False),
        ({"status": "inactive"}, False),
    ],
)
def test_leavers(tmp_path: Path, cells: dict[str, str], active: bool) -> None:
    """To be deleted, inactive and not enabled all mean that the person does not sign in."""
    files = a_set("1.1", [one_1("u1", "teacher", **cells)])
    assert [row.active for row in read(folder(tmp_path, files))] == [active]


def test_role_that_is_to_be_deleted_in_a_bulk_set_makes_a_leaver(tmp_path: Path) -> None:
    """Whoever has only such roles has left the school."""
    roles = [role("u1", "teacher", status="tobedeleted")]
    files = a_set("1.2", [person("u1", "Ann", "Able")], roles=roles)
    assert [row.active for row in read(folder(tmp_path, files))] == [False]


# --- Rows, files and passwords ---------------------------------------------------------------


def test_problems_of_rows(tmp_path: Path) -> None:
    """A row that cannot be used is named by line, file and heading, and left out."""
    people = [
        one_1("u1", "teacher", email="ann@"),
        one_1("u2", "teacher", enabledUser="maybe"),
        one_1("u3", "teacher", status="odd"),
        one_1("u4", "teacher"),
        one_1("u4", "teacher", username="other"),
    ]
    files = a_set("1.1", people)
    files["users.csv"] += "u9,,\r\n"
    roster = read(folder(tmp_path, files))
    assert len(roster) == 0
    assert locations(roster.problems) == [
        (2, "users.csv:email", "email_invalid"),
        (3, "users.csv:enabledUser", "status_unknown"),
        (4, "users.csv:status", "status_unknown"),
        (5, "users.csv:sourcedId", "duplicate_mis_id"),
        (6, "users.csv:sourcedId", "duplicate_mis_id"),
        (7, None, "cell_count"),
    ]
    assert {problem.value for problem in roster.problems} == {None}  # there is a password column


def test_roles_that_cannot_be_read_make_a_set_incomplete(tmp_path: Path) -> None:
    """Whose role is in a broken row, or whose row is missing, has not left by that."""
    files = a_set("1.2", [person("u1", "Ann", "Able")], roles=[role("u1", "teacher")])
    assert read(folder(tmp_path, files)).complete
    broken = {**files, "roles.csv": files["roles.csv"] + "r9,,\r\n"}
    assert not read(folder(tmp_path, broken)).complete
    roles = [role("u1", "teacher"), role("u9", "teacher")]
    dangling = a_set("1.2", [person("u1", "Ann", "Able")], roles=roles)
    assert not read(folder(tmp_path, dangling)).complete


@pytest.mark.parametrize(
    ("version", "missing", "code"),
    [
        ("1.1", "users.csv", "file_missing"),
        ("1.2", "roles.csv", "file_missing"),
    ],
)
def test_files_that_are_needed(tmp_path: Path, version: str, missing: str, code: str) -> None:
    """Without its users, or without what tells staff from pupils, nothing is read."""
    users = [person("u1", "Ann", "Able")] if version == "1.2" else [one_1("u1", "teacher")]
    files = a_set(version, users, roles=[role("u1", "teacher")])
    del files[missing]
    assert codes(refused(folder(tmp_path, files))) == [code]


def test_headings_that_are_needed(tmp_path: Path) -> None:
    """A file without a heading line is refused, and nothing of its first line is shown."""
    files = a_set("1.1", [one_1("u1", "teacher", password=CANARY)])
    files["users.csv"] = files["users.csv"].partition("\n")[2]
    error = refused(folder(tmp_path, files))
    assert locations(error.problems) == [(None, "users.csv:sourcedId", "heading_missing")]
    assert CANARY not in f"{error!r} {error.details()}"


def test_too_many_staff_and_columns_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of staff have a limit, all rows a higher one, and 500 headings are enough."""
    monkeypatch.setattr(module, "ROWS_MAX", 2)
    pupils = [one_1(f"p{number}", "student") for number in range(9)]
    staff = [one_1(f"u{number}", "teacher") for number in range(3)]
    assert len(read(folder(tmp_path, a_set("1.1", [*pupils, *staff[:2]])))) == 2
    error = refused(folder(tmp_path, a_set("1.1", [*pupils, *staff])))
    assert locations(error.problems) == [(13, "users.csv", "too_many_rows")]
    monkeypatch.setattr(oneroster_sheet, "RECORDS_MAX", 20)
    pupils = [one_1(f"p{number}", "student") for number in range(19)]
    assert len(read(folder(tmp_path, a_set("1.1", [*pupils, *staff[:1]])))) == 1
    error = refused(folder(tmp_path, a_set("1.1", [*pupils, *staff[:2]])))
    assert locations(error.problems) == [(22, "users.csv", "too_many_rows")]
    files = {"users.csv": ",".join(f"h{number}" for number in range(501)) + "\n"}
    assert codes(refused(folder(tmp_path, files))) == ["too_many_columns"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("users.csv", b"", "empty"),
        ("users.csv", b"\x00\x01\x02\xff", "not_text"),
        ("roles.csv", b"PK\x03\x04\x00\x00", "not_text"),
        ("orgs.csv", b'sourcedId\n"o1\n', "quotes"),
        ("manifest.csv", b"propertyName,value\nx," + b"y" * 70_000, "row_too_long"),
    ],
    ids=["empty", "binary", "zip-in-zip", "quotes", "long-line"],
)
def test_file_that_is_no_csv(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    """The refusal says which of the files it is."""
    files = a_set("1.2", [person("u1", "Ann", "Able")], roles=[role("u1", "teacher")])
    error = refused(folder(tmp_path, {**files, name: content}))
    assert [(one.column, one.code) for one in error.problems] == [(name, code)]
    assert error.problems[0].message.startswith(f"{name}: ")


def test_passwords_are_not_read(tmp_path: Path) -> None:
    """A cell of a password column is in no row, warning or problem; that there is one is said."""
    people = [
        one_1("u1", "teacher", password=CANARY),
        one_1("u2", "teacher", password=CANARY, email="b@"),
    ]
    roster = read(folder(tmp_path, a_set("1.1", people)), strict=True)
    assert locations(roster.warnings) == [(None, "users.csv", "passwords")]
    assert [row.mis_id for row in roster] == ["u1"]
    assert CANARY not in f"{roster!r} {list(roster)} {roster.problems} {roster.warnings}"


def test_refusal_shows_no_password(tmp_path: Path) -> None:
    """Neither in its text nor in the values of the frames that its traceback leads to."""
    files = a_set("1.1", [one_1("u1", "student", password=CANARY)])
    error = refused(folder(tmp_path, files))
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    ours = [frame for frame in frames if "schoolauth/mis" in frame.filename]
    assert [frame.name for frame in ours] == ["read_oneroster"]
    assert CANARY not in f"{error} {error.details()} {ours[0].locals}"


def test_progress_is_told(tmp_path: Path) -> None:
    """Every thousand rows of all the files together, and the last count once."""
    pupils = [one_1(f"p{number}", "student") for number in range(1_490)]
    files = a_set("1.1", [one_1("u1", "teacher"), *pupils])
    path = folder(tmp_path, files)
    told: list[int] = []
    read_oneroster(path, progress=told.append)
    assert told == [1_000, 1_491 + 1 + files["manifest.csv"].count("\n") - 1]
    (tmp_path / "staff.csv").write_text("ID\n" + "".join(f"{number}\n" for number in range(2_000)))
    told.clear()
    read_csv(tmp_path / "staff.csv", progress=told.append)
    assert told == [1_000, 2_000]


def test_limit_of_the_csv_module_is_left_alone(tmp_path: Path) -> None:
    """It is everybody's in the process."""
    limit = csv.field_size_limit()
    read(folder(tmp_path, a_set("1.1", [one_1("u1", "teacher")])))
    assert csv.field_size_limit() == limit


def test_org_is_text(tmp_path: Path) -> None:
    """A number is not an id."""
    with pytest.raises(TypeError, match="org must be str"):
        read_oneroster(tmp_path, org=135123)  # type: ignore[arg-type] # the mistake that is tested


def test_school_data_sync_is_read() -> None:
    """Microsoft's set, near to 1.2, is read: its dates and primaries, and who is a teacher."""
    roster = read_oneroster(DATA / "sds-v2.1", org="110003", today=date(2021, 9, 1))
    kristen = "kfein@classrmtest31.org"
    assert list(roster) == [
        RosterRow("114007", "Kristen", "Fein", kristen, None, Role.TEACHER, True, 8)
    ]
    assert (roster.problems, roster.version, roster.complete) == ((), "1.2", False)
    later = read_oneroster(DATA / "sds-v2.1", org="110003", today=TODAY)
    assert [row.active for row in later] == [False]
    assert {"manifest_missing", "passwords"} <= {one.code for one in roster.warnings}


# --- Whatever the rows and the bytes ---------------------------------------------------------

_KEYS = st.text("abcXYZ019-._/@", min_size=1, max_size=12)
_NAMES = st.text("abcmyzABCÉéßø", min_size=1, max_size=12) | st.just('Mary "May", Ann')
_WORDS_1_1 = ["administrator", "aide", "proctor", "teacher", "student", "parent"]
_WORDS_1_2 = [*_WORDS_1_1[1:], "principal", "counselor", "siteAdministrator"]
_OUTSIDERS = {"student", "parent"}


def test_written_sets_are_read_back(tmp_path: Path) -> None:
    """Whoever is of the staff in a valid set comes back from strict reading, and nobody else."""

    @given(st.data(), st.sampled_from(["1.1", "1.2"]), st.sampled_from([folder, packed]))
    def check(data: st.DataObject, version: str, write: Callable[[Path, Files], Path]) -> None:
        keys = data.draw(st.lists(_KEYS, min_size=1, max_size=5, unique_by=str.casefold))
        words = st.sampled_from(_WORDS_1_1 if version == "1.1" else _WORDS_1_2)
        people, roles, expected = [], [], []
        for line, key in enumerate(keys, start=2):
            given_name, family_name, word = data.draw(st.tuples(_NAMES, _NAMES, words))
            enabled = data.draw(st.booleans())
            email = data.draw(st.sampled_from(["", f"u{line}@hill.example.org"]))
            cells = {"username": f"name{line}", "email": email, "enabledUser": str(enabled).lower()}
            if version == "1.1":
                cells |= {"role": word, "orgSourcedIds": "o1"}
            people.append(person(key, given_name, family_name, **cells))
            roles.append({**role(f"u{line}", word), "userSourcedId": key})
            if word not in _OUTSIDERS:
                row = (key, given_name, family_name, email or None, f"name{line}", enabled, line)
                expected.append(row)
        path = write(tmp_path, a_set(version, people, roles=roles))
        if not expected:
            assert codes(refused(path, strict=True)) == ["no_staff"]
            return
        roster = read(path, strict=True)
        assert (roster.problems, roster.warnings, roster.complete) == ((), (), True)
        assert [
            (r.mis_id, r.given_name, r.family_name, r.email, r.username, r.active, r.line)
            for r in roster
        ] == expected

    check()


_SCRAPS = [b"sourcedId", b"role", b"teacher", b"o1", b"u1", b'"', b",", b";", b"\r", b"\n", b"\0"]


def test_hostile_bytes_are_read_or_refused(tmp_path: Path) -> None:
    """No content of any file, lenient or strict, raises anything but `RosterUnreadable`."""
    good = a_set("1.2", [person("u1", "Ann", "Able")], roles=[role("u1", "teacher")])
    scraps = st.lists(st.sampled_from(_SCRAPS) | st.binary(max_size=4)).map(b"".join)

    @given(st.sampled_from(sorted(good)), scraps, st.booleans(), st.integers(0), st.booleans())
    def check(name: str, scrap: bytes, whole: bool, length: int, strict: bool) -> None:
        content = good[name].encode()
        cut = length % (len(content) + 1)
        content = scrap if whole else content[:cut] + scrap + content[cut:]
        path = folder(tmp_path, {**good, name: content})
        with contextlib.suppress(RosterUnreadable):
            roster = read(path, strict=strict)
            assert {row.role for row in roster} <= {Role.SLT, Role.TEACHER, Role.STAFF}

    check()


def test_manifest_alone_tells_between_two_kinds_of_roles(tmp_path: Path) -> None:
    """Where both users.csv and roles.csv have roles, the version of the manifest counts."""
    users = table(
        ["sourcedId", "orgSourcedIds", "role", "username"],
        [{"sourcedId": "u1", "orgSourcedIds": "o1", "role": "teacher", "username": "ann"}],
    )
    roles = a_set("1.2", [], roles=[role("u1", "principal")])["roles.csv"]
    for version, expected in (("1.1", Role.TEACHER), ("1.2", Role.SLT), ("", Role.SLT)):
        text = f"propertyName,value\noneroster.version,{version}\n"
        path = folder(tmp_path, {"manifest.csv": text, "users.csv": users, "roles.csv": roles})
        assert [row.role for row in read(path)] == [expected]
