"""Throttles that free too much or too little."""

from __future__ import annotations

from schoolauth.ports import Refusal
from schoolauth.testing.throttle.buckets import START
from schoolauth.throttle.counter import Operation
from tests.testing.broken.throttle.base import BrokenThrottle, Buckets, Now, wider


class GivesNothingBack(BrokenThrottle):
    """Keeps a place that is given back."""

    caught_by = (
        "give_back.one_place",
        "give_back.leaves_nothing",
    )

    def give_back(self, buckets: Buckets, now: Now = None, /) -> None:
        pass


class GivesBackTwice(BrokenThrottle):
    """Frees two places for one."""

    caught_by = ("give_back.one_place",)

    def give_back(self, buckets: Buckets, now: Now = None, /) -> None:
        for _ in range(2):
            super().give_back(buckets, now)


class GivesBackAll(BrokenThrottle):
    """Frees every place of a bucket for one."""

    caught_by = ("give_back.one_place",)

    def give_back(self, buckets: Buckets, now: Now = None, /) -> None:
        super().clear(buckets)


class GivesBackTheFirst(BrokenThrottle):
    """Frees a place in the first bucket only."""

    caught_by = ("give_back.one_place",)

    def give_back(self, buckets: Buckets, now: Now = None, /) -> None:
        super().give_back(buckets[:1], now)


class BanksWhatComesBack(BrokenThrottle):
    """Has a place more after more was given back than was taken."""

    caught_by = ("give_back.gains_nothing",)

    def __init__(self) -> None:
        super().__init__()
        self._banked: set[str] = set()

    def _do(self, operation: Operation, buckets: Buckets, now: Now) -> Refusal | None:
        if operation == "give_back":
            empty = ((), ((0, 0),))
            self._banked |= {each.key for each in buckets if self._read(each) in empty}
        instead = [wider(each) if each.key in self._banked else each for each in buckets]
        return self.does(operation, buckets, now, instead)


class ClearsNothing(BrokenThrottle):
    """Clears no bucket."""

    caught_by = ("clear.frees",)

    def clear(self, buckets: Buckets, /) -> None:
        pass


class ClearsOnePlace(BrokenThrottle):
    """Frees one place only."""

    caught_by = ("clear.frees",)

    def clear(self, buckets: Buckets, /) -> None:
        self.does("give_back", buckets, START)


class ClearsTheRest(BrokenThrottle):
    """Clears all buckets with the one."""

    caught_by = ("clear.frees",)

    def clear(self, buckets: Buckets, /) -> None:
        self._exact.clear()
        self._pages.clear()


class ClearNeedsTheBucket(BrokenThrottle):
    """Fails if a bucket that is to be cleared was never used."""

    caught_by = ("clear.frees",)

    def clear(self, buckets: Buckets, /) -> None:
        for bucket in buckets:
            if not bucket.invented:
                self._exact.pop(bucket.key)
        super().clear(buckets)


class ClearsWhatTimeClears(BrokenThrottle):
    """Leaves a limit without a refill as it is."""

    caught_by = ("clear.frees",)

    def clear(self, buckets: Buckets, /) -> None:
        refilled = [each for each in buckets if all(limit.refill for limit in each.limits)]
        super().clear(refilled)


ALL: tuple[type[BrokenThrottle], ...] = (
    GivesNothingBack,
    GivesBackTwice,
    GivesBackAll,
    GivesBackTheFirst,
    BanksWhatComesBack,
    ClearsNothing,
    ClearsOnePlace,
    ClearsTheRest,
    ClearNeedsTheBucket,
    ClearsWhatTimeClears,
)
