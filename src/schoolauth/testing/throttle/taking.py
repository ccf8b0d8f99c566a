"""What the limits of a bucket promise: `take` and `wait`."""

from __future__ import annotations

from dataclasses import replace

from schoolauth.ports import NEVER, Refusal
from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.throttle.buckets import at, both, bucket, passed, passes
from schoolauth.testing.throttle.contract import Make, behaviour


@behaviour("take.burst")
def _(make: Make) -> None:
    """As many tries pass at once as the limit has places; the next is told when to come."""
    throttle = make.new()
    for name in both():
        equal(passed(throttle, name, times=[0] * 3), 3, "how many of 3 tries pass, with 3 places")
        told = throttle.take([name], at(0.5))
        equal(told, Refusal(name, 100), "the refusal 99.5 s before the first place is free")
        expect(passes(throttle, name, now=100.5), "A try was refused after the wait that was told.")


@behaviour("take.refill")
def _(make: Make) -> None:
    """Each refill frees one place, and idle time frees no more than the limit has."""
    throttle = make.new()
    for name in both():
        passed(throttle, name, times=[0] * 3)
        for second in (100, 200, 300):
            early = passed(throttle, name, times=[second - 99, second - 1])
            equal(early, 0, "how many tries pass before a place is free")
            equal(passed(throttle, name, times=[second] * 2), 1, "how many pass after one refill")
        equal(passed(throttle, name, times=[9000] * 5), 3, "how many of 5 pass after idle time")


@behaviour("take.several_limits")
def _(make: Make) -> None:
    """Every limit of a bucket holds: who keeps below the short one for long meets the long one."""
    throttle = make.new()
    for name in both("name", (2, 10), (5, 1000)):
        equal(passed(throttle, name, times=[0, 0, 0]), 2, "how many pass the short limit at once")
        equal(passed(throttle, name, times=[10, 20, 30]), 3, "how many pass, one in each refill")
        told = throttle.take([name], at(40))
        equal(told, Refusal(name, 960), "the refusal by the long limit")


@behaviour("take.refused_takes_nothing")
def _(make: Make) -> None:
    """A refused try takes no place: a flood shuts a bucket for no longer than its passed tries."""
    throttle = make.new()
    for name in both():
        passed(throttle, name, times=[0] * 3)
        equal(passed(throttle, name, times=range(1, 100, 10)), 0, "how many pass a full limit")
        expect(passes(throttle, name, now=100), "Refused tries kept a place for longer.")


@behaviour("take.all_or_none")
def _(make: Make) -> None:
    """A try that one bucket refuses takes no place in the others, whichever comes first."""
    throttle, source = make.new(), bucket("source", (1, 50), invented=True)
    passes(throttle, source)
    for name in both():
        for buckets in ([name, source], [source, name]) * 2:
            told = throttle.take(buckets, at(0))
            equal(told, Refusal(source, 50), "the refusal where one of two buckets is full")
        equal(passed(throttle, name, times=[0] * 4), 3, "how many pass where nothing was taken")


@behaviour("take.longest_wait")
def _(make: Make) -> None:
    """Where several buckets are full, the one with the longest wait is told."""
    throttle, source, name = make.new(), bucket("source", (1, 50)), bucket("name", (1, 300))
    passes(throttle, name, source)
    for buckets in ([name, source], [source, name]):
        told = throttle.take(buckets, at(0))
        equal(told, Refusal(name, 300), "the refusal where buckets are full for 300 and 50 s")


@behaviour("take.no_bucket")
def _(make: Make) -> None:
    """A try without a bucket always passes."""
    throttle = make.new()
    equal(passed(throttle, times=[0] * 9), 9, "how many of 9 tries pass without a bucket")
    throttle.give_back([], at(0))
    throttle.clear([])


@behaviour("take.keys_apart")
def _(make: Make) -> None:
    """Keys are told apart by each of their characters, capital letters from small ones too."""
    throttle, full = make.new(), bucket("Zm9v-" * 19 + "Zm9", (1, 300))
    passes(throttle, full)
    for key in (full.key.lower(), full.key[:-1] + "8", full.key[:-1], full.key + "="):
        other = replace(full, key=key)
        expect(passes(throttle, other), f"The bucket {key} was taken for {full.key}.")
    expect(not passes(throttle, full), "A bucket was forgotten when similar keys were used.")


@behaviour("take.no_refill")
def _(make: Make) -> None:
    """A limit without a refill stays full whatever time goes by."""
    throttle, row = make.new(), bucket("row", (3, None))
    equal(passed(throttle, row, times=[0] * 4), 3, "how many pass a limit of 3 without a refill")
    for seconds in (0, NEVER):
        told = throttle.take([row], at(seconds))
        equal(told, Refusal(row, NEVER), f"the refusal {seconds} s later")
        equal(throttle.wait(row, at(seconds)), NEVER, f"the wait {seconds} s later")


@behaviour("take.even_if_full")
def _(make: Make) -> None:
    """With `even_if_full` a try is counted and never refused; a full bucket is full from now on."""
    throttle, row = make.new(), bucket("row", (3, None))
    for name in both():
        for second in [0, 0, *[50] * 9]:
            told = throttle.take([name, row], at(second), even_if_full=True)
            equal(told, None, "the refusal of a try that counts even if full")
        equal(throttle.wait(name, at(50)), 100, "the wait after 2 such tries, and 9 after 50 s")
    throttle.give_back([row], at(50))
    equal(passed(throttle, row, times=[50] * 2), 1, "how many pass when one of 22 is given back")


@behaviour("wait.tells")
def _(make: Make) -> None:
    """`wait` tells what a refused try would be told, and 0 where there is a free place."""
    throttle = make.new()
    for name in both("name", (2, 10), (3, 300)):
        equal(throttle.wait(name, at(0)), 0, "the wait of an unused bucket")
        for second, wait in ((0, 0), (1, 9), (10, 290)):
            passes(throttle, name, now=second)
            equal(throttle.wait(name, at(second)), wait, f"the wait after {second} s")
        equal(throttle.wait(name, at(10.5)), 290, "the wait 289.5 s before a place is free")
        equal(throttle.wait(name, at(300)), 0, "the wait when a place is free again")


@behaviour("wait.takes_nothing")
def _(make: Make) -> None:
    """`wait` takes no place."""
    throttle = make.new()
    for name in both("name", (1, 300)):
        for _ in range(3):
            throttle.wait(name, at(0))
        expect(passes(throttle, name), "A try was refused after nothing but waiting.")
