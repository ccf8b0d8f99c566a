"""Limits as buckets that leak: the plainest way to say what they do, in fractions of a place."""

from __future__ import annotations

from fractions import Fraction

from schoolauth.ports import NEVER, Bucket, Limit


class LeakingLimit:
    """So many places used, of which one leaks out in each refill; times in whole seconds."""

    def __init__(self, limit: Limit) -> None:
        self._burst = limit.burst
        self._leak = Fraction(0)
        if limit.refill is not None:
            self._leak = 1 / Fraction(limit.refill.total_seconds())
        self._used, self._now = Fraction(0), 0

    def wait(self, now: int) -> int:
        """Return after how many whole seconds one more fits in."""
        self._used = max(Fraction(0), self._used - (now - self._now) * self._leak)
        self._now = now
        over = self._used + 1 - self._burst
        if over <= 0:
            return 0
        return -int(-over / self._leak // 1) if self._leak else NEVER

    def pour(self, places: int) -> None:
        """Use so many *places* more, or fewer, between none and all of them."""
        self._used = min(max(self._used + places, Fraction(0)), Fraction(self._burst))

    def empty(self) -> None:
        """Use none."""
        self._used = Fraction(0)


class LeakingBucket:
    """All limits of one bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.limits = [LeakingLimit(limit) for limit in bucket.limits]

    def wait(self, now: int) -> int:
        """Return after how many whole seconds every limit has room."""
        return max(limit.wait(now) for limit in self.limits)

    def pour(self, places: int) -> None:
        """Use so many *places* more, or fewer, of every limit."""
        for limit in self.limits:
            limit.pour(places)

    def empty(self) -> None:
        """Use none."""
        for limit in self.limits:
            limit.empty()
