"""The throttle of one process: the contract, and clocks that are set back."""

from __future__ import annotations

from schoolauth.ports import UNDECIDED_SECONDS, Throttle
from schoolauth.testing import ThrottleContract
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from schoolauth.throttle import MemoryThrottle


class TestMemoryThrottle(ThrottleContract):
    def make_throttle(self) -> Throttle:
        return MemoryThrottle(wait=1)


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
