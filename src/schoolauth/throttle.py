"""The throttle of one process: counts attempts before they are verified."""

from __future__ import annotations

import bisect
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schoolauth.ports import Bucket, Limit, Outcome, Reservation
from schoolauth.workers import renew_in_children

UNDECIDED_SECONDS = 30
_EVICTION_SCAN = 1000
_NO_ROOM_SECONDS = 60


@dataclass(slots=True)
class _Tally:
    """The attempts of one bucket; times are seconds since 1970."""

    limits: tuple[Limit, ...]
    failed: list[float] = field(default_factory=list)
    undecided: dict[str, float] = field(default_factory=dict)
    refusal_known_until: float = 0.0
    fewest: int = field(init=False)  # attempts that could fill a limit: most tallies stay below
    longest: int = field(init=False)  # seconds that a limit looks back

    def __post_init__(self) -> None:
        self.fewest = min(limit.attempts for limit in self.limits)
        self.longest = max(limit.seconds for limit in self.limits)

    def age(self, now: float) -> None:
        """Count the long undecided as failed, and forget what no limit asks for.

        What lies ahead counts as of now: a clock that was set right must lock nobody out for years.
        """
        for reservation, since in list(self.undecided.items()):
            self.undecided[reservation] = min(since, now)
            if since <= now - UNDECIDED_SECONDS:
                del self.undecided[reservation]
                bisect.insort(self.failed, since)
        self.refusal_known_until = min(self.refusal_known_until, now + self.longest)
        if self.failed:
            if self.failed[-1] > now:
                self.failed = [min(moment, now) for moment in self.failed]
            del self.failed[: bisect.bisect_right(self.failed, now - self.longest)]

    def full_for(self, now: float) -> float:
        """Return for how many seconds failed attempts alone fill a limit, 0 if they do not."""
        if len(self.failed) < self.fewest:
            return 0.0
        return max([0.0, *(wait for wait, _ in self._waits(now))])

    def full_window(self, now: float) -> int:
        """Return the seconds of the longest limit that failed attempts alone fill."""
        return max(seconds for wait, seconds in self._waits(now) if wait > 0)

    def forget(self) -> None:
        """Forget every failed attempt, and that a refusal is known."""
        self.failed.clear()
        self.refusal_known_until = 0.0

    def _waits(self, now: float) -> list[tuple[float, int]]:
        return [
            (self.failed[-limit.attempts] + limit.seconds - now, limit.seconds)
            for limit in self.limits
            if len(self.failed) >= limit.attempts
        ]

    def crowded(self, now: float) -> bool:
        """Tell whether the undecided would fill a limit, if every one of them failed."""
        return len(self.failed) + len(self.undecided) >= self.fewest and any(
            len(self.failed)
            - bisect.bisect_right(self.failed, now - limit.seconds)
            + len(self.undecided)
            >= limit.attempts
            for limit in self.limits
        )


class MemoryThrottle:
    """Counts in this process's memory; several processes each count on their own.

    Args:
        capacity: how many buckets are kept; a full one is never dropped to make room.
        wait: for at most how many seconds an attempt waits for undecided ones before it.
    """

    def __init__(self, *, capacity: int = 100_000, wait: float = 20.0) -> None:
        self._capacity = capacity
        self._wait = wait
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with a new lock in a forked child; what the parent was deciding is the parent's."""
        self._changed = threading.Condition()
        for tally in self._tallies.values():
            tally.undecided.clear()

    def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """Hold a place in every bucket, or say after how many seconds to come back."""
        moment, deadline = now.timestamp(), time.monotonic() + self._wait
        with self._changed:
            while True:
                tallies = {bucket.key: self._tally(bucket, moment) for bucket in buckets}
                present = [
                    tally  # one may have made room for the next, and would count nothing
                    for key, tally in tallies.items()
                    if tally is not None and self._tallies.get(key) is tally
                ]
                full = [tally for tally in present if tally.full_for(moment)]
                if full or len(present) < len(tallies):
                    return self._refuse(buckets, full, moment)
                if not any(tally.crowded(moment) for tally in present):
                    reservation = Reservation(secrets.token_hex(8), tuple(buckets))
                    for tally in present:
                        tally.undecided[reservation.id] = moment
                    return reservation
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    return Reservation("", tuple(buckets), retry_after=1)

    def _refuse(self, buckets: Sequence[Bucket], full: Sequence[_Tally], now: float) -> Reservation:
        seconds = max([tally.full_for(now) for tally in full], default=_NO_ROOM_SECONDS)
        unheard = [tally for tally in full if tally.refusal_known_until <= now]
        for tally in unheard:  # for a whole window, though places become free one by one
            tally.refusal_known_until = now + tally.full_window(now)
        return Reservation("", tuple(buckets), _whole(seconds), first_refusal=bool(unheard))

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        """Say how the attempt ended; a second word about the same reservation is ignored."""
        moment = now.timestamp()
        with self._changed:
            for bucket in reservation.buckets:
                tally = self._tallies.get(bucket.key)
                if tally is None:
                    continue
                tally.age(moment)  # a word that comes too late is none
                if tally.undecided.pop(reservation.id, None) is None:
                    continue
                if outcome is Outcome.FAILED:
                    bisect.insort(tally.failed, moment)
                elif outcome is Outcome.SUCCEEDED and bucket.cleared_by_success:
                    tally.forget()
            self._changed.notify_all()

    def peek(self, bucket: Bucket, now: datetime) -> int:
        """Return after how many seconds *bucket* has a free place, 0 for now."""
        with self._changed:
            tally = self._tallies.get(bucket.key)
            if tally is None:
                return 0
            tally.age(now.timestamp())
            return _whole(tally.full_for(now.timestamp()))

    def clear(self, key: str) -> None:
        """Forget every attempt of the bucket with this *key*."""
        with self._changed:
            tally = self._tallies.get(key)
            if tally is not None:
                tally.forget()
            self._changed.notify_all()

    def _tally(self, bucket: Bucket, now: float) -> _Tally | None:
        """Return the bucket's tally, made if there is room; None if there is none."""
        tally = self._tallies.get(bucket.key)
        if tally is None:
            if len(self._tallies) >= self._capacity and not self._evict(now):
                return None
            tally = self._tallies[bucket.key] = _Tally(bucket.limits)
        self._tallies.move_to_end(bucket.key)
        tally.age(now)
        return tally

    def _evict(self, now: float) -> bool:
        for _ in range(min(_EVICTION_SCAN, len(self._tallies))):
            key, tally = next(iter(self._tallies.items()))
            tally.age(now)
            if not tally.undecided and not tally.full_for(now):
                del self._tallies[key]
                return True
            self._tallies.move_to_end(key)  # the next search goes on behind it
        return False


def _whole(seconds: float) -> int:
    return math.ceil(seconds)
