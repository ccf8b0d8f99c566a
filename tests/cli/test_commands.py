"""The daily commands: each does it through a desk, signs it, and says what became of it."""

from __future__ import annotations

import getpass
import os

import pytest

from schoolauth.cli import context, main
from schoolauth.model.events import StatusChanged
from schoolauth.model.names import SchoolCode
from schoolauth.model.user import Role, Status
from schoolauth.rules.passwords import PasswordPolicy
from tests.cli.shell import PASSWORD, Screen, Shell


def add(shell: Shell, given: str, family: str, *more: str, role: str = "teacher") -> str:
    return shell.done(
        "user", "add", "--given-name", given, "--family-name", family, "--role", role, *more
    )


def add_admin(shell: Shell, password: str = PASSWORD) -> str:
    names = ["--given-name", "Ada", "--family-name", "Hill", "--email", "ada@hill.example.org"]
    return shell.done("admin", "add", *names, typed=f"{password}\n")


def sent_by_keyboard(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    """Let somebody sit at the terminal who types these passwords, unseen."""
    left = list(passwords)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: left.pop(0))
    monkeypatch.setattr("sys.stdin", Screen())


# --- init, school, admin ---------------------------------------------------------------------


def test_init_twice(blank: Shell) -> None:
    """The tables are made once, and a second time is no failure; the URL is shown."""
    said = [blank.done("init"), blank.done("init")]
    assert said[0] == said[1]
    assert "has the tables of schema version 3." in said[0].replace("\n", " ")


def test_school_add(shell: Shell) -> None:
    """A school is there with its approvers, and the history says who added it."""
    said = shell.done(
        "school", "add", "ab1", "Dale", "--headteacher", "h@dale.example.org", "--deputy",
        "d@dale.example.org",
    )  # fmt: skip
    assert said == "Added the school ab1, Dale.\n"
    school = next(s for s in shell.auth().support(by="x").schools().items if str(s.code) == "ab1")
    assert str(school.headteacher_email) == "h@dale.example.org"
    assert str(school.deputy_email) == "d@dale.example.org"
    (event,) = shell.desk("ab1").history().items
    assert (event.kind, event.actor) == ("school_added", "support:tester")


def test_school_twice(shell: Shell) -> None:
    """A taken code is refused with its error code."""
    assert shell.refused("school", "add", "WG204NX", "Again").startswith("school_taken: ")


def test_admin_with_a_password(shell: Shell) -> None:
    """The first admin is active with the piped password, spaces inside it and all."""
    said = add_admin(shell, "Chalk board 7")
    assert said == "Added wg204nx_hill (Ada Hill, admin, active, ada@hill.example.org).\n"
    assert "Signed in" in shell.done("sign-in", "wg204nx_hill", typed="Chalk board 7\n")


def test_admin_without_a_password(shell: Shell) -> None:
    """An empty line means no password, so the admin is invited; a second first one is refused."""
    assert "(Ada Hill, admin, invited, ada@hill.example.org)" in add_admin(shell, "")
    names = ["--given-name", "Bea", "--family-name", "Dale"]
    assert shell.refused("admin", "add", *names).startswith("not_permitted: ")


def test_admin_with_a_bad_password(shell: Shell) -> None:
    """A password against the rules adds nobody, and every broken rule is said."""
    names = ["--given-name", "Ada", "--family-name", "Hill"]
    said = shell.refused("admin", "add", *names, typed="owls\n")
    assert said.startswith("password_rejected: ")
    assert "at least 8 characters" in said
    assert "needs a number" in said
    assert shell.done("user", "list") == "0 accounts.\n"


