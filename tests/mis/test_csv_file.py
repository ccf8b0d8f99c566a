from __future__ import annotations

import csv
import io
import os
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.mis import csv_file as module
from schoolauth.mis import read_csv
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role
from tests.mis.lists import DATA, codes, outcome, read, refused

CANARY = "Canary-Passw0rd"
SDS_UK = "ID,School DfE Number,First Name,Last Name,Username,Password,Status,Secondary Email"


# --- Lists as they are found -----------------------------------------------------------------


def test_uk_format() -> None:
    """Microsoft's UK sample is read whole: ids, names, usernames, status and an empty e-mail."""
    roster = read_csv(DATA / "uk-mis-25-users" / "Teacher.csv")
    assert list(roster) == [
        RosterRow("14001", "Craig", "Beane", username="CBeane", line=2),
        RosterRow("14002", "Daisy", "Todd", username="DTodd", line=3),
    ]
    assert roster.problems == ()
    assert roster.columns == {
        "mis_id": "ID",
        "given_name": "First Name",
        "family_name": "Last Name",
        "email": "Secondary Email",
        "username": "Username",
        "status": "Status",
        "school": "School DfE Number",
    }


def test_uk_format_with_required_columns_only() -> None:
    """A list without names and addresses is read by its ids and usernames."""
    roster = read_csv(DATA / "uk-mis-minimal" / "Teacher.csv")
    assert list(roster) == [
        RosterRow("14001", "", "", username="CBeane", line=2),
        RosterRow("14002", "", "", username="DTodd", line=3),
    ]
    assert roster.problems == ()


def test_sds_format_has_addresses_as_usernames() -> None:
    """In the SDS v2.1 sample the username column repeats the address, and makes no username."""
    roster = read_csv(DATA / "sds-v2.1" / "users.csv")
    assert roster.problems == ()
    assert len(roster) == 8
    assert roster[1] == RosterRow("114002", "Jean", "Craig", email="jean.craig@outlook.com", line=3)
    assert {row.username for row in roster} == {None}


def test_oneroster_bulk_list_has_its_status_in_enabled_user(tmp_path: Path) -> None:
    """In a bulk file `status` is blank by the standard, so that `enabledUser` is read instead."""
    roster = read(
        tmp_path,
        "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,role\n"
        "t-1,,,true,jthistle,James,Thistlebury,teacher\n"
        "t-2,,,false,asmith,Alice,Smith,administrator\n",
    )
    assert roster.columns["status"] == "enabledUser"
    assert [(row.mis_id, row.active, row.role) for row in roster] == [
        ("t-1", True, Role.TEACHER),
        ("t-2", False, Role.STAFF),
    ]


def test_oneroster_delta_list_has_its_status_in_status(tmp_path: Path) -> None:
    """In a delta file `tobedeleted` marks the leaver."""
    roster = read(
        tmp_path,
        "sourcedId,status,enabledUser,username\nt-1,active,true,one\nt-2,tobedeleted,true,two\n",
    )
    assert roster.columns["status"] == "status"
    assert [row.active for row in roster] == [True, False]


def test_callers_columns_end_the_guessing(tmp_path: Path) -> None:
    """The caller's heading is taken for its field, and no more for the one that it looks like."""
    roster = read(
        tmp_path,
        "ID,Payroll ref.,Login Name,Email\n7,P-1,j@hill.example.org,old@hill.example.org\n",
        {"mis_id": "payroll REF", "email": "Login Name"},
    )
    assert list(roster) == [
        RosterRow("P-1", "", "", email="j@hill.example.org", line=2),
    ]
    assert roster.columns == {"mis_id": "Payroll ref.", "email": "Login Name"}


def test_cells_lose_the_white_space_around_them(tmp_path: Path) -> None:
    """Padding of an export is no part of any value, not even of a username."""
    roster = read(tmp_path, "ID , Username,Forename\n 1 , james \u00a0,\u200b James \n")
    assert list(roster) == [RosterRow("1", "James", "", username="james", line=2)]


# --- Text ------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """An accent and a curly apostrophe survive in each of the encodings that exports have."""
    roster = read(tmp_path, "Forename,Surname\r\nZoë,O\u2019Hara\r\n".encode(encoding))
    assert [(row.given_name, row.family_name) for row in roster] == [("Zoë", "O\u2019Hara")]


