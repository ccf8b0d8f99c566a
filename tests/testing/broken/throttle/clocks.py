"""Throttles that count by the wrong time, or fail where many come at once."""

from __future__ import annotations

import time
from collections import OrderedDict

import pytest

from schoolauth.model.user import to_micros
from schoolauth.ports import Bucket, Refusal
from schoolauth.testing.throttle.buckets import START
from schoolauth.throttle import counter
from schoolauth.throttle.counter import Numbers, Operation
from tests.testing.broken.throttle.base import BrokenThrottle, Buckets, Now


class OwnClockOnly(BrokenThrottle):
    """Counts by its own clock, whatever time it is given."""

    caught_by = ("clock.given",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        return self.does(operation, buckets, None)


class NeedsATime(BrokenThrottle):
    """Fails where no time is given."""

    caught_by = ("clock.own",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        if now is None:
            raise ValueError("a time is needed")
        return self.does(operation, buckets, now)


class _WithTolerance(BrokenThrottle):
    """Takes a number for wrong that is further ahead than a limit allows and this many seconds."""

    seconds: float

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counter, "CLOCKS_DIFFER", int(self.seconds * counter.SECOND))
            return self.does(operation, buckets, now)


class TrustsEveryClock(_WithTolerance):
    """Leaves what a wrong clock has written."""

    caught_by = ("clock.wrong",)
    seconds = 1e6


class TrustsNoOtherClock(_WithTolerance):
    """Mends what a clock has written that is a little ahead."""

    caught_by = ("clock.differs",)
    seconds = 0


class MendsOnPaper(BrokenThrottle):
    """Reads what a wrong clock has written as full, and leaves it as it is."""

    caught_by = ("clock.wrong",)

    def _write(self, bucket: Bucket, held: Numbers, numbers: Numbers) -> None:
        if numbers >= held:
            super()._write(bucket, held, numbers)


class MendsWithoutCare(BrokenThrottle):
    """Forgets what a wrong clock has written: whenever it jumps, all places are free."""

    caught_by = ("clock.wrong", "clock.apart")

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        self._most = to_micros(now or START) + 60 * 60 * counter.SECOND
        return self.does(operation, buckets, now)

    def _read(self, bucket: Bucket) -> Numbers:
        held = super()._read(bucket)
        return tuple((0, 0) if number > self._most else (number, aside) for number, aside in held)


class KnowsOneClock(BrokenThrottle):
    """Forgets what a wrong clock has counted, once it is full as of now: two clocks, no limit."""

    caught_by = ("clock.apart",)

    def _write(self, bucket: Bucket, held: Numbers, numbers: Numbers) -> None:
        super()._write(bucket, held, tuple((number, 0) for number, _ in numbers))


class ChecksThenActs(BrokenThrottle):
    """Looks whether there is room, and takes the place a little later."""

    caught_by = ("crowd.limit",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        if operation != "take":
            return self.does(operation, buckets, now)
        told = [self.does("wait", [bucket], now) for bucket in buckets]
        if any(told):
            return next(refusal for refusal in told if refusal is not None)
        time.sleep(0.05)  # the others look meanwhile
        return self.does("count", buckets, now) and None


class CountsTheRefused(BrokenThrottle):
    """Takes a place in one bucket after the other, and keeps it when the next one refuses."""

    caught_by = ("crowd.limit",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        if operation != "take":
            return self.does(operation, buckets, now)
        told = [self.does("take", [bucket], now) for bucket in reversed(buckets)]
        return next((refusal for refusal in told if refusal is not None), None)


class DropsUnderPressure(BrokenThrottle):
    """Keeps 100 counts and no more: the least recently used one makes room."""

    caught_by = ("crowd.forgets_nothing",)

    def __init__(self) -> None:
        super().__init__()
        self._used: OrderedDict[str, None] = OrderedDict()

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        refusal = self.does(operation, buckets, now)
        for bucket in buckets:
            self._used[bucket.key] = None
            self._used.move_to_end(bucket.key)
        while len(self._used) > 100:
            self._exact.pop(self._used.popitem(last=False)[0], None)
        return refusal


ALL: tuple[type[BrokenThrottle], ...] = (
    OwnClockOnly,
    NeedsATime,
    TrustsEveryClock,
    TrustsNoOtherClock,
    MendsOnPaper,
    MendsWithoutCare,
    KnowsOneClock,
    ChecksThenActs,
    CountsTheRefused,
    DropsUnderPressure,
)
