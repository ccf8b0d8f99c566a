"""What the limits of a bucket promise: `reserve` and `peek`."""

from __future__ import annotations

from dataclasses import replace

from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from schoolauth.testing.throttle.contract import Make, behaviour


@behaviour("reserve.limit")
def _(make: Make) -> None:
    """Failed attempts fill a limit, and the next is told after how many whole seconds to come."""
    throttle, name = make.new(), bucket()
    for second in range(3):
        told = tried(throttle, name, now=second).retry_after
        equal(told, None, f"the wait of attempt {second + 1}, of three that the limit allows")
    told = throttle.reserve([name], at(2.5)).retry_after
    equal(told, 298, "the wait of the fourth attempt, 297.5 s before the first one is forgotten")
    expect(passes(throttle, name, now=2.5 + 298), "Who came back after the wait was refused.")


@behaviour("reserve.window")
def _(make: Make) -> None:
    """The window slides: each place becomes free when its own failure is old enough."""
    throttle, name = make.new(), bucket()
    for second in (0, 100, 200):
        tried(throttle, name, now=second)
    early = passes(throttle, name, now=299.999)
    expect(not early, "A place was free before its failure was as old as the window.")
    told = tried(throttle, name, now=300).retry_after
    equal(told, None, "the wait when the first of three failures is as old as the window")
    told = throttle.reserve([name], at(300)).retry_after
    equal(told, 100, "the wait behind failures that are 200, 100 and 0 s old")
    expect(passes(throttle, name, now=400), "The second place did not become free in its turn.")


@behaviour("reserve.several_limits")
def _(make: Make) -> None:
    """Every limit of a bucket holds: who keeps below the short one for long meets the long one."""
    throttle, name = make.new(), bucket("name", (2, 10), (5, 1000))
    tried(throttle, name)
    tried(throttle, name, now=1)
    equal(throttle.reserve([name], at(1)).retry_after, 9, "the wait for the short limit")
    for second in (10, 11, 20):
        told = tried(throttle, name, now=second).retry_after
        equal(told, None, f"the wait after {second} s, where both limits have room")
    equal(throttle.reserve([name], at(21)).retry_after, 979, "the wait for the long limit")
    expect(passes(throttle, name, now=1000), "The long limit did not become free in its turn.")


@behaviour("reserve.refused_not_counted")
def _(make: Make) -> None:
    """Refused attempts do not count: a flood keeps the door shut no longer than its failures do."""
    throttle, name = make.new(), bucket()
    for _ in range(3):
        tried(throttle, name)
    for second in range(0, 300, 10):
        expect(not passes(throttle, name, now=second), "An attempt passed though the limit is met.")
    expect(passes(throttle, name, now=300), "Refused attempts kept the door shut for longer.")


@behaviour("reserve.every_bucket")
def _(make: Make) -> None:
    """Every bucket must have room, whichever of them comes first."""
    throttle, name, source = make.new(), bucket(), bucket("source", (1, 50), cleared=False)
    tried(throttle, source)
    for buckets in ([name, source], [source, name]):
        told = throttle.reserve(buckets, at(0)).retry_after
        equal(told, 50, "the wait where one of two buckets is full")


@behaviour("reserve.all_or_none")
def _(make: Make) -> None:
    """An attempt that one bucket refuses holds no place in the others."""
    throttle, name, source = make.new(), bucket(), bucket("source", (1, 50), cleared=False)
    tried(throttle, source)
    for buckets in ([name, source], [source, name]) * 3:
        throttle.reserve(buckets, at(0))
    told = [tried(throttle, name).retry_after for _ in range(3)]
    equal(told, [None] * 3, "the waits of three attempts in a bucket where nothing was tried")


@behaviour("reserve.longest_wait")
def _(make: Make) -> None:
    """Where several buckets are full, the longest wait is told."""
    throttle, source = make.new(), bucket("source", (1, 50), cleared=False)
    name = bucket("name", (1, 300))
    tried(throttle, name, source)
    for buckets in ([name, source], [source, name]):
        told = throttle.reserve(buckets, at(0)).retry_after
        equal(told, 300, "the wait where buckets are full for 300 and 50 s")


@behaviour("reserve.no_bucket")
def _(make: Make) -> None:
    """An attempt without a bucket is held by nothing."""
    throttle = make.new()
    equal([tried(throttle).retry_after for _ in range(10)], [None] * 10, "the waits of no bucket")


@behaviour("reserve.keys_apart")
def _(make: Make) -> None:
    """Keys are told apart by each of their characters, capital letters from small ones too."""
    throttle, full = make.new(), bucket("Zm9v-" * 8 + "Zm9", (1, 300))
    tried(throttle, full)
    for key in (full.key.lower(), full.key[:-1] + "8", full.key[:-1], full.key + "="):
        other = replace(full, key=key)
        expect(passes(throttle, other), f"The bucket {key} was taken for {full.key}.")
    expect(not passes(throttle, full), "A bucket was forgotten when similar keys were used.")


@behaviour("peek.wait")
def _(make: Make) -> None:
    """`peek` tells the wait that a refused attempt would be told, and 0 where there is room."""
    throttle, name = make.new(), bucket("name", (2, 10), (3, 300))
    for second, wait in ((0, 0), (1, 9), (10, 290)):
        tried(throttle, name, now=second)
        equal(throttle.peek(name, at(second)), wait, f"what peek tells after {second} s")
    equal(throttle.peek(name, at(10.5)), 290, "what peek tells 289.5 s before a place is free")
    equal(throttle.peek(name, at(300)), 0, "what peek tells when a place is free again")


@behaviour("peek.holds_nothing")
def _(make: Make) -> None:
    """`peek` holds no place."""
    throttle, name = make.new(), bucket("name", (1, 300))
    for _ in range(3):
        throttle.peek(name, at(0))
    equal(throttle.reserve([name], at(0)).retry_after, None, "the wait after nothing but peeking")


@behaviour("peek.unknown")
def _(make: Make) -> None:
    """A bucket that was never used is free."""
    equal(make.new().peek(bucket("unknown"), at(0)), 0, "what peek tells of an unused bucket")