@pytest.mark.parametrize(
    "content",
    [
        "Forename,Surname\nJames,Smith\n".encode("utf-16"),
        b"Forename,Surname\nJames\0,Smith\n",
        b"Forename,Surname\nJ\x81mes,Smith\n",
        b"\xef\xbb\xbfForename,Surname\nZo\xeb,Smith\n",
    ],
    ids=["utf-16", "nul", "undefined-in-windows-1252", "byte-order-mark-before-windows-1252"],
)
def test_what_is_not_text_is_refused(tmp_path: Path, content: bytes) -> None:
    """A workbook, UTF-16 or a broken file is named as such, and nothing is read from it."""
    error = refused(tmp_path, content)
    assert codes(error) == ["not_text"]
    assert "CSV (UTF-8)" in error.message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    """The heading line tells the delimiter; every usual line end ends a line."""
    lines = ["ID|Surname|Role", "1|Smith|Teacher", "2|O'Hara|TA", ""]
    roster = read(tmp_path, end.join(lines).replace("|", delimiter))
    assert [(row.mis_id, row.family_name, row.line) for row in roster] == [
        ("1", "Smith", 2),
        ("2", "O'Hara", 3),
    ]


def test_delimiter_is_the_one_that_makes_most_headings(tmp_path: Path) -> None:
    """A comma within a quoted or a bare heading is not taken for the delimiter."""
    roster = read(tmp_path, '"ID";"Post, if any";Surname, legal;Email\n1;x;Smith;a@b.example.org\n')
    assert roster.columns == {"mis_id": "ID", "email": "Email"}


def test_line_is_where_the_row_starts(tmp_path: Path) -> None:
    """Line breaks in quoted cells, blank lines and blank rows are counted as an editor counts."""
    roster = read(
        tmp_path,
        '\n"Staff\nID",Surname,Notes\n1,Smith,"one\r\ntwo\nthree"\n\n , ,\n2,Jones,\n3,Brown\n',
    )
    assert [(row.mis_id, row.line) for row in roster] == [("1", 4), ("2", 9)]
    assert [(problem.line, problem.code) for problem in roster.problems] == [(10, "cell_count")]


def test_lost_quotation_mark_is_refused(tmp_path: Path) -> None:
    """An open quotation would swallow the rows after it without a word, so the file is refused."""
    error = refused(tmp_path, 'ID,Surname\n1,Smith\n2,"Jones\n3,Brown\n')
    assert codes(error) == ["quotes"]
    assert error.problems[0].line == 3


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b" \n\t\n"])
def test_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file without a filled cell is no list of nobody: nobody is made a leaver by it."""
    assert codes(refused(tmp_path, content)) == ["empty"]


def test_headings_alone_are_refused(tmp_path: Path) -> None:
    """A heading line without rows is no list either."""
    assert codes(refused(tmp_path, "ID,Surname\n,\n\n")) == ["no_rows"]


# --- Files -----------------------------------------------------------------------------------


def chain(error: BaseException) -> list[BaseException]:
    """Return the errors that hang on *error*."""
    return [one for one in (error.__cause__, error.__context__) if one is not None]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing.csv", "file_not_found"),
        ("", "file_not_readable"),
        ("nul\0.csv", "file_not_readable"),
        ("staff.csv/more.csv", "file_not_readable"),
    ],
    ids=["missing", "directory", "impossible", "below-a-file"],
)
def test_no_such_file(tmp_path: Path, name: str, code: str) -> None:
    """What cannot be opened is a refusal, and the system's own error is not even its context."""
    read(tmp_path, "ID\n1\n")
    with pytest.raises(RosterUnreadable) as caught:
        read_csv(tmp_path / name)
    assert codes(caught.value) == [code]
    assert chain(caught.value) == []


def test_file_without_permission(tmp_path: Path) -> None:
    """A file that the process may not read is a refusal."""
    read(tmp_path, "ID\n1\n")
    path = tmp_path / "staff.csv"
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(RosterUnreadable) as caught:
        read_csv(path)
    assert codes(caught.value) == ["file_not_readable"]


def test_path_is_text_or_a_path(tmp_path: Path) -> None:
    """A number is not taken for an open file, which `open` would close behind the caller."""
    with pytest.raises(TypeError):
        read_csv(0)  # type: ignore[arg-type] # the mistake that is tested
    read(tmp_path, "ID\n1\n")
    assert len(read_csv(str(tmp_path / "staff.csv"))) == 1


@pytest.mark.parametrize("text", ["x" * 65_536, '"' + "x\n" * 32_768 + '"'], ids=["line", "quoted"])
def test_row_over_64_kib_is_refused(tmp_path: Path, text: str) -> None:
    """A row has 64 KiB at most, whether in one line or in many."""
    assert codes(refused(tmp_path, f"ID,Notes\n1,{text}\n")) == ["row_too_long"]


