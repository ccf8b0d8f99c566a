"""The throttle: counted before it is tried, and no crowd, flood or full store gets past it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from schoolauth import throttle as throttle_module
from schoolauth.ports import Bucket, Limit, Outcome, Reservation
from schoolauth.throttle import UNDECIDED_SECONDS, MemoryThrottle

START = datetime(2026, 9, 1, 9, tzinfo=UTC)
PATIENCE = 60.0
"""Seconds after which a test gives up on a thread: only where the code is broken."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def bucket(key: str = "name", *limits: tuple[int, int], cleared: bool = True) -> Bucket:
    return Bucket(key, tuple(Limit(*limit) for limit in limits or ((3, 300),)), cleared)


def tried(
    throttle: MemoryThrottle, *buckets: Bucket, outcome: Outcome = Outcome.FAILED, now: float = 0
) -> Reservation:
    """Reserve and settle at once."""
    reservation = throttle.reserve(buckets, at(now))
    throttle.settle(reservation, outcome, at(now))
    return reservation


def passes(throttle: MemoryThrottle, *buckets: Bucket, now: float = 0) -> bool:
    """Tell whether a try would pass, and leave no trace of it."""
    return tried(throttle, *buckets, outcome=Outcome.NOT_TRIED, now=now).retry_after is None


class Watched(threading.Condition):
    """A condition that says when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.waiting.set()
        return super().wait(timeout)


# --- Limits ----------------------------------------------------------------------------------


def test_failed_tries_fill_the_limit() -> None:
    """Three pass, the fourth is told after how many whole seconds to come back."""
    throttle, name = MemoryThrottle(), bucket()
    assert [tried(throttle, name, now=n).retry_after for n in range(3)] == [None] * 3
    assert throttle.reserve([name], at(2.5)).retry_after == 298
    assert throttle.peek(name, at(2.5)) == 298


def test_the_window_slides() -> None:
    """Each place becomes free on its own, to the second, when its failure is old enough."""
    throttle, name = MemoryThrottle(), bucket()
    for second in (0, 100, 200):
        tried(throttle, name, now=second)
    assert not passes(throttle, name, now=299.999)
    assert tried(throttle, name, now=300).retry_after is None
    assert throttle.reserve([name], at(300)).retry_after == 100
    assert passes(throttle, name, now=400)


def test_both_limits_hold() -> None:
    """Whoever keeps below the short limit for long meets the long one."""
    throttle, name = MemoryThrottle(), bucket("name", (2, 10), (5, 1000))
    for second in (0, 1, 10, 11, 20):
        assert tried(throttle, name, now=second).retry_after is None
    assert throttle.peek(name, at(20)) == 980
    assert throttle.reserve([name], at(999)).retry_after == 1
    assert passes(throttle, name, now=1000)


def test_refused_tries_do_not_count() -> None:
    """A flood does not keep the door shut longer than its failures do."""
    throttle, name = MemoryThrottle(), bucket()
    for _ in range(3):
        tried(throttle, name)
    for second in range(300):
        assert not passes(throttle, name, now=second)
    assert passes(throttle, name, now=300)


def test_every_bucket_must_have_room() -> None:
    """One full bucket refuses, the longest wait is told, and nothing is counted in the others."""
    throttle, name, source = MemoryThrottle(), bucket(), bucket("source", (1, 50), cleared=False)
    tried(throttle, source)
    for _ in range(5):
        assert throttle.reserve([name, source], at(0)).retry_after == 50
    for _ in range(3):
        tried(throttle, name)
    assert throttle.reserve([source, name], at(0)).retry_after == 300


def test_nothing_to_count_always_passes() -> None:
    """An attempt without a bucket is held by nothing."""
    assert MemoryThrottle().reserve([], at(0)).retry_after is None


# --- How a try ends --------------------------------------------------------------------------


def test_success_clears_the_account_but_not_the_source() -> None:
    """A right password forgives the name; the source gets only its own place back."""
    throttle, name = MemoryThrottle(), bucket("name", (3, 300))
    source = bucket("source", (3, 300), cleared=False)
    for _ in range(2):
        tried(throttle, name, source)
    tried(throttle, name, source, outcome=Outcome.SUCCEEDED)
    for _ in range(2):
        tried(throttle, name)
    assert passes(throttle, name)
    assert passes(throttle, source)
    tried(throttle, source)
    assert not passes(throttle, source)


def test_not_tried_gives_its_place_back() -> None:
    """An attempt that was never verified counts for nothing, in no bucket."""
    throttle, name, source = MemoryThrottle(), bucket(), bucket("source", cleared=False)
    for _ in range(10):
        assert tried(throttle, name, source, outcome=Outcome.NOT_TRIED).retry_after is None
    tried(throttle, name, source)
    assert throttle.peek(name, at(0)) == throttle.peek(source, at(0)) == 0


@pytest.mark.parametrize("second", Outcome)
@pytest.mark.parametrize("first", Outcome)
def test_only_the_first_word_about_a_try_counts(first: Outcome, second: Outcome) -> None:
    """A second one neither takes a failure back nor adds one nor clears the others."""
    throttle, name = MemoryThrottle(), bucket("name", (2, 300))
    tried(throttle, name)
    reservation = throttle.reserve([name], at(0))
    throttle.settle(reservation, first, at(0))
    full = throttle.peek(name, at(0))
    throttle.settle(reservation, second, at(0))
    assert throttle.peek(name, at(0)) == full == (300 if first is Outcome.FAILED else 0)
    tried(throttle, name)
    assert passes(throttle, name) is (first is Outcome.SUCCEEDED)


def test_word_about_a_refused_try_is_ignored() -> None:
    """Settling a refusal, or a try of another throttle, changes nothing."""
    throttle, name = MemoryThrottle(), bucket("name", (1, 300))
    throttle.settle(MemoryThrottle().reserve([name], at(0)), Outcome.FAILED, at(0))
    assert passes(throttle, name)
    tried(throttle, name)
    throttle.settle(throttle.reserve([name], at(0)), Outcome.SUCCEEDED, at(0))
    assert not passes(throttle, name)


@pytest.mark.parametrize("outcome", Outcome)
def test_undecided_for_too_long_counts_as_failed(outcome: Outcome) -> None:
    """A process that died holding places has failed them, and a late word changes nothing."""
    throttle, name = MemoryThrottle(wait=0), bucket("name", (1, 300))
    reservation = throttle.reserve([name], at(0))
    assert throttle.reserve([name], at(UNDECIDED_SECONDS - 1)).retry_after == 1
    throttle.settle(reservation, outcome, at(UNDECIDED_SECONDS))
    assert throttle.peek(name, at(UNDECIDED_SECONDS)) == 300 - UNDECIDED_SECONDS
    assert passes(throttle, name, now=300)


def test_clear_forgets_the_failed_and_keeps_the_undecided() -> None:
    """An admin's unlock lets the owner in at once, and no running crowd past the limit."""
    throttle, name = MemoryThrottle(wait=0), bucket("name", (2, 300))
    running = throttle.reserve([name], at(0))
    tried(throttle, name)
    assert not passes(throttle, name)
    throttle.clear(name.key)
    assert tried(throttle, name).retry_after is None
    throttle.settle(running, Outcome.FAILED, at(0))
    assert throttle.peek(name, at(0)) == 300


