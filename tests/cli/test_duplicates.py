"""`duplicates`: second accounts are found, retired and brought back."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolauth.model.user import Role, Status
from tests.cli.lists import add
from tests.cli.shell import Shell


def pair(shell: Shell) -> None:
    """Let James have two accounts, the second one with his address."""
    add(shell, "James", "Hill", username="james")
    add(shell, "James", "Hill", "j@hill.example.org", username="james.1")


def words(said: str) -> str:
    """Return what was said on one line."""
    return " ".join(said.split())


def test_no_group(shell: Shell) -> None:
    """A school without accounts that are alike has no table."""
    add(shell, "Al", "Dale")
    assert shell.done("duplicates") == "0 groups.\n"


def test_groups(shell: Shell) -> None:
    """Each account stands with status and address, why it is alike, and what to do about it."""
    pair(shell)
    for given, username in (("Alice", "smith"), ("Benedict", "smith.1")):
        add(shell, given, "Smith", username=username)
    desk = shell.desk()
    desk.add_user(given_name="Ada", family_name="Bell", role=Role.ADMIN, username="office")
    desk.add_user(given_name="Ada", family_name="Bell", role=Role.SLT, username="bell")
    text = words(shell.done("duplicates"))
    headings = "Username Name Role Status E-mail Last sign-in"
    assert text.startswith(
        "1. Probably an admin and the account they teach with (the same name): nothing to do. "
        f"{headings} bell Ada Bell slt invited - never office Ada Bell admin invited - never "
        "2. Probably one person (the same name; usernames that differ by .n): "
        f"keep one, retire the other. {headings} james James Hill teacher invited - never "
        "james.1 James Hill teacher invited j@hill.example.org never "
        "3. Probably two people (usernames that differ by .n): nothing to do. "
        f"{headings} smith Alice Smith teacher invited - never"
    )
    assert (
        "3 groups (one person: 1; two people: 1; an admin and the account they teach with: 1)."
    ) in text
    assert "`duplicates --resolve KEEP RETIRE`" in text
    assert "--undo" not in text


def test_nothing_is_done_by_looking(shell: Shell) -> None:
    """The report changes no account and writes no event."""
    pair(shell)
    before = shell.desk().history().items
    shell.done("duplicates")
    assert shell.desk().history().items == before


def test_resolve(shell: Shell) -> None:
    """One account is retired in favour of the other, which gets the address; signed."""
    pair(shell)
    said = words(shell.done("duplicates", "--resolve", "james", "james.1"))
    assert "Kept james (James Hill, teacher, invited, j@hill.example.org)." in said
    assert "Retired james.1 (James Hill, teacher, inactive, no e-mail)." in said
    assert "`duplicates --undo james james.1` takes it back." in said
    assert "that needs the same --key-file both times" in said
    assert shell.newest("james.1").actor == "support:tester"
    said = shell.done("duplicates")
    assert "one person, resolved" in said
    assert "`duplicates --undo KEEP RETIRE`" in said


def test_resolve_and_drop_the_address(shell: Shell) -> None:
    """With --drop-email the kept account does not get the other's address."""
    pair(shell)
    said = shell.done("duplicates", "--resolve", "james", "james.1", "--drop-email")
    assert "--key-file" not in said
    assert shell.user("james").email is None


def test_undo(shell: Shell, tmp_path: Path) -> None:
    """With the same key both times, the retired account is as it was, address and all."""
    pair(shell)
    (tmp_path / "key").write_text("k" * 32, encoding="utf-8")
    key = ["--key-file", str(tmp_path / "key")]
    said = shell.done(*key, "duplicates", "--resolve", "james", "james.1")
    assert "--key-file" not in said
    said = words(shell.done(*key, "duplicates", "--undo", "james", "james.1"))
    assert said == (
        "Restored james.1 (James Hill, teacher, invited, j@hill.example.org). "
        "Beside it james (James Hill, teacher, invited, no e-mail)."
    )


def test_undo_without_the_key(shell: Shell) -> None:
    """Without the key the address stays where it is, and both accounts are shown as they are."""
    pair(shell)
    shell.done("duplicates", "--resolve", "james", "james.1")
    said = shell.done("duplicates", "--undo", "james", "james.1")
    assert "Restored james.1 (James Hill, teacher, invited, no e-mail)" in said
    assert shell.user("james.1").status is Status.INVITED


@pytest.mark.parametrize("how", ["--resolve", "--undo"])
@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        (["james", "nobody"], 1, "user_not_found: There is no user 'nobody' in wg204nx.\n"),
        (["james", "JAMES"], 2, "KEEP and RETIRE must be two accounts"),
    ],
    ids=["unknown", "same"],
)
def test_wrong_pair(shell: Shell, how: str, names: list[str], code: int, said: str) -> None:
    """Two accounts of the school have to be named, by their whole usernames."""
    pair(shell)
    ran = shell("duplicates", how, *names)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_retired_account_that_is_woken(shell: Shell) -> None:
    """Who is reactivated has no successor any more: there is nothing to undo, then or later."""
    pair(shell)
    shell.done("duplicates", "--resolve", "james", "james.1")
    shell.done("user", "reactivate", "james.1")
    assert shell.user("james.1").superseded_by is None
    assert "keep one, retire the other" in words(shell.done("duplicates"))
    shell.done("user", "deactivate", "james.1")
    said = shell.refused("duplicates", "--undo", "james", "james.1")
    assert said.startswith("transition_forbidden: ")


def test_refusals(shell: Shell) -> None:
    """What was not resolved cannot be undone, an inactive account not be kept."""
    pair(shell)
    said = shell.refused("duplicates", "--undo", "james", "james.1")
    assert said.startswith("transition_forbidden: ")
    shell.done("user", "deactivate", "james")
    said = shell.refused("duplicates", "--resolve", "james", "james.1")
    assert said.startswith("transition_forbidden: ")


def test_resolve_and_undo_at_once(shell: Shell) -> None:
    """Both together are wrong usage."""
    argv = ["duplicates", "--resolve", "a", "b", "--undo", "a", "b"]
    assert "not allowed with argument" in shell.misused(*argv)
