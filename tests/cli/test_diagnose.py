"""`diagnose`: why somebody cannot sign in, the likeliest first, each with what mends it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from schoolauth import LoginRefused, PasswordChangeRequired, UserManagement
from schoolauth.cli import diagnosis
from schoolauth.rules import diagnosis as rules
from tests.cli.lists import add
from tests.cli.shell import PASSWORD, Shell


def words(said: str) -> str:
    return " ".join(said.split())


def test_findings_in_order(shell: Shell) -> None:
    """Every finding has its number, code, sentence and the command that mends it."""
    add(shell, "Al", "Dale", username="dale")
    before = shell.desk().history().items
    said = shell.done("diagnose", "DALE")
    text = words(said)
    assert text.startswith("dale (Al Dale, teacher, invited, no e-mail):")
    first, second, third = (text.index(f"{number}. ") for number in (1, 2, 3))
    assert "invitation_not_sent: " in text[first:second]
    assert "`user edit dale --email ADDRESS` saves an address." in text[first:second]
    assert "invited: " in text[second:third]
    assert "`user set-password dale` gives a temporary password." in text[second:third]
    assert "no_email: " in text[third:]
    assert text.endswith("only if the application counts them in this database.")
    assert shell.desk().history().items == before


def test_spaces_are_found(shell: Shell) -> None:
    """Attempts with a space at the end are told, and that only the person can mend them."""
    names = ["--given-name", "Ada", "--family-name", "Hill", "--email", "ada@hill.example.org"]
    shell.done("admin", "add", *names, typed=f"{PASSWORD}\n")
    shell.refused("sign-in", "wg204nx_hill", typed=f"{PASSWORD} \n")
    text = words(shell.done("diagnose", "ada@hill.example.org"))
    assert "1. space_in_recent_attempts: " in text
    assert "Only the person who types can mend it." in text


def test_space_around_the_name(shell: Shell) -> None:
    """A name that is given with a space, as somebody types it, is found, and the space is told."""
    add(shell, "Al", "Dale", username="dale")
    text = words(shell.done("diagnose", "dale "))
    assert "space_in_recent_attempts: There is a space around the name: typed like that" in text
    assert "There is a space" not in shell.done("diagnose", "dale")


def test_the_applications_counts(shell: Shell, tmp_path: Path) -> None:
    """With the application's key its counts are seen, and a new password clears them."""
    add(shell, "Al", "Dale", username="dale")
    shell.done("user", "set-password", "dale", typed=f"{PASSWORD}\n")
    application = shell.auth()
    for _ in range(8):
        with pytest.raises(LoginRefused):
            application.log_in("dale", "wrong")
    (tmp_path / "key").write_text("k" * 32)
    key = ["--key-file", str(tmp_path / "key")]
    assert "throttled: " not in shell.done("diagnose", "dale")
    text = words(shell.done(*key, "diagnose", "dale"))
    assert "1. throttled: There were too many failed attempts" in text
    assert "An administrator unlocks the account in the application." in text
    shell.done(*key, "user", "set-password", "dale", typed=f"{PASSWORD}\n")
    assert "throttled: " not in shell.done(*key, "diagnose", "dale")
    with pytest.raises(PasswordChangeRequired):
        application.log_in("dale", PASSWORD)


def test_retired_duplicate(shell: Shell) -> None:
    """A retired duplicate names its successor and how it is brought back."""
    for username in ("james", "james.1"):
        add(shell, "James", "Hill", username=username)
    shell.done("duplicates", "--resolve", "james", "james.1")
    text = words(shell.done("diagnose", "james.1"))
    assert "james took its place" in text
    assert "`duplicates --undo KEEP james.1` takes that back." in text


def test_no_such_account(shell: Shell) -> None:
    """A name that nobody has is answered with those that look like it."""
    add(shell, "Al", "Dale", username="dale")
    text = words(shell.done("diagnose", "dael"))
    assert text.startswith("1. no_such_account: The school has no account of this name.")
    assert "Perhaps dale was meant." in text
    assert "`user list TEXT`" in text
    assert "application" not in text


def test_another_schools_account(shell: Shell) -> None:
    """An account of another school is not told from none, and that it was asked for is recorded."""
    shell.done("school", "add", "ab1", "Dale")
    add(shell, "Secret", "Person", "s@x.example.org", school="ab1")
    said = shell.refused("--school", "wg204nx", "diagnose", "s@x.example.org")
    assert said == "user_not_found: There is no such user.\n"
    assert shell.desk().history(kinds=["met_elsewhere"]).items


def test_hostile_name(shell: Shell) -> None:
    """A typed escape is obeyed by no terminal."""
    assert "\x1b" not in shell.done("diagnose", "\x1b[2J")


def test_every_remedy_has_words() -> None:
    """Each call that a finding can name as its remedy has a sentence for the command line."""
    source = inspect.getsource(rules)
    calls = {call for call in dir(UserManagement) if f'"{call}"' in source}
    assert diagnosis._REMEDIES.keys() == {None, *calls}
