"""What a flood meets, what its victim does meanwhile, and what an admin's word is worth."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from schoolauth import (
    AuditEvent,
    HistoryQuery,
    LoginRefused,
    PasswordChangeRequired,
    SchoolAuth,
    StoredPassword,
    Throttled,
    User,
)
from schoolauth.model.events import LoginFailed
from schoolauth.storage.memory import MemoryStore
from tests.service.doubles import Recorder, RecordingThrottle
from tests.service.world import HASHER, KEY, PASSWORD, World, failures, make_world, refused

NAME, EMAIL = "wg204nx_james", "jess@hill.example.org"
SOURCE = "192.0.2.7"
AT_ONCE = 8
"""So many tries pass at once under one name, and at one account."""


def flood(world: World, name: str, tries: int = AT_ONCE, **more: str) -> None:
    for _ in range(tries):
        refused(world, name, "Wrong1234", **more)


def throttled(world: World, name: str, password: str = PASSWORD, **more: str) -> int:
    """Try to sign in, and return how long the refusal says to wait."""
    with pytest.raises(Throttled) as caught:
        world.auth.log_in(name, password, **more)
    return caught.value.retry_after


def flood_source(world: World, source: str = SOURCE) -> None:
    """Fail as often as one source may at once, under names of nobody."""
    for number in range(50):
        flood(world, f"nobody{number}", 1, source=source)


def busiest(times: list[datetime], **window: float) -> int:
    """Return how many of *times* lie within some window, its end included."""
    length = timedelta(**window)
    return max(sum(start <= time <= start + length for time in times) for start in times)


def everything(world: World) -> list[AuditEvent]:
    return list(world.auth._core.events(HistoryQuery(limit=500)))


@pytest.fixture
def teacher(world: World) -> User:
    return world.teacher(email=EMAIL)


# --- Names, accounts and sources -------------------------------------------------------------


@pytest.mark.parametrize("name", [NAME, "wg204nx_nobody", "nobody@nowhere.example.org"])
def test_ten_tries_in_any_five_minutes_by_one_name(world: World, teacher: User, name: str) -> None:
    """Whoever tries again as soon as they may has ten tries, known or not, and waits no longer."""
    passed = []
    for _ in range(20):
        passed.append(world.clock.now())
        refused(world, name, "Wrong1234")
        if len(passed) >= AT_ONCE:
            world.clock.advance(seconds=throttled(world, name))
    assert busiest(passed, minutes=5) == 10


def test_an_account_has_ten_tries_in_five_minutes_and_a_hundred_a_day(
    world: World, teacher: User
) -> None:
    """By its username and its address together; all other tries are verified against nothing."""
    flood(world, NAME)
    flood(world, EMAIL)
    world.clock.advance(seconds=75)
    for number in range(1500):
        world.clock.advance(seconds=75)
        refused(world, (NAME, EMAIL)[number % 2], "Wrong1234")
    failed = [event for event in everything(world) if isinstance(event, LoginFailed)]
    times = [event.at for event in failed if event.reason == "wrong_password"]
    assert len(failed) == 1500 + 2 * AT_ONCE
    assert (busiest(times, minutes=5), busiest(times, days=1)) == (10, 100)


def test_a_full_account_refuses_the_right_password_like_a_wrong_one(
    world: World, teacher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as `Throttled`: that would tell that username and address belong together."""
    flood(world, NAME)
    stored = world.desk.get_user(teacher.id).password
    seen: list[StoredPassword] = []
    verify = HASHER.verify

    def watched(password: str, against: StoredPassword) -> bool:
        seen.append(against)
        return verify(password, against)

    monkeypatch.setattr(HASHER, "verify", watched)
    for _ in range(AT_ONCE):
        assert refused(world, EMAIL).details() == {"hints": []}
    assert len(seen) == AT_ONCE
    assert stored not in seen  # one verification each, against the decoy
    assert {event.reason for event in failures(world)[:AT_ONCE]} == {"throttled"}
    assert throttled(world, EMAIL) == 150  # the name stays taken
    world.clock.advance(seconds=150)
    assert world.auth.log_in(EMAIL, PASSWORD).user.id == teacher.id


def test_a_refused_try_takes_nothing(world: World, teacher: User) -> None:
    """A flood that goes on against a full name does not make its owner wait longer."""
    flood(world, NAME)
    for _ in range(50):
        assert throttled(world, NAME) == 150
    world.clock.advance(seconds=149)
    assert throttled(world, NAME) == 1
    world.clock.advance(seconds=1)
    assert world.auth.log_in(NAME, PASSWORD)


def test_successes_take_nothing_and_clear_nothing(world: World, teacher: User) -> None:
    """Thirty sign-ins in a row are no tries; seven failures before one are seven after it."""
    flood(world, NAME, 7)
    for _ in range(30):
        world.auth.log_in(NAME, PASSWORD, source=SOURCE)
    flood(world, NAME, 1)
    assert throttled(world, NAME) == 150


def test_a_password_that_must_be_changed_takes_nothing(world: World, teacher: User) -> None:
    """It was right."""
    world.desk.set_password(teacher.id, "Temporary1")
    for _ in range(20):
        with pytest.raises(PasswordChangeRequired):
            world.auth.log_in(NAME, "Temporary1")


