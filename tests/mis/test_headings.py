from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from schoolauth.mis.headings import KNOWN_HEADINGS, find_columns, heading_key, is_secret
from tests.mis.lists import codes, read, refused


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("E-mail address", "email"),
        ("EMAIL_ADDRESS", "email"),
        ("Email Address (Work)", "email"),
        ("Secondary Email", "email"),
        ("sourcedId", "mis_id"),
        ("STAFF_ID", "mis_id"),
        ("FORENAME", "given_name"),
        ("PreferredFirstName", "given_name"),
        ("Sur-name", "family_name"),
        ("login name", "username"),
        ("LoginName", "username"),
        ("Ｕｓｅｒｎａｍｅ", "username"),
        ("Job Role", "role"),
        ("Employment  Status", "status"),
        ("School DfE Number", "school"),
    ],
)
def test_heading_is_known_however_it_is_written(heading: str, field: str) -> None:
    """Case, spaces, punctuation and width make no difference."""
    assert find_columns([heading, "Staff Number"], {})[field][0] == 0


def test_each_heading_is_of_one_field() -> None:
    """No heading could be taken for two fields, and none twice for one."""
    keys = Counter(heading_key(name) for names in KNOWN_HEADINGS.values() for name in names)
    assert [key for key, count in keys.items() if count > 1] == []


def test_no_password_heading_is_known() -> None:
    """Guessing never takes a password column."""
    assert [name for names in KNOWN_HEADINGS.values() for name in names if is_secret(name)] == []


@pytest.mark.parametrize(
    "heading", ["Password", "Initial pass-word", "PWD", "PIN code", "user_pass", "Passcode"]
)
def test_password_headings_are_told(tmp_path: Path, heading: str) -> None:
    """A column for passwords is refused to a caller who asks for it, however it is written."""
    error = refused(tmp_path, f"ID,{heading}\n1,x\n", {"username": heading})
    assert codes(error) == ["password_column"]
    assert error.problems[0].column == heading


def test_ordinary_headings_are_no_passwords() -> None:
    """A word that merely has the letters of a short one is not taken for it."""
    assert not any(map(is_secret, ["Opinion", "Compass", "Shipping", "Secretary", "ID"]))


@pytest.mark.parametrize("order", [1, -1])
def test_better_known_heading_wins(order: int) -> None:
    """Of two headings for a field the one that `KNOWN_HEADINGS` has first comes first."""
    headings = ["Preferred Forename", "Forename", "Email", "Work Email"][::order]
    found = find_columns(headings, {})
    assert [headings[index] for index in found["given_name"]] == ["Forename", "Preferred Forename"]
    assert [headings[index] for index in found["email"]] == ["Work Email", "Email"]


def test_column_without_a_filled_cell_gives_way(tmp_path: Path) -> None:
    """A better known column that is empty throughout does not hide the one that is filled."""
    roster = read(tmp_path, "Email,Work Email\n,\na@hill.example.org,\n")
    assert roster.columns == {"email": "Email"}
    assert [row.email for row in roster] == ["a@hill.example.org"]


def test_left_one_of_two_equal_headings_counts() -> None:
    """The same heading twice is decided by position."""
    assert find_columns(["ID", "Email", "E-Mail"], {})["email"] == [1]
    assert find_columns(["ID", "Email", "Email"], {"email": "Email"})["email"] == [1]


def test_exact_heading_is_found_before_a_similar_one() -> None:
    """A caller who writes the second of two similar headings gets the second."""
    headings = ["E-Mail", "Email", "ID"]
    assert find_columns(headings, {"email": "Email"})["email"] == [1]
    assert find_columns(headings, {"email": "EMAIL"})["email"] == [0]


@pytest.mark.parametrize("heading", ["Payroll", "", "?"])
def test_heading_that_is_not_there_is_refused(tmp_path: Path, heading: str) -> None:
    """A missing heading is named, together with those that are there; a blank one is nowhere."""
    error = refused(tmp_path, "ID,Forename,,()\n1,James,,\n", {"mis_id": heading})
    assert codes(error) == ["heading_missing"]
    assert error.problems[0].column == heading
    assert "The headings found are: ID, Forename, ()." in error.message


def test_unknown_headings_are_named(tmp_path: Path) -> None:
    """Without any known heading the person learns what was found, and how to say what is what."""
    error = refused(tmp_path, "Naam;Voornaam\nSmith;James\n")
    assert codes(error) == ["no_known_heading"]
    assert "The headings found are: Naam, Voornaam." in error.message
    assert 'columns={"mis_id": "Payroll", "email": "Address"}' in error.message


def test_headings_that_tell_nobody_are_refused(tmp_path: Path) -> None:
    """A status alone says of nobody that they have left."""
    assert codes(refused(tmp_path, "Status,Role\nLeft,Teacher\n")) == ["no_known_heading"]


@pytest.mark.parametrize("line", ["1,James,Smith", "James,j.smith@hill.example.org", "J\x1b[2J,K"])
def test_first_line_that_looks_like_a_person_is_not_shown(tmp_path: Path, line: str) -> None:
    """In a file without headings the first line is somebody's, and stays out of the error."""
    error = refused(tmp_path, f"{line}\n{line}\n")
    assert codes(error) == ["no_known_heading"]
    assert "J" not in error.message
    assert "is not shown" in error.message


def test_many_long_headings_are_cut(tmp_path: Path) -> None:
    """A message stays short whatever the file has."""
    error = refused(tmp_path, ",".join(["x" * 500] * 100) + "\nx\n")
    assert 500 < len(error.message) < 1500