def test_unknown_bucket_is_free() -> None:
    """To look at it or to clear it makes none."""
    throttle = MemoryThrottle(capacity=1)
    throttle.clear("unknown")
    assert throttle.peek(bucket("unknown"), at(0)) == 0
    assert passes(throttle, bucket("other"))


# --- One event per window --------------------------------------------------------------------


def test_first_refusal_of_a_burst_is_told_once() -> None:
    """A flood against a full bucket is one line in the history, until the window is over."""
    throttle, name = MemoryThrottle(), bucket()
    for _ in range(3):
        assert not tried(throttle, name).first_refusal
    told = [throttle.reserve([name], at(second)).first_refusal for second in range(300)]
    assert told == [True] + [False] * 299
    for _ in range(3):
        tried(throttle, name, now=300)
    assert throttle.reserve([name], at(301)).first_refusal


def test_first_refusal_of_a_steady_flood_is_told_once_a_window() -> None:
    """Places that become free one by one make no further lines."""
    throttle, name = MemoryThrottle(), bucket("name", (10, 300))
    told = [
        second
        for second in range(1200)
        if tried(throttle, name, now=second).first_refusal
    ]
    assert told == [10, 310, 610, 910]


def test_first_refusal_is_told_again_after_an_unlock() -> None:
    """What floods an account that an admin has just unlocked is a new story."""
    throttle, name = MemoryThrottle(), bucket("name", (1, 300))
    for _ in range(2):
        tried(throttle, name)
        assert throttle.reserve([name], at(1)).first_refusal
        throttle.clear(name.key)


def test_first_refusal_is_told_for_each_full_bucket() -> None:
    """A source that is known to be full does not hide that a name has become full."""
    throttle, source = MemoryThrottle(), bucket("source", (1, 300), cleared=False)
    tried(throttle, source)
    assert throttle.reserve([source], at(0)).first_refusal
    name = bucket("name", (1, 300))
    assert not throttle.reserve([name, source], at(0)).first_refusal
    tried(throttle, name)
    assert throttle.reserve([name, source], at(0)).first_refusal
    assert not throttle.reserve([name, source], at(0)).first_refusal