def test_password_typed_twice(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal a new password is asked for twice, unseen, and is the one that was typed."""
    sent_by_keyboard(monkeypatch, PASSWORD, PASSWORD)
    argv = ["--db", shell.url, "admin", "add", "--given-name", "Ada", "--family-name", "Hill"]
    assert main(argv) == 0
    sent_by_keyboard(monkeypatch, PASSWORD)
    assert main(["--db", shell.url, "sign-in", "wg204nx_hill"]) == 0


def test_two_different_passwords(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typing mistake in one of the two is told, and nothing is changed."""
    sent_by_keyboard(monkeypatch, PASSWORD, f"{PASSWORD} ")
    argv = ["--db", shell.url, "admin", "add", "--given-name", "Ada", "--family-name", "Hill"]
    assert main(argv) == 2
    assert "two different passwords" in capsys.readouterr().err
    assert shell.done("user", "list") == "0 accounts.\n"


# --- which school, and who -------------------------------------------------------------------


def test_no_school_yet(blank: Shell) -> None:
    """Without a school the way to make one is told."""
    blank.done("init")
    assert "`school add CODE NAME`" in blank.misused("user", "list")


def test_several_schools(shell: Shell) -> None:
    """Of several schools one must be named, and then that one is meant."""
    shell.done("school", "add", "ab1", "Dale")
    assert "--school CODE" in shell.misused("user", "list")
    shell.done("--school", "AB1", "user", "add", "--given-name", "Di", "--family-name", "Dale",
               "--role", "slt")  # fmt: skip
    assert "ab1_dale" in shell.done("--school", "ab1", "user", "list")
    assert shell.done("--school", "wg204nx", "user", "list") == "0 accounts.\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [("none", "schoolauth: school_unknown: "), ("a b", "schoolauth: name_invalid: ")],
    ids=["unknown", "invalid"],
)
def test_wrong_school(shell: Shell, code: str, said: str) -> None:
    """A school that is not there is wrong usage."""
    assert shell.misused("--school", code, "user", "list").startswith(said)


