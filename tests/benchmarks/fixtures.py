"""A sign-in in a downstream test, ``python -m tests.benchmarks.fixtures``.

A real pytest runs a thousand tests on the plug-in's own fixtures. The floor is the two hashes that
a test cannot do without: one to set the password, one to check it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from schoolauth.testing import cheap_hasher
from tests.benchmarks.measure import Goal, duration, table

TESTS = 1000
CODE = f"""
import time, pytest

@pytest.mark.parametrize("number", range({TESTS}))
def test_sign_in(number, timed, schoolauth_auth, schoolauth_user):
    start = time.perf_counter()
    user = schoolauth_user()
    schoolauth_auth.log_in(str(user.username), "Chalkboard7")
    timed(time.perf_counter() - start)
"""


class Watch:
    """A plug-in that hands out the list of times."""

    def __init__(self) -> None:
        self.times: list[float] = []

    @pytest.fixture
    def timed(self) -> Callable[[float], None]:
        """Return what keeps a time."""
        return self.times.append


def two_hashes() -> float:
    """Return how long the floor takes, in the hasher's own thread."""
    hasher = cheap_hasher()
    start = time.perf_counter()
    hasher.verify("Chalkboard7", hasher.hash("Chalkboard7"))
    return time.perf_counter() - start


def main() -> None:
    """Print the median and the slowest hundredth, and what a whole test took."""
    watch = Watch()
    floor = sorted(two_hashes() for _ in range(TESTS))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(CODE, encoding="utf-8")
        os.chdir(folder)
        start = time.perf_counter()
        arguments = ["-q", "-p", "schoolauth_pytest", "-p", "no:cacheprovider", "--no-summary"]
        status = pytest.main([*arguments, folder], plugins=[watch])
        whole = (time.perf_counter() - start) / TESTS
        os.chdir("/")
    if status:
        raise SystemExit(status)
    times = sorted(watch.times)
    goal = Goal("below 2 ms", median(times) < 2e-3)
    rows = [
        ["two hashes (floor)", duration(median(floor)), duration(floor[-10]), ""],
        ["schoolauth_user + log_in", duration(median(times)), duration(times[-10]), str(goal)],
        ["the whole test, by pytest", duration(whole), "", ""],
    ]
    table("A downstream test that signs in", ["case", "median", "slowest 1 %", "goal"], rows)


if __name__ == "__main__":
    main()
