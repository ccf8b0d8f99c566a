"""What is promised to many at once."""

from __future__ import annotations

from functools import partial

from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.threads import begin_together, results
from schoolauth.testing.throttle.buckets import at, both, bucket, passed, passes
from schoolauth.testing.throttle.contract import Make, behaviour


@behaviour("crowd.limit")
def _(make: Make) -> None:
    """Of a crowd that comes at once exactly as many pass as the limit has places."""
    throttle = make.new()
    for name in both("name", (10, 300)):
        source = bucket(f"{name.key}-source", (50, 6), invented=True)
        crowd = begin_together([partial(throttle.take, [name, source], at(0))] * 30)
        told = results(crowd, "A crowd of 30 tries")
        equal(told.count(None), 10, "how many of 30 pass a limit of 10")
        equal(passed(throttle, source, times=[0] * 50), 40, "how many of its 50 places are left")


@behaviour("crowd.forgets_nothing")
def _(make: Make) -> None:
    """However many other buckets are used, a full one stays full."""
    throttle, names = make.new(), both("victim", (1, 9999))
    passes(throttle, *names)
    for number in range(40):
        throttle.take(
            [bucket(f"{number}-{n}", (1, 9999), invented=n % 2 == 0) for n in range(25)], at(1)
        )
    for name in names:
        expect(not passes(throttle, name, now=2), "A full bucket was forgotten among 1,000 others.")
