"""Attempts that wait: what they are told, and from when their place counts, without waiting."""

from __future__ import annotations

import pytest

from schoolauth.ports import Outcome, Throttle
from schoolauth.storage.sql import throttle as sql_throttle
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from schoolauth.throttle import limits as limits_throttle
from schoolauth.throttle import memory as memory_throttle
from tests.pretended import Pretended
from tests.throttles import THROTTLES, Throttles

NAME = bucket("name", (1, 300))


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    made = Pretended()
    for module in (memory_throttle, limits_throttle, sql_throttle):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture(params=THROTTLES)
def throttle(request: pytest.FixtureRequest, throttles: Throttles, time: Pretended) -> Throttle:
    made = throttles.make(request.param, wait=20)
    if isinstance(made, memory_throttle.MemoryThrottle):
        made._changed = time  # type: ignore[assignment] # what it uses of one
    return made


def test_nobody_waits_once_the_bucket_is_full_for_certain(
    throttle: Throttle, time: Pretended
) -> None:
    """Behind one that comes to count as failed while they wait, they are told how long at once."""
    throttle.reserve([NAME], at(0))
    refused = throttle.reserve([NAME], at(25))
    assert refused.retry_after in (269, 270)
    assert refused.first_refusal
    assert 5 <= time.seconds < 6


def test_a_place_counts_from_when_it_was_taken(throttle: Throttle, time: Pretended) -> None:
    """Word within thirty seconds of the end of the wait counts, though not of its begin."""
    first = throttle.reserve([NAME], at(0))

    def give_back(seconds: float) -> None:
        if seconds > 15:
            throttle.settle(first, Outcome.NOT_TRIED, at(seconds))

    time.meanwhile = give_back
    made = throttle.reserve([NAME], at(0))
    assert made.retry_after is None
    assert time.seconds > 15
    throttle.settle(made, Outcome.SUCCEEDED, at(time.seconds + 29))
    assert passes(throttle, NAME, now=time.seconds + 29)


def test_who_has_waited_is_told_the_wait_from_then_on(throttle: Throttle, time: Pretended) -> None:
    """A failure that ends the wait is not told as longer than its window lasts."""
    first = throttle.reserve([NAME], at(0))

    def fail(seconds: float) -> None:
        throttle.settle(first, Outcome.FAILED, at(0))

    time.meanwhile = fail
    refused = throttle.reserve([NAME], at(0))
    assert refused.retry_after is not None
    assert 300 - time.seconds <= refused.retry_after < 301 - time.seconds


def test_a_wait_in_vain_ends_with_its_time(throttle: Throttle, time: Pretended) -> None:
    """Where the undecided stay undecided for longer, the wait is as long as was said."""
    throttle.reserve([NAME], at(0))
    refused = throttle.reserve([NAME], at(0))
    assert (refused.retry_after, refused.first_refusal) == (1, False)
    assert time.seconds == pytest.approx(20)


def test_who_does_not_have_to_wait_counts_from_now(throttle: Throttle, time: Pretended) -> None:
    """The first look is at the very moment that the caller gave."""
    tried(throttle, NAME, now=1)
    assert throttle.peek(NAME, at(1)) == 300
    assert time.sleeps == 0
