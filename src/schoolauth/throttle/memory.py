"""The throttle of one process: counts attempts before they are verified."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from schoolauth.model.arguments import require_count, require_kind, require_seconds
from schoolauth.ports import Bucket, Outcome, Reservation
from schoolauth.throttle.tally import Tally, refusal, whole
from schoolauth.workers import renew_in_children

_EVICTION_SCAN = 1000
_NO_ROOM_SECONDS = 60


class MemoryThrottle:
    """Counts in this process's memory; several processes each count on their own.

    Args:
        capacity: how many buckets are kept; a full one is never dropped to make room.
        wait: for at most how many seconds an attempt waits for undecided ones before it.

    Raises:
        TypeError, ValueError: if either is no such number.
    """

    def __init__(self, *, capacity: int = 100_000, wait: float = 20.0) -> None:
        self._capacity = require_count(capacity, "capacity")
        self._wait = require_seconds(wait, "wait")
        self._tallies: OrderedDict[str, Tally] = OrderedDict()
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with a new lock in a forked child; what the parent was deciding is the parent's."""
        self._changed = threading.Condition()
        for tally in self._tallies.values():
            tally.undecided.clear()

    def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """Hold a place in every bucket, or say after how many seconds to come back."""
        begun, waited = time.monotonic(), 0.0
        with self._changed:
            while True:
                moment = now.timestamp() + waited  # what was waited has gone by
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
                left = max(0.0, self._wait - waited)
                soon = min(tally.decided_in(moment) for tally in present)
                if not self._changed.wait(min(left, soon)) and left <= soon:
                    return refusal(buckets, 1)
                waited = time.monotonic() - begun

    def _refuse(self, buckets: Sequence[Bucket], full: Sequence[Tally], now: float) -> Reservation:
        seconds = max([tally.full_for(now) for tally in full], default=_NO_ROOM_SECONDS)
        first = [tally.tell(now) for tally in full]
        return refusal(buckets, seconds, first=any(first))

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        """Say how the attempt ended; a second word about the same reservation is ignored."""
        require_kind(outcome, Outcome, "outcome")
        moment = now.timestamp()
        with self._changed:
            for bucket in reservation.buckets:
                tally = self._tallies.get(bucket.key)
                if tally is not None:
                    cleared = bucket.cleared_by_success
                    tally.settle(reservation.id, outcome, moment, cleared=cleared)
            self._changed.notify_all()

    def peek(self, bucket: Bucket, now: datetime) -> int:
        """Return after how many seconds *bucket* has a free place, 0 for now."""
        with self._changed:
            tally = self._tallies.get(bucket.key)
            if tally is None:
                return 0
            tally.age(now.timestamp())
            return whole(tally.full_for(now.timestamp()))

    def clear(self, key: str) -> None:
        """Forget every attempt of the bucket with this *key*."""
        with self._changed:
            tally = self._tallies.get(key)
            if tally is not None:
                tally.forget()
            self._changed.notify_all()

    def _tally(self, bucket: Bucket, now: float) -> Tally | None:
        """Return the bucket's tally, made if there is room; None if there is none."""
        tally = self._tallies.get(bucket.key)
        if tally is None:
            if len(self._tallies) >= self._capacity and not self._evict(now):
                return None
            tally = self._tallies[bucket.key] = Tally(bucket.limits)
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
