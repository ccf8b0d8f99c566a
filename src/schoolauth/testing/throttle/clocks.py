"""Whose time counts, and what a wrong clock may do."""

from __future__ import annotations

from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.throttle.buckets import at, both, bucket, passed, passes
from schoolauth.testing.throttle.contract import Make, behaviour

YEARS = 10 * 366 * 24 * 60 * 60
HALF_A_DAY = 12 * 60 * 60


@behaviour("clock.given")
def _(make: Make) -> None:
    """A time that is given is used as it is, however far from the present."""
    throttle = make.new()
    for years in (-YEARS, YEARS):
        for name in both(f"name{years}"):
            times = [years] * 4 + [years + 99, years + 100]
            told = [passes(throttle, name, now=time) for time in times]
            expected = [True] * 3 + [False] * 2 + [True]
            equal(told, expected, "which tries pass: 4 at once, after 99 and after 100 s")


@behaviour("clock.own")
def _(make: Make) -> None:
    """Without a time the store's own clock counts."""
    throttle = make.new()
    for name in both("name", (3, 10_000)):
        told = [passes(throttle, name, now=None) for _ in range(4)]
        equal(told, [True] * 3 + [False], "which of 4 tries pass, with 3 places")
        wait = throttle.wait(name)
        expect(9_000 < wait <= 10_000, f"The wait is {wait} s instead of nearly 10,000 s.")
        throttle.give_back([name])
        equal(throttle.wait(name), 0, "the wait when a place was given back")


@behaviour("clock.differs")
def _(make: Make) -> None:
    """A clock that is up to two minutes behind another moves nothing that the other has counted."""
    throttle = make.new()
    for name in both():
        passed(throttle, name, times=[110] * 3)
        expect(not passes(throttle, name), "A try passed by a clock that is 110 s behind.")
        equal(throttle.wait(name, at(0)), 210, "the wait by a clock that is 110 s behind")
        equal(throttle.wait(name, at(110)), 100, "the wait by the clock that was ahead")


@behaviour("clock.wrong")
def _(make: Make) -> None:
    """What a clock counted that was hours ahead is full as of now, also where that refuses."""
    throttle = make.new()
    for name, waited in (
        *((name, False) for name in both()),
        *((name, True) for name in both("w")),
    ):
        passed(throttle, name, times=[HALF_A_DAY] * 3)
        if waited:
            equal(throttle.wait(name, at(0)), 100, "the wait when the clock was set right")
        expect(waited or not passes(throttle, name), "A try passed when the clock was set right.")
        told = passed(throttle, name, times=[99, 100, 100])
        equal(told, 1, "how many pass until one refill after the clock was set right")


@behaviour("clock.apart")
def _(make: Make) -> None:
    """A guesser who uses two clocks in turn, hours apart, has the places of both and no more."""
    throttle, name = make.new(), bucket()
    told = passed(throttle, name, times=(t + t % 2 * HALF_A_DAY for t in range(100)))
    expect(told <= 6, f"{told} tries passed within 100 s, where each of two clocks has 3 places.")
    wait = throttle.wait(name, at(100))
    expect(wait <= 100, f"The wait is {wait} s after the clock was set right.")
    equal(passed(throttle, name, times=[200]), 1, "how many pass one refill later")
