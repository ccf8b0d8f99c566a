"""Whether two calls can be told apart by their time, in the way of dudect.

Both are called in turn, in a random order in each round, and timed; the slowest are cropped, since
what the machine did meanwhile says nothing of the call. Welch's t says whether there is any
difference (dudect's threshold is 4.5), the interval how large it can be.
"""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

LEAK = 4.5
"""From this t on, dudect speaks of a leak."""
KEPT = 0.9
"""The part of all times that is looked at, the fastest."""


def interleaved(
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    samples: int,
    timer: Callable[[], float] = time.perf_counter,
    order: random.Random | None = None,
) -> tuple[list[float], list[float]]:
    """Return the seconds that each call of *first* and of *second* took."""
    order = order or random.Random()
    calls = ((first, list[float]()), (second, list[float]()))
    for _ in range(max(1, samples // 100)):  # caches fill
        first()
        second()
    gc.collect()
    gc.disable()
    try:
        for number in range(samples):
            for call, timed in order.sample(calls, 2):
                start = timer()
                call()
                timed.append(timer() - start)
            if number % 500 == 0:
                gc.collect()
    finally:
        gc.enable()
    return calls[0][1], calls[1][1]


def cropped(
    first: Sequence[float], second: Sequence[float], kept: float = KEPT
) -> tuple[list[float], list[float]]:
    """Return both without what is slower than the part *kept* of all together."""
    together = sorted([*first, *second])
    limit = together[math.ceil(len(together) * kept) - 1]
    return [one for one in first if one <= limit], [one for one in second if one <= limit]


@dataclass(frozen=True)
class Difference:
    """By how many seconds the second took longer than the first in the mean, and how sure it is."""

    seconds: float
    error: float

    @classmethod
    def between(cls, first: Sequence[float], second: Sequence[float]) -> Difference:
        """Compare two series of times, each of two or more."""
        error = math.sqrt(variance(first) / len(first) + variance(second) / len(second))
        return cls(fmean(second) - fmean(first), error)

    @property
    def t(self) -> float:
        """Welch's t: the difference in standard errors."""
        if self.error:
            return self.seconds / self.error
        return math.copysign(math.inf, self.seconds) if self.seconds else 0.0

    @property
    def most(self) -> float:
        """How large the difference can be, either way, with 95 % confidence."""
        return abs(self.seconds) + 1.96 * self.error

    def __str__(self) -> str:
        micros, wide = self.seconds * 1e6, 1.96 * self.error * 1e6
        return f"{micros:+.1f} ± {wide:.1f} µs, t = {self.t:+.1f}"


def told_apart(
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    samples: int,
    timer: Callable[[], float] = time.perf_counter,
    order: random.Random | None = None,
    kept: float = KEPT,
) -> Difference:
    """Return the difference of the two calls' times."""
    timed = interleaved(first, second, samples=samples, timer=timer, order=order)
    return Difference.between(*cropped(*timed, kept))


def cycle_of(names: Sequence[str], again: Callable[[], object]) -> Iterator[str]:
    """Yield *names* without end; *again* is called before each round."""
    while True:
        again()
        yield from names