def test_default_of_by(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --by the operating system's user name stands in the history."""
    monkeypatch.setenv("LOGNAME", "caretaker")
    ran = shell.bare("--db", shell.url, "school", "add", "ab1", "Dale")
    assert ran.code == 0
    (event,) = shell.desk("ab1").history().items
    assert event.actor == "support:caretaker"


def test_nobody_is_known_to_act(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system knows no user name, --by is asked for."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)  # a container's user without a name
    ran = shell.bare("--db", shell.url, "user", "list")
    assert ran.code == 2
    assert "--by NAME" in ran.err


def test_unusable_by(shell: Shell) -> None:
    """A name that cannot stand in the history is refused, and printed in no way."""
    ran = shell.bare("--db", shell.url, "--by", "x\x1b[2J", "user", "list")
    assert ran.code == 1
    assert ran.err.startswith("name_invalid: ")
    assert "\x1b" not in ran.err


# --- user list -------------------------------------------------------------------------------


def test_list(shell: Shell) -> None:
    """The table has every account by username with its facts, and below it the count."""
    add_admin(shell)
    add(shell, "Zoë", "O'Hara")
    shell.done("sign-in", "wg204nx_hill", typed=f"{PASSWORD}\n")
    shell.done("user", "set-password", "wg204nx_ohara", typed=f"{PASSWORD}\n")
    today = f"{shell.user('wg204nx_hill').last_login_at:%Y-%m-%d}"
    lines = shell.done("user", "list").splitlines()
    assert [line.split() for line in lines] == [
        ["Username", "Name", "Role", "Status", "E-mail", "Last", "sign-in"],
        ["wg204nx_hill", "Ada", "Hill", "admin", "active", "ada@hill.example.org", today],
        ["wg204nx_ohara", "Zoë", "O'Hara", "teacher", "active", "(must", "change)", "-", "never"],
        [],
        ["2", "accounts:", "2", "active."],
    ]


def test_list_by_text_status_and_role(shell: Shell) -> None:
    """Words, statuses and roles narrow the list, and inactive accounts are in it."""
    add(shell, "Di", "Dale")
    add(shell, "Al", "Dale", role="staff")
    add(shell, "Cy", "Coombe", role="slt")
    shell.done("user", "deactivate", "wg204nx_dale")
    assert (
        shell.done("user", "list", "DALE").splitlines()[-1] == "2 accounts: 1 invited, 1 inactive."
    )
    inactive = shell.done("user", "list", "--status", "inactive")
    assert "wg204nx_dale " in inactive
    assert inactive.endswith("1 account: 1 inactive.\n")
    staff = shell.done("user", "list", "--role", "slt", "--role", "staff")
    assert "wg204nx_coombe" in staff
    assert staff.endswith("2 accounts: 2 invited.\n")


def test_list_has_all_pages(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A school larger than a page is listed whole."""
    monkeypatch.setattr(context, "PAGE_MAX", 2)
    for family in ("Ash", "Beck", "Carr", "Dale", "Esk"):
        add(shell, "Al", family)
    assert shell.done("user", "list").endswith("5 accounts: 5 invited.\n")
    assert "wg204nx_esk" in shell.done("user", "deactivate", "wg204nx_esk")


# --- user add --------------------------------------------------------------------------------


def test_add_asks_about_a_numbered_username(shell: Shell) -> None:
    """When the plain username is somebody's, the holder is shown, and the question is put."""
    assert "same person" not in add(shell, "James", "Hill")
    said = add(shell, "Mary", "Hill", "--email", "m@hill.example.org").replace("\n", " ")
    assert said.startswith("Added wg204nx_hill.1 (Mary Hill, teacher, invited, m@hill.example.org)")
    assert "belongs to wg204nx_hill (James Hill, teacher, invited, no e-mail)" in said
    assert "Is this the same person?" in said


def test_add_tells_nothing_of_another_school(shell: Shell) -> None:
    """A username that another school's account has is not said to be anybody's."""
    shell.done("school", "add", "ab1", "Dale")
    shell.desk("ab1").add_user(
        given_name="Jo", family_name="Secret", role=Role.STAFF, username="wg204nx_hill"
    )
    said = shell.done("--school", "wg204nx", "user", "add", "--given-name", "Al", "--family-name",
                      "Hill", "--role", "staff").replace("\n", " ")  # fmt: skip
    assert "belongs to wg204nx_hill, of another school" in said
    assert "Secret" not in said


def test_add_with_a_username(shell: Shell) -> None:
    """A chosen username is used as it is, with no question; a taken one is refused."""
    said = add(shell, "James", "Hill", "--username", "wg204nx_james")
    assert said == "Added wg204nx_james (James Hill, teacher, invited, no e-mail).\n"
    names = ["--given-name", "Al", "--family-name", "Hill", "--role", "staff"]
    said = shell.refused("user", "add", *names, "--username", "WG204NX_james")
    assert said == "username_taken: This username is already used by another account.\n"


# --- user edit -------------------------------------------------------------------------------


def test_edit_everything(shell: Shell) -> None:
    """Names, role, username and address change together, signed by who did it."""
    add(shell, "James", "Hill")
    said = shell.done(
        "user", "edit", "WG204NX_hill", "--given-name", "Jim", "--family-name", "Dale", "--role",
        "slt", "--new-username", "jim", "--email", "jim@hill.example.org",
    )  # fmt: skip
    assert said == "Now jim (Jim Dale, slt, invited, jim@hill.example.org).\n"
    assert shell.newest("jim").actor == "support:tester"


def test_edit_is_whole_or_not_at_all(shell: Shell) -> None:
    """A refused address leaves the name alone too, and says who has it."""
    add(shell, "James", "Hill")
    add(shell, "Al", "Dale", "--email", "al@hill.example.org")
    said = shell.refused(
        "user", "edit", "wg204nx_hill", "--given-name", "Jim", "--email", "al@hill.example.org"
    )
    assert said.startswith("email_taken: ")
    assert "wg204nx_dale (invited)" in said
    assert shell.user("wg204nx_hill").given_name == "James"
    assert shell.newest("wg204nx_hill").kind == "user_added"


def test_release_email(shell: Shell) -> None:
    """A released address is free for another account; without one the refusal says so."""
    add(shell, "James", "Hill", "--email", "j@hill.example.org")
    add(shell, "Al", "Dale")
    assert "no e-mail" in shell.done("user", "edit", "wg204nx_hill", "--release-email")
    shell.done("user", "edit", "wg204nx_dale", "--email", "j@hill.example.org")
    said = shell.refused("user", "edit", "wg204nx_hill", "--release-email")
    assert said.startswith("email_missing: ")


@pytest.mark.parametrize(
    "argv", [[], ["--email", "a@hill.example.org", "--release-email"]], ids=["nothing", "both"]
)
def test_edit_without_sense(shell: Shell, argv: list[str]) -> None:
    """No change at all, or an address that is both set and released, is wrong usage."""
    add(shell, "James", "Hill")
    assert "--email ADDRESS" in shell.misused("user", "edit", "wg204nx_hill", *argv)


@pytest.mark.parametrize("typed", ["wg204nx_hil", "wg204nx_hill ", "hill", "", "James"], ids=repr)
def test_user_is_found_by_the_whole_username(shell: Shell, typed: str) -> None:
    """Part of a username, another word of the account, or a space too many finds nobody."""
    add(shell, "James", "Hill")
    said = shell.refused("user", "deactivate", typed)
    assert said == f"user_not_found: There is no user {typed!r} in wg204nx.\n"


# --- deactivate, reactivate, set-password, sign-in -------------------------------------------


def test_deactivate_and_reactivate(shell: Shell) -> None:
    """A leaver cannot sign in any more, keeps the address, and can be woken again."""
    add_admin(shell)
    add(shell, "James", "Hill", "--email", "j@hill.example.org", "--username", "james")
    shell.done("user", "set-password", "james", typed=f"{PASSWORD}\n")
    assert "inactive, must change" in shell.done("user", "deactivate", "james")
    event = shell.newest("james")
    assert isinstance(event, StatusChanged)
    assert (event.new, event.actor) == (Status.INACTIVE, "support:tester")
    assert shell.refused("sign-in", "james", typed=f"{PASSWORD}\n").startswith("login_refused: ")
    assert "j@hill.example.org" in shell.done("user", "reactivate", "james")
    assert shell.user("james").status is Status.ACTIVE
    assert shell.refused("user", "reactivate", "james").startswith("transition_forbidden: ")


def test_deactivate_and_release(shell: Shell) -> None:
    """A duplicate is made inactive and loses its address at once."""
    add(shell, "James", "Hill", "--email", "j@hill.example.org")
    assert "inactive, no e-mail" in shell.done(
        "user", "deactivate", "wg204nx_hill", "--release-email"
    )


def test_last_admin_stays(shell: Shell) -> None:
    """Not even support can leave a school without an admin."""
    add_admin(shell)
    assert shell.refused("user", "deactivate", "wg204nx_hill").startswith("last_admin: ")


def test_set_password(shell: Shell) -> None:
    """A password that support sets only lets its owner choose another one."""
    add(shell, "James", "Hill")
    said = shell.done("user", "set-password", "wg204nx_hill", typed=f"{PASSWORD}\n")
    assert "must change the password" in said
    said = shell.refused("sign-in", "wg204nx_hill", typed=f"{PASSWORD}\n")
    assert said == "password_change_required: Choose a new password before going on.\n"
    said = shell.refused("user", "set-password", "wg204nx_hill", typed="owls\n")
    assert said.startswith("password_rejected: ")


def test_sign_in_by_email(shell: Shell) -> None:
    """Who signed in is told, and nothing of the session."""
    add_admin(shell)
    said = shell.done("sign-in", "ADA@hill.example.org", typed=PASSWORD)
    assert said == "Signed in: wg204nx_hill (Ada Hill, admin, active, ada@hill.example.org).\n"


def test_sign_in_with_spaces(shell: Shell) -> None:
    """Neither end of the name or the password is trimmed, and each hint is printed."""
    add_admin(shell)
    said = shell.refused("sign-in", "wg204nx_hill ", typed=f" {PASSWORD}\n").splitlines()
    assert said[0].startswith("login_refused: That username or password is not right.")
    assert said[1:] == ["hint: space_at_end_of_username", "hint: space_at_start_of_password"]


def test_sign_in_below_the_rules(shell: Shell) -> None:
    """A password from before the rules still works, and the remark says that it is weak."""
    lax = shell.auth(PasswordPolicy(minimum=4, number=False))
    lax.support(by="host").add_first_admin(
        SchoolCode.parse("wg204nx"), given_name="Ada", family_name="Hill", password="owls"
    )
    said = shell.done("sign-in", "wg204nx_hill", typed="owls\n")
    assert "would not be accepted as a new one" in said
