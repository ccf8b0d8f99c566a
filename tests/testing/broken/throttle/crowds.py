"""Throttles that get crowds wrong, or floods."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from schoolauth.ports import Bucket, Outcome, Reservation
from tests.testing.broken.throttle.base import BrokenThrottle


class EveryRefusalIsFirst(BrokenThrottle):
    """Tells every refusal of a flood as its first."""

    caught_by = ("first_refusal.once", "wait.bounded")

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        return replace(made, first_refusal=made.retry_after is not None)


class ToldWheneverItFills(BrokenThrottle):
    """Begins a new window whenever a place has become free."""

    caught_by = ("first_refusal.steady",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        for bucket in buckets if made.retry_after is None else ():
            self._tallies[bucket.key].refusal_known_until = 0
        return made


class ClearIsNoNewStory(BrokenThrottle):
    """Goes on being silent about a bucket that was cleared."""

    caught_by = ("first_refusal.after_clear",)

    def _clear(self, key: str) -> None:
        known = {each: tally.refusal_known_until for each, tally in self._tallies.items()}
        super()._clear(key)
        for each, until in known.items():
            self._tallies[each].refusal_known_until = until


class OneStoryForAll(BrokenThrottle):
    """Takes the flood of one bucket for that of every other."""

    caught_by = ("first_refusal.each_bucket",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        known = max((tally.refusal_known_until for tally in self._tallies.values()), default=0)
        made = super()._reserve(buckets, now)
        return replace(made, first_refusal=made.first_refusal and known <= now.timestamp())


class RefusesInsteadOfWaiting(BrokenThrottle):
    """Refuses where undecided attempts fill the limit."""

    caught_by = ("wait.for_undecided", "wait.until_room", "crowd.shared_account")

    def __init__(self) -> None:
        super().__init__()
        self._wait = 0


class _Deaf(threading.Condition):
    def notify_all(self) -> None:
        pass


class WakesNobody(BrokenThrottle):
    """Lets those that wait sleep on when there is room."""

    caught_by = ("wait.for_undecided",)

    def __init__(self) -> None:
        super().__init__()
        self._changed = _Deaf()


class WaitsForAnyWord(BrokenThrottle):
    """Looks once more after the first word, whatever it was about, and then refuses."""

    caught_by = ("wait.until_room",)

    def __init__(self) -> None:
        super().__init__()
        self._wait = 0

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        if made.retry_after is None or any(self.peek(bucket, now) for bucket in buckets):
            return made
        with self._changed:
            self._changed.wait(0.5)
        return super()._reserve(buckets, now)


class PassesInTheEnd(BrokenThrottle):
    """Lets in who has waited for long enough."""

    caught_by = ("wait.bounded", "crowd.never_past_limit")

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        full = any(self.peek(bucket, now) for bucket in buckets)
        return made if full else replace(made, retry_after=None)


class CountsOnlyAfterwards(BrokenThrottle):
    """Holds no place, and counts what has failed."""

    caught_by = ("wait.for_undecided", "crowd.never_past_limit")

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        super()._settle(made, Outcome.NOT_TRIED, now)
        return made

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        super()._settle(super()._reserve(reservation.buckets, now), outcome, now)


class LooksThenCounts(BrokenThrottle):
    """Looks whether there is room, and takes the place a little later."""

    caught_by = ("crowd.never_past_limit",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        super()._settle(made, Outcome.NOT_TRIED, now)
        time.sleep(0.05)
        for bucket in buckets if made.retry_after is None else ():
            self._tallies[bucket.key].undecided[made.id] = now.timestamp()
        return made


ALL: tuple[type[BrokenThrottle], ...] = (
    EveryRefusalIsFirst,
    ToldWheneverItFills,
    ClearIsNoNewStory,
    OneStoryForAll,
    RefusesInsteadOfWaiting,
    WakesNobody,
    WaitsForAnyWord,
    PassesInTheEnd,
    CountsOnlyAfterwards,
    LooksThenCounts,
)
