"""Throttles that get their limits wrong."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from schoolauth.ports import Bucket, Refusal
from schoolauth.testing.throttle.buckets import START
from schoolauth.throttle.counter import Operation
from tests.testing.broken.throttle.base import BrokenThrottle, Buckets, Now, wider

TEN_YEARS = timedelta(days=3650)


class SharesItsCounts(BrokenThrottle):
    """Every new one knows what the others have counted."""

    caught_by = ("make.fresh",)
    _shared: ClassVar[OrderedDict[str, Any]] = OrderedDict()

    def __init__(self) -> None:
        super().__init__()
        self._exact = self._shared


class OneTooMany(BrokenThrottle):
    """Refuses after the limit is passed, not when it is met."""

    caught_by = (
        "take.burst",
        "crowd.limit",
    )

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        return self.does(operation, buckets, now, [wider(bucket) for bucket in buckets])


class JudgesByRowCount(BrokenThrottle):
    """Takes a refused upsert for one that was done: its driver counts the row that it found."""

    caught_by = (
        "take.burst",
        "take.refused_takes_nothing",
        "crowd.limit",
    )

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        refusal = self.does(operation, buckets, now)
        return None if operation == "take" else refusal


class RoundsDown(BrokenThrottle):
    """Tells a wait that is up to a second too short."""

    caught_by = ("take.burst", "wait.tells")

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        refusal = self.does(operation, buckets, now)
        early = now is not None and now.microsecond > 0
        return refusal and replace(refusal, seconds=refusal.seconds - early)


class FixedWindow(BrokenThrottle):
    """Begins to count anew every five minutes by the clock."""

    caught_by = ("take.refill",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        window = 0 if now is None else now.timestamp() // 300
        instead = [replace(bucket, key=f"{window}-{bucket.key}") for bucket in buckets]
        return self.does(operation, buckets, now, instead)


class SavesUp(BrokenThrottle):
    """Lets a bucket that was idle for an hour have a place more than its limit."""

    caught_by = ("take.refill",)

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[str, datetime] = {}

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        instead = []
        for bucket in buckets:
            first = self._first.setdefault(bucket.key, now or START)
            idle = now is not None and now - first > timedelta(hours=1)
            instead.append(wider(bucket) if idle else bucket)
        return self.does(operation, buckets, now, instead)


class FirstLimitOnly(BrokenThrottle):
    """Looks at the first limit of a bucket only."""

    caught_by = ("take.several_limits",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        instead = [replace(bucket, limits=bucket.limits[:1]) for bucket in buckets]
        return self.does(operation, buckets, now, instead)


class CountsRefusedTries(BrokenThrottle):
    """Counts a refused try as well."""

    caught_by = ("take.refused_takes_nothing",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        refusal = self.does(operation, buckets, now)
        if operation == "take" and refusal is not None:
            self.does("count", buckets, now)
        return refusal


class FirstBucketOnly(BrokenThrottle):
    """Looks at the first bucket only."""

    caught_by = ("take.all_or_none",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        return self.does(operation, buckets[:1], now)


class KeepsWhatItTook(BrokenThrottle):
    """Takes place after place, and keeps those it has when a later bucket refuses."""

    caught_by = ("take.all_or_none",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        told = (self.does(operation, [bucket], now) for bucket in buckets)
        return next((refusal for refusal in told if refusal is not None), None)


class TellsTheFirst(BrokenThrottle):
    """Tells the first bucket that is full, whichever has the longest wait."""

    caught_by = ("take.longest_wait",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        told = [self.does("wait", [bucket], now) for bucket in buckets]
        refusal = self.does(operation, buckets, now)
        return refusal and next(each for each in told if each is not None)


class NeedsABucket(BrokenThrottle):
    """Fails where there is nothing to count."""

    caught_by = ("take.no_bucket",)

    def take(
        self, buckets: Buckets, now: Now = None, /, *, even_if_full: bool = False
    ) -> Refusal | None:
        first, *others = buckets
        return super().take([first, *others], now, even_if_full=even_if_full)


class FoldsKeys(BrokenThrottle):
    """Takes keys for one that differ in capital letters only, as a database's collation may."""

    caught_by = ("take.keys_apart",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        instead = [replace(bucket, key=bucket.key.lower()) for bucket in buckets]
        return self.does(operation, buckets, now, instead)


class CutsKeys(BrokenThrottle):
    """Keeps 64 characters of a key, as a narrow column may."""

    caught_by = ("take.keys_apart",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        instead = [replace(bucket, key=bucket.key[:64]) for bucket in buckets]
        return self.does(operation, buckets, now, instead)


class RefillsInTheEnd(BrokenThrottle):
    """Takes a limit without a refill for one whose refill takes ten years."""

    caught_by = ("take.no_refill",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        instead = []
        for bucket in buckets:
            limits = [replace(limit, refill=limit.refill or TEN_YEARS) for limit in bucket.limits]
            instead.append(replace(bucket, limits=tuple(limits)))
        return self.does(operation, buckets, now, instead)


class RefusesEvenSo(BrokenThrottle):
    """Does not count a try in a full bucket, though it is asked to."""

    caught_by = ("take.even_if_full",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        return self.does("take" if operation == "count" else operation, buckets, now)


class GrowsWithoutBound(BrokenThrottle):
    """Moves a full bucket further ahead with each try that counts even so."""

    caught_by = ("take.even_if_full",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        instead = [wider(bucket) for bucket in buckets] if operation == "count" else None
        return self.does(operation, buckets, now, instead)


class WaitSeesNothing(BrokenThrottle):
    """Tells everybody who asks that there is room."""

    caught_by = ("wait.tells",)

    def wait(self, bucket: Bucket, now: Now = None, /) -> int:
        return 0


class WaitTakesAPlace(BrokenThrottle):
    """Asks by taking."""

    caught_by = ("wait.takes_nothing",)

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        return self.does("take" if operation == "wait" else operation, buckets, now)


ALL: tuple[type[BrokenThrottle], ...] = (
    SharesItsCounts,
    OneTooMany,
    JudgesByRowCount,
    RoundsDown,
    FixedWindow,
    SavesUp,
    FirstLimitOnly,
    CountsRefusedTries,
    FirstBucketOnly,
    KeepsWhatItTook,
    TellsTheFirst,
    NeedsABucket,
    FoldsKeys,
    CutsKeys,
    RefillsInTheEnd,
    RefusesEvenSo,
    GrowsWithoutBound,
    WaitSeesNothing,
    WaitTakesAPlace,
)
