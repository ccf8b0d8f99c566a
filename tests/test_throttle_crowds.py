"""The throttle under crowds and floods: none gets past it, and none fills it up for others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from schoolauth.ports import Outcome
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
