"""The arithmetic of throttles: the generic cell rate algorithm, on whole numbers.

A limit is one number. With a refill it is the time, in microseconds, until which its places are
used: each place taken moves it on by one refill, up to *burst* refills ahead of now. Without a
refill it is how many places are used. A time that is too far ahead for the clock that reads it is
set aside: if it were forgotten, a guesser could use two clocks in turn without end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from schoolauth.ports import NEVER, Bucket, Limit, Refusal

Operation = Literal["take", "count", "give_back", "wait", "clear"]
"""The calls of a `Throttle`; ``count`` is a `take` even if full."""
Number = tuple[int, int]
"""The number of a limit, and what is set aside; 0 for nothing."""
Numbers = tuple[Number, ...]
"""What a store keeps of a bucket: a number for each limit, in their order; () for nothing."""
Held = Mapping[str, Numbers]
"""The numbers of each bucket, by its key."""
SECOND = 1_000_000
CLOCKS_DIFFER = 120 * SECOND
"""What is further ahead than a limit allows by more than this was written by a wrong clock."""
FOREVER = 2**63 - 1
MICROSECOND = timedelta(microseconds=1)


class BaseThrottle(ABC):
    """The calls of a `Throttle`, for stores that carry all of them out in one way."""

    def take(
        self,
        buckets: Sequence[Bucket],
        now: datetime | None = None,
        /,
        *,
        even_if_full: bool = False,
    ) -> Refusal | None:
        """Take a place in every bucket, or in none and return why."""
        refusal = self._do("count" if even_if_full else "take", buckets, now) if buckets else None
        return None if even_if_full else refusal

    def give_back(self, buckets: Sequence[Bucket], now: datetime | None = None, /) -> None:
        """Give back one place of every bucket."""
        if buckets:
            self._do("give_back", buckets, now)

    def wait(self, bucket: Bucket, now: datetime | None = None, /) -> int:
        """Return after how many whole seconds *bucket* has a free place, 0 for now."""
        refusal = self._do("wait", [bucket], now)
        return 0 if refusal is None else refusal.seconds

    def clear(self, buckets: Sequence[Bucket], /) -> None:
        """Free every place of these buckets."""
        if buckets:
            self._do("clear", buckets, None)

    @abstractmethod
    def _do(
        self, operation: Operation, buckets: Sequence[Bucket], now: datetime | None
    ) -> Refusal | None:
        """Do what `decide` says with nothing in between, and return its answer."""


def decide(
    operation: Operation, buckets: Sequence[Bucket], held: Held, now: int
) -> tuple[Refusal | None, Held]:
    """Return the fullest of the full buckets, as it was, and what is to be written."""
    refusal: Refusal | None = None
    mended: dict[str, Numbers] = {}
    changed: dict[str, Numbers] = {}
    for bucket in buckets:
        before = held.get(bucket.key, ())
        padded = (*before, *[(0, 0)] * len(bucket.limits))
        pairs = zip(bucket.limits, padded, strict=False)
        judged = [_judge(operation, limit, number, now) for limit, number in pairs]
        numbers, changed[bucket.key], waits = zip(*judged, strict=True)
        # time must not show that an account is full: its refusal writes as much as a place does
        if (operation == "take" and not bucket.invented) or (before and numbers != before):
            mended[bucket.key] = numbers
        if max(waits) > (0 if refusal is None else refusal.seconds):
            refusal = Refusal(bucket, max(waits))
    keep = operation == "wait" or (operation == "take" and refusal is not None)
    return refusal, mended if keep else changed


def _judge(
    operation: Operation, limit: Limit, held: Number, now: int
) -> tuple[Number, Number, int]:
    """Return the number, mended; what it becomes; and after how many seconds there is a place."""
    number, aside = held
    empty, step = (0, 1) if limit.refill is None else (now, limit.refill // MICROSECOND)
    full = empty + limit.burst * step
    if number > full + CLOCKS_DIFFER:
        number, aside = full, number
    elif aside <= full + CLOCKS_DIFFER:  # 0, or of this clock, which is ahead of another
        number, aside = max(number, aside), 0
    elif number <= empty:
        aside = 0
    if operation == "clear":
        changed = aside = 0
    elif operation == "give_back":
        changed = min(number, max(number - step, empty))
    else:
        changed = min(max(number, empty) + step, max(number, full))
    late = max(number, empty) + step - full
    seconds = NEVER if limit.refill is None else -(-late // SECOND)
    return (number, aside), (changed, aside), seconds if late > 0 else 0


def over_at(bucket: Bucket, numbers: Numbers) -> int:
    """Return the time from which nothing of *numbers* counts, so that a store may forget them."""
    return max(
        FOREVER if limit.refill is None and number > 0 else number
        for limit, (number, _) in zip(bucket.limits, numbers, strict=True)
    )