def test_long_rows_are_read_whatever_the_rows_before(tmp_path: Path) -> None:
    """Each row has its own 64 KiB, and the limit of the csv module, everybody's, is left alone."""
    limit = csv.field_size_limit()
    rows = "".join(f"{number},{'x' * 65_500}\n" for number in range(3))
    assert len(read(tmp_path, f"ID,Notes\n{rows}")) == 3
    assert csv.field_size_limit() == limit


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    """100,000 rows are the most; the line of the first one too many is named."""
    rows = "".join(f"{number},x\n" for number in range(100_001))
    error = refused(tmp_path, f"ID,Notes\n{rows}")
    assert codes(error) == ["too_many_rows"]
    assert error.problems[0].line == 100_002


def test_as_many_rows_as_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last allowed row is read; blank ones do not count."""
    monkeypatch.setattr(module, "ROWS_MAX", 3)
    assert len(read(tmp_path, "ID\n1\n\n2\n3\n\n")) == 3
    assert codes(refused(tmp_path, "ID\n1\n2\n3\n4\n")) == ["too_many_rows"]


def test_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the allowed bytes are read into memory."""
    monkeypatch.setattr(module, "FILE_MAX", 6)
    assert len(read(tmp_path, "ID\n1\n2")) == 2
    assert codes(refused(tmp_path, "ID\n1\n2\n")) == ["file_too_large"]


# --- Columns and schools ---------------------------------------------------------------------


def test_unknown_field_is_the_callers_mistake(tmp_path: Path) -> None:
    """A field that does not exist is a `ValueError` that names those that do."""
    with pytest.raises(ValueError, match="unknown field 'surname'; there are mis_id, given_name"):
        read(tmp_path, "ID\n1\n", {"surname": "ID"})


def test_heading_must_be_text(tmp_path: Path) -> None:
    """A column's number is not a heading."""
    with pytest.raises(TypeError, match="the heading of mis_id must be str"):
        read(tmp_path, "ID\n1\n", {"mis_id": 0})  # type: ignore[dict-item] # the tested mistake


def test_several_schools_are_refused_by_name(tmp_path: Path) -> None:
    """A list of two schools would bring one school's staff into the other."""
    error = refused(tmp_path, "ID,School\n1,Hill\n2,\n3,hill\n4,Dale\n")
    assert error.problems == (
        RosterProblem(
            None,
            "School",
            "several_schools",
            "Its staff are of 2 schools: Hill (line 2), Dale (line 5). Make a file of each.",
        ),
    )


def test_several_schools_of_a_list_with_passwords_are_refused_by_line(tmp_path: Path) -> None:
    """Where shifted cells may be passwords, lines are named and no cell is."""
    error = refused(tmp_path, f"ID,School,Password\n1,10001,x\n2,{CANARY},y\n")
    assert codes(error) == ["several_schools"]
    assert error.message.endswith(
        "2 schools: one from line 2, one from line 3. Make a file of each."
    )


# --- Passwords -------------------------------------------------------------------------------


def test_password_column_is_never_read(tmp_path: Path) -> None:
    """The cells of a password column are in no row and no problem."""
    roster = read(tmp_path, f"{SDS_UK}\n1,9,James,Smith,james,{CANARY},Active,not-an-address\n")
    assert [problem.code for problem in roster.problems] == ["email_invalid"]
    assert CANARY not in f"{roster!r} {list(roster)} {roster.problems}"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (f"1,9,James,Smith, Jr,james,{CANARY},Active,a@b.example.org", "cell_count"),
        (f"1,9,James,Smith, Jr,james,{CANARY},Active", "status_unknown"),
        (f"1,9,James,james,{CANARY} x,Active,,", "username_invalid"),
        (f"1,9,James,Smith, Jr, BA,james,{CANARY}", "email_invalid"),
        (f"1,9,https://x,{CANARY} {'x' * 100},,,,", "too_long"),
        (f"1,9,James,{CANARY}", "cell_count"),
    ],
)
def test_shifted_password_is_in_no_problem(tmp_path: Path, row: str, code: str) -> None:
    """An unquoted or a missing comma puts a password under another heading, and shows it not."""
    roster = read(tmp_path, f"{SDS_UK}\n2,9,Alice,Jones,alice,x,Active,\n{row}\n")
    assert code in [problem.code for problem in roster.problems]
    assert [row.mis_id for row in roster] == ["2"]
    assert CANARY not in f"{roster!r} {roster.problems}"
    assert {problem.value for problem in roster.problems} == {None}


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (f"1,9,James,Smith,james,{CANARY},Active,a@b.example.org\n", None),
        (f"1,9,James,Smith,james,{CANARY},Active,a@b.example.org\n", {"mis_id": "ID"}),
        (f'{SDS_UK}\n1,9,James,Smith,james,"{CANARY},Active,\n', None),
        (f"{SDS_UK}\n1,9,James,Smith,james,{CANARY},{'x' * 65_536},\n", None),
        (f"Naam,Password\nJames,{CANARY}\n", None),
        (f"ID,Password\n1,{CANARY}\n", {"username": "Password"}),
        (f"ID,School,Password\n1,{CANARY},x\n2,9,y\n", None),
    ],
    ids=["no-headings", "no-such-heading", "quotes", "long", "unknown", "asked-for", "schools"],
)
def test_refusal_shows_no_password(
    tmp_path: Path, content: str, columns: Mapping[str, str] | None
) -> None:
    """A file that is refused shows no cell: not in the error, its context or its frames' values."""
    error = refused(tmp_path, content, columns)
    assert CANARY not in f"{error!r} {error} {error.details()} {error.args}"
    assert chain(error) == []
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    ours = [frame for frame in frames if frame.filename == module.__file__]
    assert [frame.name for frame in ours] == ["read_csv"]
    assert CANARY not in str(ours[0].locals)


