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


def lines(said: str) -> list[str]:
    return [" ".join(line.split()) for line in said.splitlines()]


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
    said = lines(shell.done("duplicates"))
    why = "the same name; usernames that differ by .n one person keep one, retire the other"
    assert f"2 james James Hill teacher invited - never {why}" in said
    assert f"2 james.1 James Hill teacher invited j@hill.example.org never {why}" in said
    assert (
        "3 smith Alice Smith teacher invited - never usernames that differ by .n two people nothing"
    ) in said
    assert (
        "1 office Ada Bell admin invited - never the same name "
        "an admin and the account they teach with nothing"
    ) in said
    text = " ".join(said)
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
    said = " ".join(shell.done("duplicates", "--resolve", "james", "james.1").split())
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
    said = " ".join(shell.done(*key, "duplicates", "--undo", "james", "james.1").split())
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
    assert "keep one, retire the other" in shell.done("duplicates")
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
