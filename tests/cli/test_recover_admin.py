"""`recover-admin`: a lost admin account, on the headteacher's written confirmation."""

from __future__ import annotations

import pytest

from schoolauth.model.user import Role
from tests.cli.shell import PASSWORD, Shell

HEAD = "head@hill.example.org"
NEW = "new@hill.example.org"


@pytest.fixture
def school(blank: Shell) -> Shell:
    """Hill Primary with a headteacher's and a deputy's address on file, and one admin."""
    blank.done("init")
    blank.done(
        "school", "add", "wg204nx", "Hill", "--headteacher", HEAD,
        "--deputy", "deputy@hill.example.org",
    )  # fmt: skip
    names = ["--given-name", "Ada", "--family-name", "Bell", "--email", "ada@hill.example.org"]
    blank.done("admin", "add", *names, typed=f"{PASSWORD}\n")
    return blank


def argv(confirmed_by: str = HEAD, email: str = NEW, *more: str) -> list[str]:
    letter = ["--from", confirmed_by, "--reference", "ticket 4711", "--email", email]
    return ["recover-admin", *letter, *more]


def test_recovered(school: Shell) -> None:
    """The account has the address, the reference stands in the history, and who is to be told."""
    session = school.auth().log_in("wg204nx_bell", PASSWORD).session
    said = " ".join(school.done(*argv()).split())
    assert said.startswith(
        f"Now wg204nx_bell (Ada Bell, admin, active, {NEW}). Its sessions and links have ended. "
        "No mail is sent from here. Please tell: "
        f"{NEW}: that the username is wg204nx_bell, and that they get a link to choose a password "
        'by "forgotten password" on the sign-in page of the application'
    )
    assert said.endswith(
        "ada@hill.example.org: that the administrator's account wg204nx_bell was recovered on the "
        f"word of {HEAD}, and has the address {NEW} now"
    )
    event = next(iter(school.desk().history(kinds=["recovery_approved"]).items)).to_record()
    assert event["actor"] == "support:tester"
    assert '"reference": "ticket 4711"' in str(event["details"])
    with pytest.raises(Exception, match="sign in again"):
        school.auth().resume(session)


def test_no_link_is_printed(school: Shell) -> None:
    """The link that the key of this process would sign is good for nobody, and is not shown."""
    said = school.done(*argv())
    assert "nowhere.invalid" not in said
    assert "http" not in said


def test_other_admins_are_to_be_told(school: Shell) -> None:
    """With several admins the account is named, and the others are on the list."""
    ben = school.desk().add_user(
        given_name="Ben", family_name="Brook", role=Role.ADMIN, email="ben@hill.example.org"
    )
    school.desk().set_password(ben.id, PASSWORD)
    ran = school(*argv())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "approval_refused: The school has several administrators: say whose account is meant.\n"
        "hint: --account NAME says whose, by username\n"
    )
    said = school.done(*argv(HEAD, NEW, "--account", "wg204nx_bell"))
    assert f"wg204nx_bell (Ada Bell, admin, active, {NEW})" in said
    assert "ben@hill.example.org: that the administrator's account" in " ".join(said.split())


def test_address_that_is_not_on_file(school: Shell) -> None:
    """A sender who looks like the headteacher is refused and recorded; the hint says why."""
    said = school.refused(*argv("head@hill.example.com"))
    assert said.startswith("approval_refused: This address is not the headteacher's")
    assert "hint: write to the address on file yourself" in said
    assert str(school.user("wg204nx_bell").email) == "ada@hill.example.org"
    (event,) = school.desk().history(kinds=["recovery_refused"]).items
    assert event.actor == "support:tester"


def test_school_without_an_approver(shell: Shell) -> None:
    """Without any address on file nothing can be confirmed."""
    said = shell.refused(*argv())
    assert "has no headteacher's address" in said
    assert "hint: without one, nobody can confirm" in said


def test_refusal_without_a_hint(school: Shell) -> None:
    """An address that another account holds is refused in the library's own words only."""
    school.desk().add_user(given_name="Al", family_name="Dale", role=Role.STAFF, email=NEW)
    said = school.refused(*argv())
    assert said == "approval_refused: The new address belongs to another account.\n"


def test_own_address(school: Shell) -> None:
    """The headteacher cannot have the account sent to themselves while there is a deputy."""
    assert "hint: the other approver on file" in school.refused(*argv(HEAD, HEAD))


@pytest.mark.parametrize("left_out", ["--from", "--reference", "--email"])
def test_everything_is_wanted(school: Shell, left_out: str) -> None:
    """Who confirmed it, where that is kept, and the new address: none can be left out."""
    given = argv()
    index = given.index(left_out)
    del given[index : index + 2]
    assert f"required: {left_out}" in school.misused(*given)


def test_unusable_address(school: Shell) -> None:
    """An address that is none is refused before anything happens."""
    assert school.refused(*argv(HEAD, "new@hill")).startswith("email_invalid: ")
