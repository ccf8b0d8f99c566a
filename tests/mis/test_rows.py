from __future__ import annotations

from pathlib import Path

import pytest

from schoolauth.errors import RosterProblem
from schoolauth.mis import rows as module
from schoolauth.model.user import Role
from tests.mis.lists import read

HEADINGS = "ID,Forename,Surname,Email,Username,Role,Status"


def problems(directory: Path, *rows: str, headings: str = HEADINGS) -> list[tuple[object, ...]]:
    """Return line, column, code and value of every problem that *rows* have."""
    roster = read(directory, "\n".join([headings, *rows]))
    return [(one.line, one.column, one.code, one.value) for one in roster.problems]


@pytest.mark.parametrize(
    ("row", "column", "code", "value"),
    [
        ("a b,,,,,,", "ID", "mis_id_invalid", "a b"),
        ("é1,,,,,,", "ID", "mis_id_invalid", "é1"),
        ("1,https://x,,,,,", "Forename", "name_invalid", "https://x"),
        ('1,,"Smith\nJones",,,,', "Surname", "name_invalid", "Smith\ufffdJones"),
        ("1,,,james@,,,", "Email", "email_invalid", "james@"),
        ("1,,,a@x.example.org; b@x.example.org,,,", "Email", "email_invalid", ...),
        ("1,,,,james smith,,", "Username", "username_invalid", "james smith"),
        ("1,,,,james@,,", "Username", "username_invalid", "james@"),
        ("1,,,,,,On loan", "Status", "status_unknown", "On loan"),
        ("1,,,,,,-", "Status", "status_unknown", "-"),
        ("1,,,,,Pupil,", "Role", "not_staff", "Pupil"),
        (f"{'1' * 101},,,,,,", "ID", "too_long", "1" * 101),
        (f"1,{'x' * 101},,,,,", "Forename", "too_long", "x" * 101),
        (f"1,,,{'x' * 255}@x.example.org,,,", "Email", "too_long", None),
        (f"1,,,,{'x' * 65},,", "Username", "too_long", "x" * 65),
        (",,,,,Teacher,Active", None, "nothing_to_match", None),
        ("1,2,3", None, "cell_count", None),
        ("1,,,,,,,", None, "cell_count", None),
    ],
)
def test_problem_of_a_row(
    tmp_path: Path, row: str, column: str | None, code: str, value: object
) -> None:
    """A cell that cannot be used is named by line, heading and value, and its row is left out."""
    roster = read(tmp_path, f"{HEADINGS}\n0,James,Smith,,,,\n{row}\n")
    assert [item.mis_id for item in roster] == ["0"]
    (problem,) = roster.problems
    shown = row.split(",")[3] if value is ... else value
    assert (problem.line, problem.column, problem.code, problem.value) == (3, column, code, shown)


def test_every_problem_of_a_row_is_told(tmp_path: Path) -> None:
    """The person mends a row once, not once for each of its cells."""
    assert problems(tmp_path, "a b,,,x@,y z,,?!") == [
        (2, "ID", "mis_id_invalid", "a b"),
        (2, "Email", "email_invalid", "x@"),
        (2, "Username", "username_invalid", "y z"),
        (2, "Status", "status_unknown", "?!"),
    ]


def test_message_does_not_cite_the_cell(tmp_path: Path) -> None:
    """The validator's own message quotes what was typed; ours has it in `value` alone."""
    roster = read(tmp_path, "ID,Email\n1,sécret(x)@x_y.example.org\n")
    assert roster.problems == (
        RosterProblem(
            2,
            "Email",
            "email_invalid",
            "That is not a complete e-mail address.",
            "sécret(x)@x_y.example.org",
        ),
    )


def test_limit_counts_composed_characters(tmp_path: Path) -> None:
    """A name written with separate accents is as long as the same one without."""
    roster = read(tmp_path, "ID,Surname\n1," + "e\u0301" * 100)
    assert [row.family_name for row in roster] == ["é" * 100]


# --- Twice in one file -----------------------------------------------------------------------


def test_key_that_stands_twice_is_told_in_every_row(tmp_path: Path) -> None:
    """Nobody can say which of the rows is right, so none of them is taken."""
    assert problems(
        tmp_path,
        "1,,,a@hill.example.org,james,,",
        "2,,,A@Hill.example.org,JAMES,,",
        "1,,,,other,,",
        "3,,,,third,,",
    ) == [
        (2, "ID", "duplicate_mis_id", "1"),
        (2, "Email", "duplicate_email", "a@hill.example.org"),
        (2, "Username", "duplicate_username", "james"),
        (3, "Email", "duplicate_email", "A@Hill.example.org"),
        (3, "Username", "duplicate_username", "JAMES"),
        (4, "ID", "duplicate_mis_id", "1"),
    ]


