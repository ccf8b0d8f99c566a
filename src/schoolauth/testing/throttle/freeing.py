"""What frees places before their time: `give_back` and `clear`."""

from __future__ import annotations

from schoolauth.testing.assertions import equal
from schoolauth.testing.throttle.buckets import at, both, bucket, passed, passes
from schoolauth.testing.throttle.contract import Make, behaviour


@behaviour("give_back.one_place")
def _(make: Make) -> None:
    """`give_back` frees one place in every bucket that it is given."""
    throttle, row = make.new(), bucket("row", (3, None))
    for name in both("name", (3, 100), (3, 1000)):
        throttle.clear([row])
        passed(throttle, name, row, times=[0] * 3)
        throttle.give_back([name, row], at(20))
        for each in (name, row):
            free = passed(throttle, each, times=[20] * 3)
            equal(free, 1, f"how many pass when one of 3 was given back in {each.key}")


@behaviour("give_back.leaves_nothing")
def _(make: Make) -> None:
    """A try that is given back leaves no trace, however often."""
    throttle = make.new()
    for name in both():
        for second in range(20):
            passes(throttle, name, now=second)
            throttle.give_back([name], at(second))
        equal(passed(throttle, name, times=[19] * 4), 3, "how many pass after 20 given back")


@behaviour("give_back.gains_nothing")
def _(make: Make) -> None:
    """To give back more than was taken, or what time has freed, adds no place."""
    throttle = make.new()
    for name in (*both(), bucket("row", (3, None))):
        for _ in range(5):
            throttle.give_back([name], at(0))
        equal(passed(throttle, name, times=[0] * 4), 3, "how many pass after nothing was taken")
    for name in both("late"):
        passes(throttle, name)
        throttle.give_back([name], at(1000))
        equal(passed(throttle, name, times=[1000] * 4), 3, "how many pass after it was free")


@behaviour("clear.frees")
def _(make: Make) -> None:
    """`clear` frees every place of these buckets, unused ones too, and of no other."""
    throttle, row = make.new(), bucket("row", (3, None))
    for name in both():
        others = both(f"{name.key}-other")
        passed(throttle, name, row, *others, times=[0] * 3)
        throttle.clear([name, row, bucket("unused")])
        for each in (name, row):
            equal(passed(throttle, each, times=[0] * 4), 3, f"how many pass in cleared {each.key}")
        for other in others:
            equal(passed(throttle, other, times=[0]), 0, "how many pass in another bucket")
        throttle.clear([row])
