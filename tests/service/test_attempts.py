"""Attempts: what counts a try, for how long it is held, and what one process knows of its tries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import StorageUnavailable, Throttled
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.token import DeviceClaims
from schoolauth.model.user import User
from schoolauth.ports import Bucket, SystemClock
from schoolauth.service.attempts import Attempts, OpenAttempt, require_source
from schoolauth.service.buckets import Buckets
from schoolauth.service.process_counts import ProcessCounts
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.fakes import FrozenClock
from schoolauth.testing.strategies import users
from schoolauth.tokens import Tokens
from tests.service.doubles import RecordingThrottle
from tests.service.world import make_world

TOKENS = Tokens("k" * 32)
NEW, SCHOOL = EmailAddress.parse("new@hill.example.org"), SchoolCode.parse("wg204nx")
SOURCE = "192.0.2.7"


@dataclass
class Gate:
    """Attempts on a real throttle, store and clock."""

    lock_after: int | None = None
    throttle: RecordingThrottle = field(default_factory=RecordingThrottle)
    users: MemoryUserRepository = field(default_factory=MemoryUserRepository)
    clock: FrozenClock = field(default_factory=FrozenClock)

    def __post_init__(self) -> None:
        buckets = Buckets(TOKENS, self.lock_after)
        self.attempts = Attempts(self.throttle, buckets, self.clock)

    def begin(self, name: str = "jess", device: DeviceClaims | None = None) -> OpenAttempt:
        return self.attempts.begin(self.users, name, SOURCE, device)

    def told(self) -> list[str]:
        """Return the calls of the throttle since the last time, with the keys of their buckets."""
        return [
            " ".join([call, *(bucket.key for bucket in buckets)])
            for call, buckets in self.throttle.heard()
        ]


def key(kind: str, text: str) -> str:
    return f"{kind}:{TOKENS.digest(text)}"


@pytest.fixture
def teacher() -> User:
    return make_world().teacher(email="jess@hill.example.org")


# --- What counts a try -----------------------------------------------------------------------


@pytest.mark.parametrize("lock", [None, 7])
def test_a_failed_try_counts_its_name_its_account_and_its_source(
    teacher: User, lock: int | None
) -> None:
    """Under the same words in every version: another key would let a guesser begin again."""
    gate = Gate(lock)
    known = f"account:{teacher.id.key}"
    row = "" if lock is None else " " + key("failures-in-a-row", known)
    source, name = key("source", f"source:{SOURCE}"), key("name", "name:jess")
    with gate.begin() as attempt:
        assert attempt.take_account(teacher)
        attempt.check_source()
        attempt.fail()
    assert gate.told() == [
        f"wait {source}",
        f"take {name}",
        f"take {key('account', known)}{row}",
        f"wait {source}",
        f"count {source}",
    ]
    with gate.begin() as attempt:
        attempt.take_account(teacher)
        attempt.succeed(teacher)
    clear = [] if lock is None else [f"clear{row}"]
    assert gate.told()[3:] == [*clear, f"give_back {name} {key('account', known)}{row}"]


def test_a_known_browser_counts_itself_and_the_row(teacher: User) -> None:
    """Neither the name, nor the source, nor the account."""
    gate = Gate(7)
    names = (TOKENS.digest("name:jess"),)
    claims = DeviceClaims(teacher.id, teacher.epoch, "n1", names, gate.clock.now())
    with gate.begin(device=claims) as attempt:
        attempt.take_account(teacher)
        attempt.check_source()
        attempt.fail()
    account = teacher.id.key
    assert gate.told() == [
        f"take {key('browser', 'browser:n1')} {key('browsers', f'browsers:{account}')}",
        f"take {key('failures-in-a-row', f'account:{account}')}",
    ]
    gate.attempts.count_mail(teacher, "jess", SOURCE, claims)
    assert gate.told() == [f"take {key('mail-browser', 'browser:n1')}"]
    browser = gate.attempts.buckets.browser(claims)
    with gate.begin(device=replace(claims, epoch=0)) as attempt:
        gate.told()
        attempt.take_account(teacher)
    assert gate.told()[:3] == [
        " ".join(["give_back", *(bucket.key for bucket in browser)]),  # it is of an older password
        f"wait {key('source', f'source:{SOURCE}')}",
        f"take {key('name', 'name:jess')}",
    ]


def test_mails_are_counted_under_words_of_their_own(teacher: User) -> None:
    """Links, recoveries, confirmations and the mails of desks, by whom and to whom."""
    gate = Gate()
    known, new = f"account:{teacher.id.key}", f"address:{NEW.key}"
    gate.attempts.count_mail(teacher, "jess", SOURCE, None)
    source = f"source:{SOURCE}"
    assert gate.told() == [
        f"take {key('mail-name', 'name:jess')} {key('reset-source', source)}",
        f"take {key('mail-account', known)}",
    ]
    gate.attempts.count_recovery(SCHOOL, NEW, SOURCE)
    assert gate.told() == [
        " ".join(
            [
                "take",
                key("recovery-from", f"recovery-from:wg204nx:{SOURCE}"),
                key("recovery-to", f"recovery-to:wg204nx:{NEW.key}"),
                key("recovery-source", source),
            ]
        )
    ]
    gate.attempts.count_confirmation(teacher, NEW)
    gate.attempts.count_invitation(NEW)
    gate.attempts.count_elsewhere(SCHOOL, 1)
    assert gate.told() == [
        f"take {key('change-account', known)} {key('change-address', new)}",
        f"take {key('desk-address', new)}",
        f"take {key('elsewhere', 'elsewhere:wg204nx')}",
    ]


def test_known_and_unknown_names_are_counted_alike() -> None:
    """The same calls, kinds and limits, under keys that show nothing of what was typed."""

    @given(users(), st.text(min_size=1, max_size=30), st.none() | st.integers(1, 9))
    def alike(user: User, name: str, lock: int | None) -> None:
        told = []
        for somebody in (user, None):
            gate = Gate(lock)
            with gate.begin(name) as attempt:
                attempt.take_account(somebody)
                attempt.fail()
            gate.attempts.count_mail(somebody, name, SOURCE, None)
            heard = gate.throttle.heard()
            told.append([(call.replace("count", "take"), shapes(used)) for call, used in heard])
            digests = {one.key.split(":")[1] for _, used in heard for one in used}
            assert all(re.fullmatch("[0-9a-f]{32}|decoy-[0-9]+", text) for text in digests)
        assert told[0] == told[1]

    def shapes(used: tuple[Bucket, ...]) -> list[tuple[object, ...]]:
        return [(one.key.split(":")[0], one.limits, one.invented) for one in used]

    alike()


def test_the_systems_clock_is_left_to_the_throttle(teacher: User) -> None:
    """A store that processes share counts by one clock, its own; a given clock is used as it is."""
    clock = FrozenClock()
    for each, time in ((SystemClock(), None), (clock, clock.now())):
        throttle = RecordingThrottle()
        attempts = Attempts(throttle, Buckets(TOKENS), each)
        with attempts.begin(MemoryUserRepository(), "jess", SOURCE) as attempt:
            attempt.take_account(teacher)
        assert throttle.times == [time] * 4


def test_a_source_is_text_or_nothing() -> None:
    """An address object of a framework is a mistake that is told at once."""
    require_source(None)
    require_source(SOURCE)
    with pytest.raises(TypeError, match="source must be str"):
        require_source(b"192.0.2.1")  # type: ignore[arg-type] # that is the mistake


# --- What is held, and given back ------------------------------------------------------------


def test_a_try_that_ends_before_its_verification_takes_nothing(teacher: User) -> None:
    """Whatever goes wrong on the way costs the person no try."""
    gate = Gate(7)

    def fail_on_the_way() -> None:
        with gate.begin() as attempt:
            assert attempt.take_account(teacher)
            raise LookupError

    for _ in range(20):
        with pytest.raises(LookupError):
            fail_on_the_way()
    assert gate.attempts.wait(teacher) == 0


def test_what_is_never_given_back_counts(teacher: User) -> None:
    """A process that dies over eight tries has used their places until the refill."""
    gate = Gate()
    for _ in range(8):
        assert gate.begin().take_account(teacher)
    other = Attempts(gate.throttle, Buckets(TOKENS), gate.clock)
    with pytest.raises(Throttled) as caught:
        other.begin(gate.users, "jess", None)
    assert caught.value.retry_after == 150
    gate.clock.advance(seconds=150)
    assert other.begin(gate.users, "jess", None).take_account(teacher)


@pytest.mark.parametrize(("held", "wait"), [(25, 0), (25.001, 125)])
def test_a_place_that_is_held_too_long_is_not_given_back(
    teacher: User, held: float, wait: int
) -> None:
    """A try that hangs must not be free, however it ends: more than 25 s are too long."""
    gate = Gate()
    attempts = [gate.begin() for _ in range(8)]
    gate.clock.advance(seconds=held)
    for attempt in attempts:
        attempt.succeed(teacher)
    assert gate.attempts.wait_for([gate.attempts.buckets.name("jess")]) == wait


def wait_told(gate: Gate) -> int:
    with pytest.raises(Throttled) as caught:
        gate.begin()
    return caught.value.retry_after


def test_a_full_name_is_told_a_second_while_one_of_its_tries_is_under_way() -> None:
    """That one may be right, and gives its place back; otherwise the refill is waited for."""
    gate = Gate()
    attempts = [gate.begin() for _ in range(8)]
    assert wait_told(gate) == 1
    for attempt in attempts:
        with attempt:
            attempt.fail()
    assert [wait_told(gate), wait_told(gate)] == [150, 150]


def test_a_full_name_is_told_a_second_though_its_tries_end_meanwhile() -> None:
    """The places were taken when the throttle refused, and are free when its word arrives."""
    gate = Gate()
    for _ in range(7):
        gate.throttle.take([gate.attempts.buckets.name("jess")], gate.clock.now())
    first = gate.begin()
    gate.throttle.meanwhile = lambda: first.__exit__(None, None, None)
    assert wait_told(gate) == 1


def test_a_full_name_is_told_a_second_though_its_tries_have_only_begun() -> None:
    """The last place is taken, and the try that has it has not heard so."""
    gate, told = Gate(), []
    for _ in range(7):
        gate.throttle.take([gate.attempts.buckets.name("jess")], gate.clock.now())
    gate.throttle.meanwhile = lambda: told.append(wait_told(gate))
    with gate.begin():
        assert told == [1]


def test_a_try_that_could_not_be_counted_is_not_under_way() -> None:
    """A store that did not answer leaves no trace of it."""
    gate = Gate()
    gate.throttle.down = ("take",)
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            gate.begin()
    gate.throttle.down = ()
    for _ in range(8):
        with gate.begin() as attempt:
            attempt.fail()
    assert wait_told(gate) == 150


# --- What one process knows of its tries -----------------------------------------------------


def test_a_refusal_is_told_once_in_five_minutes_by_any_clock() -> None:
    """A clock that was set back does not silence the history for longer."""
    process, now = ProcessCounts(), FrozenClock().now()
    told = [
        process.is_first("key", now + timedelta(seconds=seconds))
        for seconds in (0, 0, 299, -299, 300, 0, -1, -300)
    ]
    assert told == [True, False, False, False, True, True, False, True]


def test_ten_thousand_refusals_are_remembered() -> None:
    """The oldest is forgotten, so that a flood of names fills no memory."""
    process, now = ProcessCounts(), FrozenClock().now()
    assert all(process.is_first(f"key{number}", now) for number in range(10_001))
    assert not process.is_first("key1", now)
    assert not process.is_first("key10000", now)
    assert process.is_first("key0", now)
