"""Public advisories whose flaw no other test shows absent by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from schoolauth import (
    LoginRefused,
    SchoolAuth,
    StorageUnavailable,
    Throttled,
    TokenRefused,
    User,
)
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryStore, MemoryUserRepository
from tests.service.doubles import Failing, Recorder
from tests.service.world import PASSWORD, World, make_world, refused

EMAIL = "mike@example.org"


@pytest.mark.parametrize(
    "typed", ["mıke@example.org", "mike@exampıe.org", "ｍike@example.org", "mi\u212ae@example.org"]
)
def test_cve_2019_19844_an_address_that_folds_to_anothers_gets_no_link(
    world: World, typed: str
) -> None:
    """Letters that other case rules equate denote nobody, and no mail goes anywhere."""
    world.teacher(email=EMAIL)
    world.outbox.clear()
    world.auth.request_password_reset(typed)
    with pytest.raises(LoginRefused):
        world.auth.log_in(typed, PASSWORD)
    assert world.outbox == []


def test_cve_2019_19844_a_link_goes_to_the_stored_address(world: World) -> None:
    """What was typed is never mailed to."""
    world.teacher(email=EMAIL)
    world.auth.request_password_reset("MIKE@EXAMPLE.org")
    assert str(world.mail("password_reset").to) == EMAIL


ENTRIES: dict[str, Callable[[World, User, str], object]] = {
    "log_in": lambda w, user, password: w.auth.log_in(str(user.username), password),
    "change_password": lambda w, user, password: w.auth.change_password(
        user.id, current=password, new="Blackboard8"
    ),
    "request_email_change": lambda w, user, password: w.auth.request_email_change(
        user.id, password=password, new_email="new@example.org"
    ),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("password", ["Wrong1234", "x" * 100_000], ids=["wrong", "huge"])
def test_cve_2025_13473_every_entry_point_does_the_same_work(entry: str, password: str) -> None:
    """One verification for active, invited, inactive, erased; CVE-2025-22234: a huge one too."""
    hasher = Recorder()
    world = make_world(hasher=hasher)
    invited = world.teacher(None, family_name="Invited")
    inactive = world.desk.deactivate(world.teacher(family_name="Gone").id)
    erased = world.teacher(family_name="Erased")
    world.desk.erase(erased.id)
    refused(world, "wg204nx_nobody")  # the first of a process makes the hash of nobody
    work = []
    for user in (world.teacher(), invited, inactive, erased):
        hasher.calls.clear()
        with pytest.raises(LoginRefused):
            ENTRIES[entry](world, user, password)
        work.append(tuple(hasher.calls))
    assert len(work[0]) == 1
    assert len(set(work)) == 1


def test_cve_2026_9798_a_lock_counts_at_every_entry_point(world: World) -> None:
    """Eight wrong passwords at the sign-in page close the pages of one's own account too."""
    teacher = world.teacher(email=EMAIL)
    for _ in range(8):
        with pytest.raises(LoginRefused):
            world.log_in(teacher, "Wrong1234")
    for entry in ENTRIES.values():
        with pytest.raises((LoginRefused, Throttled)):
            entry(world, teacher, PASSWORD)
    world.clock.advance(minutes=5)
    assert world.log_in(teacher)


TOKEN_CALLS: dict[str, Callable[[SchoolAuth, Any], object]] = {
    "check_password_token": lambda auth, token: auth.check_password_token(token),
    "reset_password": lambda auth, token: auth.reset_password(token, "Blackboard8"),
    "confirm_email_change": lambda auth, token: auth.confirm_email_change(token),
    "check_recovery_token": lambda auth, token: auth.check_recovery_token(token),
    "approve_admin_recovery": lambda auth, token: auth.approve_admin_recovery(token),
}


OF_ANOTHER_TYPE: list[object] = [None, 0, 1, True, [], {"token": 1}, b""]


@pytest.mark.parametrize("call", TOKEN_CALLS)
@pytest.mark.parametrize(
    ("token", "error"),
    [
        *[(blank, TokenRefused) for blank in ("", " ", "\n", "\0", "null", "0")],
        *[(value, TypeError) for value in OF_ANOTHER_TYPE],
    ],
    ids=repr,
)
def test_cve_2019_16109_and_2013_0233_a_token_of_nothing_is_refused_before_any_search(
    call: str, token: object, error: type[Exception]
) -> None:
    """Blank tokens and tokens of another type never reach the store, which is down here."""
    inner = MemoryUserRepository()
    users = Failing(inner, "find", StorageUnavailable())
    world = make_world(users, MemorySchoolDirectory(inner))
    users.down = True
    with pytest.raises(error):
        TOKEN_CALLS[call](world.auth, token)


@pytest.mark.parametrize("password", ["", " ", "None", "null", "!", "\0"])
def test_allauth_65_11_1_who_has_no_password_has_no_blank_one(world: World, password: str) -> None:
    """No text verifies where there is no password."""
    invited = world.teacher(None)
    assert invited.password is None
    with pytest.raises(LoginRefused):
        world.log_in(invited, password)
    with pytest.raises(LoginRefused):
        world.auth.change_password(invited.id, current=password, new="Blackboard8")


def test_ghsa_97r5_pg8x_p63p_anothers_proof_proves_nothing(world: World) -> None:
    """The password of one account changes nothing of another (GHSA-f66q-9rf6-8795 likewise)."""
    victim = world.teacher(email=EMAIL)
    attacker = world.teacher(family_name="Attacker")
    world.desk.set_password(attacker.id, "Attacker-own-1", must_change=False)
    for entry in ("change_password", "request_email_change"):
        with pytest.raises(LoginRefused):
            ENTRIES[entry](world, victim, "Attacker-own-1")
    assert world.log_in(victim)


def test_cve_2019_13177_there_is_no_built_in_key() -> None:
    """A host must give a key of its own; none is shared by all installations."""
    with pytest.raises(TypeError):
        SchoolAuth(MemoryStore())  # type: ignore[call-arg] # that is the mistake
    assert inspect.signature(SchoolAuth).parameters["secret_key"].default is inspect.Parameter.empty


def test_cve_2022_23485_one_invitation_is_for_one_account_once(world: World) -> None:
    """An invitation used once is used up, whoever has the mail."""
    invited = world.teacher(None, email=EMAIL)
    world.desk.send_create_password_email(invited.id)
    token = world.token("create_password")
    assert world.auth.reset_password(token, "Blackboard8").user.id == invited.id
    count = len(world.desk.search(limit=500).items)
    with pytest.raises(TokenRefused):
        world.auth.reset_password(token, "Whiteboard9")
    assert len(world.desk.search(limit=500).items) == count
