"""What every broken throttle is: the one in memory, wrong in one way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from schoolauth.ports import Bucket, Outcome, Reservation
from schoolauth.throttle import MemoryThrottle


class BrokenThrottle(MemoryThrottle):
    """Wrong in one way, which its docstring says; for showing that a contract notices it.

    What is wrong with a method is in the one of the same name with an underscore before it.
    """

    caught_by: ClassVar[tuple[str, ...]] = ()
    """The behaviours that notice it; there may be more."""

    def __init__(self) -> None:
        super().__init__(wait=0.5)

    def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """Hold a place in every bucket, or say after how many seconds to come back."""
        return self._reserve(buckets, now)

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        """Say how the attempt ended."""
        self._settle(reservation, outcome, now)

    def peek(self, bucket: Bucket, now: datetime) -> int:
        """Return after how many seconds *bucket* has a free place, 0 for now."""
        return self._peek(bucket, now)

    def clear(self, key: str) -> None:
        """Forget every attempt of the bucket with this *key*."""
        self._clear(key)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        return super().reserve(buckets, now)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        super().settle(reservation, outcome, now)

    def _peek(self, bucket: Bucket, now: datetime) -> int:
        return super().peek(bucket, now)

    def _clear(self, key: str) -> None:
        super().clear(key)
