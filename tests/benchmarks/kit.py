"""The whole repository contract, with random calls, threads and joining, on every store.

``python -m tests.benchmarks.kit``: the floor is the store in memory, which the other stores are
compared with. The goals are in seconds: under 20 in memory, under 90 on PostgreSQL, on two cores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from time import perf_counter

from hypothesis import settings

from schoolauth.ports import UserRepository
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.testing import check_repository
from tests.benchmarks.sample import databases
from tests.databases import STORES, Databases


def timed(made: Databases, store: str) -> tuple[float, str]:
    """Return how many seconds the contract takes on *store*, and what to print below that."""
    ends = [perf_counter()]

    def make() -> UserRepository:
        return made.backend(store).users

    @contextmanager
    def join(_: UserRepository) -> Iterator[UserRepository]:
        with made.engine(store).begin() as connection:
            yield SqlUserRepository(connection)

    report = check_repository(
        make,
        join=None if store == "memory" else join,
        progress=lambda _: ends.append(perf_counter()),
    )
    took = [end - start for start, end in pairwise(ends)]
    slowest = sorted(zip(took, (line.id for line in report.lines), strict=True), reverse=True)
    lines = [f"    {seconds:6.1f} s  {name}\n" for seconds, name in slowest[:3]]
    return ends[-1] - ends[0], "".join([*lines, *("" if report.ok else f"{report}\n")])


def main() -> None:
    """Print how long the contract takes on each store, and its slowest behaviours."""
    settings.register_profile("kit", max_examples=100, deadline=None)  # Hypothesis' own default
    settings.load_profile("kit")
    with databases() as made:
        floor = None
        for store in STORES:
            spent, slowest = timed(made, store)
            floor = floor or spent
            sys.stdout.write(f"{store:<12} {spent:6.1f} s  {spent / floor:5.1f} x\n{slowest}")


if __name__ == "__main__":
    main()
