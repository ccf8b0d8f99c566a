"""Throttles that get wrong how an attempt ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from schoolauth.ports import UNDECIDED_SECONDS, Bucket, Outcome, Reservation
from tests.testing.broken.throttle.base import BrokenThrottle


class SuccessClearsNothing(BrokenThrottle):
    """Gives only its place back, whatever it should clear."""

    caught_by = ("settle.success_clears",)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        ends = Outcome.FAILED if outcome is Outcome.FAILED else Outcome.NOT_TRIED
        super()._settle(reservation, ends, now)


class SuccessClearsTheSource(BrokenThrottle):
    """Clears by a success what it must not clear."""

    caught_by = ("settle.gives_back",)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        cleared = [replace(bucket, cleared_by_success=True) for bucket in reservation.buckets]
        super()._settle(replace(reservation, buckets=tuple(cleared)), outcome, now)


class SuccessKeepsItsPlace(BrokenThrottle):
    """Counts a success as a failure where it does not clear."""

    caught_by = ("settle.gives_back",)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        for bucket in reservation.buckets:
            kept = outcome is Outcome.SUCCEEDED and not bucket.cleared_by_success
            own = replace(reservation, buckets=(bucket,))
            super()._settle(own, Outcome.FAILED if kept else outcome, now)


class NotTriedFails(BrokenThrottle):
    """Counts as failed what was not tried."""

    caught_by = ("settle.not_tried",)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        ends = Outcome.FAILED if outcome is Outcome.NOT_TRIED else outcome
        super()._settle(reservation, ends, now)


class NotTriedClears(BrokenThrottle):
    """Clears a bucket by what was not tried."""

    caught_by = ("settle.not_tried",)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        ends = Outcome.SUCCEEDED if outcome is Outcome.NOT_TRIED else outcome
        super()._settle(reservation, ends, now)


class SecondWordCounts(BrokenThrottle):
    """Counts an attempt again with every word about it."""

    caught_by = ("settle.first_word",)

    def __init__(self) -> None:
        super().__init__()
        self._settled: set[str] = set()

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        if reservation.id in self._settled:
            reservation = super()._reserve(reservation.buckets, now)
        self._settled.add(reservation.id)
        super()._settle(reservation, outcome, now)


class RefusedClear(BrokenThrottle):
    """Obeys the word that a refused attempt has succeeded."""

    caught_by = ("settle.refused_ignored",)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        super()._settle(reservation, outcome, now)
        if reservation.retry_after is not None and outcome is Outcome.SUCCEEDED:
            for bucket in reservation.buckets:
                self.clear(bucket.key)


class ForeignCount(BrokenThrottle):
    """Counts a failure of which it never held the place."""

    caught_by = ("settle.refused_ignored",)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        if all(bucket.key not in self._tallies for bucket in reservation.buckets):
            reservation = super()._reserve(reservation.buckets, now)
        super()._settle(reservation, outcome, now)


class GivesUpEarly(BrokenThrottle):
    """Counts as failed what is undecided for ten seconds."""

    caught_by = ("undecided.lasts",)

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        for bucket in made.buckets if made.retry_after is None else ():
            self._tallies[bucket.key].undecided[made.id] -= 20
        return made


class NeverGivesUp(BrokenThrottle):
    """Holds the place of a process that died for ever."""

    caught_by = ("undecided.expires", "undecided.late_word")

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        self._stay_undecided(now)
        return super()._reserve(buckets, now)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        self._stay_undecided(now)
        super()._settle(reservation, outcome, now)

    def _stay_undecided(self, now: datetime) -> None:
        for tally in self._tallies.values():
            tally.undecided = dict.fromkeys(tally.undecided, now.timestamp())


class CountsFromTheDiscovery(BrokenThrottle):
    """Counts what was undecided for too long as failed when that was noticed."""

    caught_by = ("undecided.expires", "undecided.late_word")

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        self._discover(now)
        return super()._reserve(buckets, now)

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        self._discover(now)
        super()._settle(reservation, outcome, now)

    def _discover(self, now: datetime) -> None:
        moment = now.timestamp()
        for tally in self._tallies.values():
            lost = [
                i for i, since in tally.undecided.items() if since + UNDECIDED_SECONDS <= moment
            ]
            for reservation in lost:
                del tally.undecided[reservation]
                tally.failed.append(moment)


class LateWordCounts(BrokenThrottle):
    """Obeys a word that comes too late as if it had come at once."""

    caught_by = ("undecided.late_word",)

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[str, datetime] = {}

    def _reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super()._reserve(buckets, now)
        self._begun[made.id] = now
        return made

    def _settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        super()._settle(reservation, outcome, self._begun.get(reservation.id, now))


class ClearDoesNothing(BrokenThrottle):
    """Clears no bucket."""

    caught_by = ("clear.forgets_failed",)

    def _clear(self, key: str) -> None:
        pass


class ClearForgetsUndecided(BrokenThrottle):
    """Forgets by `clear` who is being verified."""

    caught_by = ("clear.keeps_undecided",)

    def _clear(self, key: str) -> None:
        self._tallies.pop(key, None)


class ClearNeedsTheBucket(BrokenThrottle):
    """Fails if the bucket that is to be cleared was never used."""

    caught_by = ("clear.unknown",)

    def _clear(self, key: str) -> None:
        super()._clear(key)
        self._tallies[key].forget()


ALL: tuple[type[BrokenThrottle], ...] = (
    SuccessClearsNothing,
    SuccessClearsTheSource,
    SuccessKeepsItsPlace,
    NotTriedFails,
    NotTriedClears,
    SecondWordCounts,
    RefusedClear,
    ForeignCount,
    GivesUpEarly,
    NeverGivesUp,
    CountsFromTheDiscovery,
    LateWordCounts,
    ClearDoesNothing,
    ClearForgetsUndecided,
    ClearNeedsTheBucket,
)
