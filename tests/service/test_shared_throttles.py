"""Crowds and floods with every throttle, and a throttle that does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from schoolauth import LoginRefused, Overloaded, StorageUnavailable, StoredPassword, Throttled
from schoolauth.errors import ContractBroken
from schoolauth.ports import Throttle
from schoolauth.storage.sql import SqlStore, create_tables
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing import FrozenClock
from tests.databases import SQL_STORES, Databases
from tests.service.doubles import Recorder, RecorderWithWorkers, RecordingThrottle
from tests.service.world import PASSWORD, World, failures, make_world, refused
from tests.throttles import THROTTLES, Throttles

NAME, EMAIL, SOURCE = "wg204nx_james", "jess@hill.example.org", "192.0.2.7"


@pytest.fixture(params=THROTTLES)
def throttle(request: pytest.FixtureRequest, throttles: Throttles) -> Throttle:
    """Each throttle in turn."""
    return throttles.make(request.param)


def crowd(size: int, call: Callable[[int], object], *, calls: int) -> list[str]:
    """Return what *calls* calls say, the first *size* of them made at once."""
    start = threading.Barrier(size)

    def come(number: int) -> str:
        if number < size:
            start.wait(60)
        try:
            call(number)
        except (LoginRefused, Throttled) as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(come, range(calls)))


def test_two_hundred_guesses_at_once_are_eight_verifications(throttle: Throttle) -> None:
    """Places are taken before the verification, so no crowd slips past the limit."""
    hasher = Recorder()
    world = make_world(hasher=hasher, throttle=throttle)
    world.teacher(email=EMAIL)
    hasher.calls.clear()
    told = crowd(
        40, lambda number: world.auth.log_in(NAME, f"Wrong{number}", source=SOURCE), calls=200
    )
    assert (told.count("login_refused"), told.count("throttled")) == (8, 192)
    assert hasher.verifications() == 8


def test_a_crowd_that_guesses_by_both_names_verifies_eight_against_the_account(
    throttle: Throttle,
) -> None:
    """The others by the second name are verified against nothing, and look the same."""
    world = make_world(throttle=throttle)
    world.teacher(email=EMAIL)
    told = crowd(
        20, lambda number: world.auth.log_in((NAME, EMAIL)[number % 2], "Wrong1234"), calls=60
    )
    assert (told.count("login_refused"), told.count("throttled")) == (16, 44)
    reasons = [event.reason for event in failures(world)]
    assert (reasons.count("wrong_password"), reasons.count("throttled")) == (8, 8)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_flooded_source_costs_its_limit_and_a_hash_for_each_worker(
    throttle: Throttle, workers: int
) -> None:
    """What waits in the queue asks again before it is hashed, and each failure counts at once."""
    hasher = RecorderWithWorkers(workers)
    world = make_world(hasher=hasher, throttle=throttle)
    hasher.calls.clear()
    told = crowd(
        40,
        lambda number: world.auth.log_in(f"nobody{number}", "Wrong1234", source=SOURCE),
        calls=160,
    )
    assert told.count("login_refused") == hasher.verifications()
    assert 50 <= hasher.verifications() <= 50 + workers
    hasher.workers.close()


def test_the_alias_shares_the_count_and_does_not_tell(throttle: Throttle) -> None:
    """Eight failures by username leave none by e-mail, where it looks like a wrong password."""
    world = make_world(throttle=throttle)
    world.teacher(email=EMAIL)
    for number in range(8):
        refused(world, NAME, f"Wrong{number}")
    with pytest.raises(Throttled) as told:
        world.auth.log_in(NAME, PASSWORD)
    assert told.value.retry_after == 150
    refused(world, EMAIL)
    world.clock.advance(seconds=150)
    assert world.auth.log_in(EMAIL, PASSWORD)


def test_who_resets_by_mail_gets_in_during_the_flood(throttle: Throttle) -> None:
    """The link signs its owner in, and the counts are cleared."""
    world = make_world(throttle=throttle)
    teacher = world.teacher(email=EMAIL)
    for number in range(12):
        with pytest.raises((LoginRefused, Throttled)):
            world.auth.log_in(NAME, f"Wrong{number}")
    world.auth.request_password_reset(EMAIL)
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert world.auth.resume(login.session).id == teacher.id
    assert world.auth.log_in(NAME, "Blackboard8")


# --- A throttle that does not answer ---------------------------------------------------------


def down_world() -> tuple[World, RecordingThrottle, Recorder]:
    throttle, hasher = RecordingThrottle(), Recorder()
    world = make_world(throttle=throttle, hasher=hasher)
    world.teacher(email=EMAIL)
    hasher.calls.clear()
    return world, throttle, hasher


@pytest.mark.parametrize("password", [PASSWORD, "Wrong1234"])
def test_what_cannot_be_counted_is_not_tried_and_locks_nobody_out(password: str) -> None:
    """A throttle that does not answer lets no password be verified; afterwards all is as before."""
    world, throttle, hasher = down_world()
    throttle.down = ("take",)
    for _ in range(20):
        with pytest.raises(StorageUnavailable):
            world.auth.log_in(NAME, password)
    assert hasher.calls == []
    throttle.down = ()
    assert world.auth.log_in(NAME, PASSWORD)


def test_a_source_that_cannot_be_asked_is_not_let_through() -> None:
    """It may have failed too often."""
    world, throttle, hasher = down_world()
    throttle.down = ("wait",)
    with pytest.raises(StorageUnavailable):
        world.auth.log_in(NAME, PASSWORD, source=SOURCE)
    assert hasher.calls == []


def test_a_failure_whose_source_cannot_be_counted_stays_taken() -> None:
    """Its name and its account keep their places, and the answer tells nothing."""
    world, throttle, hasher = down_world()
    throttle.down = ("count",)
    for _ in range(8):
        with pytest.raises(StorageUnavailable):
            world.auth.log_in(NAME, "Wrong1234", source=SOURCE)
    throttle.down = ()
    with pytest.raises(Throttled):
        world.auth.log_in(NAME, PASSWORD)
    assert hasher.verifications() == 8


def test_a_place_that_cannot_be_given_back_stays_taken() -> None:
    """The session is not signed; the sign-in succeeds when the throttle answers again."""
    world, throttle, _ = down_world()
    throttle.down = ("give_back",)
    for _ in range(8):
        with pytest.raises(StorageUnavailable):
            world.auth.log_in(NAME, PASSWORD)
    assert "login_succeeded" not in world.kinds()  # the history tells no sign-in that was refused
    throttle.down = ()
    with pytest.raises(Throttled):
        world.auth.log_in(NAME, PASSWORD)
    world.clock.advance(seconds=150)
    assert world.auth.log_in(NAME, PASSWORD)


def test_an_overload_is_told_though_its_place_cannot_be_given_back() -> None:
    """What the caller has to know is that too many people are signing in."""

    class Full(Recorder):
        def verify(self, password: str, stored: StoredPassword) -> bool:
            raise Overloaded(10)

    throttle = RecordingThrottle()
    world = make_world(throttle=throttle, hasher=Full())
    throttle.down = ("give_back",)
    with pytest.raises(Overloaded):
        world.auth.log_in(NAME, PASSWORD)


def test_a_new_password_stands_though_its_counts_cannot_be_cleared() -> None:
    """What is written already does not fail by the throttle: its mail goes, its session is good."""
    world, throttle, _ = down_world()
    teacher = world.teacher(given_name="Ann", email="ann@hill.example.org")
    throttle.down = ("clear",)
    world.auth.request_password_reset("ann@hill.example.org")
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert world.auth.resume(login.session).id == teacher.id
    assert world.mail("password_changed").to == teacher.email
    world.outbox.clear()
    world.desk.set_password(teacher.id, "Whiteboard9", must_change=False)
    assert world.mail("password_changed").to == teacher.email


def test_a_new_password_stands_though_the_table_of_counts_is_missing(databases: Databases) -> None:
    """A process of this version on a database of the last one: the mail goes, the link works."""
    engine = databases.open(databases.url("sqlite"))
    create_tables(engine)
    sql = SqlStore(engine)
    world = make_world(sql.users, sql.schools, throttle=sql.throttle)
    teacher = world.teacher(given_name="Ann", email="ann@hill.example.org")
    world.auth.request_password_reset("ann@hill.example.org")
    with engine.begin() as connection:
        standard_tables().counts.drop(connection)
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert login.user.id == teacher.id
    assert world.mail("password_changed").to == teacher.email
    with pytest.raises(ContractBroken):
        world.auth.log_in(NAME, PASSWORD)


def test_an_unlock_that_clears_nothing_says_so() -> None:
    """It was asked for nothing else."""
    world, throttle, _ = down_world()
    teacher = world.teacher(given_name="Ann")
    throttle.down = ("clear",)
    with pytest.raises(StorageUnavailable):
        world.desk.unlock(teacher.id)


@pytest.mark.parametrize("store", SQL_STORES)
def test_a_desk_in_the_hosts_transaction_clears_the_counts(
    store: str, databases: Databases
) -> None:
    """Also on SQLite, where the one connection that may write is the host's."""
    backend = databases.backend(store)
    assert backend.engine is not None
    world = make_world(backend.users, backend.schools, throttle=SqlStore(backend.engine).throttle)
    teacher = world.teacher()
    for number in range(8):
        refused(world, NAME, f"Wrong{number}")
    with backend.engine.connect() as host:
        desk = world.auth.within(SqlStore(host), mailer=None).manage(by=world.admin.id)
        desk.set_password(teacher.id, "Blackboard8", must_change=False)
        host.commit()
    assert world.auth.log_in(NAME, "Blackboard8")


# --- A clock that fails ----------------------------------------------------------------------


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


@pytest.mark.parametrize("nth", range(1, 4))
def test_a_wrong_password_counts_though_the_clock_fails_afterwards(nth: int) -> None:
    """The account keeps its place when its source cannot be counted at the failing time."""
    clock, hasher = FailingClock(nth), Starting()
    hasher.clock = clock
    world = make_world(clock=clock, hasher=hasher)
    world.teacher()
    for _ in range(8):
        with pytest.raises((LoginRefused, TimeoutError)):
            world.auth.log_in(NAME, "Wrong1234", source=SOURCE)
        clock.asked = None
    with pytest.raises(Throttled):
        world.auth.log_in(NAME, PASSWORD)
