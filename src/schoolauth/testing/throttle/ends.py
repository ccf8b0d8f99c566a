"""What is promised of how an attempt ends: `settle`, no word for too long, and `clear`."""

from __future__ import annotations

from itertools import product

from schoolauth.ports import Outcome
from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from schoolauth.testing.throttle.contract import Make, behaviour


@behaviour("settle.success_clears")
def _(make: Make) -> None:
    """A success forgets every failure of a bucket that it clears."""
    throttle, name = make.new(), bucket()
    for _ in range(2):
        tried(throttle, name)
    tried(throttle, name, outcome=Outcome.SUCCEEDED)
    for number in range(3):
        told = tried(throttle, name).retry_after
        equal(told, None, f"the wait of attempt {number + 1} after a success, of three allowed")


@behaviour("settle.gives_back")
def _(make: Make) -> None:
    """A success gives a bucket that it does not clear only its own place back."""
    throttle, name, source = make.new(), bucket("name"), bucket("source", cleared=False)
    for _ in range(2):
        tried(throttle, name, source)
    for _ in range(3):
        tried(throttle, name, source, outcome=Outcome.SUCCEEDED)
    equal(tried(throttle, source).retry_after, None, "the wait after two failures and successes")
    expect(not passes(throttle, source), "A success cleared a bucket that it must not clear.")


@behaviour("settle.not_tried")
def _(make: Make) -> None:
    """An attempt that was never verified gives its place back in every bucket, and clears none."""
    throttle, name, source = make.new(), bucket(), bucket("source", cleared=False)
    for failed in range(3):
        for _ in range(3):
            told = tried(throttle, name, source, outcome=Outcome.NOT_TRIED).retry_after
            equal(told, None, f"the wait after {failed} of three failures, and others not tried")
        tried(throttle, name, source)
    for full in (name, source):
        expect(not passes(throttle, full), "What was not tried took failures back.")


@behaviour("settle.first_word")
def _(make: Make) -> None:
    """Only the first word about an attempt counts."""
    throttle = make.new()
    for first, second in product(Outcome, Outcome):
        name = bucket(f"{first.value}, {second.value}", (2, 300))
        tried(throttle, name)
        reservation = throttle.reserve([name], at(0))
        throttle.settle(reservation, first, at(0))
        throttle.settle(reservation, second, at(0))
        words = f"words {first.value} and then {second.value}"
        wait = 300 if first is Outcome.FAILED else 0
        equal(throttle.peek(name, at(0)), wait, f"the wait after a failure and the {words}")
        tried(throttle, name)
        free = first is Outcome.SUCCEEDED
        equal(passes(throttle, name), free, f"whether there is room after the {words}")


@behaviour("settle.refused_ignored")
def _(make: Make) -> None:
    """Word about an attempt that holds no place, refused or another throttle's, is ignored."""
    throttle, name = make.new(), bucket("name", (1, 300))
    foreign = make.new().reserve([name], at(0))
    throttle.settle(foreign, Outcome.FAILED, at(0))
    expect(passes(throttle, name), "Word about an attempt of another throttle was counted.")
    tried(throttle, name)
    for reservation in (foreign, throttle.reserve([name], at(0))):
        for outcome in Outcome:
            throttle.settle(reservation, outcome, at(0))
            what = f"the wait after a failure and the word {outcome.value} of no place"
            equal(throttle.peek(name, at(0)), 300, what)


@behaviour("undecided.lasts")
def _(make: Make) -> None:
    """Word that comes within 30 seconds counts."""
    throttle = make.new()
    for outcome in Outcome:
        name = bucket(outcome.value, (2, 300))
        tried(throttle, name)
        reservation = throttle.reserve([name], at(0))
        throttle.settle(reservation, outcome, at(29))
        full = throttle.peek(name, at(29)) > 0
        equal(full, outcome is Outcome.FAILED, f"whether a failure and {outcome.value} fill it")
        tried(throttle, name, now=29)
        free = passes(throttle, name, now=29)
        equal(free, outcome is Outcome.SUCCEEDED, f"whether {outcome.value} after 29 s leaves room")


@behaviour("undecided.expires")
def _(make: Make) -> None:
    """An attempt that is undecided for 30 seconds counts as failed when it was reserved."""
    throttle, name = make.new(), bucket("name", (1, 300))
    throttle.reserve([name], at(0))
    equal(throttle.reserve([name], at(30)).retry_after, 270, "the wait behind one that has expired")
    equal(throttle.peek(name, at(40)), 260, "what peek tells 40 s after it was reserved")
    expect(passes(throttle, name, now=300), "It was not forgotten after its window.")


@behaviour("undecided.late_word")
def _(make: Make) -> None:
    """Word that comes after 30 seconds changes nothing."""
    throttle = make.new()
    for outcome in Outcome:
        name = bucket(outcome.value, (1, 300))
        reservation = throttle.reserve([name], at(0))
        throttle.settle(reservation, outcome, at(30))
        what = f"the wait after the word {outcome.value}, which came after 30 s"
        equal(throttle.peek(name, at(30)), 270, what)


@behaviour("clear.forgets_failed")
def _(make: Make) -> None:
    """`clear` forgets every failure of the bucket with this key, and of no other."""
    throttle, name, other = make.new(), bucket("name", (1, 300)), bucket("other", (1, 300))
    tried(throttle, name, other)
    throttle.clear(name.key)
    equal(throttle.peek(name, at(0)), 0, "what peek tells of the cleared bucket")
    expect(passes(throttle, name), "A cleared bucket refused an attempt.")
    expect(not passes(throttle, other), "Another bucket was cleared, too.")


@behaviour("clear.keeps_undecided")
def _(make: Make) -> None:
    """`clear` keeps what is undecided, so that no running crowd passes the limit."""
    throttle, name = make.new(), bucket("name", (2, 300))
    running = throttle.reserve([name], at(0))
    tried(throttle, name)
    throttle.clear(name.key)
    equal(tried(throttle, name).retry_after, None, "the wait after one failure of two was cleared")
    throttle.settle(running, Outcome.FAILED, at(0))
    what = "the wait where an attempt from before the clearing and one after it have failed"
    equal(throttle.peek(name, at(0)), 300, what)


@behaviour("clear.unknown")
def _(make: Make) -> None:
    """To clear a bucket that was never used does nothing."""
    throttle, name = make.new(), bucket("unknown", (1, 300))
    throttle.clear(name.key)
    expect(passes(throttle, name), "A bucket that was cleared before its first use is full.")
