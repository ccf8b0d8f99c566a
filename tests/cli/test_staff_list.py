"""`import`: what a staff list would do is shown, and done only with --apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolauth.cli.tour import staff_list
from schoolauth.model.user import Role
from tests.cli.shell import Shell

HEADINGS = "Staff ID,Forename,Surname,Work Email,Role,Status"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "staff.csv"


def write(file: Path, *rows: str) -> str:
    file.write_text("\n".join([HEADINGS, *rows, ""]), encoding="utf-8")
    return str(file)


def row(said: str, line: int) -> str:
    """Return the row of the plan about one line of the file."""
    (found,) = [text for text in said.splitlines() if text.startswith(f"{line}   ")]
    return " ".join(found.split())


def test_nothing_is_done_without_apply(shell: Shell, file: Path) -> None:
    """The guessed columns and the plan are printed, and no account is added."""
    said = shell.done("import", write(file, "1,Al,Dale,al@hill.example.org,Teacher,Active"))
    assert "given_name   Forename" in said
    assert "1 row can be used; 0 problems in the file." in said
    assert row(said, 2) == "2 new Al Dale al@hill.example.org wg204nx_dale"
    assert said.endswith("Nothing was changed. With --apply, it will be.\n")
    assert shell.done("user", "list") == "0 accounts.\n"


def test_apply_and_again(shell: Shell, file: Path) -> None:
    """With --apply it is done once, signed, with the ids of the named source; again is nothing."""
    path = write(file, "1,Al,Dale,al@hill.example.org,Teacher,Active", "2,Bo,Dale,,Deputy Head,")
    said = shell.done("import", path, "--source", "sims", "--apply")
    assert "3 new Bo Dale - wg204nx_dale.1 name numbered" in row(said, 3)
    assert said.endswith("Added 2 accounts, changed 0, and left 0 rows alone.\n")
    user = shell.user("wg204nx_dale.1")
    assert user.role is Role.SLT
    assert str(user.mis_id) == "wg204nx:sims:2"
    assert shell.desk().history(kinds=["mapping_applied"]).items[0].actor == "support:tester"
    said = shell.done("import", path, "--source", "sims", "--apply")
    assert "2 rows with nothing to change." in said
    assert said.endswith("Added 0 accounts, changed 0, and left 2 rows alone.\n")


def test_every_kind_is_explained(shell: Shell, file: Path) -> None:
    """A possible match, a conflict, a leaver and another school's address are each told apart."""

    def add(given: str, family: str, email: str | None = None, school: str = "wg204nx") -> None:
        shell.desk(school).add_user(
            given_name=given,
            family_name=family,
            role=Role.TEACHER,
            email=email,
            username=given.lower(),
        )

    add("Jim", "Hill")
    add("Cy", "Carr", "c@x.example.org")
    add("Di", "Dove", "d@x.example.org")
    shell.done("school", "add", "ab1", "Dale")
    add("Secret", "Person", "s@x.example.org", school="ab1")
    school = ["--school", "wg204nx"]
    path = write(file, "1,Cy,Carr,c@x.example.org,,", "2,Di,Dove,d@x.example.org,,")
    shell.done(*school, "import", path, "--apply")
    path = write(
        file,
        "3,Jim,Hill,,,",
        "1,Cy,Carr,d@x.example.org,,",
        "2,Di,Dove,,,Left",
        "4,Ed,Esk,s@x.example.org,,",
    )
    said = shell.done(*school, "import", path, "--apply")
    assert row(said, 2) == "2 may match Jim Hill - jim same name"
    assert row(said, 3) == "3 conflict Cy Carr d@x.example.org cy, di mis id; email"
    assert row(said, 4) == "4 left Di Dove - di left in list"
    assert row(said, 5) == "5 problem Ed Esk s@x.example.org - email unavailable"
    assert "Secret" not in said
    for note in ("may match an account", "in conflict", "`user deactivate USERNAME`", "put right"):
        assert note in said
    assert said.endswith("Added 0 accounts, changed 0, and left 4 rows alone.\n")


def test_found_by_what(shell: Shell, file: Path) -> None:
    """A changed account says by what it was found and what will change of it."""
    shell.desk().add_user(
        given_name="Al", family_name="Dale", role=Role.STAFF, email="al@hill.example.org"
    )
    said = shell.done("import", write(file, "1,Alan,Dale,al@hill.example.org,,"))
    assert row(said, 2).endswith("wg204nx_dale found by email; changes given name, mis id")


def test_problems_of_the_file(shell: Shell, file: Path) -> None:
    """Each problem has its line, column and code; nothing in the file reaches the terminal raw."""
    path = write(file, "1,Al,Dale,no\x1b[2Jaddress,,", "2,Bo,Beck,b@hill.example.org,,", "3,Cy")
    said = shell.done("import", path).replace("\n", " ")
    assert "Line 2, Work Email: email_invalid: " in said
    assert "Line 4: cell_count: " in said
    assert "1 row can be used; 2 problems in the file." in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "There is no such file."), ("", "There is nothing in it.")],
    ids=["missing", "empty"],
)
def test_unreadable_file(shell: Shell, file: Path, content: str | None, said: str) -> None:
    """A file that cannot be used is refused with its code and the reason."""
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert shell.refused("import", str(file)) == (
        f"roster_unreadable: The file cannot be read. {said}\n"
    )


def test_unusable_source(shell: Shell, file: Path) -> None:
    """A source that can be no MIS's name is refused before anything is planned."""
    path = write(file, "1,Al,Dale,,,")
    ran = shell("import", path, "--source", "My MIS", "--apply")
    assert (ran.code, ran.err[:14]) == (1, "name_invalid: ")
    assert shell.done("user", "list") == "0 accounts.\n"


def test_the_list_that_comes_along_is_clean() -> None:
    """The tour's staff list has no problem."""
    assert staff_list().problems == ()