@pytest.mark.parametrize(
    ("source", "same", "other"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"),
        ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"),
        ("room 7", "room 7", "room 8"),
    ],
)
def test_a_source_fails_fifty_times_at_once(
    world: World, teacher: User, source: str, same: str, other: str
) -> None:
    """Whatever it signs in to meanwhile; an IPv4 address, a /64 of IPv6 or the host's own word."""
    flood_source(world, source)
    assert throttled(world, NAME, source=same) == 6
    assert world.auth.log_in(NAME, PASSWORD, source=other)
    assert world.auth.log_in(NAME, PASSWORD)
    world.clock.advance(seconds=6)
    assert world.auth.log_in(NAME, PASSWORD, source=same)


def test_right_passwords_of_a_whole_school_are_no_failures_of_its_source(
    world: World, teacher: User
) -> None:
    """Two hundred colleagues share one address."""
    for _ in range(200):
        assert world.auth.log_in(NAME, PASSWORD, source=SOURCE)
        world.clock.advance(seconds=1)


@pytest.mark.parametrize("name", [NAME, "nobody"])
def test_a_try_from_a_source_that_is_full_takes_nothing_of_the_name(
    world: World, teacher: User, name: str
) -> None:
    """A school's pupils cannot keep a teacher out who comes from elsewhere."""
    flood_source(world)
    for _ in range(30):
        throttled(world, name, source=SOURCE)
    flood(world, name, AT_ONCE, source="192.0.2.8")


def test_spellings_of_one_name_share_one_count(world: World, teacher: User) -> None:
    """Case, width and spaces around it make no second chance."""
    for name in (NAME, NAME.upper(), f" {NAME}", f"{NAME}\u200b"):
        flood(world, name, 2)
    for name in (NAME, "ｗg204nx_james"):
        assert throttled(world, name) == 150


def test_a_flood_looks_the_same_on_a_known_and_an_unknown_name() -> None:
    """The same faces, waits, verifications and counts, from the first try to the last."""

    def story(name: str) -> list[object]:
        throttle, hasher = RecordingThrottle(), Recorder()
        world = make_world(throttle=throttle, hasher=hasher)
        world.teacher()
        told: list[object] = []
        for number in range(120):
            hasher.calls.clear()
            throttle.heard()
            with pytest.raises((LoginRefused, Throttled)) as caught:
                world.auth.log_in(name, f"Wrong{number}", source=SOURCE)
            error = caught.value
            told.append((error.code, error.message, error.details(), list(hasher.calls)))
            told.append(
                [
                    (
                        call.replace("count", "take"),
                        [(one.key.split(":")[0], one.limits, one.invented) for one in buckets],
                    )
                    for call, buckets in throttle.heard()
                ]
            )
            told.append([event.kind for event in everything(world)])
            world.clock.advance(seconds=10)
        return told

    assert story(NAME) == story("wg204nx_nobody")


def test_the_throttle_never_touches_the_account(world: World, teacher: User) -> None:
    """A flood moves neither epoch nor version: sessions and links go on."""
    session = world.log_in(teacher).session
    before = world.desk.get_user(teacher.id)
    world.auth.request_password_reset(NAME)
    flood(world, NAME)
    throttled(world, NAME)
    world.desk.unlock(teacher.id)
    flood(world, EMAIL)
    assert world.desk.get_user(teacher.id) == before
    assert world.auth.resume(session) == before
    assert world.auth.check_password_token(world.token("password_reset"))


# --- What the history says -------------------------------------------------------------------


def test_a_full_name_is_recorded_once_in_five_minutes_by_each_process() -> None:
    """A flood does not fill the history, and what it says has no name in it."""
    store = MemoryStore()
    world = make_world(store.users, store.schools, throttle=store.throttle)
    world.teacher()

    def recorded() -> int:
        return [event.kind for event in everything(world)].count("login_throttled")

    flood(world, NAME)
    for _ in range(50):
        throttled(world, NAME)
    assert recorded() == 1
    flood(world, "nobody")
    throttled(world, "nobody")
    assert recorded() == 2
    world.clock.advance(seconds=299)
    flood(world, NAME, 1)
    throttled(world, NAME)
    assert recorded() == 2
    world.clock.advance(seconds=1)
    flood(world, NAME, 1)
    throttled(world, NAME)
    assert recorded() == 3
    world.auth = SchoolAuth(store, secret_key=KEY, hasher=HASHER, clock=world.clock)
    throttled(world, NAME)
    assert recorded() == 4
    assert NAME not in str([event.to_record() for event in everything(world)])


def test_a_full_source_is_recorded_once_in_five_minutes(world: World) -> None:
    """Whichever names it tries, and without its address."""
    flood_source(world)
    for number in range(60):
        throttled(world, f"somebody{number}", source=SOURCE)
    told = [event for event in everything(world) if event.kind == "login_throttled"]
    assert len(told) == 1
    assert SOURCE not in str(told[0].to_record())


# --- An admin's word -------------------------------------------------------------------------


def test_unlock_and_a_set_password_clear_the_counts(world: World, teacher: User) -> None:
    """Of the account, of its username and of its address, also under other spellings."""
    for name in (NAME, EMAIL):
        flood(world, NAME)
        flood(world, EMAIL)
        world.desk.unlock(teacher.id)
        assert world.auth.log_in(name, PASSWORD)
    assert "account_unlocked" in world.kinds(teacher)
    flood(world, NAME)
    world.desk.set_password(teacher.id, "Blackboard8", must_change=False)
    assert world.auth.log_in(NAME, "Blackboard8")


def test_unlock_does_not_clear_the_source(world: World, teacher: User) -> None:
    """Others come from there, too."""
    flood_source(world)
    world.desk.unlock(teacher.id)
    assert throttled(world, NAME, source=SOURCE) == 6
