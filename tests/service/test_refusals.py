"""A refused sign-in: one face, one piece of work, and nobody in when something fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth import (
    StaleUser,
    StorageUnavailable,
    StoredPassword,
    Throttled,
    User,
)
from schoolauth.model.change import Change
from schoolauth.model.events import LoginFailed
from tests.service.doubles import Failing, Recorder
from tests.service.world import PASSWORD, World, failures, make_world, refused


def test_every_refusal_looks_the_same(world: World) -> None:
    """Unknown, wrong, inactive and invited cannot be told apart from outside."""
    world.teacher()
    world.teacher(None, family_name="Invited")
    gone = world.teacher(family_name="Gone")
    world.desk.deactivate(gone.id)
    faces = {
        (type(error), str(error), error.args, str(error.details()))
        for error in (
            refused(world, "wg204nx_nobody"),
            refused(world, "wg204nx_james", "Wrong1234"),
            refused(world, "wg204nx_invited"),
            refused(world, "wg204nx_gone"),
            refused(world, "\x00"),
        )
    }
    assert len(faces) == 1
    reasons = [event.reason for event in failures(world)]
    assert reasons == ["inactive", "invited", "wrong_password"]


HOSTILE = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 5000,
    "\u202egpj",
    "\u200b",
    "名" * 70,
    "@",
    "a@",
]


def test_every_try_costs_one_verification_with_the_same_parameters() -> None:
    """Unknown, wrong, inactive, invited, corrupt and hostile: all do the same work."""
    hasher = Recorder()
    world = make_world(hasher=hasher)
    world.teacher()
    world.teacher(None, family_name="Invited")
    world.desk.deactivate(world.teacher(family_name="Gone").id)
    broken = world.teacher(family_name="Broken")
    world.users.save(
        Change(
            [_with_password(world.desk.get_user(broken.id), "$argon2id$rubbish")], [_event(world)]
        )
    )
    refused(world, "wg204nx_nobody")
    expected = hasher.calls[-1]
    tries = [(f"wg204nx_{who}", PASSWORD) for who in ("nobody", "invited", "gone", "broken")]
    tries += [("wg204nx_james", "Wrong1234"), ("wg204nx_james ", PASSWORD)]
    tries += [(name, PASSWORD) for name in HOSTILE]
    tries += [("wg204nx_james", password) for password in [*HOSTILE, "x" * 1_000_000]]
    for number, (name, password) in enumerate(tries):
        hasher.calls.clear()
        world.clock.advance(minutes=6 * number)
        refused(world, name, password)
        assert hasher.calls == [expected], (name, password)


def _with_password(user: User, text: str) -> User:
    from dataclasses import replace

    return replace(user, password=StoredPassword(text))


def _event(world: World) -> LoginFailed:
    return LoginFailed(at=world.clock.now(), reason="unknown")


def test_an_unreadable_hash_is_an_event(world: World) -> None:
    """A hash outside the bounds lets nobody in and stands in the history."""
    user = world.teacher()
    huge = "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43
    fresh = world.desk.get_user(user.id)
    world.users.save(Change([_with_password(fresh, huge)], [_event(world)]))
    refused(world, "wg204nx_james")
    assert set(world.kinds(user)[:2]) == {"login_failed", "stored_password_unreadable"}


def test_hostile_text_is_a_refusal_and_nothing_else() -> None:
    """Whatever is typed, a sign-in is refused, never an unexpected error."""
    world = make_world()

    @given(st.text(max_size=80), st.text(max_size=80))
    def check(name: str, password: str) -> None:
        world.clock.advance(days=1)
        refused(world, name, password)

    check()


@pytest.mark.parametrize("call", ["find", "save"])
@pytest.mark.parametrize("password", [PASSWORD, "Wrong1234"])
def test_a_store_that_fails_signs_nobody_in(call: str, password: str) -> None:
    """StorageUnavailable reaches the caller, nobody is signed in, and slots are given back."""
    from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository

    inner = MemoryUserRepository()
    users = Failing(inner, call, StorageUnavailable())
    world = make_world(users, MemorySchoolDirectory(inner))
    world.teacher()
    users.down = True
    for _ in range(20):
        with pytest.raises((StorageUnavailable, Throttled)) as caught:
            world.auth.log_in("wg204nx_james", password)
    if call == "find" or password == PASSWORD:
        assert caught.type is StorageUnavailable
    users.down = False
    if password == PASSWORD:
        assert world.auth.log_in("wg204nx_james", PASSWORD)


def test_a_store_that_is_always_stale_gives_up(world: World) -> None:
    """A decision is made again a bounded number of times, and then the caller is told."""
    from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository

    inner = MemoryUserRepository()
    users = Failing(inner, "save", StaleUser())
    other = make_world(users, MemorySchoolDirectory(inner))
    teacher = other.teacher()
    users.down = True
    with pytest.raises(StaleUser):
        other.log_in(teacher)


def test_credentials_that_changed_during_the_sign_in_let_nobody_in() -> None:
    """A match is worth nothing if the password changes before the sign-in is recorded."""
    from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository

    inner = MemoryUserRepository()

    class Meddling:
        armed = False

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def save(self, change: Change) -> None:
            if self.armed:
                self.armed = False
                world.desk.set_password(teacher.id, "Different9", must_change=False)
            inner.save(change)

    users = Meddling()
    world = make_world(users, MemorySchoolDirectory(inner))
    teacher = world.teacher()
    users.armed = True
    refused(world, "wg204nx_james")
    world.auth.log_in("wg204nx_james", "Different9")
