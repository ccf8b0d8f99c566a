"""Staff lists as files, for the tests of the command line."""

from __future__ import annotations

from pathlib import Path

from schoolauth.model.user import Role, User
from tests.cli.shell import Shell

DATA = Path(__file__).resolve().parents[1] / "data"
HEADINGS = "Staff ID,Forename,Surname,Work Email,Role,Status"


def write(file: Path, *rows: str) -> str:
    """Write a staff list of these rows, and return its path."""
    file.write_text("\n".join([HEADINGS, *rows, ""]), encoding="utf-8")
    return str(file)


def row(said: str, label: str | int) -> str:
    """Return the row of the plan that is called *label*, with single spaces."""
    (found,) = [text for text in said.splitlines() if text.split("  ")[0] == str(label)]
    return " ".join(found.split())


def add(shell: Shell, given: str, family: str, email: str | None = None, **others: str) -> User:
    """Add a teacher by hand."""
    desk = shell.desk(others.pop("school", "wg204nx"))
    return desk.add_user(
        given_name=given,
        family_name=family,
        role=Role.TEACHER,
        email=email,
        username=others.get("username", given.lower()),
    )