def test_duplicates_name_one_another(tmp_path: Path) -> None:
    """The message leads from each row to another one, and says how many there are."""
    roster = read(tmp_path, "ID\n1\n1\n1\n")
    assert [problem.message for problem in roster.problems] == [
        "The same id stands in 3 rows, also in line 3.",
        "The same id stands in 3 rows, also in line 2.",
        "The same id stands in 3 rows, also in line 2.",
    ]
    assert len(roster) == 0


def test_row_with_another_problem_counts_as_a_duplicate(tmp_path: Path) -> None:
    """A row that is left out for its status still casts doubt on the one with the same id."""
    assert problems(tmp_path, "1,,,,,,On loan", "1,,,,,,") == [
        (2, "Status", "status_unknown", "On loan"),
        (2, "ID", "duplicate_mis_id", "1"),
        (3, "ID", "duplicate_mis_id", "1"),
    ]


def test_ids_differ_by_case(tmp_path: Path) -> None:
    """An MIS that counts in letters has `a1` and `A1`."""
    assert problems(tmp_path, "a1,,,,,,", "A1,,,,,,") == []


# --- Addresses as usernames ------------------------------------------------------------------


def test_address_as_username_is_the_address(tmp_path: Path) -> None:
    """It stands in for an empty e-mail cell, gives way to a filled one, and is no username."""
    rows = ["1,a@hill.example.org,", "2,b@hill.example.org,c@hill.example.org"]
    roster = read(tmp_path, "\n".join(["ID,Username,Email", *rows]))
    assert [(row.email, row.username) for row in roster] == [
        ("a@hill.example.org", None),
        ("c@hill.example.org", None),
    ]


def test_address_as_username_is_told_under_its_own_heading(tmp_path: Path) -> None:
    """A duplicate is named where it stands in the file, without an e-mail column too."""
    assert problems(
        tmp_path, "1,a@hill.example.org", "2,a@hill.example.org", headings="ID,Username"
    ) == [
        (2, "Username", "duplicate_email", "a@hill.example.org"),
        (3, "Username", "duplicate_email", "a@hill.example.org"),
    ]


# --- Words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("Headteacher", Role.SLT),
        ("HEAD TEACHER", Role.SLT),
        ("Co-Headteacher", Role.SLT),
        ("Deputy Head", Role.SLT),
        ("assistant headteacher", Role.SLT),
        ("principal", Role.SLT),
        ("SLT", Role.SLT),
        ("teacher", Role.TEACHER),
        ("Class Teacher", Role.TEACHER),
        ("Head of Year", Role.TEACHER),
        ("T.A.", Role.STAFF),
        ("Cover Supervisor", Role.STAFF),
        ("Caretaker", Role.STAFF),
        ("aide", Role.STAFF),
        ("Wizard", None),
        ("", None),
        ("-", None),
    ],
)
def test_role_words(tmp_path: Path, word: str, role: Role | None) -> None:
    """The usual job titles are known; an unknown one is nobody's problem."""
    roster = read(tmp_path, f"ID,Role\n1,{word}\n")
    assert [row.role for row in roster] == [role]


@pytest.mark.parametrize(
    "word", ["Admin", "Administrator", "systemAdministrator", "siteAdministrator", "Role.ADMIN"]
)
def test_no_file_makes_an_administrator(tmp_path: Path, word: str) -> None:
    """Admin means the school office here; an administrator is made by a person, at the desk."""
    roster = read(tmp_path, f"ID,Role\n1,{word}\n")
    assert [row.role for row in roster] in ([Role.STAFF], [None])


def test_role_words_are_of_one_role() -> None:
    """No word stands under two roles or outside the staff, and none is blank."""
    lists = [module._words(text) for text in module._ROLE_WORDS.values()]
    lists.append(module._words(module._NOT_STAFF))
    assert sum(map(len, lists)) == len(frozenset().union(*lists))
    assert "" not in frozenset().union(*lists)
    assert Role.ADMIN not in module._ROLE_WORDS


def test_status_words_mean_one_thing() -> None:
    """No word means both that somebody is here and that they have left."""
    assert not module._words(module._ACTIVE) & module._words(module._INACTIVE)


@pytest.mark.parametrize(
    ("word", "active"),
    [
        ("Active", True),
        ("current", True),
        ("YES", True),
        ("1", True),
        ("TRUE", True),
        ("", True),
        ("Inactive", False),
        ("Left", False),
        ("LEAVER", False),
        ("former", False),
        ("No", False),
        ("false", False),
        ("0", False),
        ("tobedeleted", False),
    ],
)
def test_status_words(tmp_path: Path, word: str, active: bool) -> None:
    """The usual words for being here and having left; blank is here."""
    roster = read(tmp_path, f"ID,Status\n1,{word}\n")
    assert [row.active for row in roster] == [active]