# --- Crowds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "retry_after"),
    [(Outcome.NOT_TRIED, None), (Outcome.SUCCEEDED, None), (Outcome.FAILED, 300)],
)
def test_a_try_waits_for_the_undecided_before_it(outcome: Outcome, retry_after: int | None) -> None:
    """Where only undecided tries fill the budget, how they end decides about the next one."""
    throttle, name = MemoryThrottle(wait=PATIENCE), bucket("name", (1, 300))
    throttle._changed = watched = Watched()
    first = throttle.reserve([name], at(0))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(throttle.reserve, [name], at(0))
        assert watched.waiting.wait(PATIENCE)
        assert not second.done()
        throttle.settle(first, outcome, at(0))
        assert second.result(PATIENCE).retry_after == retry_after


def test_a_try_waits_until_there_is_room_and_not_for_any_word() -> None:
    """A word about another bucket wakes the waiting one, which goes on waiting."""
    throttle, name = MemoryThrottle(wait=PATIENCE), bucket("name", (1, 300))
    throttle._changed = watched = Watched()
    first = throttle.reserve([name], at(0))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(throttle.reserve, [name], at(0))
        assert watched.waiting.wait(PATIENCE)
        watched.waiting.clear()
        throttle.clear("another")
        assert watched.waiting.wait(PATIENCE)
        assert not second.done()
        throttle.settle(first, Outcome.NOT_TRIED, at(0))
        assert second.result(PATIENCE).retry_after is None


def test_waiting_is_bounded() -> None:
    """Whoever has waited long enough is asked to come back, and that is no flood's first."""
    throttle, name = MemoryThrottle(wait=0.01), bucket("name", (1, 300))
    throttle.reserve([name], at(0))
    refused = throttle.reserve([name], at(0))
    assert (refused.retry_after, refused.first_refusal) == (1, False)


def test_a_crowd_cannot_pass_the_limit_before_one_is_decided() -> None:
    """Of 200 guesses at once against a limit of 10, exactly 10 may verify a password."""
    throttle, name = MemoryThrottle(wait=0.1), bucket("name", (10, 300))
    together = threading.Barrier(200)

    def guess(_: int) -> Reservation:
        together.wait(PATIENCE)
        return throttle.reserve([name], at(0))

    with ThreadPoolExecutor(200) as pool:
        made = list(pool.map(guess, range(200)))
    passed = [reservation for reservation in made if reservation.retry_after is None]
    assert len(passed) == len({reservation.id for reservation in passed}) == 10
    for reservation in passed:
        throttle.settle(reservation, Outcome.FAILED, at(0))
    assert throttle.reserve([name], at(0)).retry_after == 300


def test_a_shared_account_lets_its_crowd_in() -> None:
    """50 right passwords at once for one account are 50 sign-ins: those behind wait."""
    throttle, name = MemoryThrottle(wait=PATIENCE), bucket("name", (10, 300))
    together = threading.Barrier(50)

    def sign_in(_: int) -> int | None:
        together.wait(PATIENCE)
        return tried(throttle, name, outcome=Outcome.SUCCEEDED).retry_after

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(sign_in, range(50))) == [None] * 50


# --- Capacity --------------------------------------------------------------------------------


def test_full_buckets_are_never_dropped() -> None:
    """Thousands of invented names do not make the throttle forget one that is full."""
    throttle, victim = MemoryThrottle(capacity=5), bucket("victim", (1, 300))
    tried(throttle, victim)
    for number in range(1000):
        assert tried(throttle, bucket(str(number))).retry_after is None
    assert not passes(throttle, victim)
    assert len(throttle._tallies) == 5


def test_undecided_buckets_are_never_dropped() -> None:
    """What is being tried right now is still counted when it ends."""
    throttle, running = MemoryThrottle(capacity=2), bucket("running", (1, 300))
    reservation = throttle.reserve([running], at(0))
    for number in range(10):
        assert passes(throttle, bucket(str(number)))
    throttle.settle(reservation, Outcome.FAILED, at(0))
    assert throttle.peek(running, at(0)) == 300


def test_least_recently_used_bucket_makes_room() -> None:
    """Whoever was seen last is remembered longest."""
    throttle = MemoryThrottle(capacity=2)
    old, new = bucket("old", (2, 300)), bucket("new", (2, 300))
    for name in (old, new, old):
        tried(throttle, name)
    tried(throttle, bucket("newest"))
    assert not passes(throttle, old)


def test_a_store_of_full_buckets_refuses_and_recovers() -> None:
    """With no room to count there is no try; once a bucket is not full any more, there is."""
    throttle = MemoryThrottle(capacity=2)
    for key in ("one", "two"):
        tried(throttle, bucket(key, (1, 300)))
    refused = throttle.reserve([bucket("three")], at(0))
    assert (refused.retry_after, refused.first_refusal) == (60, False)
    assert passes(throttle, bucket("three"), now=300)


