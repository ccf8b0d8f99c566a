"""What is known of one bucket, and what it tells the next attempt: no store, lock or clock."""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from schoolauth.ports import UNDECIDED_SECONDS, Bucket, Limit, Outcome, Reservation

CLOCKS_DIFFER = 60
"""By so many seconds the clocks of two servers may differ; what lies further ahead is wrong."""
_KEPT_FOR_OTHERS = 1000
"""So many failures are kept that only a longer limit asks for, which other processes may have."""


@dataclass(slots=True)
class Tally:
    """The attempts of one bucket; times are seconds since 1970."""

    limits: tuple[Limit, ...]
    failed: list[float] = field(default_factory=list)
    undecided: dict[str, float] = field(default_factory=dict)
    refusal_known_until: float = 0.0
    late: dict[str, float] = field(default_factory=dict)  # failed only by another host's clock
    fewest: int = field(init=False)  # attempts that could fill a limit: most tallies stay below
    own: int = field(init=False)  # seconds that a limit looks back
    longest: int = field(init=False)  # the same, of those too who have written it

    def __post_init__(self) -> None:
        self.fewest = min(limit.attempts for limit in self.limits)
        self.own = self.longest = max(limit.seconds for limit in self.limits)

    @classmethod
    def read(cls, text: str, limits: tuple[Limit, ...] = ()) -> Self:
        """Return what `text` wrote; the empty text is a bucket that was never used.

        Without *limits* it can only `forget`: how far back they look was written, too.

        Raises:
            ValueError: if *text* is no tally's.
        """
        if not text:
            return cls(limits or (Limit(1, 0),))
        try:
            longest, failed, undecided, known_until, late = json.loads(text)
            tally = cls(limits or (Limit(1, int(longest)),))
            tally.failed = [float(moment) for moment in failed]
            tally.undecided = {str(key): float(since) for key, since in undecided.items()}
            tally.refusal_known_until = float(known_until)
            tally.late = {str(key): float(since) for key, since in late.items()}
            times = [*tally.failed, *tally.undecided.values(), *tally.late.values()]
            if not all(map(math.isfinite, (*times, tally.refusal_known_until, longest))):
                raise ValueError("a time is none")
            if tally.failed or tally.undecided:  # while processes change, others look back longer
                tally.longest = max(tally.longest, int(longest))
        except (ArithmeticError, AttributeError, RecursionError, TypeError) as error:
            raise ValueError("this is no tally") from error
        return tally

    def text(self) -> str:
        """Return what a store keeps of it; the limits are the caller's to know."""
        known = (self.failed, self.undecided, self.refusal_known_until, self.late)
        return json.dumps((self.longest, *known), separators=(",", ":"))

    def age(self, now: float) -> bool:
        """Count the long undecided as failed, and forget what no limit asks for.

        What lies far ahead counts as of now: a clock that was set right must lock nobody out for
        years. Tells whether a store must learn of it, from which others read.
        """
        ahead = now + CLOCKS_DIFFER
        wrong = self.refusal_known_until > ahead + self.longest
        if wrong:
            self.refusal_known_until = now + self.longest
        late = False
        for reservation, since in list(self.undecided.items()):
            if since > ahead:
                self.undecided[reservation] = now
                wrong = True
            elif since <= now - UNDECIDED_SECONDS:
                del self.undecided[reservation]
                bisect.insort(self.failed, since)
                self.late[reservation] = since
                late = True
        if self.late:  # as long as its own host can be behind by
            over = now - UNDECIDED_SECONDS - CLOCKS_DIFFER
            self.late = {key: since for key, since in self.late.items() if over < since <= ahead}
        if self.failed:
            if self.failed[-1] > ahead:
                self.failed = sorted(now if moment > ahead else moment for moment in self.failed)
                wrong = True
            count = bisect.bisect_right(self.failed, now - self.longest)
            if self.own < self.longest:
                older = bisect.bisect_right(self.failed, now - self.own)
                count = max(count, older - _KEPT_FOR_OTHERS)
            del self.failed[:count]
        if not self.failed and not self.undecided:
            self.longest = self.own
        return late or wrong

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
        self.late.clear()
        self.refusal_known_until = 0.0

    def _waits(self, now: float) -> list[tuple[float, int]]:
        return [
            (min(self.failed[-limit.attempts] - now, 0.0) + limit.seconds, limit.seconds)
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

    def decided_in(self, now: float) -> float:
        """Return after how many seconds the first of the undecided counts as failed."""
        until = min(self.undecided.values(), default=math.inf) + UNDECIDED_SECONDS
        return max(until - now, 0.001)  # never none at all, whatever is lost in rounding

    def settle(self, reservation: str, outcome: Outcome, now: float, *, cleared: bool) -> bool:
        """Take the word about *reservation*, and tell whether it held a place until now."""
        self.age(now)
        if self.undecided.pop(reservation, None) is None:
            since = self.late.pop(reservation, None)
            if since is None or since <= now - UNDECIDED_SECONDS or since not in self.failed:
                return False  # a word that comes too late is none
            self.failed.remove(since)
        if outcome is Outcome.FAILED:
            bisect.insort(self.failed, now)
        elif outcome is Outcome.SUCCEEDED and cleared:
            self.forget()
        return True

    def tell(self, now: float) -> bool:
        """Tell whether this refusal is the first in a window of the full bucket."""
        if self.refusal_known_until > now:
            return False
        # for a whole window, though places become free one by one
        self.refusal_known_until = now + self.full_window(now)
        return True


def refusal(buckets: Sequence[Bucket], seconds: float, *, first: bool = False) -> Reservation:
    """Return a reservation that holds nothing, with the time to come back in whole seconds."""
    return Reservation("", tuple(buckets), whole(seconds), first_refusal=first)


def whole(seconds: float) -> int:
    """Return *seconds* as a whole number: who comes back then does not come too early."""
    return math.ceil(seconds)
