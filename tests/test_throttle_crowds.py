"""The throttle under crowds and floods: none gets past it, and none fills it up for others."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from schoolauth.ports import Bucket, Limit, Outcome, Reservation
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle import memory as throttle_module

PATIENCE = 60.0
"""Seconds after which a test gives up on a thread: only where the code is broken."""


class Watched(threading.Condition):
    """A condition that says when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.waiting.set()
        return super().wait(timeout)


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


def test_a_child_process_keeps_the_failed_and_not_the_undecided() -> None:
    """What a forked child does first: the parent's running tries are the parent's to settle."""
    throttle, name = MemoryThrottle(wait=0), bucket("name", (2, 300))
    tried(throttle, name)
    running = throttle.reserve([name], at(0))
    throttle.renew()
    throttle.settle(running, Outcome.FAILED, at(0))
    assert tried(throttle, name).retry_after is None
    assert throttle.peek(name, at(0)) == 300


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
    old, new = bucket("old"), bucket("new")
    for name in (old, new, old, bucket("newest"), old):
        tried(throttle, name)
    assert not passes(throttle, old)
    assert new.key not in throttle._tallies


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
    run_state_machine_as_test(ThrottleMachine)
