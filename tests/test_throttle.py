"""The throttle: counted before it is tried, forgiven where it should be, told once a window."""

from __future__ import annotations

import pytest

from schoolauth.ports import Outcome
from schoolauth.throttle import UNDECIDED_SECONDS, MemoryThrottle
from tests.buckets import at, bucket, passes, tried

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


YEARS = 10**8
"""Seconds by which a clock was wrong, until it was set right."""


def test_a_clock_that_is_set_back_locks_nobody_out_for_years() -> None:
    """Failures that lie ahead count as of now, for one window and no longer."""
    throttle, name = MemoryThrottle(), bucket()
    for second in range(3):
        tried(throttle, name, now=YEARS + second)
    assert throttle.reserve([name], at(YEARS + 3)).first_refusal
    again = throttle.reserve([name], at(0))
    assert (again.retry_after, again.first_refusal) == (300, False)
    assert passes(throttle, name, now=300)
    for _ in range(3):
        tried(throttle, name, now=300)
    assert throttle.reserve([name], at(300)).first_refusal


def test_a_clock_that_is_set_back_keeps_no_place_for_years() -> None:
    """What was undecided ahead of time is undecided for thirty seconds from now."""
    throttle, name = MemoryThrottle(wait=0), bucket("name", (1, 300))
    throttle.reserve([name], at(YEARS))
    assert throttle.reserve([name], at(0)).retry_after == 1
    assert throttle.reserve([name], at(UNDECIDED_SECONDS)).retry_after == 300 - UNDECIDED_SECONDS
    assert passes(throttle, name, now=300)


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
    for second in range(0, 300, 30):
        tried(throttle, name, now=second)
    told = [
        second for second in range(271, 1200) if tried(throttle, name, now=second).first_refusal
    ]
    assert told == [271, 571, 871, 1171]


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
