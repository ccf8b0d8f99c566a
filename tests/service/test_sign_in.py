"""Signing in, staying signed in, and ending it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth import (
    Argon2Hasher,
    Lifetimes,
    LoginRefused,
    Overloaded,
    PasswordChangeRequired,
    SessionEnded,
    StaleUser,
    Status,
    StorageUnavailable,
    StoredPassword,
    Throttled,
    TokenRefused,
    User,
    UserNotFound,
)
from schoolauth.model.change import Change
from schoolauth.model.events import LoginFailed
from schoolauth.ports import UserRepository
from tests.service.world import HASHER, PASSWORD, World, make_world


def refused(world: World, name: str, password: str = PASSWORD, **more: Any) -> LoginRefused:
    with pytest.raises(LoginRefused) as caught:
        world.auth.log_in(name, password, **more)
    return caught.value


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


def test_a_space_around_the_name_is_recorded_on_the_account_it_denotes(world: World) -> None:
    """The desk sees that a name was typed with a space, though the answer is as ever."""
    teacher = world.teacher()
    refused(world, "wg204nx_james ")
    event = world.desk.history(teacher.id).items[0]
    assert isinstance(event, LoginFailed)
    assert (event.reason, event.name_digest) == ("space_around_name", None)


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
    reasons = [event.reason for event in _failed(world)]
    assert reasons == ["inactive", "invited", "wrong_password"]


def _failed(world: World) -> list[LoginFailed]:
    page = world.desk.history(kinds=["login_failed"])
    return [event for event in page.items if isinstance(event, LoginFailed)]


class Recorder:
    """A hasher that counts what it is asked, around a real one."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def hash(self, password: str) -> StoredPassword:
        self.calls.append("hash")
        return HASHER.hash(password)

    def verify(self, password: str, stored: StoredPassword) -> bool:
        matches = HASHER.verify(password, stored)
        self.calls.append("verify " + stored.reveal().rsplit("$", 2)[0])
        return matches

    def needs_rehash(self, stored: StoredPassword) -> bool:
        return HASHER.needs_rehash(stored)


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
    assert _failed(world)[0].reason == "temporary_password_expired"


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
        world, auth=SchoolAuth(world.users, secret_key=KEY, hasher=hasher, clock=world.clock)
    )


def test_too_busy_to_rehash_is_no_reason_to_refuse() -> None:
    """The sign-in stands when the second hash finds no place."""

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


def test_a_session_ends_with_everything_that_ends_it(world: World) -> None:
    """A new password, address, role, school or status, or the word of its owner, ends sessions."""
    from schoolauth import Role, School

    teacher = world.teacher(email="jess@hill.example.org")
    world.auth.support(by="test").add_school(School("other", "Other School"))
    steps: list[Callable[[], object]] = [
        lambda: world.desk.set_password(teacher.id, PASSWORD, must_change=False),
        lambda: world.desk.set_email(teacher.id, "j2@hill.example.org"),
        lambda: world.desk.release_email(teacher.id),
        lambda: world.desk.edit_user(teacher.id, role=Role.SLT),
        lambda: world.auth.end_sessions(teacher.id),
        lambda: world.auth.end_sessions(str(teacher.id)),
        lambda: world.desk.deactivate(teacher.id),
        lambda: world.desk.reactivate(teacher.id),
        lambda: world.auth.support(by="test").move_user(teacher.id, "other"),
    ]
    for step in steps:
        session = None
        if world.desk.get_user(teacher.id).status is Status.ACTIVE:
            session = world.auth.log_in(
                str(world.desk.get_user(teacher.id).username), PASSWORD
            ).session
            assert world.auth.resume(session).id == teacher.id
        step()
        if session is not None:
            with pytest.raises(SessionEnded):
                world.auth.resume(session)


def test_a_session_lasts_twelve_hours_and_not_longer(world: World) -> None:
    """Its end is absolute, to the millisecond."""
    session = world.log_in(world.teacher()).session
    world.clock.advance(hours=12, milliseconds=-1)
    world.auth.resume(session)
    world.clock.advance(milliseconds=1)
    with pytest.raises(SessionEnded):
        world.auth.resume(session)


def test_a_host_chooses_how_long_sessions_last() -> None:
    """`Lifetimes` decides."""
    world = make_world(lifetimes=Lifetimes(session=timedelta(minutes=5)))
    session = world.log_in(world.teacher()).session
    world.clock.advance(minutes=5)
    with pytest.raises(SessionEnded):
        world.auth.resume(session)


@pytest.mark.parametrize("text", ["", " ", "x", "é", "\ud800", "a.b.c", "x" * 10_000])
def test_rubbish_is_no_session(world: World, text: str) -> None:
    """Text that we did not sign ends in SessionEnded."""
    with pytest.raises(SessionEnded):
        world.auth.resume(text)


def test_a_link_is_no_session_and_a_session_is_no_link(world: World) -> None:
    """Tokens of one purpose are refused for every other."""
    teacher = world.teacher(email="jess@hill.example.org")
    session = world.log_in(teacher).session
    world.auth.request_password_reset("jess@hill.example.org")
    with pytest.raises(SessionEnded):
        world.auth.resume(world.token("password_reset"))
    with pytest.raises(TokenRefused):
        world.auth.check_password_token(session)


def test_the_login_shows_no_session(world: World) -> None:
    """The session string is not in the login's repr."""
    login = world.log_in(world.teacher())
    assert login.session not in repr(login)


def test_end_sessions_of_nobody(world: World) -> None:
    """An unknown or erased account is UserNotFound."""
    gone = world.teacher()
    world.desk.erase(gone.id)
    for user_id in ("nobody", gone.id, "no id!"):
        with pytest.raises(UserNotFound):
            world.auth.end_sessions(user_id)


class Failing:
    """A repository whose *call* raises *error* from a given moment on."""

    def __init__(self, users: UserRepository, call: str, error: Exception) -> None:
        self._users = users
        self._call = call
        self._error = error
        self.down = False

    def __getattr__(self, name: str) -> Any:
        if self.down and name == self._call:

            def fail(*_: Any) -> Any:
                raise self._error

            return fail
        return getattr(self._users, name)


@pytest.mark.parametrize("call", ["find", "save"])
@pytest.mark.parametrize("password", [PASSWORD, "Wrong1234"])
def test_a_store_that_fails_signs_nobody_in(call: str, password: str) -> None:
    """StorageUnavailable reaches the caller, nobody is signed in, and places are given back."""
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
