"""Signing in."""

from __future__ import annotations

import pickle
from typing import Any, cast

import pytest
from hypothesis import given

from schoolauth import (
    Argon2Hasher,
    Overloaded,
    PasswordChangeRequired,
    StoredPassword,
    TokenRefused,
)
from schoolauth.model.events import LoginFailed
from schoolauth.ports import Store
from schoolauth.rules.sign_in import read_typed_name
from tests.service.doubles import Recorder
from tests.service.world import HASHER, PASSWORD, World, failures, make_world, refused
from tests.strategies import any_text


def test_a_sign_in_goes_through_every_room_of_every_store(stored_world: World) -> None:
    """A person signs in by username and by e-mail in any case, and the session finds them again."""
    world = stored_world
    teacher = world.teacher(email="jess@hill.example.org")
    for name in (
        "wg204nx_james",
        "WG204NX_James",
        "jess@hill.example.org",
        "JESS@Hill.example.ORG",
    ):
        login = world.auth.log_in(name, PASSWORD)
        assert (login.user.id, login.how) == (teacher.id, "password")
        assert world.auth.resume(login.session).id == teacher.id
    assert world.kinds(teacher)[:4] == ["login_succeeded"] * 4


@pytest.mark.parametrize(
    ("name", "password", "hints"),
    [
        ("wg204nx_james ", PASSWORD, ("space_at_end_of_username",)),
        (" wg204nx_james", PASSWORD, ("space_at_start_of_username",)),
        ("wg204nx_james\u200b", PASSWORD, ("space_at_end_of_username",)),
        ("wg204nx_james", PASSWORD + " ", ("space_at_end_of_password",)),
        ("wg204nx_james", "\u00a0" + PASSWORD, ("space_at_start_of_password",)),
        (
            "wg204nx_james ",
            PASSWORD + "\t",
            ("space_at_end_of_username", "space_at_end_of_password"),
        ),
        ("nobody at all ", "x ", ("space_at_end_of_username", "space_at_end_of_password")),
        ("wg204nx_james", "wrong", ()),
    ],
)
def test_a_typed_space_is_refused_and_told(
    world: World, name: str, password: str, hints: tuple[str, ...]
) -> None:
    """A space at an end fails the sign-in and says so, whether the account exists or not (FAQ)."""
    world.teacher()
    error = refused(world, name, password)
    assert error.hints == hints
    assert ("There is a space" in error.message) == bool(hints)


@given(any_text)
def test_spaces_around_any_text_are_counted_as_the_same(text: str) -> None:
    """What is no name at all is counted under the same text with spaces around it too."""
    assert read_typed_name(f" {text}\u200b").text == read_typed_name(text).text


def test_a_space_around_the_name_is_recorded_on_the_account_it_denotes(world: World) -> None:
    """The desk sees that a name was typed with a space, though the answer is as ever."""
    teacher = world.teacher()
    refused(world, "wg204nx_james ")
    event = world.desk.history(teacher.id).items[0]
    assert isinstance(event, LoginFailed)
    assert (event.reason, event.name_digest) == ("space_around_name", None)


@pytest.mark.parametrize("bad", [None, 7, b"wg204nx_james", ["x"]])
def test_wrong_types_are_refused_before_any_work(world: World, bad: Any) -> None:
    """A name, password, source or session that is no text is a TypeError, and leaves no trace."""
    before = len(world.kinds())
    for call in (
        lambda: world.auth.log_in(bad, PASSWORD),
        lambda: world.auth.log_in("x", bad),
        lambda: world.auth.log_in("x", PASSWORD, source=cast("str", bad or object())),
        lambda: world.auth.resume(bad),
        lambda: world.auth.end_sessions(bad),
    ):
        with pytest.raises(TypeError):
            call()
    assert len(world.kinds()) == before


