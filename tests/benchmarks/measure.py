"""How the benchmarks measure on a machine that is never quiet, and how they tell it.

Cases that are compared run in one process, in turn and in a new random order in each round, so
that a slow minute of the machine is everybody's. A ratio is of medians over the rounds, with a
95 % interval from resampling whole rounds. Every table has a control, the floor against itself:
what it shows beside 1 is noise, and so is as much in every other row.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

CONTROL = "the floor again (control)"
_RESAMPLES = 500

Rounds = Mapping[str, Sequence[float]]
"""Seconds of one call, by case and round."""


def in_turn(cases: Mapping[str, Callable[[], object]], *, rounds: int, calls: int) -> Rounds:
    """Return how long one call of each case took in each round; each is called once before."""
    for call in cases.values():
        call()
    gc.collect()
    gc.freeze()  # what setting up left behind is no case's to collect
    order, timed = list(cases), {name: list[float]() for name in cases}
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            call = cases[name]
            start = time.perf_counter()
            for _ in range(calls):
                call()
            timed[name].append((time.perf_counter() - start) / calls)
    gc.unfreeze()
    return timed


@dataclass(frozen=True)
class Ratio:
    """A ratio of medians, and where it lies in 95 of 100 resamplings of the rounds."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def ratio(case: Sequence[float], floor: Sequence[float]) -> Ratio:
    """Return how many times as long as *floor* the *case* took."""
    both = list(zip(case, floor, strict=True))
    found = []
    for _ in range(_RESAMPLES):
        drawn = random.choices(both, k=len(both))
        found.append(median(one for one, _ in drawn) / median(other for _, other in drawn))
    found.sort()
    edge = _RESAMPLES // 40
    return Ratio(median(case) / median(floor), found[edge], found[-edge - 1])


def over(case: Sequence[float], floor: Sequence[float]) -> float:
    """Return by how many seconds *case* took longer than *floor* in the median round."""
    return median(one - other for one, other in zip(case, floor, strict=True))


def duration(seconds: float) -> str:
    """Return *seconds* as a person reads them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.0f} µs"


@dataclass(frozen=True)
class Goal:
    """What a case shall keep to, and whether it did."""

    text: str
    met: bool

    def __str__(self) -> str:
        return f"{self.text}: {'met' if self.met else 'MISSED'}"


def report(
    title: str,
    timed: Rounds,
    *,
    floor: str,
    goals: Mapping[str, Callable[[Ratio, float], Goal]] | None = None,
) -> None:
    """Print a table of all cases against the case *floor*; *goals* judge a ratio and an excess."""
    goals = goals or {}
    rows = []
    for name, case in timed.items():
        against, excess = ratio(case, timed[floor]), over(case, timed[floor])
        goal = str(goals[name](against, excess)) if name in goals else ""
        is_floor = name == floor
        rows.append(
            [
                name,
                duration(median(case)),
                "" if is_floor else duration(excess),
                "1 (the floor)" if is_floor else str(against),
                goal,
            ]
        )
    table(title, ["case", "median", "over the floor", "ratio [95 %]", "goal"], rows)


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* in columns, as a Markdown table."""
    lines = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    lines.insert(1, ["-" * width for width in widths])
    text = [f"\n{title}\n"]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        text.append(f"| {' | '.join(cells)} |")
    sys.stdout.write("\n".join([*text, ""]))
