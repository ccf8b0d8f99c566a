"""Buckets and tries, as short to write as the tests of a throttle need them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from schoolauth.ports import Bucket, Limit, Throttle

START = datetime(2026, 9, 1, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the time that many *seconds* after the start."""
    return START + timedelta(seconds=seconds)


def bucket(key: str = "name", *limits: tuple[int, float | None], invented: bool = False) -> Bucket:
    """Return a bucket with *limits* (burst, refill): three places, one in 100 s, if not given."""
    made = (
        Limit(burst, None if refill is None else timedelta(seconds=refill))
        for burst, refill in limits or ((3, 100),)
    )
    return Bucket(key, tuple(made), invented)


def both(key: str = "name", *limits: tuple[int, float | None]) -> tuple[Bucket, Bucket]:
    """Return an exact bucket and an invented one: a store may keep them in different ways."""
    return bucket(f"{key}-exact", *limits), bucket(f"{key}-invented", *limits, invented=True)


def passes(throttle: Throttle, *buckets: Bucket, now: float | None = 0) -> bool:
    """Take a place in each of *buckets*; tell whether there was one."""
    return throttle.take(buckets, None if now is None else at(now)) is None


def passed(throttle: Throttle, *buckets: Bucket, times: Iterable[float]) -> int:
    """Try at each of *times*; return how many tries passed."""
    return sum(passes(throttle, *buckets, now=time) for time in times)
