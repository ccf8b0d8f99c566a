"""Buckets and attempts, as short to write as the tests of a throttle need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schoolauth.ports import Bucket, Limit, Outcome, Reservation, Throttle

START = datetime(2026, 9, 1, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the time that many *seconds* after the start."""
    return START + timedelta(seconds=seconds)


def bucket(key: str = "name", *limits: tuple[int, int], cleared: bool = True) -> Bucket:
    """Return a bucket; at most three attempts in five minutes, if no *limits* are given."""
    return Bucket(key, tuple(Limit(*limit) for limit in limits or ((3, 300),)), cleared)


def tried(
    throttle: Throttle, *buckets: Bucket, outcome: Outcome = Outcome.FAILED, now: float = 0
) -> Reservation:
    """Reserve and settle at once."""
    reservation = throttle.reserve(buckets, at(now))
    throttle.settle(reservation, outcome, at(now))
    return reservation


def passes(throttle: Throttle, *buckets: Bucket, now: float = 0) -> bool:
    """Tell whether an attempt would pass, and leave no trace of it."""
    return tried(throttle, *buckets, outcome=Outcome.NOT_TRIED, now=now).retry_after is None