def test_a_bucket_does_not_make_room_for_its_companion() -> None:
    """Where there is room for one of two, neither is counted, and nobody tries for free."""
    throttle = MemoryThrottle(capacity=1)
    for _ in range(4):
        assert tried(throttle, bucket("source"), bucket("name")).retry_after == 60


def test_the_search_for_room_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full buckets in front of the store do not shut out everybody else for long."""
    monkeypatch.setattr(throttle_module, "_EVICTION_SCAN", 2)
    throttle = MemoryThrottle(capacity=6)
    for number in range(5):
        tried(throttle, bucket(str(number), (1, 300)))
    tried(throttle, bucket("free"))
    assert [passes(throttle, bucket("new")) for _ in range(3)] == [False, False, True]
    assert not any(passes(throttle, bucket(str(number))) for number in range(5))


# --- Against a model -------------------------------------------------------------------------


class Model:
    """One bucket as a plain list of failures, in whole seconds."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.failed: list[int] = []
        self.undecided: dict[str, int] = {}
        self.silent_until = 0

    def age(self, now: int) -> None:
        for key, since in list(self.undecided.items()):
            if now - since >= 30:
                self.failed.append(self.undecided.pop(key))

    def has_room(self, limit: Limit, now: int, more: int = 0) -> bool:
        return sum(now - t < limit.seconds for t in self.failed) + more < limit.attempts

    def wait(self, now: int) -> int:
        """Return the first second at which every limit has room."""
        limits = self.bucket.limits
        return next(n for n in range(10**6) if all(self.has_room(lim, now + n) for lim in limits))

    def is_crowded(self, now: int) -> bool:
        return not all(self.has_room(lim, now, len(self.undecided)) for lim in self.bucket.limits)

    def tell(self, now: int) -> bool:
        """Return whether this refusal is the first of a window, and begin the window."""
        if self.silent_until > now:
            return False
        full = [lim.seconds for lim in self.bucket.limits if not self.has_room(lim, now)]
        self.silent_until = now + max(full)
        return True

    def forget(self) -> None:
        self.failed, self.silent_until = [], 0


BUCKETS = (
    bucket("name", (2, 10), (4, 60)),
    bucket("account", (3, 45)),
    bucket("source", (4, 20), cleared=False),
)
some_buckets = st.lists(st.sampled_from(BUCKETS), min_size=1, unique=True)


class ThrottleMachine(RuleBasedStateMachine):
    """Any order of tries, words, unlocks and waits, beside the model."""

    def __init__(self) -> None:
        super().__init__()
        self.throttle = MemoryThrottle(wait=0)
        self.models = {bucket.key: Model(bucket) for bucket in BUCKETS}
        self.now = 0
        self.made: list[Reservation] = []

    def aged(self, buckets: Sequence[Bucket]) -> list[Model]:
        models = [self.models[bucket.key] for bucket in buckets]
        for model in models:
            model.age(self.now)
        return models

    @rule(seconds=st.sampled_from([1, 5, 10, 29, 30, 45, 60]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(buckets=some_buckets)
    def reserve(self, buckets: list[Bucket]) -> None:
        models = self.aged(buckets)
        made = self.throttle.reserve(buckets, at(self.now))
        if waits := [model.wait(self.now) for model in models if model.wait(self.now)]:
            first = [model.tell(self.now) for model in models if model.wait(self.now)]
            assert (made.retry_after, made.first_refusal) == (max(waits), any(first))
        elif any(model.is_crowded(self.now) for model in models):
            assert (made.retry_after, made.first_refusal) == (1, False)
        else:
            assert (made.retry_after, made.first_refusal) == (None, False)
            for model in models:
                model.undecided[made.id] = self.now
        self.made.append(made)

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        if not self.made:
            return
        made = data.draw(st.sampled_from(self.made))
        self.throttle.settle(made, outcome, at(self.now))
        for model in self.aged(made.buckets):
            if model.undecided.pop(made.id, None) is None:
                continue
            if outcome is Outcome.FAILED:
                model.failed.append(self.now)
            elif outcome is Outcome.SUCCEEDED and model.bucket.cleared_by_success:
                model.forget()

    @rule(bucket=st.sampled_from(BUCKETS))
    def clear(self, bucket: Bucket) -> None:
        self.peek(bucket)  # so that both have counted what was undecided for too long
        self.throttle.clear(bucket.key)
        self.models[bucket.key].forget()

    @rule(bucket=st.sampled_from(BUCKETS))
    def peek(self, bucket: Bucket) -> None:
        (model,) = self.aged([bucket])
        assert self.throttle.peek(bucket, at(self.now)) == model.wait(self.now)


def test_throttle_is_its_model() -> None:
    """In any order of calls it answers as plain lists of failures do."""
    run_state_machine_as_test(ThrottleMachine)  # type: ignore[no-untyped-call] # Hypothesis has none