def test_an_admin_set_password_must_be_changed_first(world: World) -> None:
    """A temporary password lets nobody in: its token chooses the owner's own, once."""
    teacher = world.teacher(None)
    world.desk.set_password(teacher.id, "Temporary1")
    with pytest.raises(PasswordChangeRequired) as caught:
        world.log_in(teacher, "Temporary1")
    token = caught.value.password_token
    assert token not in repr(caught.value) + str(caught.value.args) + str(
        pickle.dumps(caught.value)
    )
    login = world.auth.reset_password(token, "MyOwnWord9")
    assert (login.how, login.user.must_change_password) == ("password", False)
    assert world.log_in(teacher, "MyOwnWord9").user.id == teacher.id
    with pytest.raises(TokenRefused):
        world.auth.reset_password(token, "Another99x")


def test_a_temporary_password_lasts_a_week(world: World) -> None:
    """After 7 days a password that an admin set is refused like any wrong one."""
    teacher = world.teacher(None)
    world.desk.set_password(teacher.id, "Temporary1")
    world.clock.advance(days=6, hours=23)
    with pytest.raises(PasswordChangeRequired):
        world.log_in(teacher, "Temporary1")
    world.clock.advance(hours=2)
    refused(world, "wg204nx_james", "Temporary1")
    assert failures(world)[0].reason == "temporary_password_expired"


def test_last_login_is_kept_to_the_day(world: World) -> None:
    """Only the first sign-in of a UTC day writes the account; each writes an event."""
    teacher = world.teacher()
    first = world.log_in(teacher).user
    second = world.log_in(teacher).user
    assert first.last_login_at == world.clock.now().replace(hour=0)
    assert second.version == first.version == world.desk.get_user(teacher.id).version
    world.clock.advance(days=1)
    third = world.log_in(teacher).user
    assert third.version == first.version + 1
    assert world.kinds(teacher).count("login_succeeded") == 3


def test_a_rehash_changes_nothing_but_the_hash() -> None:
    """A sign-in with old parameters hashes again; sessions, links and epoch stand (peer D14)."""
    world = make_world()
    teacher = world.teacher(email="jess@hill.example.org")
    session = world.log_in(teacher).session
    world.auth.request_password_reset("jess@hill.example.org")
    before = world.desk.get_user(teacher.id)
    newer = make_auth_beside(world, Argon2Hasher(time_cost=2, memory_cost=8, parallelism=1))
    newer.auth.log_in("wg204nx_james", PASSWORD)
    after = world.desk.get_user(teacher.id)
    assert after.password != before.password
    assert after.epoch == before.epoch
    assert world.kinds(teacher)[:2] == ["login_succeeded", "password_rehashed"]
    assert world.auth.resume(session).id == teacher.id
    assert world.auth.check_password_token(world.token("password_reset"))
    assert not newer.auth.hasher.needs_rehash(after.password or StoredPassword(""))


def make_auth_beside(world: World, hasher: Argon2Hasher) -> World:
    """Return a second instance on the same store, as a newer release would be."""
    from dataclasses import replace

    from schoolauth import SchoolAuth
    from tests.service.world import KEY

    return replace(
        world, auth=SchoolAuth(Store(world.users), secret_key=KEY, hasher=hasher, clock=world.clock)
    )


def test_too_busy_to_rehash_is_no_reason_to_refuse() -> None:
    """The sign-in stands when the queue is full for the second hash."""

    class Busy(Recorder):
        full = False

        def hash(self, password: str) -> StoredPassword:
            if self.full:
                raise Overloaded(5)
            return super().hash(password)

        def needs_rehash(self, stored: StoredPassword) -> bool:
            return self.full

    hasher = Busy()
    world = make_world(hasher=hasher)
    teacher = world.teacher()
    world.log_in(teacher)
    hasher.full = True
    assert world.log_in(teacher).user.id == teacher.id


def test_password_below_policy_is_told_but_lets_in(world: World) -> None:
    """A policy that was raised locks nobody out; the login says that the password is below it."""
    from schoolauth import PasswordPolicy

    teacher = world.teacher()
    assert not world.log_in(teacher).password_below_policy
    strict = make_auth_beside(world, HASHER)
    strict.auth._core.__dict__["policy"] = PasswordPolicy.nist()
    assert strict.auth.log_in("wg204nx_james", PASSWORD).password_below_policy
