"""Throttles that get their limits wrong."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from schoolauth.ports import Bucket, Outcome, Reservation
from tests.testing.broken.throttle.base import BrokenThrottle


class SharesItsCounts(BrokenThrottle):
    """Every new one knows what the others have counted."""

    caught_by = ("make.fresh",)
    _shared: ClassVar[OrderedDict[str, Any]] = OrderedDict()

    def __init__(self) -> None:
        super().__init__()
        self._tallies = self._shared


class OneTooMany(BrokenThrottle):
    """Refuses after the limit is passed, not when it is met."""

    caught_by = ("reserve.limit", "crowd.never_past_limit")

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super()._reserve([self._wider(bucket) for bucket in buckets], now)

    def _wider(self, bucket: Bucket) -> Bucket:
        limits = [replace(limit, attempts=limit.attempts + 1) for limit in bucket.limits]
        return replace(bucket, limits=tuple(limits))


class RoundsDown(BrokenThrottle):
    """Tells a wait that is up to a second too short."""

    caught_by = ("reserve.limit",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        wait = made.retry_after
        return replace(made, retry_after=wait and wait - bool(now.microsecond))


class FixedWindow(BrokenThrottle):
    """Begins to count anew every five minutes by the clock."""

    caught_by = ("reserve.window",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super()._reserve(buckets, self._window(now))

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        super()._settle(reservation, outcome, self._window(now))

    def _window(self, now: datetime) -> datetime:
        return now - timedelta(seconds=now.timestamp() % 300)


class FirstLimitOnly(BrokenThrottle):
    """Looks at the first limit of a bucket only."""

    caught_by = ("reserve.several_limits",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super()._reserve([replace(each, limits=each.limits[:1]) for each in buckets], now)


class RefusedCount(BrokenThrottle):
    """Counts a refused attempt as a failure."""

    caught_by = ("reserve.refused_not_counted",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        for bucket in buckets if made.retry_after is not None else ():
            self._tallies[bucket.key].failed.append(now.timestamp())
        return made


class FirstBucketOnly(BrokenThrottle):
    """Looks at the first bucket only."""

    caught_by = ("reserve.every_bucket",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super()._reserve(buckets[:1], now)


class KeepsWhatItTook(BrokenThrottle):
    """Takes place after place, and keeps those it has when a later bucket refuses."""

    caught_by = ("reserve.all_or_none",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        held: list[Reservation] = []
        for bucket in buckets:
            held.append(super()._reserve([bucket], now))
            if held[-1].retry_after is not None:
                return held[-1]
        for made in held:
            super()._settle(made, Outcome.NOT_TRIED, now)
        return super()._reserve(buckets, now)


class ShortestWait(BrokenThrottle):
    """Tells the wait of the full bucket that is free soonest."""

    caught_by = ("reserve.longest_wait",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        waits = [wait for bucket in buckets if (wait := self.peek(bucket, now))]
        return replace(made, retry_after=min(waits, default=made.retry_after))


class NeedsABucket(BrokenThrottle):
    """Fails where there is nothing to count."""

    caught_by = ("reserve.no_bucket",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super()._reserve([buckets[0], *buckets[1:]], now)


class FoldsKeys(BrokenThrottle):
    """Takes keys for one that differ in capital letters only, as a database's collation may."""

    caught_by = ("reserve.keys_apart",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super()._reserve([replace(each, key=each.key.lower()) for each in buckets], now)


class CutsKeys(BrokenThrottle):
    """Keeps 40 characters of a key, as a narrow column may."""

    caught_by = ("reserve.keys_apart",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super()._reserve([replace(each, key=each.key[:40]) for each in buckets], now)


class PeekSeesNothing(BrokenThrottle):
    """Tells everybody who peeks that there is room."""

    caught_by = ("peek.wait",)

    def _peek(self, bucket: Bucket, now: datetime) -> int:  # that is what is wrong
        return 0


class PeekHoldsAPlace(BrokenThrottle):
    """Peeks by reserving."""

    caught_by = ("peek.holds_nothing",)

    def _peek(self, bucket: Bucket, now: datetime) -> int:
        return super()._reserve([bucket], now).retry_after or 0


class PeekNeedsTheBucket(BrokenThrottle):
    """Fails if the bucket that is peeked at was never used."""

    caught_by = ("peek.unknown",)

    def _peek(self, bucket: Bucket, now: datetime) -> int:
        return super()._peek(replace(bucket, limits=self._tallies[bucket.key].limits), now)


ALL: tuple[type[BrokenThrottle], ...] = (
    SharesItsCounts,
    OneTooMany,
    RoundsDown,
    FixedWindow,
    FirstLimitOnly,
    RefusedCount,
    FirstBucketOnly,
    KeepsWhatItTook,
    ShortestWait,
    NeedsABucket,
    FoldsKeys,
    CutsKeys,
    PeekSeesNothing,
    PeekHoldsAPlace,
    PeekNeedsTheBucket,
)
