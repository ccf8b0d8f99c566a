"""Crowds at the door, with every throttle: never more verifications than the limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import create_engine

from schoolauth import LoginRefused, StorageUnavailable, StoredPassword, Throttled
from schoolauth.ports import Outcome, Reservation, Throttle
from schoolauth.storage.sql import SqlSchoolDirectory, SqlStore, SqlThrottle, SqlUserRepository
from schoolauth.testing import FrozenClock
from schoolauth.throttle import MemoryThrottle
from tests.databases import SQL_STORES, Databases
from tests.service.doubles import Recorder
from tests.service.world import PASSWORD, World, make_world
from tests.throttles import THROTTLES, Throttles

NAME = "wg204nx_james"


@pytest.fixture(params=THROTTLES)
def throttle(request: pytest.FixtureRequest, throttles: Throttles) -> Throttle:
    """Each throttle in turn."""
    return throttles.make(request.param)


def crowd(size: int, call: Callable[[int], str], *, calls: int) -> list[str]:
    """Return what *calls* calls say, the first *size* of them made at once."""
    start = threading.Barrier(size)

    def come(number: int) -> str:
        if number < size:
            start.wait(60)
        return call(number)

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(come, range(calls)))


def test_two_hundred_guesses_at_once_are_ten_verifications(throttle: Throttle) -> None:
    """Places are held before the verification, so no crowd slips past the limit."""
    hasher = Recorder()
    world = make_world(hasher=hasher, throttle=throttle)
    world.teacher(email="jess@hill.example.org")
    hasher.calls.clear()

    def guess(number: int) -> str:
        try:
            world.auth.log_in(NAME, f"Wrong{number}", source="192.0.2.7")
        except LoginRefused:
            return "refused"
        except Throttled:
            return "throttled"
        return "in"

    answers = crowd(40, guess, calls=200)
    assert (answers.count("refused"), answers.count("throttled")) == (10, 190)
    assert sum(call.startswith("verify") for call in hasher.calls) == 10


def test_fifty_people_of_one_shared_account_all_get_in(throttle: Throttle) -> None:
    """Right passwords that come at once wait for one another, and all succeed."""
    world = make_world(throttle=throttle)
    world.teacher()
    assert crowd(50, lambda _: world.auth.log_in(NAME, PASSWORD).how, calls=50) == ["password"] * 50


def test_the_alias_shares_the_count_and_does_not_tell(throttle: Throttle) -> None:
    """Ten failures by username leave none by e-mail, where it looks like a wrong password."""
    world = make_world(throttle=throttle)
    world.teacher(email="jess@hill.example.org")
    for number in range(10):
        with pytest.raises(LoginRefused):
            world.auth.log_in(NAME, f"Wrong{number}")
    with pytest.raises(Throttled) as told:
        world.auth.log_in(NAME, PASSWORD)
    assert told.value.retry_after == 300
    with pytest.raises(LoginRefused):
        world.auth.log_in("jess@hill.example.org", PASSWORD)
    world.clock.advance(seconds=300)
    assert world.auth.log_in("jess@hill.example.org", PASSWORD)


def test_whoever_resets_by_mail_gets_in_during_the_flood(throttle: Throttle) -> None:
    """The fresh session lets the owner in, and the counts are cleared."""
    world = make_world(throttle=throttle)
    teacher = world.teacher(email="jess@hill.example.org")
    for number in range(12):
        with pytest.raises((LoginRefused, Throttled)):
            world.auth.log_in(NAME, f"Wrong{number}")
    world.auth.request_password_reset("jess@hill.example.org")
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert world.auth.resume(login.session).id == teacher.id
    assert world.auth.log_in(NAME, "Blackboard8")


# --- A throttle that does not answer ---------------------------------------------------------


class Down(MemoryThrottle):
    """A throttle whose *call* fails, as that of a store that does not answer."""

    def __init__(self) -> None:
        super().__init__(wait=0)
        self.call = ""

    def reserve(self, buckets: Any, now: datetime) -> Reservation:
        self._answer("reserve")
        return super().reserve(buckets, now)

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        self._answer("settle")
        super().settle(reservation, outcome, now)

    def clear(self, key: str) -> None:
        self._answer("clear")
        super().clear(key)

    def _answer(self, call: str) -> None:
        if call == self.call:
            raise StorageUnavailable


def down_world() -> tuple[World, Down, Recorder]:
    down, hasher = Down(), Recorder()
    world = make_world(throttle=down, hasher=hasher)
    world.teacher()
    hasher.calls.clear()
    return world, down, hasher


@pytest.mark.parametrize("password", [PASSWORD, "Wrong1234"])
def test_what_cannot_be_counted_is_not_tried(password: str) -> None:
    """A throttle that does not answer lets no password be verified, right or wrong."""
    world, down, hasher = down_world()
    down.call = "reserve"
    for _ in range(20):
        with pytest.raises(StorageUnavailable):
            world.auth.log_in(NAME, password)
    assert hasher.calls == []


def test_what_cannot_be_settled_counts_as_failed() -> None:
    """Where the word about a wrong password is lost, its places are not given back."""
    world, down, hasher = down_world()
    down.call = "settle"
    for _ in range(20):
        with pytest.raises((StorageUnavailable, Throttled)):
            world.auth.log_in(NAME, "Wrong1234")
    assert sum(call.startswith("verify") for call in hasher.calls) == 10
    down.call = ""
    world.clock.advance(seconds=30)
    with pytest.raises(Throttled) as told:
        world.auth.log_in(NAME, PASSWORD)
    assert told.value.retry_after == 270


def test_a_right_password_that_cannot_be_settled_lets_nobody_in() -> None:
    """The sign-in fails with the throttle, and the next one succeeds with it."""
    world, down, _ = down_world()
    down.call = "settle"
    with pytest.raises(StorageUnavailable):
        world.auth.log_in(NAME, PASSWORD)
    down.call = ""
    assert world.auth.log_in(NAME, PASSWORD)


def test_a_password_that_was_chosen_stands_though_its_places_cannot_be_given_back() -> None:
    """The link has been used: the call succeeds, and the owner is told by mail."""
    world, down, _ = down_world()
    teacher = world.teacher(email="jess@hill.example.org")
    world.auth.request_password_reset("jess@hill.example.org")
    token = world.token("password_reset")
    down.call = "settle"
    login = world.auth.reset_password(token, "Blackboard8", source="192.0.2.1")
    assert world.auth.resume(login.session).id == teacher.id
    assert world.mail("password_changed").to == teacher.email


def test_a_new_password_stands_though_its_counts_cannot_be_cleared() -> None:
    """What is written already does not fail by the throttle: its mail goes, its session is good."""
    world, down, _ = down_world()
    teacher = world.teacher(given_name="Ann", email="ann@hill.example.org")
    down.call = "clear"
    world.auth.request_password_reset("ann@hill.example.org")
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert world.auth.resume(login.session).id == teacher.id
    assert world.mail("password_changed").to == teacher.email
    world.outbox.clear()
    world.desk.set_password(teacher.id, "Whiteboard9", must_change=False)
    assert world.mail("password_changed").to == teacher.email


def test_an_unlock_that_clears_nothing_says_so() -> None:
    """It was asked for nothing else."""
    world, down, _ = down_world()
    teacher = world.teacher(given_name="Ann")
    down.call = "clear"
    with pytest.raises(StorageUnavailable):
        world.desk.unlock(teacher.id)


@pytest.mark.parametrize("store", SQL_STORES)
def test_a_desk_in_the_hosts_transaction(store: str, databases: Databases) -> None:
    """On SQLite, where one connection may write, the counts stay, and the password is set."""
    engine = databases.backend(store).engine
    assert engine is not None
    impatient = {"timeout": 0.01} if store == "sqlite" else {}
    own = create_engine(engine.url, connect_args=impatient)
    throttle = SqlThrottle(own)
    users, schools = SqlUserRepository(engine), SqlSchoolDirectory(engine)
    world = make_world(users, schools, throttle=throttle)
    teacher = world.teacher()
    for number in range(10):
        with pytest.raises(LoginRefused):
            world.auth.log_in(NAME, f"Wrong{number}")
    with engine.connect() as host:
        joined = world.auth.within(SqlStore(host), mailer=None)
        desk = joined.manage(by=world.admin.id)
        desk.set_password(teacher.id, "Blackboard8", must_change=False)
        host.commit()
    if store == "sqlite":
        world.clock.advance(seconds=300)
    assert world.auth.log_in(NAME, "Blackboard8")
    own.dispose()


class FailingClock(FrozenClock):
    """A clock that fails when it is asked the *nth* time after a verification."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self.nth = nth
        self.asked: int | None = None

    def now(self) -> datetime:
        if self.asked is not None:
            self.asked += 1
            if self.asked == self.nth:
                raise TimeoutError
        return super().now()


class Starting(Recorder):
    """A hasher that tells *clock* of its verifications."""

    clock: FailingClock

    def verify(self, password: str, stored: StoredPassword) -> bool:
        self.clock.asked = 0
        return super().verify(password, stored)


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_wrong_password_counts_whatever_fails_afterwards(nth: int) -> None:
    """A clock that fails between the verification and the record gives no guess for free."""
    clock, hasher = FailingClock(nth), Starting()
    hasher.clock = clock
    world = make_world(clock=clock, hasher=hasher, throttle=MemoryThrottle(wait=0))
    world.teacher()
    for _ in range(10):
        with pytest.raises((LoginRefused, TimeoutError)):
            world.auth.log_in(NAME, "Wrong1234")
        clock.asked = None
    clock.advance(seconds=30)
    with pytest.raises(Throttled):
        world.auth.log_in(NAME, PASSWORD)
