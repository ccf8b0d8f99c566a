"""Clocks that differ or were wrong: nobody is locked out for long, and no guesser gains much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from schoolauth.ports import Bucket, Throttle
from schoolauth.testing.throttle.buckets import at, passed
from schoolauth.throttle import policy
from tests.throttle.test_bounds import most_in
from tests.throttles import THROTTLES, Throttles

NAME, ACCOUNT = policy.NAME.bucket("name"), policy.ACCOUNT.bucket("account")
BUCKETS = (NAME, ACCOUNT)
HOURS, YEARS = 60 * 60, 366 * 24 * 60 * 60
WINDOW = 5 * 60


@pytest.fixture(params=THROTTLES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def throttle(kind: str, throttles: Throttles) -> Throttle:
    return throttles.make(kind)


def guesses(throttle: Throttle, bucket: Bucket, times: Iterable[float], *, off: float = 0) -> int:
    """Try at each of *times* by a clock that is so many seconds ahead; return how many passed."""
    return passed(throttle, bucket, times=[time + off for time in times])


@pytest.mark.parametrize("bucket", BUCKETS, ids=["name", "account"])
def test_clocks_a_minute_off_give_no_more_than_ten(throttle: Throttle, bucket: Bucket) -> None:
    """Two processes, one 60 s ahead and one 60 s behind, and a guesser who uses both in turn."""
    times = [
        float(second)
        for second in range(0, 3 * WINDOW, 25)
        if guesses(throttle, bucket, [second], off=60 if second % 2 else -60)
    ]
    assert 9 <= most_in(WINDOW, times) <= 10


def longest_wait(bucket: Bucket, off: int) -> int:
    """Return the seconds after which a place is free, at the latest, when a clock was set right.

    A limit for a day knows a clock to be wrong only once it is off by more than a day.
    """
    return 1728 if bucket is ACCOUNT and off > 24 * HOURS else WINDOW


@pytest.mark.parametrize("bucket", BUCKETS, ids=["name", "account"])
@pytest.mark.parametrize("off", [150, 3600, 12 * HOURS, 50 * YEARS])
def test_a_clock_that_was_ahead_shuts_nobody_out(
    throttle: Throttle, bucket: Bucket, off: int
) -> None:
    """After it was set right the owner soon gets in, and a guesser has gained one burst at most."""
    assert guesses(throttle, bucket, [0] * 9) == 8
    assert guesses(throttle, bucket, [1] * 9, off=off) <= 8
    assert guesses(throttle, bucket, range(2, WINDOW, 40)) <= 2
    latest = longest_wait(bucket, off)
    assert throttle.wait(bucket, at(WINDOW)) <= latest
    assert guesses(throttle, bucket, [WINDOW + latest]) == 1


@pytest.mark.parametrize("bucket", BUCKETS, ids=["name", "account"])
@pytest.mark.parametrize("off", [60, 12 * HOURS, 10 * YEARS])
def test_a_clock_that_is_set_back_shuts_nobody_out(
    throttle: Throttle, bucket: Bucket, off: int
) -> None:
    """What it has counted is full as of now at the most, and no try passes for that."""
    assert guesses(throttle, bucket, [off] * 9) == 8
    assert guesses(throttle, bucket, [0]) == 0
    assert throttle.wait(bucket, at(0)) <= longest_wait(bucket, off)
    assert guesses(throttle, bucket, [longest_wait(bucket, off)]) == 1


@pytest.mark.parametrize("bucket", BUCKETS, ids=["name", "account"])
def test_two_clocks_in_turn_give_the_places_of_both_and_no_more(
    kind: str, throttle: Throttle, bucket: Bucket
) -> None:
    """One process is 12 hours ahead for ten minutes, and a guesser uses both; then it is mended.

    In memory there is one process and one clock, so its cells need not know another.
    """
    if kind == "memory":
        bucket = replace(bucket, invented=False)
    times = [
        float(second)
        for second in range(0, 2 * WINDOW, 10)
        if guesses(throttle, bucket, [second], off=second // 10 % 2 * 12 * HOURS)
    ]
    assert 10 <= most_in(WINDOW, times) <= 10 + 10
    assert throttle.wait(bucket, at(2 * WINDOW)) <= 150
    assert guesses(throttle, bucket, [2 * WINDOW + 150]) == 1


def test_a_source_that_is_only_asked_about_is_mended(throttle: Throttle) -> None:
    """A source is asked for its wait before each try and counted only after a failure."""
    source = policy.SOURCE.bucket("school")
    for _ in range(60):
        throttle.take([source], at(12 * HOURS), even_if_full=True)
    assert throttle.wait(source, at(0)) == 6
    assert throttle.wait(source, at(6)) == 0


def test_a_row_of_failures_knows_no_clock(throttle: Throttle) -> None:
    """Failures since the last success are counted alike, however wrong a clock is."""
    row = policy.failures_in_a_row(3).bucket("account")
    assert passed(throttle, row, times=[50 * YEARS, 0, -10 * YEARS, 50 * YEARS, 0]) == 3
