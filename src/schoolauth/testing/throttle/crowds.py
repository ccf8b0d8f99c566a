"""What is promised to those that come at the same time: the limit holds, and they wait in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass

from schoolauth.ports import Bucket, Outcome, Reservation, Throttle
from schoolauth.testing.assertions import Unkept, equal, expect
from schoolauth.testing.threads import begin_together, results
from schoolauth.testing.throttle.attempts import at, bucket, tried
from schoolauth.testing.throttle.contract import Make, behaviour

SHORT = 0.1
"""Seconds in which an attempt must not come back that has to wait."""
LEAST = 0.4
"""An attempt waits at least half a second; clocks may differ a little."""
ROUNDS = 5
"""Who has waited its time on a busy machine was refused rightly: then the story is told again."""


@dataclass(frozen=True, slots=True)
class Waited:
    """An attempt that had to wait, and for how many seconds it did."""

    made: Reservation
    seconds: float


def come_behind(
    throttle: Throttle, name: Bucket, *steps: Callable[[], object], count: int = 1
) -> list[int | None]:
    """Begin attempts behind the undecided that fill *name*; return what they are told in the end.

    None may come back before the last of *steps*. Each that passes succeeds.
    """

    def attempt() -> Waited:
        begin = time.monotonic()
        made = throttle.reserve([name], at(0))
        waited = Waited(made, time.monotonic() - begin)
        throttle.settle(made, Outcome.SUCCEEDED, at(0))
        return waited

    waiting = begin_together([attempt] * count)
    for step in steps:
        done, _ = wait(waiting, SHORT)
        for each in done:
            made, seconds = each.result().made, each.result().seconds
            passed = made.retry_after is None
            expect(not passed, "An attempt passed while undecided ones filled the limit.")
            expect(
                seconds >= LEAST,
                f"An attempt was refused after {seconds:.2f} s instead of waiting for the"
                " undecided ones, which alone filled the limit.",
            )
        step()
    return [each.made.retry_after for each in results(waiting, "reserve")]


def all_are_told(expected: int | None, what: str, story: Callable[[str], list[int | None]]) -> None:
    """Expect that *story*, told with a key of its own each time, ends for all as *expected*."""
    for number in range(ROUNDS):
        told = story(f"{what}, {number}")
        if told == [expected] * len(told):
            return
    raise Unkept(f"The wait told to attempts {what}: {told} instead of {expected} for each.")


@behaviour("wait.for_undecided")
def _(make: Make) -> None:
    """Where only undecided attempts fill a limit, the next waits, and how they end decides."""
    throttle = make.new()
    for outcome in Outcome:

        def story(key: str, outcome: Outcome = outcome) -> list[int | None]:
            name = bucket(key, (1, 300))
            first = throttle.reserve([name], at(0))
            return come_behind(throttle, name, lambda: throttle.settle(first, outcome, at(0)))

        expected = 300 if outcome is Outcome.FAILED else None
        all_are_told(expected, f"behind one that ends as {outcome.value}", story)


@behaviour("wait.until_room")
def _(make: Make) -> None:
    """An attempt waits until there is room, and not for any word."""
    throttle = make.new()

    def story(key: str) -> list[int | None]:
        name, other = bucket(key, (2, 300)), bucket("other")
        held = [throttle.reserve([name], at(0)) for _ in range(2)]

        def clear() -> None:
            tried(throttle, other)
            throttle.clear(name.key)  # it forgets the failed only

        def give_back() -> None:
            throttle.settle(held[0], Outcome.NOT_TRIED, at(0))

        return come_behind(throttle, name, clear, give_back)

    all_are_told(None, "behind two of which one gives its place back", story)


@behaviour("wait.bounded")
def _(make: Make) -> None:
    """Who has waited in vain is asked to come back, and that is no first refusal of a flood."""
    throttle, name = make.new(), bucket("name", (1, 300))
    throttle.reserve([name], at(0))
    waiting = begin_together([lambda: throttle.reserve([name], at(0))])
    (refused,) = results(waiting, "An attempt behind one that is never decided")
    told = refused.retry_after
    expect(told is not None, "An attempt passed while an undecided one filled the limit.")
    expect(told, "An attempt that has waited in vain was asked to come back after 0 s.")
    expect(not refused.first_refusal, "Waiting in vain was told as a first refusal.")


@behaviour("crowd.never_past_limit")
def _(make: Make) -> None:
    """Of a crowd that comes at once exactly as many pass as the limit allows."""
    throttle, name = make.new(), bucket("name", (10, 300))
    crowd = begin_together([lambda: throttle.reserve([name], at(0))] * 30)
    passed = [made for made in results(crowd, "reserve in a crowd") if made.retry_after is None]
    equal(len(passed), 10, "how many of 30 passed a limit of 10")
    equal(len({made.id for made in passed}), 10, "how many ids their reservations have")
    for made in passed:
        throttle.settle(made, Outcome.FAILED, at(0))
    equal(throttle.peek(name, at(0)), 300, "what peek tells after all of them have failed")


@behaviour("crowd.shared_account")
def _(make: Make) -> None:
    """A shared account lets its crowd in: those who wait behind successes pass."""
    throttle = make.new()

    def story(key: str) -> list[int | None]:
        name = bucket(key, (2, 300))
        first = [throttle.reserve([name], at(0)) for _ in range(2)]

        def succeed() -> None:
            for made in first:
                throttle.settle(made, Outcome.SUCCEEDED, at(0))

        return come_behind(throttle, name, succeed, count=8)

    all_are_told(None, "behind two that succeed", story)
