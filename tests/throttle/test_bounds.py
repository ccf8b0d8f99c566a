"""How many tries a guesser gets at most in any window, on every store."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.ports import Bucket, Throttle
from schoolauth.testing.throttle.buckets import at
from schoolauth.throttle import policy
from schoolauth.throttle.counter import SECOND, Held, decide
from tests.throttles import THROTTLES, Throttles

MINUTES, DAY = 5 * 60, 24 * 60 * 60
NAME, ACCOUNT = policy.NAME.bucket("name"), policy.ACCOUNT.bucket("account")
REFILL = 150
"""Seconds until the next try at a full name."""


@pytest.fixture(params=THROTTLES)
def throttle(request: pytest.FixtureRequest, throttles: Throttles) -> Throttle:
    return throttles.make(request.param)


def most_in(window: float, times: list[float]) -> int:
    """Return how many of *times*, which go up, lie within some *window*, its end included."""
    return max(sum(start <= time <= start + window for time in times) for start in times)


def guess(throttle: Throttle, *buckets: Bucket, until: float) -> list[float]:
    """Try again whenever the last refusal allows it; return when tries passed."""
    passed, now = [], 0.0
    while now <= until:
        refusal = throttle.take(buckets, at(now))
        if refusal is None:
            passed.append(now)
        else:
            assert refusal.seconds > 0
            now += refusal.seconds
            assert throttle.wait(refusal.bucket, at(now)) == 0
    return passed


def test_a_name_has_ten_tries_in_any_five_minutes(throttle: Throttle) -> None:
    """Ten tries pass in the busiest five minutes, and never more."""
    assert most_in(MINUTES, guess(throttle, NAME, until=20 * 60)) == 10


def test_an_account_has_a_hundred_tries_in_any_day(throttle: Throttle) -> None:
    """However long somebody goes on: 10 in five minutes, 100 in a day."""
    passed = guess(throttle, ACCOUNT, until=1.3 * DAY)
    assert (most_in(MINUTES, passed), most_in(DAY, passed)) == (10, 100)


def test_what_is_never_given_back_counts(throttle: Throttle) -> None:
    """A process that dies over a try has used its place until the refill, and no longer."""
    for _ in range(8):
        throttle.take([NAME, ACCOUNT], at(0))
    assert throttle.wait(NAME, at(0)) == throttle.wait(ACCOUNT, at(0)) == REFILL
    assert throttle.take([NAME, ACCOUNT], at(REFILL)) is None


@pytest.mark.parametrize("held", [0, 25])
def test_successes_are_no_tries(throttle: Throttle, held: int) -> None:
    """30 sign-ins within five minutes are all let through, however long each try takes."""
    for second in range(0, MINUTES, 10):
        assert throttle.take([NAME, ACCOUNT], at(second)) is None
        throttle.give_back([NAME, ACCOUNT], at(second + held))


def test_a_failing_crowd_leaves_the_rest_its_places(throttle: Throttle) -> None:
    """A try that one bucket refuses takes nothing in the others, so it keeps nobody else out."""
    source = policy.SOURCE.bucket("school")
    for _ in range(30):
        throttle.take([NAME, source], at(0))
    others = [policy.NAME.bucket(str(number)) for number in range(50)]
    assert sum(throttle.take([other, source], at(0)) is None for other in others) == 50 - 8


def test_clearing_while_tries_are_under_way_gains_nothing(throttle: Throttle) -> None:
    """Places that were cleared and are then given back, too, are free once."""
    for _ in range(8):
        throttle.take([NAME, ACCOUNT], at(0))
    throttle.clear([NAME, ACCOUNT])
    for _ in range(8):
        throttle.give_back([NAME, ACCOUNT], at(1))
    told = [throttle.take([NAME, ACCOUNT], at(2)) for _ in range(9)]
    assert told.count(None) == 8


tries = st.tuples(
    st.integers(0, 200 * SECOND),  # after the one before
    st.integers(-60 * SECOND, 60 * SECOND),  # by how much this process's clock is off
    st.integers(0, 25 * SECOND),  # how long its place is held
    st.booleans(),  # whether it was right, so that its place is given back
)


@given(st.lists(tries, min_size=1, max_size=60))
def test_no_order_of_tries_is_past_the_bound(
    order: list[tuple[int, int, int, bool]],
) -> None:
    """With clocks 60 s off and places held for 25 s: 8 + (300 + 120 + 25) / 150 in five minutes."""
    starts = list(accumulate(gap for gap, *_ in order))
    events: list[tuple[int, int, int]] = [(start, 1, number) for number, start in enumerate(starts)]
    events += [
        (start + held, 0, number)
        for number, (start, (_, _, held, right)) in enumerate(zip(starts, order, strict=True))
        if right
    ]
    numbers: Held = {}
    passed: set[int] = set()
    for time, takes, number in sorted(events):
        now = time + order[number][1] + 10**15
        if takes:
            refusal, changed = decide("take", [NAME], numbers, now)
            if refusal is None:
                passed.add(number)
        elif number in passed:
            _, changed = decide("give_back", [NAME], numbers, now)
        else:
            changed = {}
        numbers = {**numbers, **changed}
    wrong = [starts[number] / SECOND for number in sorted(passed) if not order[number][3]]
    assert not wrong or most_in(MINUTES, wrong) <= 8 + (MINUTES + 120 + 25) // REFILL
