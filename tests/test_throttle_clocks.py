"""Throttles whose hosts' clocks are wrong for a moment, or differ; and limits that change."""

from __future__ import annotations

import pytest

from schoolauth.ports import UNDECIDED_SECONDS, Outcome, Throttle
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from schoolauth.throttle.tally import Tally
from tests.databases import SQL_STORES
from tests.throttles import LIMITS_STORES, THROTTLES, Throttles

MONTH = 30 * 24 * 60 * 60
"""Seconds by which a clock was wrong, until it was set right."""


@pytest.fixture(params=THROTTLES)
def throttle(request: pytest.FixtureRequest, throttles: Throttles) -> Throttle:
    return throttles.make(request.param, wait=0)


# --- A clock that was wrong ------------------------------------------------------------------


def test_failures_from_a_wrong_clock_end_with_their_window(throttle: Throttle) -> None:
    """They count as of the first look after it was set right, and of no later one."""
    name = bucket("name", (3, 300), (9, 86400))
    for _ in range(3):
        tried(throttle, name, now=MONTH)
    assert throttle.reserve([name], at(MONTH)).first_refusal
    told = [throttle.reserve([name], at(second)).retry_after for second in (0, 100, 299)]
    assert told == [300, 200, 1]
    assert passes(throttle, name, now=300)


def test_places_from_a_wrong_clock_end_with_their_window(throttle: Throttle) -> None:
    """What was held then, by a process that is gone, is held for thirty seconds from now."""
    name = bucket("name", (1, 300), (9, 86400))
    throttle.reserve([name], at(MONTH))
    assert throttle.reserve([name], at(0)).retry_after == 1
    later = throttle.reserve([name], at(UNDECIDED_SECONDS)).retry_after
    assert later == 300 - UNDECIDED_SECONDS
    assert passes(throttle, name, now=300)


def test_a_flood_that_a_wrong_clock_told_is_told_again(throttle: Throttle) -> None:
    """It is known for one window after the clock was set right, and not for a month."""
    name = bucket("name", (1, 300), (9, 3000))
    tried(throttle, name, now=MONTH)
    assert throttle.reserve([name], at(MONTH)).first_refusal
    throttle.reserve([name], at(0))
    tried(throttle, name, now=3000)
    assert throttle.reserve([name], at(3001)).first_refusal


# --- Clocks that differ ----------------------------------------------------------------------


def test_a_clock_that_is_a_little_ahead_moves_nothing(throttle: Throttle) -> None:
    """A host that is behind leaves what another has counted, and tells a window at most."""
    name = bucket("name", (1, 300))
    tried(throttle, name, now=50)
    assert throttle.reserve([name], at(0)).retry_after == 300
    assert throttle.peek(name, at(50)) == 300
    assert passes(throttle, name, now=350)


@pytest.mark.parametrize("outcome", Outcome)
def test_another_clock_takes_no_word_away(throttle: Throttle, outcome: Outcome) -> None:
    """What a host that is ahead has counted as failed is still its own host's to settle, once."""
    name, source = bucket("name", (2, 300)), bucket("source", (2, 300), cleared=False)
    tried(throttle, name, source)
    made = throttle.reserve([name, source], at(0))
    assert throttle.reserve([name, source], at(40)).retry_after == 260
    throttle.settle(made, outcome, at(29))
    left = [throttle.peek(each, at(40)) for each in (name, source)]
    assert left == ([260, 260] if outcome is Outcome.FAILED else [0, 0])
    for word in Outcome:  # a second word
        throttle.settle(made, word, at(29))
    tried(throttle, source, now=40)
    assert throttle.peek(source, at(40)) == 260
    tried(throttle, name, now=40)
    assert bool(throttle.peek(name, at(40))) == (outcome is not Outcome.SUCCEEDED)


def test_a_word_that_its_own_clock_calls_late_is_none(throttle: Throttle) -> None:
    """Nor is one about what was forgotten meanwhile, whoever had counted it as failed."""
    late, cleared = bucket("late", (1, 300)), bucket("cleared", (1, 300))
    made, other = throttle.reserve([late], at(0)), throttle.reserve([cleared], at(0))
    assert [throttle.peek(each, at(40)) for each in (late, cleared)] == [260, 260]
    throttle.settle(made, Outcome.SUCCEEDED, at(30))
    assert throttle.peek(late, at(40)) == 260
    throttle.clear("cleared")
    tried(throttle, cleared, now=1)
    throttle.settle(other, Outcome.SUCCEEDED, at(1))
    assert throttle.peek(cleared, at(40)) == 261


# --- Limits that change ----------------------------------------------------------------------

TEN_YEARS = 10 * 366 * 24 * 60 * 60


@pytest.mark.parametrize("throttle", [*SQL_STORES, *LIMITS_STORES], indirect=True)
def test_who_looks_back_for_less_forgets_nothing_of_the_others(throttle: Throttle) -> None:
    """While processes are changed one by one, those without the lock leave the lock of others."""
    with_lock, without = bucket("name", (9, 300), (2, TEN_YEARS)), bucket("name", (9, 300))
    for _ in range(2):
        tried(throttle, with_lock)
    assert passes(throttle, without, now=1000)
    tried(throttle, without, now=1000)
    assert not passes(throttle, with_lock, now=1001)
    throttle.clear("name")
    assert passes(throttle, with_lock, now=1001)


def test_a_lock_that_is_given_up_grows_no_longer() -> None:
    """What only the lock of others asks for is kept within bounds, and not after a success."""
    lock, plain = bucket("name", (5, TEN_YEARS)).limits, bucket("name", (2, 10)).limits
    tally = Tally.read(Tally(lock, failed=[0.0]).text(), plain)
    for second in range(2000):
        tally.failed.append(100.0 * second)
        tally.age(100.0 * second)
        tally = Tally.read(tally.text(), plain)
    assert tally.longest == TEN_YEARS
    assert 1000 <= len(tally.failed) <= 1002
    tally.forget()
    assert Tally.read(tally.text(), plain).longest == 10


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "7",
        "[1,[],{},0]",
        "[1,[NaN],{},0,{}]",
        "[1,[1e999],{},0,{}]",
        "[1,[],{},-Infinity,{}]",
        '[1,[],{"a":NaN},0,{}]',
        '[1,[],{},0,{"a":Infinity}]',
        f"[1,[1{'0' * 400}],{{}},0,{{}}]",
        "[" * 100_000,
    ],
    ids=range(10),
)
def test_what_is_no_tally_is_one_error(text: str) -> None:
    """A shared store gives back what somebody else wrote: a time that is none, or no end of it."""
    with pytest.raises(ValueError, match=r"."):
        Tally.read(text, Tally(bucket("name", (3, 300)).limits).limits)
