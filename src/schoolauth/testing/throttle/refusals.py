"""What `first_refusal` promises: one event for each window of a flood."""

from __future__ import annotations

from itertools import pairwise

from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.throttle.attempts import at, bucket, tried
from schoolauth.testing.throttle.contract import Make, behaviour


@behaviour("first_refusal.once")
def _(make: Make) -> None:
    """The first refusal of a full bucket is told as the first, once in its window."""
    throttle, name = make.new(), bucket()
    for start in (0, 300):
        for _ in range(3):
            passed = tried(throttle, name, now=start)
            expect(not passed.first_refusal, "An attempt that passed is told as a refusal.")
        seconds = range(start + 1, start + 300, 20)
        told = [s for s in seconds if throttle.reserve([name], at(s)).first_refusal]
        equal(told, [start + 1], "the seconds of the first refusals in one window of a flood")


@behaviour("first_refusal.steady")
def _(make: Make) -> None:
    """Places that become free one by one begin no new window: a steady flood is told once in it."""
    throttle, name = make.new(), bucket()
    for second in (0, 100, 200):
        tried(throttle, name, now=second)
    told = [s for s in range(210, 1500, 10) if tried(throttle, name, now=s).first_refusal]
    equal(told[:1], [210], "the second of the first refusal")
    apart = [later - earlier for earlier, later in pairwise(told)]
    expect(
        apart and all(300 <= seconds < 600 for seconds in apart),
        f"A steady flood was told after {told} s instead of once in each window of 300 s.",
    )


@behaviour("first_refusal.after_clear")
def _(make: Make) -> None:
    """A flood against a bucket that was cleared is told again."""
    throttle, name = make.new(), bucket("name", (1, 300))
    for time in ("first", "second"):
        tried(throttle, name)
        refused = throttle.reserve([name], at(1))
        expect(refused.first_refusal, f"The flood was not told for the {time} time.")
        throttle.clear(name.key)


@behaviour("first_refusal.each_bucket")
def _(make: Make) -> None:
    """A bucket that is known to be full does not hide that another one has become full."""
    throttle, source = make.new(), bucket("source", (1, 300), cleared=False)
    name, both = bucket("name", (1, 300)), (bucket("name", (1, 300)), source)
    tried(throttle, source)
    told = [throttle.reserve(each, at(0)).first_refusal for each in ([source], both)]
    equal(told, [True, False], "first_refusal for the full source, and for it beside a free name")
    tried(throttle, name)
    told = [throttle.reserve(both, at(0)).first_refusal for _ in range(2)]
    equal(told, [True, False], "first_refusal when the name has become full, too")
