"""What every broken throttle is: the one in memory, wrong in one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, TypeAlias

from schoolauth.ports import Bucket, Refusal
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.counter import Operation

Buckets: TypeAlias = Sequence[Bucket]
Now: TypeAlias = datetime | None


class BrokenThrottle(MemoryThrottle):
    """Wrong in one way, which its docstring says; for showing that the contract notices it."""

    caught_by: ClassVar[tuple[str, ...]] = ()
    """The behaviours that notice it; there may be more."""

    def does(
        self, operation: Operation, buckets: Buckets, now: Now, instead: Buckets | None = None
    ) -> Refusal | None:
        """Do what a right throttle does, with the buckets *instead* of those that were given."""
        used = buckets if instead is None else instead
        refusal = super()._do(operation, used, now)
        return refusal and replace(refusal, bucket=buckets[list(used).index(refusal.bucket)])


def wider(bucket: Bucket) -> Bucket:
    """Return *bucket* with one place more in each limit."""
    limits = [replace(limit, burst=limit.burst + 1) for limit in bucket.limits]
    return replace(bucket, limits=tuple(limits))