# --- Whatever the bytes ----------------------------------------------------------------------

_SCRAPS = [b"ID", b"Email", b"Password", b"Status", b'"', b",", b";", b"\t", b"\r", b"\n", b"\0"]


def test_hostile_bytes_are_read_or_refused(tmp_path: Path) -> None:
    """No content raises anything but `RosterUnreadable`, and lines of problems are in the file."""
    scraps = st.one_of(st.sampled_from(_SCRAPS), st.binary(max_size=8))
    contents = st.one_of(
        st.binary(),
        st.lists(scraps).map(b"".join),
        st.lists(scraps).map(lambda parts: b"ID,Email,Username\n" + b"".join(parts)),
    )

    @given(contents)
    def check(content: bytes) -> None:
        found = outcome(tmp_path, content)
        if isinstance(found, RosterUnreadable):
            assert len(found.problems) == 1
        else:
            last = content.count(b"\n") + content.count(b"\r") + 1
            assert all(1 < (problem.line or 0) <= last for problem in found.problems)
            assert len(found) + len(found.problems) > 0

    check()


_NAMES = st.text("abcmyzABCÉéßłøÅ", max_size=12) | st.sampled_from(
    ["O'Hara", 'Mary "May" Ann', "Smith, Jr", "Lind;Marsh", "Van  der Berg"]
)
_WORDS = st.text("abcxyz0189", min_size=1, max_size=20)
_ROWS = st.builds(
    RosterRow,
    mis_id=st.none() | st.text("".join(map(chr, range(33, 127))), min_size=1, max_size=100),
    given_name=_NAMES,
    family_name=_NAMES,
    email=st.none() | _WORDS.map("{}+x@hill.example.org".format),
    username=st.none() | _WORDS.map("wg204nx_{}.1".format),
    role=st.sampled_from([None, Role.SLT, Role.TEACHER, Role.STAFF]),
    active=st.booleans(),
).filter(lambda row: any((row.mis_id, row.given_name, row.family_name, row.email, row.username)))


def test_written_rows_are_read_back(tmp_path: Path) -> None:
    """What `csv.writer` writes, in any dialect of the three, is read back as it was."""

    @given(
        st.lists(_ROWS, min_size=1, max_size=5),
        st.sampled_from([",", ";", "\t"]),
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        st.sampled_from(["utf-8", "utf-8-sig"]),
    )
    def check(rows: list[RosterRow], delimiter: str, quoting: int, encoding: str) -> None:
        file = io.StringIO()
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type] # an int
        writer.writerow(["ID", "Forename", "Surname", "Email", "Username", "Role", "Active"])
        seen: set[str | None] = set()
        unique = []
        for row in rows:
            keys = {key.casefold() for key in (row.mis_id, row.email, row.username) if key}
            if not keys & seen:
                seen |= keys
                unique.append(row)
        for row in unique:
            cells = [row.mis_id, row.given_name, row.family_name, row.email, row.username, row.role]
            writer.writerow([*cells, row.active])
        roster = read(tmp_path, file.getvalue().encode(encoding))
        assert roster.problems == ()
        assert [(row.line, row) for row in roster] == [
            (line, replace(row, line=line)) for line, row in enumerate(unique, start=2)
        ]

    check()


def test_canary_stays_hidden_wherever_the_commas_fall(tmp_path: Path) -> None:
    """Whatever cells a row has, the one that holds a password is not in repr or problems."""
    cell = st.sampled_from(["1", "James", "james", "Active", "a@b.example.org", "", " ", CANARY])

    @given(st.lists(cell, max_size=10))
    def check(cells: list[str]) -> None:
        row = ",".join([*cells, CANARY])
        found = outcome(tmp_path, f"{SDS_UK}\n1,9,A,B,a,b,Active,\n{row}\n")
        assert CANARY not in f"{found!r} {found} {found.problems}"

    check()
