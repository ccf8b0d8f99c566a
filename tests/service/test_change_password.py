"""Changing one's own password."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth import (
    LoginRefused,
    PasswordPolicy,
    PasswordRejected,
    SessionEnded,
    User,
    UserNotFound,
)
from schoolauth.model.events import LoginFailed
from tests.service.world import PASSWORD, World, make_world

EMAIL = "jess@hill.example.org"


@pytest.fixture
def teacher(world: World) -> User:
    """An active teacher with an address."""
    return world.teacher(email=EMAIL)


def test_change_password(world: World, teacher: User) -> None:
    """The old password is asked for, the new one works, every other session ends (ASVS 6.2.3)."""
    other = world.log_in(teacher).session
    login = world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    assert login.how == "password"
    assert world.auth.resume(login.session).id == teacher.id
    with pytest.raises(SessionEnded):
        world.auth.resume(other)
    with pytest.raises(LoginRefused):
        world.log_in(teacher)
    assert world.log_in(teacher, "Blackboard8")
    assert world.mail("password_changed").to == teacher.email


def test_a_refused_change_leaves_the_old_password(world: World, teacher: User) -> None:
    """A refused change says why, and the old password goes on working (FAQ)."""
    session = world.log_in(teacher).session
    with pytest.raises(PasswordRejected) as caught:
        world.auth.change_password(teacher.id, current=PASSWORD, new="letters")
    assert {v.code for v in caught.value.violations} == {"too_short", "no_number"}
    assert "at least 8 characters" in caught.value.message
    assert world.auth.resume(session)
    assert world.log_in(teacher)


def test_a_wrong_current_password_counts_as_an_attempt(world: World, teacher: User) -> None:
    """Guessing through the change form fills the account's bucket, and is recorded."""
    for _ in range(10):
        with pytest.raises(LoginRefused):
            world.auth.change_password(teacher.id, current="Wrong1234", new="Blackboard8")
    with pytest.raises(LoginRefused):
        world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    event = world.desk.history(teacher.id).items[0]
    assert isinstance(event, LoginFailed)
    assert event.reason == "throttled"
    with pytest.raises(LoginRefused):
        world.log_in(teacher)


def test_a_space_in_the_current_password_is_told(world: World, teacher: User) -> None:
    """The same hint as at sign-in."""
    with pytest.raises(LoginRefused) as caught:
        world.auth.change_password(teacher.id, current=PASSWORD + " ", new="Blackboard8")
    assert caught.value.hints == ("space_at_end_of_password",)


def test_a_temporary_password_may_be_changed_by_its_holder(world: World) -> None:
    """The current password may be the one that an admin set."""
    teacher = world.teacher(None)
    world.desk.set_password(teacher.id, "Temporary1")
    world.auth.change_password(teacher.id, current="Temporary1", new="Blackboard8")
    assert world.log_in(teacher, "Blackboard8")


def test_change_password_of_nobody_and_of_the_inactive(world: World, teacher: User) -> None:
    """An unknown id is UserNotFound; an inactive account's right password is refused."""
    with pytest.raises(UserNotFound):
        world.auth.change_password("nobody", current=PASSWORD, new="Blackboard8")
    world.desk.deactivate(teacher.id)
    with pytest.raises(LoginRefused):
        world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")


def test_a_policy_is_asked_with_the_account() -> None:
    """A host's own rule sees whose password it is."""
    seen: list[str] = []

    def rule(password: str, user: User | None) -> list[Any]:
        seen.append("" if user is None else str(user.username))
        return []

    world = make_world(policy=PasswordPolicy.recommended().also(rule))
    teacher = world.teacher("Bridgewater7")
    with pytest.raises(PasswordRejected) as caught:
        world.auth.change_password(teacher.id, current="Bridgewater7", new="james2024")
    assert [v.code for v in caught.value.violations] == ["context_word"]
    assert seen[-1] == "wg204nx_james"
    assert world.auth.policy.describe()[0] == "at least 8 characters"


@pytest.mark.parametrize("bad", [None, 7, b"x"])
def test_wrong_types_are_refused_before_any_work(world: World, teacher: User, bad: Any) -> None:
    """Whatever is no text is a TypeError, and leaves no trace."""
    before = len(world.kinds())
    for call in (
        lambda: world.auth.request_password_reset(bad),
        lambda: world.auth.check_password_token(bad),
        lambda: world.auth.reset_password(bad, "Blackboard8"),
        lambda: world.auth.reset_password("x", bad),
        lambda: world.auth.change_password(teacher.id, current=bad, new="Blackboard8"),
        lambda: world.auth.change_password(teacher.id, current=PASSWORD, new=bad),
    ):
        with pytest.raises(TypeError):
            call()
    assert len(world.kinds()) == before


def test_a_password_is_kept_exactly(world: World, teacher: User) -> None:
    """Nothing is cut, trimmed or folded: passwords that differ in the last character differ."""
    for length in (64, 72, 73, 128, 1024):
        new = "x7" + "é" * (length - 3) + "a"
        world.auth.request_password_reset(EMAIL)
        world.auth.reset_password(world.token("password_reset"), new)
        world.clock.advance(hours=2)
        for wrong in (new[:-1], new[:-1] + "b", new.upper(), new + " "):
            with pytest.raises(LoginRefused):
                world.log_in(teacher, wrong)
        assert world.log_in(teacher, new)


def test_a_password_typed_in_another_normal_form_is_the_same(world: World, teacher: User) -> None:
    """An accent typed as one character or as two is one password (NIST SP 800-63B-4: NFC)."""
    world.auth.change_password(teacher.id, current=PASSWORD, new="Caf\u00e9 au lait 7")
    assert world.log_in(teacher, "Cafe\u0301 au lait 7")
