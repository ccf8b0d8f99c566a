"""The lock of NIST SP 800-63B: so many failures in a row shut an account, if the host wants it."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth import LoginRefused, PasswordChangeRequired, SchoolAuth, Throttled
from schoolauth.storage.memory import MemoryStore
from tests.service.doubles import RecordingThrottle
from tests.service.world import KEY, PASSWORD, World, failures, make_world
from tests.throttles import SHARED, Throttles

EMAIL = "jess@hill.example.org"
NAME = "wg204nx_james"


def fail(world: World, count: int, name: str = NAME) -> None:
    """Fail *count* times, as slowly as the throttle wants it."""
    for _ in range(count):
        with pytest.raises(LoginRefused):
            world.auth.log_in(name, "Wrong1234")
        world.clock.advance(minutes=30)


@pytest.fixture
def world() -> World:
    return make_world(lock_after_failures=100)


def test_a_hundred_failures_in_a_row_shut_the_account(world: World) -> None:
    """Slow guessing meets the lock: weeks later the right password is refused like a wrong one."""
    world.teacher(email=EMAIL)
    fail(world, 100)
    world.clock.advance(days=60)
    for name in (NAME, EMAIL):
        with pytest.raises(LoginRefused) as caught:
            world.auth.log_in(name, PASSWORD)
        assert caught.value.details() == {"hints": []}
        assert failures(world)[0].reason == "throttled"


def test_it_is_off_by_default() -> None:
    """Without it, slow failures add up to nothing."""
    world = make_world()
    world.teacher(email=EMAIL)
    fail(world, 150)
    assert world.auth.log_in(NAME, PASSWORD)


def test_a_success_begins_the_row_again(world: World) -> None:
    """Ninety-nine failures, a success, and ninety-nine more leave the account open."""
    world.teacher()
    for _ in range(2):
        fail(world, 99)
        world.auth.log_in(NAME, PASSWORD)


def test_a_temporary_password_begins_the_row_again(world: World) -> None:
    """It is right, though nobody is signed in by it."""
    teacher = world.teacher()
    world.desk.set_password(teacher.id, "Temporary1")
    for _ in range(3):
        fail(world, 60)
        with pytest.raises(PasswordChangeRequired):
            world.auth.log_in(NAME, "Temporary1")


def test_a_mailed_reset_opens_it(world: World) -> None:
    """Its owner needs nobody: a link by mail signs in, and the row begins again."""
    teacher = world.teacher(email=EMAIL)
    fail(world, 100)
    world.auth.request_password_reset(EMAIL)
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert world.auth.resume(login.session).id == teacher.id
    assert world.auth.log_in(NAME, "Blackboard8")


def test_an_unlock_by_an_admin_opens_it(world: World) -> None:
    """The same password works again."""
    teacher = world.teacher()
    fail(world, 100)
    world.desk.unlock(teacher.id)
    assert world.auth.log_in(NAME, PASSWORD)


def test_an_unknown_name_is_refused_alike(world: World) -> None:
    """Whoever fails a hundred times under an invented name learns nothing by it."""
    world.teacher(email=EMAIL)
    for name in (EMAIL, "nobody@hill.example.org"):
        fail(world, 105, name)
    told = []
    for name in (EMAIL, "nobody@hill.example.org"):
        with pytest.raises(LoginRefused) as caught:
            world.auth.log_in(name, PASSWORD)
        told.append(caught.value.details())
    assert told[0] == told[1]


def test_invented_names_shut_nobody_out() -> None:
    """All that there are share 4,096 decoys, so their rows fill no store; no account has one."""
    throttle = RecordingThrottle()
    world = make_world(lock_after_failures=2, throttle=throttle)
    teacher = world.teacher()
    throttle.heard()
    for number in range(200):
        fail(world, 1, f"nobody{number}")
    kept = [bucket.key for _, used in throttle.heard() for bucket in used if not bucket.invented]
    decoys = [int(key.split(":decoy-")[1]) for key in kept]
    assert len(decoys) == 200 * 2
    assert max(decoys) < 4096
    assert world.log_in(teacher)


def test_it_is_no_reason_for_throttled(world: World) -> None:
    """The wait that is told is that of the name's own counts, never that of the lock."""
    world.teacher(email=EMAIL)
    fail(world, 100)
    for number in range(8):
        with pytest.raises(LoginRefused):
            world.auth.log_in(EMAIL, f"Wrong{number}")
    with pytest.raises(Throttled) as caught:
        world.auth.log_in(EMAIL, PASSWORD)
    assert caught.value.retry_after == 150


@pytest.mark.parametrize("kind", SHARED)
def test_the_lock_is_shared(kind: str, throttles: Throttles) -> None:
    """Every shared throttle keeps the row for as long."""
    world = make_world(lock_after_failures=12, throttle=throttles.make(kind))
    teacher = world.teacher()
    fail(world, 12)
    world.clock.advance(days=400)
    with pytest.raises(LoginRefused):
        world.auth.log_in(NAME, PASSWORD)
    world.desk.unlock(teacher.id)
    assert world.auth.log_in(NAME, PASSWORD)


@pytest.mark.parametrize(
    ("value", "error"), [(0, ValueError), (-1, ValueError), (True, TypeError), ("100", TypeError)]
)
def test_what_is_no_number_of_failures_is_told_at_the_start(
    value: Any, error: type[Exception]
) -> None:
    """Not at the first sign-in."""
    with pytest.raises(error, match=r"^lock_after_failures must be "):
        SchoolAuth(MemoryStore(), secret_key=KEY, lock_after_failures=value)
